"""`joinery schedule`: what `joinery serve` runs by itself, when next, and a pause."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from joinery.app import clock
from joinery.app.looking import acting
from joinery.app.scheduling import CLOCK, DATE, FILE, later_by, when_of
from joinery.app.wiring import Opened
from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, show_table
from joinery.errors import NotThere
from joinery.reports.tables import Table, table
from joinery.store import schedules
from joinery.store.schedules import schedule_of

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What runs by itself: list, pause, resume.")

Which = Annotated[str, typer.Argument(help="clock | file | date | all", metavar="WHICH")]
CAUSES = (CLOCK, FILE, DATE)


@app.command("list")
def list_them(config: Config = DEFAULT_CONFIG, form: Format = "text", out: Out = None, json: AsJson = False) -> None:
    """What sets off a run, the next times, and how the last one ended.

    Examples: joinery schedule list | joinery schedule list --format csv
    """
    with connection(config, quiet=True) as it:
        shown = _table(it, clock.now())
    show_table(shown, "json" if json else form, out)


@app.command()
def pause(which: Which = "all", config: Config = DEFAULT_CONFIG) -> None:
    """Let nothing run by itself until it is resumed; `joinery sync` by hand still does.

    Examples: joinery schedule pause | joinery schedule pause file
    """
    with connection(config, quiet=True) as it, it.ports.database.write() as tx:
        for cause in _chosen(which):
            schedules.begin(tx, it.settings.name, cause, clock.now())
            schedules.pause(tx, it.settings.name, cause, acting())
    print(f"Paused: {which}. Dates of people wait too: `joinery sync` catches up.")


@app.command()
def resume(which: Which = "all", config: Config = DEFAULT_CONFIG) -> None:
    """Let it run by itself again; one run makes up for what was missed.

    Examples: joinery schedule resume
    """
    with connection(config, quiet=True) as it, it.ports.database.write() as tx:
        for cause in _chosen(which):
            schedules.resume(tx, it.settings.name, cause)
    print(f"Resumed: {which}.")


def _chosen(which: str) -> tuple[str, ...]:
    if which == "all":
        return CAUSES
    if which not in CAUSES:
        raise NotThere(f"There is no schedule {which}.", fix="Name clock, file, date or all.")
    return (which,)


def _table(it: Opened, now: datetime) -> Table:
    rows = []
    with it.ports.database.read() as tx:
        for cause in CAUSES:
            state = schedule_of(tx, it.settings.name, cause)
            what, following = _when(it, cause, now)
            paused = f"paused by {state.paused_by}" if state.paused else ""
            last = state.done_for.isoformat() if state.done_for else ""
            rows.append((cause, what, paused, following, last, state.outcome))
    columns = ("cause", "when", "paused", "next=Next (UTC)", "last=Last (UTC)", "outcome=How it ended")
    return table("What runs by itself", columns, rows)


def _when(it: Opened, cause: str, now: datetime) -> tuple[str, str]:
    wanted = it.settings.schedule
    if cause == FILE:
        return ("when a file arrives" if wanted.when_file_arrives else "never"), ""
    if cause == DATE:
        return "when somebody's date comes", ""
    when = when_of(it.settings)
    if when is None:
        return "never", ""
    following: list[str] = []
    at = now - later_by(it.settings)
    while len(following) < 3 and (found := when.following(at)) is not None:
        following.append(f"{found + later_by(it.settings):%Y-%m-%d %H:%M}")
        at = found
    what = f"every {int(wanted.every.total_seconds()) // 60} minutes" if wanted.every else str(wanted.cron)
    return what, ", ".join(following)
