"""Facts of people, append-only, with both times: what became known, what it replaces, what was known at an instant.

Rule: a fact is closed by `known_to`, never changed or deleted; everything here belongs to the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.bulk import execute_many
from joinery.store.tables import facts, snapshots

#: in the report of a pushed snapshot: the number of the newest fact before it (none, which counts as 0, in older ones)
FACTS_AFTER: Final = "facts_after"
#: in the same place: the keys of people of whom something waits for its day since then; of that there is no fact
WAITING: Final = "waiting_for_a_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """One attribute of one person that became `value` (empty: no longer given) for us at the snapshot's instant."""

    person_key: PersonKey
    attribute: str
    value: str
    effective_from: date
    #: there was a value before: its row is closed
    supersedes: bool


def told_between(connection: Connection, name: str, source: str, since: datetime, until: datetime) -> set[PersonKey]:
    """People of whom something was pushed in the name of this source between these moments that is in force, or was to
    wait for its day."""
    s, f = snapshots.c, facts.c
    these = (
        s.connection == name,
        s.source == f"{source}:told",
        s.taken_at > instant_text(since),
        s.taken_at < instant_text(until),
    )
    reports = connection.scalars(select(s.report).where(*these)).all()
    if not reports:
        return set()  # on most nights
    # the facts have no index by snapshot: only those are looked at that are younger than the first of these pushes, and
    # in one look, however many there were
    told = [json.loads(report) for report in reports]
    first = min(report.get(FACTS_AFTER, 0) for report in told)
    pushed = f.snapshot_id.in_(select(s.id).where(*these))
    # (not DISTINCT: SQLite would walk through all of them by person)
    query = select(f.person_key).where(f.id > first, pushed, f.known_to == "")
    waiting = (key for report in told for key in report.get(WAITING, ()))
    return {PersonKey(key) for key in (*connection.scalars(query), *waiting)}


def newest_fact(connection: Connection) -> int:
    """The number of the fact that was written last, of whomever; 0 before the first."""
    return connection.scalar(select(func.max(facts.c.id))) or 0


def fact_row(change: FactChange, *, known_from: datetime, snapshot_id: str, source: str) -> dict[str, str]:
    """One fact as it is stored."""
    return {
        "person_key": change.person_key,
        "attribute": change.attribute,
        "value": change.value,
        "effective_from": change.effective_from.isoformat(),
        "known_from": instant_text(known_from),
        "snapshot_id": snapshot_id,
        "source": source,
    }


def write_facts(connection: Connection, rows: Sequence[Mapping[str, str]], supersedes: Iterable[bool]) -> None:
    """Append these rows, after closing those that they supersede."""
    c = facts.c
    of = c.person_key == bindparam("b_person"), c.attribute == bindparam("b_attribute"), c.known_to == ""
    close = update(facts).where(*of).values(known_to=bindparam("b_at"))
    closing = [
        {"b_person": row["person_key"], "b_attribute": row["attribute"], "b_at": row["known_from"]}
        for row, over in zip(rows, supersedes, strict=True)
        if over
    ]
    execute_many(connection, close, closing)
    execute_many(connection, insert(facts), rows)


def facts_known_at(connection: Connection, key: PersonKey, at: datetime) -> dict[str, tuple[str, str]]:
    """attribute -> (value, known_from) as they were known at an instant: "what did we know then?"."""
    moment = instant_text(at)
    query = select(facts).where(
        facts.c.person_key == key,
        facts.c.known_from <= moment,
        or_(facts.c.known_to == "", facts.c.known_to > moment),
    )
    return {row.attribute: (row.value, row.known_from) for row in connection.execute(query) if row.value}
