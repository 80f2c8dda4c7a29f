"""Ends of access with their five instants: written when an end is planned, completed when it is seen to be closed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from joinery.core.model.codec import instant_of, instant_text
from joinery.core.model.ids import PersonKey, PlanId
from joinery.core.rules.closing import Closing
from joinery.store.accounts import upsert
from joinery.store.people import in_chunks
from joinery.store.tables import closings, facts, plan_lines
from joinery.store.tallies import DEPROVISION, observe


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRow:
    """One end of access: whose, of which account, and how we heard of it (file | push | webhook | scim | hand)."""

    person_key: PersonKey
    worker_id: str
    account_id: str
    target: str
    heard_by: str
    plan_id: str
    times: Closing
    detail: str = ""
    #: an administrator's account, or one that the settings protect: somebody is told of its end
    protected: bool = False
    told_at: datetime | None = None

    @property
    def key(self) -> str:
        """The same for one end of one person's access, in every list; it names nobody."""
        return hashlib.sha256(f"{self.person_key}:{instant_text(self.times.ended_at)}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A line of a plan that ends somebody's access, as far as it is."""

    person_key: PersonKey
    worker_id: str
    state: str
    ended_at: datetime | None
    #: the account had roles when the line was carried out
    roles: bool = False


def endings_of(connection: Connection, plan: PlanId) -> list[Ending]:
    """Lines that suspend or archive, whatever became of them; of somebody with both, the one that came first."""
    c = plan_lines.c
    query = select(c.person_key, c.worker_id, c.state, c.ended_at, c.before)
    rows = connection.execute(
        query.where(c.plan_id == plan, c.action.in_(("suspend", "archive"))).order_by(c.seq.desc())
    )
    found = {row.person_key: row for row in rows}
    return [
        Ending(
            person_key=PersonKey(row.person_key),
            worker_id=row.worker_id,
            state=row.state,
            ended_at=instant_of(row.ended_at) if row.ended_at else None,
            roles=bool(row.before and json.loads(row.before).get("roles")),
        )
        for row in found.values()
    ]


def end_known_since(connection: Connection, keys: Collection[PersonKey]) -> dict[PersonKey, datetime]:
    """When the newest word about each one's end (status or end date) came in."""
    c, found = facts.c, dict[PersonKey, datetime]()
    for chunk in in_chunks(keys):
        about = c.attribute.in_(("status", "termination_date")), c.known_to == ""
        query = select(c.person_key, func.max(c.known_from)).where(c.person_key.in_(chunk), *about)
        rows = connection.execute(query.group_by(c.person_key))
        found.update((PersonKey(key), instant_of(at)) for key, at in rows)
    return found


def save_closings(connection: Connection, name: str, rows: Iterable[ClosingRow]) -> None:
    """New ones, and what became of those known. What an earlier write knew better is kept: instants only come."""
    statement = upsert(connection)(closings)
    kept = ("accepted_at", "closed_at", "entered_at")
    again = {column: func.coalesce(func.nullif(closings.c[column], ""), statement.excluded[column]) for column in kept}
    also = {column: statement.excluded[column] for column in ("plan_id", "detail", "account_id")}
    # an administrator whose roles are gone still was one
    also["protected"] = or_(closings.c.protected, statement.excluded.protected)
    statement = statement.on_conflict_do_update(
        index_elements=["connection", "person_key", "ended_at"],
        set_=again | also,
        where=closings.c.closed_at == "",
    )
    for chunk in in_chunks(rows, 1000):
        counted = _closed_before(connection, name, [row.person_key for row in chunk])
        connection.execute(statement, [_values(name, row) for row in chunk])
        new = {(row.person_key, instant_text(row.times.ended_at)): row.times.control for row in chunk}
        spans = [span for key, span in new.items() if span is not None and key not in counted]
        observe(connection, name, DEPROVISION, spans)


def _closed_before(connection: Connection, name: str, keys: Collection[PersonKey]) -> set[tuple[str, str]]:
    """Ends that were seen to be closed already, and so were counted."""
    c = closings.c
    query = select(c.person_key, c.ended_at).where(c.connection == name, c.person_key.in_(keys), c.closed_at != "")
    return {(row.person_key, row.ended_at) for row in connection.execute(query)}


def closings_between(
    connection: Connection, name: str, first: datetime, last: datetime, *, limit: int | None = None
) -> list[ClosingRow]:
    """Those that were to end in this span, oldest first."""
    c = closings.c
    span = c.ended_at >= instant_text(first), c.ended_at < instant_text(last)
    query = select(closings).where(c.connection == name, *span).order_by(c.ended_at, c.worker_id)
    return [_row(dict(row._mapping)) for row in connection.execute(query.limit(limit) if limit else query)]


def still_open(connection: Connection, name: str) -> list[ClosingRow]:
    """Ends that were not seen to be closed yet."""
    return [row for row in to_tell(connection, name) if row.times.closed_at is None]


def to_tell(connection: Connection, name: str) -> list[ClosingRow]:
    """Ends that are not seen to be closed, and those of protected accounts that nobody was told of yet."""
    c = closings.c
    query = select(closings).where(c.connection == name, or_(c.closed_at == "", c.protected & (c.told_at == "")))
    return [_row(dict(row._mapping)) for row in connection.execute(query.order_by(c.ended_at, c.worker_id))]


def mark_told(connection: Connection, name: str, rows: Iterable[ClosingRow], at: datetime) -> None:
    """Somebody was told of these ends."""
    c = closings.c
    for row in rows:
        mine = c.connection == name, c.person_key == row.person_key, c.ended_at == instant_text(row.times.ended_at)
        connection.execute(update(closings).where(*mine, c.told_at == "").values(told_at=instant_text(at)))


def forget_closings(connection: Connection, name: str, keys: Mapping[PersonKey, datetime]) -> None:
    """These ends were taken back before they were seen to be closed: there is nothing to close any more."""
    c = closings.c
    for key, ended_at in keys.items():
        mine = c.connection == name, c.person_key == key, c.ended_at == instant_text(ended_at), c.closed_at == ""
        connection.execute(closings.delete().where(*mine))


def _values(name: str, row: ClosingRow) -> dict[str, Any]:
    times = row.times
    return {
        "connection": name,
        "person_key": row.person_key,
        "ended_at": instant_text(times.ended_at),
        "target": row.target,
        "worker_id": row.worker_id,
        "account_id": row.account_id,
        "heard_by": row.heard_by,
        "entered_at": _text(times.entered_at),
        "read_at": instant_text(times.read_at),
        "accepted_at": _text(times.accepted_at),
        "closed_at": _text(times.closed_at),
        "plan_id": row.plan_id,
        "detail": row.detail,
        "protected": row.protected,
        "told_at": _text(row.told_at),
    }


def _row(kept: Mapping[str, Any]) -> ClosingRow:
    return ClosingRow(
        person_key=PersonKey(kept["person_key"]),
        worker_id=kept["worker_id"],
        account_id=kept["account_id"],
        target=kept["target"],
        heard_by=kept["heard_by"],
        plan_id=kept["plan_id"],
        detail=kept["detail"],
        protected=kept["protected"],
        told_at=_instant(kept["told_at"]),
        times=Closing(
            ended_at=instant_of(kept["ended_at"]),
            read_at=instant_of(kept["read_at"]),
            entered_at=_instant(kept["entered_at"]),
            accepted_at=_instant(kept["accepted_at"]),
            closed_at=_instant(kept["closed_at"]),
        ),
    )


def _text(at: datetime | None) -> str:
    return instant_text(at) if at is not None else ""


def _instant(text: str) -> datetime | None:
    return instant_of(text) if text else None
