"""Lifecycle events, recorded once under a stable key (person, event, attribute, effective_on, old, new, ordinal)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select

from joinery.core.model.event import Event, EventKind
from joinery.core.model.ids import PersonKey, WorkerId
from joinery.store.bulk import execute_many
from joinery.store.people import in_chunks
from joinery.store.tables import events

_Key = tuple[str, str, str, str, str, str]


def _key(event: Event) -> _Key:
    day = event.effective_on.isoformat()
    return (event.person_key, str(event.kind), event.attribute, day, event.old, event.new)


def event_rows(connection: Connection, name: str, new: Sequence[Event], snapshot_id: str) -> list[dict[str, Any]]:
    """These events as they are stored, in this order: right as long as nothing is written of their people.

    The same change of the same day a second time (there and back again) gets the next ordinal.
    """
    seen = _ordinals(connection, {event.person_key for event in new})
    rows = []
    for event in new:
        key = _key(event)
        seen[key] += 1
        rows.append(
            {
                "connection": name,
                "person_key": event.person_key,
                "worker_id": event.worker_id,
                "kind": key[1],
                "attribute": event.attribute,
                "old": event.old,
                "new": event.new,
                "effective_on": key[3],
                "observed_on": event.observed_on.isoformat(),
                "ordinal": seen[key],
                "snapshot_id": snapshot_id,
            }
        )
    return rows


def write_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append these rows."""
    for chunk in in_chunks(rows, 2000):
        execute_many(connection, insert(events), chunk)


def _ordinals(connection: Connection, people: set[PersonKey]) -> Counter[_Key]:
    found: Counter[_Key] = Counter()
    c = events.c
    columns = (c.person_key, c.kind, c.attribute, c.effective_on, c.old, c.new)
    for chunk in in_chunks(people):
        query = select(*columns, func.max(c.ordinal)).where(c.person_key.in_(chunk)).group_by(*columns)
        for row in connection.execute(query):
            found[row[0], row[1], row[2], row[3], row[4], row[5]] = row[6]
    return found


def events_between(connection: Connection, name: str, first: date, last: date) -> Iterator[Event]:
    """Events whose effective or observed date falls inside, both ends included, in a stable order."""
    span = (first.isoformat(), last.isoformat())
    c = events.c
    query = (
        select(events)
        .where(c.connection == name, or_(c.observed_on.between(*span), c.effective_on.between(*span)))
        .order_by(c.observed_on, c.worker_id, c.id)
    )
    yield from (_event(row) for row in connection.execute(query))


def events_of(connection: Connection, key: PersonKey) -> list[Event]:
    """The life of one person, oldest first."""
    query = select(events).where(and_(events.c.person_key == key)).order_by(events.c.id)
    return [_event(row) for row in connection.execute(query)]


def _event(row: object) -> Event:
    values = row._mapping  # type: ignore[attr-defined]
    return Event(
        person_key=PersonKey(values["person_key"]),
        worker_id=WorkerId(values["worker_id"]),
        kind=EventKind(values["kind"]),
        effective_on=date.fromisoformat(values["effective_on"]),
        observed_on=date.fromisoformat(values["observed_on"]),
        attribute=values["attribute"],
        old=values["old"],
        new=values["new"],
    )
