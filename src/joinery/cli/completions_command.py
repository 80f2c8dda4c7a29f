"""`joinery completions list | pull | push`: training records on their way from learning to HR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from joinery.app import clock
from joinery.app.records import read_records
from joinery.app.records_out import deliver_records
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    AsOf,
    Config,
    Format,
    Out,
    connection,
    counted,
    instant,
    looking,
    say,
    show_json,
    show_table,
)
from joinery.flows.issues import look_at_records, refresh_issues
from joinery.flows.person import now_of
from joinery.reports.tables import table
from joinery.store.completions import Completions, Record
from joinery.store.connections import only_run
from joinery.store.people import People

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Training records on their way to HR.")

COLUMNS = ("worker_id", "course", "completed_at", "action", "state", "flags", "record", "revision")
WORDS = {
    "waiting": "wait for HR",
    "on_its_way": "on their way",
    "delivered": "with HR",
    "needs_you": "that HR's table cannot hold",
    "unknown_person": "of people nobody knows",
}


@app.command("list")
def list_records(
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many records.")] = 1000,
) -> None:
    """Records that wait for HR, and those somebody should look at (unknown person, odd date)."""
    with connection(config, quiet=True) as it:
        ledger = Completions(it.ports.database, it.ports.policy.name)
        counts = ledger.counts()
        records = {record.key: record for record in (*ledger.flagged(limit), *ledger.undelivered(limit))}
        told, seen = list(records.values())[:limit], looking(it)
        with it.ports.database.read() as db:
            people = People(db, it.ports.policy.name).by_key({each.person_key for each in told if each.person_key})
    where = {key: person.worker.country for key, person in people.items()}
    rows = [_row(each, seen.when(where.get(each.person_key, ""), each.completion.completed_at)) for each in told]
    if json:
        names = [column.partition("=")[0] for column in COLUMNS]
        show_json({"counts": counts, "records": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    if form == "text":
        print(_said(counts))
        if not rows:
            return
    show_table(table("Training records", COLUMNS, rows), form, out)


def _said(counts: Mapping[str, int]) -> str:
    if not any(counts.values()):
        return "No training record has been read yet. `joinery completions pull` asks the learning system."
    return "Training records: " + counted([(counts[name], word) for name, word in WORDS.items()]) + "."


def _row(record: Record, when: str) -> tuple[Any, ...]:
    reached = record.delivered_in.replace("refused:", "needs you: ")
    state = reached or ("waiting" if record.person_key else "unknown person")
    made = record.completion
    flags = "; ".join(flag.replace("_", " ") for flag in record.flags)
    return record.worker_id, made.course, when, record.action, state, flags, made.id, made.revision


@app.command()
def pull(config: Config = DEFAULT_CONFIG, json: AsJson = False) -> None:
    """Read what is new in the learning system; each record is kept once."""
    with connection(config, quiet=True) as it, only_run(it.ports.database, it.ports.policy.name, clock.now):
        read = read_records(it.ports.database, it.ports.policy, it.targets, clock.now)
        if read:
            look_at_records(it.ports)
            refresh_issues(it.ports, now_of(it.ports))
        counts = Completions(it.ports.database, it.ports.policy.name).counts()
    if json:
        show_json({"read": read, "counts": counts})
        return
    print(f"{read} read." if read else "Nothing new in the learning system.")
    say(_said(counts))


@app.command()
def push(config: Config = DEFAULT_CONFIG, as_of: AsOf = None, json: AsJson = False) -> None:
    """Write what HR does not have yet where it reads: a file, or a table. Each record goes out once."""
    with connection(config, quiet=True) as it, only_run(it.ports.database, it.ports.policy.name, clock.now):
        delivered = deliver_records(it.ports.database, it.settings, instant(as_of) or clock.now())
        if delivered:
            look_at_records(it.ports)
            refresh_issues(it.ports, now_of(it.ports))
        counts = Completions(it.ports.database, it.ports.policy.name).counts()
    if json:
        out = [{"file": each.name, "rows": each.rows, "needs_you": each.refused} for each in delivered]
        show_json({"delivered": out, "counts": counts})
        return
    for each in delivered:
        print(f"{each.name}: {each.rows} records")
        if each.refused:
            print(f"  {each.refused} that HR's table cannot hold: joinery completions list")
    if not delivered:
        print("Nothing waits for HR.")
    say(_said(counts))
