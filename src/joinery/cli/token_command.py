"""`joinery token new | list | revoke`: keys for programs that push data in. Rule: a secret is shown once, on stdout."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_json, show_table
from joinery.flows import tokens as flow
from joinery.reports.tables import Cell, Table, table
from joinery.store.tokens import SCOPES, Token

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Keys for programs that push data in.")

_SCOPES = "; ".join(f"{name}: {what}" for name, what in SCOPES.items())


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What it is for, as people will read it in the list.")],
    scope: Annotated[
        list[str], typer.Option("--scope", help=f"What it may do ({_SCOPES}); for one source: ingest:hris.")
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=730, help="How many days it counts.")] = 365,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Make a token. It goes to stdout this once; only its hash is kept.

    Example: joinery token new "HR nightly export" --scope ingest:hris > /run/secrets/joinery_token
    """
    with connection(config, quiet=True) as it:
        token, text = flow.new_token(it.ports, name, scope, counts=timedelta(days=days), by=acting())
    if json:
        show_json({"token": text, **as_data(token)})
        return
    print(text)
    say(f"Token {token.id} counts until {token.expires_at:%Y-%m-%d}. It is not shown again.")
    say("Use it as the header  Authorization: Bearer …")


@app.command(name="list")
def list_(config: Config = DEFAULT_CONFIG, form: Format = "text", out: Out = None, json: AsJson = False) -> None:
    """Every token, what it may do, until when, and when it was last used.

    Example: joinery token list --format csv
    """
    with connection(config, quiet=True) as it:
        found = flow.tokens(it.ports)
    if json:
        show_json({"tokens": [as_data(token) for token in found]})
        return
    show_table(_table(found), form, out)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The token's ID, as the list shows it.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Let a token open nothing from now on.

    Example: joinery token revoke 5f3a9c01
    """
    with connection(config, quiet=True) as it:
        token = flow.revoke(it.ports, key)
    if json:
        show_json(as_data(token))
        return
    say(f"Token {token.id} ({token.name}) opens nothing any more.")


def as_data(token: Token) -> dict[str, object]:
    """For programs; never the secret."""
    used, over = token.last_used_at, token.revoked_at
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "state": token.state(clock.now()),
        "made_by": token.made_by,
        "made_at": token.made_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": used.isoformat() if used else None,
        "revoked_at": over.isoformat() if over else None,
    }


def _table(found: list[Token]) -> Table:
    rows: list[list[Cell]] = [
        [t.id, t.name, " ".join(t.scopes), t.state(clock.now()), t.made_by, t.expires_at, t.last_used_at] for t in found
    ]
    columns = ["id=ID", "name", "scopes=May", "state", "made_by", "expires_at=Counts until", "last_used_at=Last used"]
    return table("Tokens", columns, rows)
