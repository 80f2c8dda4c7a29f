"""What became known of one person, when, and from which file: the append-only facts, read back. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.decisions import Decision
from joinery.store.plans import ENDED_WELL
from joinery.store.tables import decisions, facts, findings, mails, plan_lines, plans, snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One value of one attribute while it was known; `known_to` None: it still is. `file`: empty when unknown."""

    attribute: str
    value: str
    known_from: datetime
    known_to: datetime | None
    source: str
    file: str
    #: the value before it (empty: none was given); None for the first that was ever known
    old: str | None


def facts_of(connection: Connection, key: PersonKey) -> list[FactRow]:
    """All that was ever known of this person, in the order in which it became known."""
    joined = facts.outerjoin(snapshots, snapshots.c.id == facts.c.snapshot_id)
    query = select(facts, snapshots.c.name.label("file")).select_from(joined).where(facts.c.person_key == key)
    seen: dict[str, str] = {}
    first: datetime | None = None
    found = []
    for row in connection.execute(query.order_by(facts.c.known_from, facts.c.id)):
        at = datetime.fromisoformat(row.known_from)
        first = first or at
        found.append(
            FactRow(
                attribute=row.attribute,
                value=row.value,
                known_from=at,
                known_to=datetime.fromisoformat(row.known_to) if row.known_to else None,
                source=row.source,
                file=row.file or "",
                old=seen.get(row.attribute, None if at == first else ""),
            )
        )
        seen[row.attribute] = row.value
    return found


def findings_about(connection: Connection, name: str, worker_id: str) -> list[dict[str, Any]]:
    """Open findings about this employee number, worst first."""
    order = {"blocker": 0, "quarantine": 1, "warning": 2, "note": 3}
    c = findings.c
    query = select(findings).where(c.connection == name, c.open, c.worker_id == worker_id)
    rows = [dict(row._mapping) for row in connection.execute(query)]
    return sorted(rows, key=lambda row: (order.get(row["severity"], 9), row["check"]))


def plan_state(connection: Connection, plan: str) -> str:
    """waiting | approved | applying | applied | observed | discarded | superseded; empty when there is none."""
    return str(connection.scalar(select(plans.c.state).where(plans.c.id == plan)) or "")


def last_mail(connection: Connection, key: PersonKey) -> tuple[str, datetime] | None:
    """(state, when it is or was due) of the latest sign-in mail; None when none was ever planned."""
    query = select(mails.c.state, mails.c.due_at).where(mails.c.person_key == key).order_by(mails.c.due_at.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return (row.state, datetime.fromisoformat(row.due_at)) if row is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One thing that was done for a person, in a plan made for this moment (UTC)."""

    as_of: datetime
    plan: str
    action: str


def done_with(connection: Connection, key: PersonKey) -> list[Done]:
    """Everything that was done, or told to a system that shows it later, for this person, oldest first."""
    c = plan_lines.c
    query = (
        select(plans.c.as_of, c.plan_id, c.action)
        .select_from(plan_lines.join(plans, plans.c.id == c.plan_id))
        .where(c.person_key == key, c.state.in_(ENDED_WELL))
        .order_by(plans.c.as_of, plans.c.made_at, c.phase, c.seq)
    )
    return [
        Done(as_of=datetime.fromisoformat(row.as_of), plan=row.plan_id, action=row.action)
        for row in connection.execute(query)
    ]


def decisions_at(connection: Connection, key: PersonKey, at: datetime, today: date) -> list[Decision]:
    """What people had decided by hand about somebody and was in force at that moment; `today`: the day it was."""
    c, moment = decisions.c, instant_text(at)
    query = select(decisions).where(
        c.person_key == key,
        c.made_at <= moment,
        or_(c.released_at == "", c.released_at > moment),
        or_(c.until == "", c.until >= today.isoformat()),
    )
    return [
        Decision(
            id=row.id,
            person_key=key,
            kind=row.kind,
            subject=row.subject,
            owner=row.owner,
            reason=row.reason,
            made_at=datetime.fromisoformat(row.made_at),
            until=date.fromisoformat(row.until) if row.until else None,
        )
        for row in connection.execute(query.order_by(c.made_at))
    ]
