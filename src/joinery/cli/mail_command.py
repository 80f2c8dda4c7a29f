"""`joinery mail list | resend`: sign-in mails. Rule: no address is shown; a mail goes out again only by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Format,
    Out,
    connection,
    counted,
    say,
    show_json,
    show_table,
)
from joinery.errors import NotThere
from joinery.reports.tables import table
from joinery.store.mails import Mails, MailState
from joinery.store.people import People

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Sign-in mails.")

COLUMNS = ("key", "worker_id", "kind", "state", "due_at", "changed_at", "note")
#: what somebody may have to do something about; the rest went well or was never to go
OPEN = (MailState.UNKNOWN, MailState.FAILED, MailState.SENDING, MailState.WAITING, MailState.PLANNED)


class Which(StrEnum):
    """Which mails to list."""

    OPEN = "open"
    ALL = "all"
    PLANNED = "planned"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SILENCED = "silenced"
    CANCELLED = "cancelled"


@app.command("list")
def list_mails(
    config: Config = DEFAULT_CONFIG,
    state: Annotated[Which, typer.Option("--state", help="Only these.")] = Which.OPEN,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many.")] = 1000,
) -> None:
    """Mails that are planned, wait for an address, failed, or may or may not have arrived (unknown).

    Examples: joinery mail list | joinery mail list --state all --format csv
    """
    states = OPEN if state is Which.OPEN else tuple(MailState) if state is Which.ALL else (MailState(state),)
    with connection(config, quiet=True) as it:
        outbox = Mails(it.ports.database, it.ports.policy.name)
        found, counts, on = outbox.listed(*states, limit=limit), outbox.counts(), it.ports.policy.mail.signing_in
        with it.ports.database.read() as db:
            people = People(db, it.ports.policy.name).by_key([mail.person_key for mail in found])
    known = {key: person.worker.worker_id for key, person in people.items()}
    rows = [(m.key, known.get(m.person_key, ""), m.kind, str(m.state), m.due_at, m.at, m.note) for m in found]
    if json:
        mails = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        show_json({"counts": {str(word): count for word, count in counts.items()}, "mails": mails})
        return
    if form == "text":
        print(_said(counts, on=on))
        if not rows:
            return
    show_table(table("Mails", COLUMNS, rows), form, out)


def _said(counts: dict[MailState, int], *, on: bool) -> str:
    if not counts:
        return (
            "No mail yet."
            if on
            else "No mail: sign-in mails are switched off (mail: in the settings switches them on)."
        )
    return "Mails: " + counted([(counts.get(state, 0), str(state)) for state in MailState]) + "."


@app.command()
def resend(
    key: Annotated[str, typer.Argument(help="The mail's key, as `mail list` shows it.")],
    config: Config = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Really send it again; it may have arrived before.")] = False,
    json: AsJson = False,
) -> None:
    """Plan a mail once more that failed, was not to go, or may or may not have arrived; the next run sends it.

    Example: joinery mail resend signin:0190…:2026-12-01 --yes
    """
    if not yes:
        raise typer.BadParameter("this sends a mail to a person: say --yes", param_hint="--yes")
    with connection(config, quiet=True) as it:
        outbox = Mails(it.ports.database, it.ports.policy.name)
        with it.ports.database.write() as tx:
            planned = outbox.send_again(tx, key, clock.now(), acting())
    if not planned:
        raise NotThere(
            f"No mail {key!r} can be sent again: there is none, or it was sent, or it is planned already.",
            fix="`joinery mail list --state all` shows all of them.",
        )
    if json:
        show_json({"planned": key})
        return
    print(f"{key} is planned again.")
    say("Next: joinery sync sends it")
