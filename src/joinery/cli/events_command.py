"""`joinery events`: the lifecycle events of a period. Other programs rely on the columns."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from joinery.cli.common import DEFAULT_CONFIG, AsJson, Config, Format, Out, connection, show_table
from joinery.core.model.event import Event
from joinery.flows.known_as import NAMES
from joinery.reports.tables import table
from joinery.store.events import events_between

app = typer.Typer(rich_markup_mode=None)
COLUMNS = ("observed_on", "effective_on", "worker_id", "event", "attribute", "old", "new")


@app.command()
def main(
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First day, e.g. 2026-12-01.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included.")],
    config: Config = DEFAULT_CONFIG,
    form: Format = "text",
    json: AsJson = False,
    out: Out = None,
) -> None:
    """Events whose effective or observed day falls into the period, both ends included.

    A former name is not told: `joinery person identity` does, to whoever says why.

    Example: joinery events --from 2026-12-01 --to 2026-12-31 --format csv
    """
    span = _day(first, "--from"), _day(last, "--to")
    with connection(config, quiet=True) as it, it.ports.database.read() as db:
        rows = [
            (e.observed_on, e.effective_on, e.worker_id, str(e.kind), e.attribute, _old(e), e.new)
            for e in events_between(db, it.ports.policy.name, *span)
        ]
    show_table(table("Events", COLUMNS, rows), "json" if json else form, out)


def _old(event: Event) -> str:
    """Former names are told by `joinery person identity` only, to whoever says why."""
    return "not told here" if event.attribute in NAMES and event.old else event.old


def _day(text: str, hint: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-12-01", param_hint=hint) from error
