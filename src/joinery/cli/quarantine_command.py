"""`joinery quarantine`: people whose row is not believed, and letting one go by name."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from joinery.app.looking import acting
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Format,
    Out,
    connection,
    show_for_people,
    show_json,
    show_table,
)
from joinery.cli.wording import several
from joinery.flows.held_files import accept_once, held_files
from joinery.flows.person import Word
from joinery.flows.quarantine import kept_back, release_row
from joinery.reports.tables import table

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="People and files that are not believed.")

COLUMNS = (
    "worker_id=Employee number",
    "check",
    "reason=Why",
    "since",
    "what_to_do",
    "otherwise=If nobody does anything",
    "releasable=Can be let go",
    "released_until=Let go until",
)


@app.command("list")
def list_command(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Who is kept back, why, since when, and what happens if nobody does anything.

    Example: joinery quarantine list --format xlsx --out kept-back.xlsx
    """
    with connection(config, quiet=True) as it:
        found = kept_back(it.ports)
    if json:
        show_json({"kept_back": [asdict(each) for each in found]})
        return
    if not found and form == "text":
        print("Nobody is kept back.")
        return
    rows = [
        (k.worker_id, k.check, k.reason, k.since[:10], k.what_to_do, k.otherwise, k.releasable, k.released_until)
        for k in found
    ]
    if form != "text":
        show_for_people(table("Kept back", COLUMNS, rows), form, out)
        return
    print(f"{several(len({k.worker_id for k in found}), 'person is', 'people are')} kept back:")
    for kept in found:
        let_go = f" Let go until {kept.released_until}." if kept.released_until else ""
        print(f"  {kept.worker_id}, since {kept.since[:10]}: {kept.reason}{let_go}")
        print(f"    To do: {kept.what_to_do}")
        print(f"    Otherwise: {kept.otherwise}")


@app.command()
def release(
    worker: Annotated[str, typer.Argument(metavar="WORKER", help="The employee number.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the row may be believed.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Up to and including this day.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Believe this person's row from the next file on, although another person has the same address.

    Example: joinery quarantine release 10234 --reason "two of one name, IT knows" --until 2027-01-31
    """
    if not reason.strip():
        raise typer.BadParameter("letting somebody go needs a reason", param_hint="--reason")
    try:
        last = date.fromisoformat(until)
    except ValueError as error:
        raise typer.BadParameter(f"{until!r} is not a day; write 2027-01-31", param_hint="--until") from error
    with connection(config, quiet=True) as it:
        release_row(it.ports, worker.strip(), Word(owner=acting(), reason=reason.strip(), until=last))
    if json:
        show_json({"released": worker.strip(), "until": last.isoformat()})
    else:
        print(f"{worker.strip()} is believed from the next file on, until {last}.")


@app.command()
def files(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Files that are held as a whole, why, and which of them somebody may accept once.

    Examples: joinery quarantine files | joinery quarantine files --format xlsx --out held.xlsx
    """
    with connection(config, quiet=True) as it:
        found = held_files(it.ports)
    columns = ("source", "file", "sha256=Hash", "since", "rows", "why", "acceptable=Can be accepted", "accepted_by")
    rows = [
        (f.source, f.name, f.sha256, f.since[:10], f.rows, ", ".join(f.why), f.acceptable, f.accepted_by) for f in found
    ]
    show_table(table("Held files", columns, rows), "json" if json else form, out)


@app.command()
def accept(
    file: Annotated[str, typer.Argument(metavar="HASH", help="The file's SHA-256, or its first 8 letters or more.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the file is right; kept with your name.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Accept one held file once, such as a real renumbering. Exactly this content, and only this once.

    Guards still hold what follows from it. An empty file, or an older one, cannot be accepted.

    Example: joinery quarantine accept 3f9c01aa --reason "renumbered after the merger, HR-771"
    """
    if not reason.strip():
        raise typer.BadParameter("accepting a file needs a reason", param_hint="--reason")
    with connection(config, quiet=True) as it:
        held, ready = accept_once(it.ports, file, acting(), reason.strip())
    if json:
        show_json({"accepted": held.sha256, "file": held.name, "source": held.source, "ready": ready})
        return
    print(f"{held.name} is accepted, this once. Nothing is read or written yet.")
    print("The next `joinery sync` reads it." if ready else "It lies here no longer: send the same file again.")
