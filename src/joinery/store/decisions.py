"""What people decide by hand is a fact too: with owner, reason and end; released, never deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from joinery.core.model.codec import canonical, instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.audit_log import Happened, note
from joinery.store.people import in_chunks
from joinery.store.tables import decisions

# asked in every run: putting a statement together takes longer than the answer
_IN_FORCE = (
    select(decisions)
    .where(decisions.c.person_key.in_(bindparam("keys", expanding=True)), decisions.c.released_at == "")
    .order_by(decisions.c.made_at)
)
# by the index of (person, kind): it is asked for every thousand people of a plan
_OF_KINDS = (
    select(decisions)
    .where(
        decisions.c.person_key == "",
        decisions.c.kind.in_(bindparam("kinds", expanding=True)),
        decisions.c.connection == bindparam("mine"),
    )
    .order_by(decisions.c.made_at, decisions.c.id)
)
#: kinds whose subject is an account or an employee number
_PERSONAL = frozenset({"match", "no_match", "release", "same_person", "other_person"})
#: kinds whose body says what was decided
_VALUED = frozenset({"pin", "ask", "manual"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`kind`: end_access | manual | exemption | pin | ask | match | no_match | release | layoff | layoff_approved …

    `subject`: course:FORKLIFT, an account attribute, an account ID, for `release` an employee number …
    """

    id: str
    person_key: PersonKey
    kind: str
    owner: str
    reason: str
    made_at: datetime
    subject: str = ""
    until: date | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


def decide(connection: Connection, name: str, decision: Decision) -> None:
    """Append a decision."""
    row = {
        "id": decision.id or uuid4().hex,
        "connection": name,
        "person_key": decision.person_key,
        "kind": decision.kind,
        "subject": decision.subject,
        "body": canonical(dict(decision.body)),
        "owner": decision.owner,
        "reason": decision.reason,
        "made_at": instant_text(decision.made_at),
        "until": decision.until.isoformat() if decision.until else "",
    }
    connection.execute(insert(decisions), row)
    _note(connection, name, decision)


def _note(connection: Connection, name: str, decision: Decision) -> None:
    """Whose account or row it is, and what was typed, may be about a person: beside the chain."""
    about_person = decision.kind in _PERSONAL
    gone = decision.kind == "erased"
    happened = Happened(
        action=f"decision.{decision.kind}",
        at=decision.made_at,
        connection=name,
        actor=decision.owner,
        subject="" if about_person else decision.subject,
        person_key=decision.person_key,
        facts={"until": str(decision.until)} if decision.until else {},
        private={
            "reason": "" if gone else decision.reason,
            "about": decision.subject if about_person else "",
            "value": canonical(dict(decision.body)) if decision.kind in _VALUED and decision.body else "",
        },
    )
    note(connection, happened)


def in_force(connection: Connection, keys: Collection[PersonKey], today: date) -> dict[PersonKey, list[Decision]]:
    """Decisions of these people that nobody released and whose end has not come."""
    found: dict[PersonKey, list[Decision]] = {}
    for chunk in in_chunks(keys):
        for row in connection.execute(_IN_FORCE, {"keys": chunk}):
            if not row.until or date.fromisoformat(row.until) >= today:
                found.setdefault(PersonKey(row.person_key), []).append(_decision(row))
    return found


def everyones(connection: Connection, name: str, today: date) -> Iterator[Decision]:
    """All decisions of a connection that are in force."""
    c = decisions.c
    in_time = or_(c.until == "", c.until >= today.isoformat())
    query = select(decisions).where(c.connection == name, c.released_at == "", in_time).order_by(c.made_at)
    yield from (_decision(row) for row in connection.execute(query))


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        id=row.id,
        person_key=PersonKey(row.person_key),
        kind=row.kind,
        subject=row.subject,
        owner=row.owner,
        reason=row.reason,
        made_at=datetime.fromisoformat(row.made_at),
        until=date.fromisoformat(row.until) if row.until else None,
        body=json.loads(row.body),
    )


def about_no_person(
    kind: str, subject: str, owner: str, reason: str, made_at: datetime, body: Mapping[str, object]
) -> Decision:
    """A decision about a thing, or about many people: a file, a batch."""
    return Decision(
        id="",
        person_key=PersonKey(""),
        kind=kind,
        subject=subject,
        owner=owner,
        reason=reason,
        made_at=made_at,
        body=body,
    )


def of_kinds(connection: Connection, name: str, kinds: Collection[str]) -> list[tuple[Decision, bool]]:
    """(decision, released?) of these kinds that are about no person, oldest first, whatever became of them."""
    rows = connection.execute(_OF_KINDS, {"mine": name, "kinds": list(kinds)})
    return [(_decision(row), bool(row.released_at)) for row in rows]


def released_rows(connection: Connection, name: str, today: date) -> dict[str, date]:
    """employee number -> until when its row is believed, although it is kept back."""
    c = decisions.c
    query = select(c.subject, c.until).where(c.connection == name, c.kind == "release", c.released_at == "")
    found = ((subject, date.fromisoformat(until)) for subject, until in connection.execute(query))
    return {subject: until for subject, until in found if until >= today}


def release(connection: Connection, ids: Collection[str], at: datetime) -> None:
    """End decisions; they stay readable, and so does when they were first released."""
    c = decisions.c
    for chunk in in_chunks(ids):
        held = c.id.in_(chunk), c.released_at == ""
        for row in connection.execute(select(c.connection, c.kind, c.subject, c.person_key, c.made_at).where(*held)):
            subject = "" if row.kind in _PERSONAL else row.subject
            facts = {"kind": row.kind, "made_at": row.made_at}
            happened = Happened(
                action="decision.released",
                at=at,
                connection=row.connection,
                subject=subject,
                person_key=row.person_key,
                facts=facts,
            )
            note(connection, happened)
        connection.execute(update(decisions).where(*held).values(released_at=instant_text(at)))
