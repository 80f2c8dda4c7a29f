"""`joinery privacy`: which fields are read, what is held about somebody, erasure, legal hold, the register."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app.looking import acting
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_json, show_table
from joinery.cli.wording import number
from joinery.core.rules.disclosure import Kind, Viewer, may_show
from joinery.flows.erase import Erasure, erase, hold, look_at_erasure, release_hold
from joinery.flows.person import Word
from joinery.reports.tables import table

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Fields read, subject access, erasure, legal hold, register."
)

Who: Any = Annotated[str, typer.Argument(help="Employee number, source ID, e-mail or key.")]
Reason: Any = Annotated[str, typer.Option("--reason", help="Why; kept with your name. Write no name into it.")]
FIELDS = ("source", "column=Column", "attribute=Read as", "written_to=Written to", "allowed_because=Allowed because")
UNDO = "It cannot be undone: nothing is kept that it could be brought back from."


@app.command()
def fields(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """Every attribute that is read, from which column, and where it is written to. Nothing else is read.

    Example: joinery privacy fields --format xlsx --out fields.xlsx
    """
    from joinery.app.privacy import fields_read

    with connection(config, quiet=True) as it:
        rows = fields_read(it.settings, it.ports)
    shown = table("Fields that are read", FIELDS, [tuple(row.values()) for row in rows])
    show_table(shown, "json" if json else form, out)
    if form == "text" and not json and not rows:
        say("The settings name no `fields`, and no file was read yet. Name them: what is not named is never read.")


@app.command()
def limits(config: Config = DEFAULT_CONFIG, form: Format = "text", json: AsJson = False, out: Out = None) -> None:
    """What may be shown of whom to whom, where works councils ask for limits, and who released what.

    Example: joinery privacy limits --format csv
    """
    from joinery.app import clock
    from joinery.app.privacy import limits_of

    with connection(config, quiet=True) as it:
        found, today = limits_of(it.settings), clock.now().date()
    rows = [
        (
            country,
            str(viewer),
            *(str(may_show(found, viewer, kind, country, today)) for kind in Kind),
        )
        for country in sorted(found.countries | found.released.keys())
        for viewer in Viewer
    ]
    shown = table("What may be shown of one person", ("country", "viewer=To", *(str(kind) for kind in Kind)), rows)
    show_table(shown, "json" if json else form, out)
    if form == "text" and not json:
        print("No command shows a figure of a group of learners, there or anywhere.")
        for country, release in found.released.items():
            print(f"{country} is released by {release.by} from {release.on} on: {release.reason}")


@app.command("export")
def export_person(worker: Who, config: Config = DEFAULT_CONFIG, json: AsJson = False, out: Out = None) -> None:
    """Everything that is held about somebody, as JSON: for a request of the person themselves.

    Example: joinery privacy export 000102 --out 000102.json

    It holds reasons and dates that are confidential inside the company: give it to the person, and nobody else.
    """
    from joinery.flows.subject import export_of

    del json  # it is JSON in any case
    with connection(config, quiet=True, confidential=True) as it:
        found = export_of(it.ports, worker)
    if out is None:
        show_json(found)
        return
    text = json_text.dumps({"version": 1, **found}, ensure_ascii=False, indent=1, default=str)
    out.write_text(text + "\n", encoding="utf-8")
    out.chmod(0o600)
    say(f"Written: {out}, for your eyes only.")


@app.command("erase")
def erase_person(
    worker: Who,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go and what would stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Really do it.")] = False,
    reason: Reason = "",
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """Erase somebody: shows what goes, what stays and on which ground; does it with --yes. It cannot be undone.

    Example: joinery privacy erase 000102 --dry-run | joinery privacy erase 000102 --yes --reason "request 2026/17"

    Refused while they work here, while their account is open, or under a legal hold. Ends with 5 when it only showed.
    """
    from joinery.app.privacy import keeping_of

    if yes and dry_run:
        raise typer.BadParameter("says the opposite of --dry-run", param_hint="--yes")
    if yes and not reason.strip():
        raise typer.BadParameter("say why: somebody will ask", param_hint="--reason")
    with connection(config, quiet=True) as it:
        keep = keeping_of(it.settings)
        if yes:
            found = erase(it.ports, worker, Word(owner=acting(), reason=reason.strip()), keep)
        else:
            found = look_at_erasure(it.ports, worker, keep)
    if json:
        show_json(_data(found))
    else:
        print("\n".join(_told(found)))
        _next(found)
    raise typer.Exit(0 if found.done or dry_run else 5)


def _told(found: Erasure) -> Iterator[str]:
    if found.done:
        yield f"{found.worker_id} is erased; what is still counted stands under {found.pseudonym}."
        if not found.scrubbed:
            yield "  A database file, the store's or Classroom's, could not be written anew: free some disk space,"
            yield "  and run sqlite3 FILE VACUUM."
    elif found.obstacle:
        yield f"Not possible now: {found.obstacle}."
    else:
        yield f"{found.worker_id} would be erased; nothing was changed."
    for becomes in ("erased", "without name", "kept"):
        parts = [part for part in found.parts if part.becomes == becomes]
        if parts:
            yield f"  {becomes}:"
        for part in parts:
            yield f"    {number(part.count):>6}  {part.what}{f': {part.why}' if part.why else ''}"
    yield f"  {UNDO}"


def _next(found: Erasure) -> None:
    if found.done:
        kept = ", ".join(part.what for part in found.parts if part.becomes == "kept")
        say(f"HR's next file does not bring them back. Look after what is kept: {kept}.")
    elif found.obstacle:
        say(f"What to do: {found.fix}")
    else:
        say(f"Next: joinery privacy erase {found.worker_id} --yes --reason …")


def _data(found: Erasure) -> dict[str, Any]:
    parts = [{"what": p.what, "count": p.count, "becomes": p.becomes, "why": p.why} for p in found.parts]
    return {
        "worker_id": found.worker_id,
        "pseudonym": found.pseudonym,
        "done": found.done,
        "scrubbed": found.scrubbed,
        "obstacle": found.obstacle,
        "fix": found.fix,
        "parts": parts,
        "undo": UNDO,
    }


@app.command("hold")
def hold_person(
    worker: Who,
    reason: Reason = "",
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Last day, included; else no end.")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="End the hold.")] = False,
    config: Config = DEFAULT_CONFIG,
    json: AsJson = False,
) -> None:
    """A legal hold: nothing about this person is erased until it is released.

    Example: joinery privacy hold 000102 --reason "case 4711" | joinery privacy hold 000102 --release
    """
    if not release and not reason.strip():
        raise typer.BadParameter("say why: somebody will ask", param_hint="--reason")
    with connection(config, quiet=True) as it:
        if release:
            who, count = release_hold(it.ports, worker)
        else:
            word = Word(owner=acting(), reason=reason.strip())
            who, count = hold(it.ports, worker, word, _day(until)), 1
    if json:
        show_json({"worker_id": who, "released" if release else "held": count})
    elif release:
        print(f"The hold on {who} is released." if count else f"There is no hold on {who}.")
    else:
        print(f"{who} is under a legal hold{f' until {until}' if until else ''}: nothing is erased.")


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day; write 2026-12-31", param_hint="--until") from error


@app.command()
def register(config: Config = DEFAULT_CONFIG, json: AsJson = False, out: Out = None) -> None:
    """The record of processing, made from the settings: what is read, of whom, for what, where to, how long.

    Example: joinery privacy register --out register.md
    """
    from joinery.app.privacy import register as made

    with connection(config, quiet=True) as it:
        found = made(it.settings, it.ports)
    if json:
        show_json(found)
        return
    text = "\n".join(_page(found)) + "\n"
    if out is None:
        print(text, end="")
    else:
        _write(out, text)


def _write(out: Path, text: str) -> None:
    out.write_text(text, encoding="utf-8")
    say(f"Written: {out}. Have it read by whoever answers for data protection.")


def _page(found: dict[str, Any]) -> Iterator[str]:
    yield f"# Record of processing: {found['controller']}"
    yield ""
    yield f"- Purpose: {found['purpose']}"
    yield f"- People: {found['people']}"
    yield from (f"- Kept: {what}: {how_long}" for what, how_long in found["kept"].items())
    if found["records_to"]:
        yield f"- Training records go to {found['records_to']}"
    limits = found["limits"]
    where = ", ".join(limits["countries"])
    yield f"- No individual scores, times or rankings to managers and no log-ins in {where}; nowhere figures of groups"
    yield from (f"- {country} is released from this by {who}" for country, who in limits["released"].items())
    yield from (
        "",
        "## Data",
        "",
        "| source | column | read as | written to | allowed because |",
        "|---|---|---|---|---|",
    )
    yield from ("| " + " | ".join(row.values()) + " |" for row in found["data"])
    yield from ("", "## Recipients", "")
    yield from (
        f"- {each['learning_system']} ({each['kind']}): {', '.join(each['attributes'])}" for each in found["recipients"]
    )
    yield from ("", "## Erasures and legal holds", "")
    if not found["decisions"]:
        yield "None."
    for each in found["decisions"]:
        ended = f", released {each['released'][:10]}" if each["released"] else ""
        kept = f" Kept: {each['kept']}." if each["kept"] else ""
        yield f"- {each['at'][:10]} {each['what']} of {each['of']} by {each['by']}: {each['reason']}{ended}.{kept}"
