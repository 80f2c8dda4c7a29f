"""`joinery layoff`: an announced lay-off, approved ahead, that fires at its instant. Confidential."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app.looking import acting
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_json, show_table
from joinery.flows.laid_off import Batch
from joinery.flows.layoff import all_batches, approve_ahead, draft, one_batch, withdraw
from joinery.reports.tables import table

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="An announced lay-off, approved ahead. Confidential."
)

Number: Any = Annotated[str, typer.Argument(metavar="LAYOFF", help="Its number, such as L-1.")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="CSV with a column worker_id, or one employee number on each line.")],
    at: Annotated[str, typer.Option("--at", metavar="INSTANT", help="With zone, such as 2026-12-01T10:00+01:00.")],
    reason_file: Annotated[Path, typer.Option("--reason-file", help="A file with the reason; never shown in lists.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Draft a lay-off of people whose end HR has announced. Nothing happens before somebody has approved it.

    Example: joinery layoff add people.csv --at 2026-12-01T10:00+01:00 --reason-file reason.txt
    """
    reason = _text(reason_file, "--reason-file").strip()
    if not reason:
        raise typer.BadParameter("say why: somebody will ask", param_hint="--reason-file")
    numbers, instant = _numbers(file), _instant(at)
    with connection(config, quiet=True, confidential=True) as it:
        batch = draft(it.ports, numbers, instant, acting(), reason)
    if json:
        show_json(_data(batch, confidential=True))
        return
    print(f"{batch.id} is drafted: {len(batch.members)} people, at {batch.at:%Y-%m-%d %H:%M} UTC.")
    say(f"Next: joinery layoff approve {batch.id} --fingerprint {batch.fingerprint}")


def _numbers(file: Path) -> list[str]:
    rows = [row for row in csv.reader(_text(file, "FILE").splitlines()) if any(row)]
    heading = [cell.strip() for cell in rows[0]] if rows else []
    place = heading.index("worker_id") if "worker_id" in heading else 0
    told = rows[1:] if "worker_id" in heading else rows
    return [row[place].strip() for row in told if len(row) > place and row[place].strip()]


def _text(file: Path, hint: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read ({type(error).__name__})", param_hint=hint) from error


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not an instant; write 2026-12-01T10:00+01:00", param_hint="--at") from (
            error
        )
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} names no zone; write 2026-12-01T10:00+01:00", param_hint="--at")
    return at.astimezone(UTC)


@app.command("list")
def list_command(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Lay-offs by number and state; not when, how many, or who.

    Examples: joinery layoff list | joinery layoff list --format xlsx --out layoffs.xlsx
    """
    with connection(config, quiet=True) as it:
        found = all_batches(it.ports)
    rows = [(batch.id, batch.state) for batch in found]
    show_table(table("Lay-offs", ("layoff", "state"), rows), "json" if json else form, out)


@app.command()
def show(
    layoff: Number,
    confidential: Annotated[bool, typer.Option("--confidential", help="When, who, by whom and why.")] = False,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """One lay-off: its state; with --confidential when, who, the fingerprint, and whose end HR has changed.

    Example: joinery layoff show L-1 --confidential
    """
    with connection(config, quiet=True, confidential=confidential) as it:
        batch, changed = one_batch(it.ports, layoff)
    if json:
        show_json(_data(batch, confidential=confidential, changed=changed))
        return
    print(f"{batch.id}: {batch.state}.")
    if not confidential:
        say("What it is about is confidential: --confidential shows it.")
        return
    print(f"  At {batch.at:%Y-%m-%d %H:%M} UTC, {len(batch.members)} people; drafted by {batch.owner}: {batch.reason}")
    print(f"  Approved by {batch.approved_by or 'nobody yet'}; fingerprint {batch.fingerprint}")
    for member in batch.members:
        note = f"; {changed[member.worker_id]}: left out" if member.worker_id in changed else ""
        print(f"  {member.worker_id}, last day {member.end}{note}")


@app.command()
def approve(
    layoff: Number,
    fingerprint: Annotated[str, typer.Option("--fingerprint", help="As `show --confidential` tells it.")],
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Answer for exactly these people at this instant. The first sync from then on ends their access.

    Somebody else than whoever drafted it, unless the settings say `four_eyes: false`.

    Example: joinery layoff approve L-1 --fingerprint 3f9c...
    """
    with connection(config, quiet=True, confidential=True) as it:
        batch = approve_ahead(it.ports, layoff, fingerprint, acting())
    _changed(batch, json, f"{batch.id} is approved. Nothing is written before its instant.")


@app.command("withdraw")
def withdraw_command(layoff: Number, config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Take a lay-off back before it fires; HR's own ends stay, and are guarded as usual.

    Example: joinery layoff withdraw L-1
    """
    with connection(config, quiet=True) as it:
        batch = withdraw(it.ports, layoff)
    _changed(batch, json, f"{batch.id} is withdrawn. Nothing was written.")


def _changed(batch: Batch, json: bool, sentence: str) -> None:
    if json:
        show_json({"layoff": batch.id, "state": batch.state, "message": sentence})
    else:
        print(sentence)


def _data(batch: Batch, *, confidential: bool, changed: dict[str, str] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"layoff": batch.id, "state": batch.state}
    if confidential:
        told |= {
            "at": batch.at.isoformat(),
            "fingerprint": batch.fingerprint,
            "people": [{"worker_id": member.worker_id, "end": member.end.isoformat()} for member in batch.members],
            "drafted_by": batch.owner,
            "approved_by": batch.approved_by,
            "reason": batch.reason,
            "changed_since": changed or {},
            "fired": batch.fired,
        }
    return told
