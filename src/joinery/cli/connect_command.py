"""`joinery connect test`: may Joinery do what it has to, where people's files arrive? Rule: it only tries."""

from __future__ import annotations

from typing import Annotated

import typer

from joinery.app.probing import Right, rights
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, say, settings_of, show_json

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The places where people's files arrive.")


@app.callback()
def _root() -> None:
    """The places where people's files arrive."""


@app.command("test")
def test(
    source: Annotated[str, typer.Argument(help="Only this source of the settings.")] = "",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Try each right, one by one: connect, list, move. Nothing is read, and no key is trusted by trying.

    Without a host key in the settings, the server's keys are shown so that they can be compared and written down.

    Examples: joinery connect test | joinery connect test hris --json

    Ends with 0, or with 6 when something is missing.
    """
    found = list(rights(settings_of(config), source))
    missing = [right for right in found if not right.ok]
    if json:
        show_json({"ok": not missing, "rights": [_data(right) for right in found]})
    else:
        for right in found:
            for line in sentences(right):
                print(line)
        say("Next: joinery check, then joinery sync" if not missing else "Next: see to what is missing, then once more")
    raise typer.Exit(6 if missing else 0)


def sentences(right: Right) -> list[str]:
    """One line, and one for what to do."""
    lines = [f"{right.source}: {right.right}: {'ok' if right.ok else 'missing'}. {right.said}"]
    return [*lines, f"  What to do: {right.fix}"] if right.fix else lines


def _data(right: Right) -> dict[str, object]:
    return {
        "source": right.source,
        "right": right.right,
        "ok": right.ok,
        "message": right.said,
        "fix": right.fix,
    }
