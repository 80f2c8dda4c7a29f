"""What people decide by hand is a fact too: with owner, reason and end; released, never deleted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from joinery.core.model.codec import canonical, instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.tables import decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`kind`: end_access | manual | exemption | pin | match | no_match; `subject`: course:FORKLIFT, an account ID …"""

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


def in_force(connection: Connection, keys: Collection[PersonKey], today: date) -> dict[PersonKey, list[Decision]]:
    """Decisions of these people that nobody released and whose end has not come."""
    found: dict[PersonKey, list[Decision]] = {}
    c = decisions.c
    for chunk in in_chunks(keys):
        query = select(decisions).where(c.person_key.in_(chunk), c.released_at == "").order_by(c.made_at)
        for row in connection.execute(query):
            if row.until and date.fromisoformat(row.until) < today:
                continue
            found.setdefault(PersonKey(row.person_key), []).append(
                Decision(
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
            )
    return found


def release(connection: Connection, ids: Collection[str], at: datetime) -> None:
    """End decisions; they stay readable, and so does when they were first released."""
    for chunk in in_chunks(ids):
        held = decisions.c.id.in_(chunk), decisions.c.released_at == ""
        connection.execute(update(decisions).where(*held).values(released_at=instant_text(at)))
