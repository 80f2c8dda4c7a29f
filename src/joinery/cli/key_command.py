"""`joinery key show | new`: the OpenPGP key that HR encrypts files to. Rule: the private half is never shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.keys import Key, keys_of, new_key
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, say, settings_of, show_json
from joinery.errors import NotThere

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The OpenPGP keys of files that come encrypted.")


@app.command()
def show(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Our public keys, for those who send files, and every key's fingerprint and last day.

    Example: joinery key show > joinery-public-key.asc

    The public keys go to stdout, everything else to stderr.
    """
    found = list(keys_of(settings_of(config)))
    if not found:
        raise NotThere(
            "The settings name no OpenPGP key.", fix="joinery key new makes one; `decrypt_with` then names its file."
        )
    if json:
        show_json({"keys": [as_data(key, clock.now()) for key in found]})
        return
    for key in found:
        say(sentence(key, clock.now()))
    for key in found:
        if key.ours and key.public:
            print(key.public, end="" if key.public.endswith("\n") else "\n")


@app.command()
def new(
    out: Annotated[Path, typer.Option("--out", help="The file that the private key goes into; it must be new.")],
    name: Annotated[str, typer.Option("--name", help="Whose key it is, as others read it.")] = "Joinery",
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How many days it counts.")] = 730,
    json: AsJson = False,
) -> None:
    """Make a key pair. The public key goes to stdout; the private one into the file, readable for its owner only.

    Example: joinery key new --out pgp_private.asc --name "Example SA" > joinery-public-key.asc
    """
    made = new_key(out, name, timedelta(days=days))
    if json:
        show_json({"file": str(out), "key": as_data(made, clock.now())})
        return
    print(made.public, end="" if made.public.endswith("\n") else "\n")
    say(sentence(made, clock.now()))
    say(f"Next: name the file in the settings, decrypt_with: {{ file: {out} }}, and give HR the public key")


def sentence(key: Key, now: datetime) -> str:
    """Whose it is, its fingerprint in groups, and until when."""
    whose = "our key" if key.ours else "a key that signs"
    of = f"{key.source}: " if key.source else ""
    if key.trouble:
        return f"{of}{whose} cannot be used: {key.trouble}"
    return f"{of}{whose} {grouped(key.fingerprint)} ({key.owner}), {until(key, now)}"


def until(key: Key, now: datetime) -> str:
    """`counts until 2026-12-20, 21 days more`."""
    left = key.left(now)
    if left is None or key.expires is None:
        return "counts without end"
    if left <= timedelta(0):
        return f"expired on {key.expires:%Y-%m-%d}"
    return f"counts until {key.expires:%Y-%m-%d}, {left.days} days more"


def grouped(fingerprint: str) -> str:
    """In fours, as people compare it."""
    return " ".join(fingerprint[n : n + 4] for n in range(0, len(fingerprint), 4))


def as_data(key: Key, now: datetime) -> dict[str, object]:
    """For programs."""
    left = key.left(now)
    return {
        "source": key.source,
        "ours": key.ours,
        "fingerprint": key.fingerprint,
        "owner": key.owner,
        "expires": key.expires.isoformat() if key.expires else None,
        "days_left": left.days if left is not None else None,
        "public": key.public if key.ours else "",
        "trouble": key.trouble,
    }
