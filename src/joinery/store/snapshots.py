"""Snapshots (accepted, held, rejected, same) and the digest index of the last accepted rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from joinery.core.model.codec import canonical, instant_text
from joinery.store.accounts import upsert
from joinery.store.tables import digests, snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRow:
    """One arrival. `content_as_of` is the source's own date for it, where its name or manifest gives one."""

    id: str
    source: str
    name: str
    sha256: str
    #: accepted | held | rejected | same
    state: str
    complete: bool
    rows: int
    as_of: datetime
    taken_at: datetime
    content_as_of: datetime | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)


def record_snapshot(connection: Connection, name: str, snapshot: SnapshotRow) -> None:
    """Append; snapshots are never changed."""
    row = {
        "id": snapshot.id,
        "connection": name,
        "source": snapshot.source,
        "name": snapshot.name,
        "sha256": snapshot.sha256,
        "state": snapshot.state,
        "complete": snapshot.complete,
        "rows": snapshot.rows,
        "as_of": instant_text(snapshot.as_of),
        "taken_at": instant_text(snapshot.taken_at),
        "content_as_of": instant_text(snapshot.content_as_of) if snapshot.content_as_of else "",
        "profile": canonical(dict(snapshot.profile)),
        "report": canonical(dict(snapshot.report)),
    }
    connection.execute(insert(snapshots), row)


def last_accepted(connection: Connection, name: str, source: str) -> SnapshotRow | None:
    """The newest accepted snapshot of a source; None when nothing was ever accepted."""
    found = _last(connection, name, source, ("accepted",))
    return found


def last_full(connection: Connection, name: str, source: str) -> datetime | None:
    """The moment the newest accepted full file of a source spoke of; None where none says so."""
    c = snapshots.c
    mine = c.connection == name, c.source == source, c.state == "accepted", c.complete, c.content_as_of != ""
    at = connection.scalar(select(func.max(c.content_as_of)).where(*mine))
    return datetime.fromisoformat(at) if at else None


def last_complete(connection: Connection, name: str, source: str) -> SnapshotRow | None:
    """The newest accepted snapshot of a source that said who is gone; None before the first."""
    return _last(connection, name, source, ("accepted",), snapshots.c.complete)


def last_arrival(connection: Connection, name: str, source: str) -> SnapshotRow | None:
    """The newest arrival, whatever became of it."""
    return _last(connection, name, source, ("accepted", "held", "rejected", "same"))


def _last(
    connection: Connection, name: str, source: str, states: tuple[str, ...], *more: ColumnElement[bool]
) -> SnapshotRow | None:
    c = snapshots.c
    query = (
        select(snapshots)
        .where(c.connection == name, c.source == source, c.state.in_(states), *more)
        .order_by(c.taken_at.desc(), c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return _row(row)


def arrivals(connection: Connection, name: str, state: str) -> list[SnapshotRow]:
    """All of this state, oldest first."""
    c = snapshots.c
    query = select(snapshots).where(c.connection == name, c.state == state).order_by(c.taken_at, c.id)
    return [_row(row) for row in connection.execute(query)]


def _row(row: Any) -> SnapshotRow:
    return SnapshotRow(
        id=row.id,
        source=row.source,
        name=row.name,
        sha256=row.sha256,
        state=row.state,
        complete=row.complete,
        rows=row.rows,
        as_of=datetime.fromisoformat(row.as_of),
        taken_at=datetime.fromisoformat(row.taken_at),
        content_as_of=datetime.fromisoformat(row.content_as_of) if row.content_as_of else None,
        profile=json.loads(row.profile),
        report=json.loads(row.report),
    )


def load_digests(connection: Connection, name: str, source: str, columns: str) -> bytes | None:
    """The digest index, if it was made with the same mapping; else None: everything counts as changed."""
    query = select(digests.c.payload).where(
        digests.c.connection == name, digests.c.source == source, digests.c.columns == columns
    )
    return connection.scalar(query)


def rewrite_digests(connection: Connection, name: str, change: Callable[[bytes], bytes]) -> None:
    """Replace the index of every source by what `change` makes of it."""
    c = digests.c
    for row in connection.execute(select(c.source, c.payload).where(c.connection == name)).all():
        where = c.connection == name, c.source == row.source
        connection.execute(update(digests).where(*where).values(payload=change(row.payload)))


def save_digests(
    connection: Connection, name: str, source: str, *, snapshot_id: str, columns: str, payload: bytes
) -> None:
    """Replace the index; it belongs to the transaction that accepts the facts."""
    values = {"snapshot_id": snapshot_id, "columns": columns, "payload": payload}
    statement = upsert(connection)(digests).values(connection=name, source=source, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["connection", "source"], set_=values))
