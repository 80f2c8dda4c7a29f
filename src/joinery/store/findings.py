"""Open data problems, one row per (check, person, attribute): first and last seen, closed when not found again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from joinery.core.model.codec import instant_text
from joinery.core.model.finding import Finding
from joinery.store.accounts import upsert
from joinery.store.people import in_chunks
from joinery.store.tables import findings

# asked in every run: putting a statement together takes longer than the answer
_OPEN = select(findings).where(findings.c.connection == bindparam("mine"), findings.c.open)
_OPEN_OF = _OPEN.where(findings.c.source == bindparam("of"))
_CLOSE = (
    update(findings)
    .where(
        findings.c.connection == bindparam("mine"),
        findings.c.source == bindparam("of"),
        findings.c.open,
        findings.c.last_seen < bindparam("before"),
    )
    .values(open=False)
)
_AGAIN = ("severity", "message", "suggestion", "line", "last_seen", "open", "people", "better")


def record_findings(connection: Connection, name: str, source: str, found: Iterable[Finding], at: datetime) -> None:
    """Open these, or see them again."""
    stamp = instant_text(at)
    statement = upsert(connection)(findings)
    again = {key: statement.excluded[key] for key in _AGAIN}
    statement = statement.on_conflict_do_update(
        index_elements=["connection", "source", "check", "worker_id", "attribute"], set_=again
    )
    unique = {(f.check, f.worker_id, f.attribute): f for f in found}
    for chunk in in_chunks(unique.values(), 2000):
        rows = [
            {
                "connection": name,
                "source": source,
                "check": f.check,
                "worker_id": f.worker_id,
                "attribute": f.attribute,
                "severity": str(f.severity),
                "message": f.message,
                "suggestion": f.suggestion,
                "line": f.line,
                "first_seen": stamp,
                "last_seen": stamp,
                "open": True,
                "people": "\n".join(f.people),
                "better": f.better,
            }
            for f in chunk
        ]
        connection.execute(statement, rows)


def close_findings(connection: Connection, name: str, source: str, *, before: datetime) -> None:
    """The list was complete: what was not seen again is solved."""
    connection.execute(_CLOSE, {"mine": name, "of": source, "before": instant_text(before)})


def close_checks(connection: Connection, name: str, source: str, checks: Collection[str], *, before: datetime) -> None:
    """Everything of these checks was looked at again: what was not found this time is solved."""
    c = findings.c
    where = c.connection == name, c.source == source, c.check.in_(sorted(checks)), c.last_seen < instant_text(before)
    connection.execute(update(findings).where(*where, c.open).values(open=False))


def close_for_workers(
    connection: Connection,
    of: tuple[str, str],
    workers: Iterable[str],
    before: datetime,
    attributes: Collection[str] = (),
    *,
    but: Collection[str] = (),
) -> None:
    """These people's rows were looked at again: what was not found this time is solved. `attributes`: as far as it is
    about one of these; without any, whatever it is about. `but`: no checks of these names. `of`: connection, source."""
    c, (name, source) = findings.c, of
    about = [c.attribute.in_(sorted(attributes))] if attributes else []
    about += [c.check.not_in(sorted(but))] if but else []
    for chunk in in_chunks(workers):
        where = c.connection == name, c.source == source, c.worker_id.in_(chunk), c.last_seen < instant_text(before)
        connection.execute(update(findings).where(*where, *about).values(open=False))


def open_findings(connection: Connection, name: str, source: str = "") -> list[dict[str, Any]]:
    """All that are open, or those that are written under this source, worst first."""
    order = {"blocker": 0, "quarantine": 1, "warning": 2, "note": 3}
    found = connection.execute(_OPEN_OF if source else _OPEN, {"mine": name} | ({"of": source} if source else {}))
    rows = [dict(row._mapping) for row in found]
    return sorted(rows, key=lambda row: (order.get(row["severity"], 9), row["check"], row["worker_id"]))
