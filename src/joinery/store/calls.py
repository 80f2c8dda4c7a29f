"""Every call to a learning system, for as long as the settings say: what was asked, what came back, how long it took.

Rule: of nobody. A path is its template, an error its code; no body, query or filled-in path is ever kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, and_, case, delete, func, insert, or_, select
from sqlalchemy.sql.elements import ColumnElement

from joinery.core.model.codec import instant_text
from joinery.store.bulk import execute_many
from joinery.store.watch_tables import calls

#: no answer came
NONE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """One exchange. `at`: when it was over, UTC; `plan_id`: empty where it carried nothing out; `status`: 0 when no
    answer came; `ms`: how long it took; `attempt`: 1 for the first try; `error`: its code, empty when all was well."""

    at: datetime
    plan_id: str
    method: str
    path: str
    status: int
    ms: float
    attempt: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Calls of a connection from `since` to `until` (None: now) that are of no plan or of `plan`, and all of `plan`.

    Without a plan: all in that time.
    """

    since: datetime
    until: datetime | None
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCount:
    """How many calls, how many of them failed, and how long (ms) all of them and the slowest took."""

    calls: int
    failed: int
    ms: float
    slowest: float


def keep(tx: Connection, connection: str, kept: Sequence[KeptCall]) -> None:
    """Write them down."""
    rows = [
        {
            # of those of one instant the order is known
            "id": f"{n:06}{uuid4().hex[6:]}",
            "connection": connection,
            "at": instant_text(call.at),
            "plan_id": call.plan_id,
            "method": call.method[:16],
            "path": call.path[:200],
            "status": call.status,
            "ms": call.ms,
            "attempt": call.attempt,
            "error": call.error[:64],
        }
        for n, call in enumerate(kept)
    ]
    execute_many(tx, insert(calls), rows)


def forget(tx: Connection, connection: str, before: datetime) -> None:
    """Those that are older."""
    tx.execute(delete(calls).where(calls.c.connection == connection, calls.c.at < instant_text(before)))


def count_calls(tx: Connection, connection: str, span: Span) -> CallCount:
    """All calls of this span."""
    failed = func.sum(case((calls.c.error != "", 1), else_=0))
    query = select(func.count(), failed, func.sum(calls.c.ms), func.max(calls.c.ms))
    many, wrong, ms, slowest = tx.execute(query.where(*_of(connection, span))).one()
    return CallCount(calls=many, failed=int(wrong or 0), ms=round(ms or 0.0, 3), slowest=float(slowest or 0.0))


def calls_in(tx: Connection, connection: str, span: Span, *, limit: int, failed: bool = False) -> list[KeptCall]:
    """In the order in which they ended: the last `limit` of them. `failed`: only those that did not go well."""
    query = select(calls).where(*_of(connection, span)).order_by(calls.c.at.desc(), calls.c.id.desc()).limit(limit)
    query = query.where(calls.c.error != "") if failed else query
    return [
        KeptCall(
            at=datetime.fromisoformat(row.at),
            plan_id=row.plan_id,
            method=row.method,
            path=row.path,
            status=row.status,
            ms=row.ms,
            attempt=row.attempt,
            error=row.error,
        )
        for row in reversed(tx.execute(query).all())
    ]


def _of(connection: str, span: Span) -> list[ColumnElement[bool]]:
    c = calls.c
    within = [c.at >= instant_text(span.since), *([c.at <= instant_text(span.until)] if span.until else [])]
    if not span.plan:
        return [c.connection == connection, *within]
    return [c.connection == connection, or_(c.plan_id == span.plan, and_(c.plan_id == "", *within))]
