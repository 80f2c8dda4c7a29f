"""What people owe, as decided: one row per (person, requirement, cycle); the body is core/rules/learning's own JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import Connection, select

from joinery.core.model.codec import canonical
from joinery.core.model.ids import PersonKey
from joinery.core.rules.learning import Assignment
from joinery.core.rules.storing import decode_assignment, encode_assignment
from joinery.store.accounts import upsert
from joinery.store.bulk import execute_many
from joinery.store.people import in_chunks
from joinery.store.tables import assignments, completions


def assignments_of(connection: Connection, keys: Collection[PersonKey]) -> dict[PersonKey, tuple[Assignment, ...]]:
    """person -> everything they owe or owed, withdrawn and completed included."""
    found: dict[PersonKey, list[Assignment]] = {}
    for chunk in in_chunks(keys):
        query = select(assignments.c.person_key, assignments.c.body).where(assignments.c.person_key.in_(chunk))
        for key, body in connection.execute(query):
            found.setdefault(PersonKey(key), []).append(decode_assignment(json.loads(body)))
    return {key: tuple(sorted(several, key=lambda a: a.key)) for key, several in found.items()}


def reasoned_by(connection: Connection, names: Collection[str]) -> dict[PersonKey, frozenset[str]]:
    """person -> those of these rules that are reasons of what they have not completed."""
    found: dict[PersonKey, frozenset[str]] = {}
    for name in names:
        # the text of the body narrows it down; what it says decides
        there = assignments.c.body.contains(canonical(name), autoescape=True)
        query = select(assignments.c.person_key, assignments.c.body).where(there, assignments.c.state != "completed")
        for key, body in connection.execute(query):
            if name in json.loads(body).get("reasons", ()):
                found[PersonKey(key)] = found.get(PersonKey(key), frozenset()) | {name}
    return found


def save_assignments(connection: Connection, decided: Mapping[PersonKey, Collection[Assignment]]) -> None:
    """Remember what was decided; nothing is deleted."""
    save_rows(connection, [row for key, several in decided.items() for row in assignment_rows(key, several)])


def assignment_rows(key: PersonKey, several: Collection[Assignment]) -> Iterator[dict[str, str]]:
    """What one person owes, as it is stored."""
    for assignment in several:
        yield {
            "person_key": key,
            "requirement": assignment.requirement,
            "cycle": assignment.cycle,
            "state": str(assignment.state),
            "body": canonical(encode_assignment(assignment)),
        }


def save_rows(connection: Connection, rows: Collection[Mapping[str, str]]) -> None:
    """The same, of rows that are made already."""
    statement = upsert(connection)(assignments)
    new = {name: statement.excluded[name] for name in ("state", "body")}
    statement = statement.on_conflict_do_update(index_elements=["person_key", "requirement", "cycle"], set_=new)
    for chunk in in_chunks(rows, 1000):
        execute_many(connection, statement, chunk)


def completed_by(connection: Connection, keys: Collection[PersonKey]) -> dict[PersonKey, dict[str, str]]:
    """person -> course -> instant text of the latest completion that nobody revoked."""
    found: dict[PersonKey, dict[str, str]] = {}
    c = completions.c
    for chunk in in_chunks(keys):
        query = select(c.person_key, c.course, c.completed_at, c.body).where(c.person_key.in_(chunk))
        rows = list(connection.execute(query.order_by(c.completed_at, c.revision)))
        revoked = {body["revokes"] for row in rows if (body := json.loads(row.body)).get("revokes")}
        for row in rows:
            body = json.loads(row.body)
            if body.get("id") not in revoked and not body.get("revokes"):
                found.setdefault(PersonKey(row.person_key), {})[row.course] = row.completed_at
    return found
