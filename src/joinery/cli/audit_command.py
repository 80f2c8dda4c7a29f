"""`joinery audit list | verify | anchor`: what was done by whom, and whether the log of it is what it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.anchors import anchors_file, anchors_in, keep_anchor
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, say, show_for_people, show_json
from joinery.cli.wording import number, several
from joinery.core.model.chain import Break, Verdict
from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PersonKey
from joinery.flows.person import find_person
from joinery.reports.tables import table
from joinery.store.audit_log import Told, Wanted, told, verified
from joinery.store.people import People

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What was done by whom, and proof that it stands.")

COLUMNS = ("entry", "at", "connection", "by", "action", "about", "person=Employee number", "details")
Since = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day or moment, UTC.")]
Until = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, included, UTC.")]


@app.command("list")
def list_command(
    config: Config = DEFAULT_CONFIG,
    actor: Annotated[str, typer.Option("--by", help="Only what this person did.")] = "",
    action: Annotated[str, typer.Option("--action", help="plan, plan.approved, decision, run …")] = "",
    about: Annotated[str, typer.Option("--about", help="Only about this: P-4, R-12, H-3, C-2 …")] = "",
    worker: Annotated[str, typer.Option("--person", help="Only about this person.")] = "",
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many lines of text (0: all).")] = 50,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Who did what, the newest first. All of it: --format csv or xlsx.

    Examples: joinery audit list --by ana | joinery audit list --about P-4 | joinery audit list --format xlsx --out a
    """
    text = form == "text" and not json
    wanted = Wanted(actor=actor, action=action, subject=about, limit=limit if text else 0)
    wanted = replace(wanted, since=_instant(since, "--from"), until=_end(until))
    found, numbers = _read(config, wanted, worker)
    if json:
        show_json({"entries": [_data(each, numbers) for each in found]})
        return
    if not found and text:
        print("Nothing of this kind is in the log.")
        return
    show_for_people(table("Audit log", COLUMNS, [_row(each, numbers) for each in found]), form, out)
    if text and limit and len(found) == limit:
        say(f"The newest {limit}. All of them: --limit 0, or --format csv")


def _read(config: Path, wanted: Wanted, worker: str) -> tuple[list[Told], dict[PersonKey, str]]:
    """The entries, and the employee numbers of the people in them who are still known."""
    with connection(config, quiet=True) as it, it.ports.database.read() as db:
        policy = it.ports.policy
        key = find_person(db, policy, worker).key if worker else ""
        found = told(db, replace(wanted, connection=policy.name, person_key=key))
        named = People(db, policy.name).by_key({PersonKey(each.person_key) for each in found})
    return found, {key: person.worker.worker_id for key, person in named.items()}


def _instant(text: str | None, hint: str) -> str:
    return instant_text(_moment(text, hint)) if text else ""


def _moment(text: str, hint: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-12-31", param_hint=hint) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _end(text: str | None) -> str:
    """A day is meant to its end."""
    if not text:
        return ""
    return instant_text(_moment(text, "--to") + timedelta(days=1 if len(text) == 10 else 0))


def _person(each: Told, numbers: dict[PersonKey, str]) -> str:
    if not each.entry.person:
        return ""
    return numbers.get(PersonKey(each.person_key), "") or f"(erased {each.entry.person[:8]})"


def _row(each: Told, numbers: dict[PersonKey, str]) -> tuple[str | int, ...]:
    entry = each.entry
    facts = sorted((name, value) for name, value in each.facts.items() if value not in ("", {}))
    details = "; ".join(f"{name}: {_said(value)}" for name, value in facts)
    at = entry.at[:19].replace("T", " ")
    who = _person(each, numbers)
    return entry.seq, at, entry.connection, entry.actor, entry.action, entry.subject, who, details


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {count}" for key, count in sorted(value.items()))
    return f"{len(value)}" if isinstance(value, list) else str(value)


def _data(each: Told, numbers: dict[PersonKey, str]) -> dict[str, Any]:
    entry = each.entry
    return {
        "entry": entry.seq,
        "at": entry.at,
        "connection": entry.connection,
        "by": entry.actor,
        "action": entry.action,
        "about": entry.subject,
        "person": _person(each, numbers),
        "details": dict(each.facts),
        "hash": entry.hash,
    }


@app.command()
def verify(
    config: Config = DEFAULT_CONFIG,
    anchor_file: Annotated[
        Path | None, typer.Option("--anchor-file", help="Compare with the heads in this file; else `audit.anchors`.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Read the whole log and say whether every entry is what it was; which one is not, and what happened to it.

    It finds entries that were changed, removed or inserted. A log that somebody with power over the database wrote
    anew from some entry to its end, with its counter, is found only by a head that was kept out of their reach.

    Example: joinery audit verify --anchor-file /mnt/worm/joinery-anchors.jsonl

    Ends with 0, or with 10 when something does not add up.
    """
    with connection(config, quiet=True) as it:
        file = anchor_file or anchors_file(it.settings)
        anchors = anchors_in(file)
        with it.ports.database.read() as db:
            verdict = verified(db, anchors)
    if json:
        show_json(_verdict_data(verdict, file))
    else:
        print("\n".join(_sentences(verdict, file)))
        if not verdict.intact:
            say("Next: keep the database and the anchors as they are, and find out who had access")
    raise typer.Exit(0 if verdict.intact else 10)


def _sentences(verdict: Verdict, file: Path) -> list[str]:
    span = f" from {verdict.first_at[:19]}Z to {verdict.last_at[:19]}Z" if verdict.entries else ""
    entries = f"{number(verdict.entries)} {'entry' if verdict.entries == 1 else 'entries'}"
    if verdict.intact:
        lines = [f"{entries} intact{span}."]
    else:
        lines = [f"The log does not add up: {several(len(verdict.breaks), 'break')} in {entries}{span}."]
        lines += [f"  {_break(each)}" for each in verdict.breaks[:100]]
    anchor = verdict.anchor
    if anchor is None:
        return [*lines, f"  No head was kept in {file} yet: that the end is what it was rests on the database alone."]
    return [*lines, f"  The last anchor is of {anchor.at[:19]}Z, entry {anchor.seq}, from {file}."]


def _break(each: Break) -> str:
    which = f"entry {each.first}" if each.first == each.last else f"entries {each.first} to {each.last}"
    words = {"value": "does not match"}
    return f"{which} {words.get(each.kind, f'was {each.kind}')}: {each.why}"


def _verdict_data(verdict: Verdict, file: Path) -> dict[str, Any]:
    anchor = verdict.anchor
    return {
        "intact": verdict.intact,
        "entries": verdict.entries,
        "from": verdict.first_at,
        "to": verdict.last_at,
        "head": verdict.head,
        "breaks": [{"kind": b.kind, "first": b.first, "last": b.last, "why": b.why} for b in verdict.breaks],
        "anchor": {"at": anchor.at, "entry": anchor.seq, "hash": anchor.hash, "file": str(file)} if anchor else None,
    }


@app.command()
def anchor(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Keep the head of the log now; a run does so once a day by itself. The line also goes to stdout, for elsewhere."""
    with connection(config, quiet=True) as it:
        file = anchors_file(it.settings)
        kept = keep_anchor(it.ports.database, file, clock.now())
    if json:
        show_json({"anchor": {"at": kept.at, "entry": kept.seq, "hash": kept.hash} if kept else None})
    elif kept is None:
        print("The log is empty; there is nothing to keep.")
    else:
        print(f"{kept.at} {kept.seq} {kept.hash}")
        say(f"Kept in {file}.")
