"""A store with the tables, and people in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event

from joinery.core.model.event import Event
from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Worker
from joinery.store.database import Database
from joinery.store.events import event_rows, write_events
from joinery.store.facts import FactChange, fact_row, write_facts
from joinery.store.people import Person
from joinery.store.tables import metadata

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
TODAY = date(2026, 3, 2)
HOUR = timedelta(hours=1)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The store with all its tables, closed afterwards."""
    database = Database(url)
    metadata.create_all(database.engine)
    try:
        yield database
    finally:
        database.close()


def person(who: str, stage: Stage = Stage.ACTIVE, **given: Any) -> Person:
    """`p-ana` with the number `ana`; worker attributes by name, columns of the row as they are."""
    columns = {k: given.pop(k) for k in ("memory", "wake_at", "unsettled", "frozen") if k in given}
    worker = Worker(**{"source_id": f"s-{who}", "worker_id": who, **given})
    return Person(key=PersonKey(f"p-{who}"), worker=worker, standing=Standing(stage=stage, since=NOW), **columns)


def record_facts(
    connection: Connection, changes: Iterable[FactChange], *, known_from: datetime, snapshot_id: str, source: str
) -> None:
    """Append what became known and close what it replaces."""
    known = list(changes)
    rows = [fact_row(change, known_from=known_from, snapshot_id=snapshot_id, source=source) for change in known]
    write_facts(connection, rows, [change.supersedes for change in known])


def record_events(connection: Connection, name: str, new: Sequence[Event], snapshot_id: str) -> None:
    """Append them, as a run does."""
    write_events(connection, event_rows(connection, name, new, snapshot_id))


def way(database: Database, ask: Any) -> str:
    """How SQLite goes about the one query that `ask(connection)` makes."""
    (steps,) = ways(database, ask)
    return steps


def ways(database: Database, ask: Any) -> list[str]:
    """How SQLite goes about each of the queries that `ask(connection)` makes."""
    seen: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", remember)
    try:
        with database.read() as connection:
            ask(connection)
    finally:
        event.remove(database.engine, "before_cursor_execute", remember)
    with database.read() as connection:
        found = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in seen]
    return [" / ".join(str(step[3]) for step in steps) for steps in found]
