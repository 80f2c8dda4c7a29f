"""Numbers that only grow, counted when something happens. Rule: a label is a kind or a code, never a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection, select

from joinery.store.accounts import upsert
from joinery.store.watch_tables import tallies

#: calls to the learning system by status, guards that held something by guard, ends of access by how long they took
LMS_CALLS, GUARD_TRIPS, DEPROVISION = "lms_calls", "guard_trips", "deprovision"
#: the label of what a histogram sums up, beside the upper bounds of its buckets in seconds
SUM, ABOVE = "sum", "+Inf"
BUCKETS = (0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)


def add(tx: Connection, connection: str, name: str, more: Mapping[str, float]) -> None:
    """Count so much more under each label; in one order, so that two who count never wait for each other."""
    for label, value in sorted(more.items()):
        statement = upsert(tx)(tallies).values(connection=connection, name=name, label=label, value=value)
        values = {"value": tallies.c.value + statement.excluded.value}
        tx.execute(statement.on_conflict_do_update(index_elements=["connection", "name", "label"], set_=values))


def observe(tx: Connection, connection: str, name: str, spans: Sequence[timedelta]) -> None:
    """Count each in its bucket, and all in the sum."""
    more: dict[str, float] = {}
    for span in spans:
        seconds = span.total_seconds()
        bucket = next((str(bound) for bound in BUCKETS if seconds <= bound), ABOVE)
        more[bucket] = more.get(bucket, 0) + 1
        more[SUM] = more.get(SUM, 0) + seconds
    add(tx, connection, name, more)


def tallies_of(tx: Connection, connection: str) -> dict[str, dict[str, float]]:
    """name -> label -> value: all of a connection in one question."""
    found: dict[str, dict[str, float]] = {}
    for row in tx.execute(select(tallies).where(tallies.c.connection == connection)):
        found.setdefault(row.name, {})[row.label] = row.value
    return found
