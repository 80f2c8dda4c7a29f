"""Subject access: everything that is held about one person, as plain values. The audit log says who asked."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from joinery.core.model.codec import encode_account, encode_standing, encode_worker
from joinery.core.model.ids import PersonKey
from joinery.flows.person import find_person, now_of
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.audit_log import Happened, note
from joinery.store.people import Person
from joinery.store.tables import assignments, completions, decisions, events, facts, findings, mails, plan_lines

#: columns that are bookkeeping and say nothing of the person
_OURS = frozenset({"id", "digest", "owner", "attempt", "chunk", "phase", "lane", "guard", "connection", "person_key"})
#: columns that hold JSON
_JSON = frozenset({"body", "operation", "because", "before", "org_then", "segment"})


def export_of(ports: Ports, who: str) -> dict[str, Any]:
    """Raises NotThere. Times are UTC; the words are those of the systems they came from."""
    policy = ports.policy
    with ports.database.write() as connection:
        person = find_person(connection, policy, who)
        seen = Happened(action="privacy.exported", at=ports.now(), connection=policy.name, person_key=person.key)
        note(connection, seen)
        account = Accounts(connection, policy.target).of_people([person.key]).get(person.key)
        return {
            "person": person.key,
            "made_at": now_of(ports).isoformat(),
            "now": encode_worker(person.worker),
            "standing": encode_standing(person.standing),
            "remembered_for_decisions": dict(person.memory),
            "account": encode_account(account) if account else None,
            **_rows(connection, person, policy.name),
        }


def _rows(connection: Connection, person: Person, name: str) -> dict[str, Any]:
    by_key = {
        "facts": facts,
        "events": events,
        "assignments": assignments,
        "training_records": completions,
        "mails": mails,
        "plan_lines": plan_lines,
    }
    found = {title: _of(connection, table, person.key) for title, table in by_key.items()}
    d, f = decisions.c, findings.c
    made = connection.execute(select(decisions).where(d.person_key == person.key).order_by(d.made_at)).mappings()
    odd = connection.execute(
        select(findings).where(f.connection == name, f.worker_id == person.worker.worker_id)
    ).mappings()
    found["decisions"] = [_plain(row) | {"owner": row["owner"]} for row in made]
    found["data_problems"] = [_plain(row) for row in odd]
    return found


def _of(connection: Connection, table: Table, key: PersonKey) -> list[dict[str, Any]]:
    query = select(table).where(table.c.person_key == key).order_by(*table.primary_key.columns)
    return [_plain(row) for row in connection.execute(query).mappings()]


def _plain(row: Any) -> dict[str, Any]:
    """Without bookkeeping, JSON opened, empty cells left out."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if name in _OURS or value in {"", None}:
            continue
        out[name] = json.loads(value) if name in _JSON and isinstance(value, str) else _said(value)
    return out


def _said(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
