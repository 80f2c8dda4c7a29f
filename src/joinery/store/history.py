"""What became known of one person, when, and from which file: the append-only facts, read back. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from joinery.core.model.ids import PersonKey
from joinery.store.tables import facts, findings, plan_lines, plans, snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One value of one attribute while it was known; `known_to` None: it still is. `file`: empty when unknown."""

    attribute: str
    value: str
    known_from: datetime
    known_to: datetime | None
    source: str
    file: str
    #: a value of the same attribute was known before
    replaces: bool


def facts_of(connection: Connection, key: PersonKey) -> list[FactRow]:
    """All that was ever known of this person, in the order in which it became known."""
    joined = facts.outerjoin(snapshots, snapshots.c.id == facts.c.snapshot_id)
    query = select(facts, snapshots.c.name.label("file")).select_from(joined).where(facts.c.person_key == key)
    seen: set[str] = set()
    found = []
    for row in connection.execute(query.order_by(facts.c.known_from, facts.c.id)):
        found.append(
            FactRow(
                attribute=row.attribute,
                value=row.value,
                known_from=datetime.fromisoformat(row.known_from),
                known_to=datetime.fromisoformat(row.known_to) if row.known_to else None,
                source=row.source,
                file=row.file or "",
                replaces=row.attribute in seen,
            )
        )
        seen.add(row.attribute)
    return found


def findings_about(connection: Connection, name: str, worker_id: str) -> list[dict[str, Any]]:
    """Open findings about this employee number, worst first."""
    order = {"blocker": 0, "quarantine": 1, "warning": 2, "note": 3}
    c = findings.c
    query = select(findings).where(c.connection == name, c.open, c.worker_id == worker_id)
    rows = [dict(row._mapping) for row in connection.execute(query)]
    return sorted(rows, key=lambda row: (order.get(row["severity"], 9), row["check"]))


def plan_of(connection: Connection, plan: str) -> tuple[datetime, str]:
    """(as of, state) of a plan that exists."""
    row = connection.execute(select(plans.c.as_of, plans.c.state).where(plans.c.id == plan)).one()
    return datetime.fromisoformat(row.as_of), row.state


def done_with(connection: Connection, key: PersonKey) -> list[tuple[datetime, str, int]]:
    """(as of, plan, line) of everything that was done for this person, oldest first."""
    c = plan_lines.c
    query = (
        select(plans.c.as_of, c.plan_id, c.seq)
        .select_from(plan_lines.join(plans, plans.c.id == c.plan_id))
        .where(c.person_key == key, c.state == "done")
        .order_by(plans.c.as_of, plans.c.made_at, c.seq)
    )
    return [(datetime.fromisoformat(row.as_of), row.plan_id, row.seq) for row in connection.execute(query)]
