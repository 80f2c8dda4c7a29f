"""`joinery report run NAME`: numbers with their definition, and the people behind each number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from joinery.app import clock
from joinery.cli.common import (
    DEFAULT_CONFIG,
    AsJson,
    Config,
    Format,
    Out,
    connection,
    say,
    show_for_people,
    show_json,
)
from joinery.reports.deprovision import DEFINITION, Leaver, Summary, leavers_table, summary_of, summary_table
from joinery.reports.tables import records
from joinery.store.closings import ClosingRow, closings_between

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Reports: deprovision.")
NAMES = ("deprovision",)


@app.command(name="list")
def list_(json: AsJson = False) -> None:
    """The reports there are.

    Example: joinery report list
    """
    if json:
        show_json({"reports": list(NAMES)})
        return
    print("\n".join(NAMES))


@app.command()
def run(
    name: Annotated[str, typer.Argument(help=f"Which report: {', '.join(NAMES)}.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day; 30 days ago.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, included; today.")] = None,
    people: Annotated[bool, typer.Option("--people", help="Person by person instead of the numbers.")] = False,
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    out: Out = None,
    json: AsJson = False,
) -> None:
    """Run a report. `deprovision`: how long ends of access took, and which were not seen to be closed in time.

    Example: joinery report run deprovision --from 2026-11-01 --people --format csv --out leavers.csv

    Days are UTC; people are named by their IDs.
    """
    if name not in NAMES:
        raise typer.BadParameter(f"there is no report {name!r}; there is {', '.join(NAMES)}", param_hint="NAME")
    now = clock.now()
    begin = _day(first, "--from") if first else now.date() - timedelta(days=30)
    end = (_day(last, "--to") if last else now.date()) + timedelta(days=1)
    with connection(config, quiet=True) as it, it.ports.database.read() as db:
        rows = closings_between(db, it.ports.policy.name, _midnight(begin), _midnight(end))
        within = it.ports.policy.close_within
    leavers = [_leaver(row) for row in rows]
    found, listed = summary_of(leavers, within, now), leavers_table(leavers, within, now)
    if json:
        show_json(_as_data(found) | {"from": begin, "to": end - timedelta(days=1), "people": list(records(listed))})
        return
    show_for_people(listed if people else summary_table(found), form, out)
    if form == "text" and not people:
        say(DEFINITION)


def _leaver(row: ClosingRow) -> Leaver:
    return Leaver(
        worker_id=row.worker_id,
        account_id=row.account_id,
        heard_by=row.heard_by,
        plan=row.plan_id,
        times=row.times,
        protected=row.protected,
        shown=row.detail,
    )


def _as_data(found: Summary) -> dict[str, object]:
    return {
        "report": "deprovision",
        "definition": DEFINITION,
        "within_seconds": found.within.total_seconds(),
        "ended": found.ended,
        "seen_closed": found.seen_closed,
        "running": found.running,
        "protected": found.protected,
        "breaches": found.breaches,
        "on_time": found.on_time,
        "entered_late": found.entered_late,
        "seconds": found.spans,
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(text: str, hint: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-12-01", param_hint=hint) from error
