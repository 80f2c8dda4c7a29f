"""Take a plan back: the inverse of what it did, as a plan of its own to review. Undo of an undo is an undo.

What was undone is pinned when the undo is approved, so that the next run does not redo it; a pin holds while the
facts and rules behind it stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from joinery.core.model.codec import decode_account
from joinery.core.model.ids import PersonKey, PlanId
from joinery.core.model.plan import Line, PlanSummary, Reason
from joinery.core.planning.inverse import Inverse, inverse_of
from joinery.core.planning.pins import behind_access
from joinery.errors import NotThere
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.connections import next_number
from joinery.store.decisions import Decision, decide
from joinery.store.erasure import GONE
from joinery.store.people import People, Person
from joinery.store.plans import (
    ENDED_WELL,
    PlanWriter,
    StoredLine,
    begin_plan,
    count_lines,
    drop_empty_plan,
    finish_plan,
    lines_of,
    plan_by_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The plan that takes another back (None: there is nothing to take back), and what it cannot."""

    plan: PlanSummary | None
    #: sentence -> lines
    impossible: Mapping[str, int]


def make_undo(ports: Ports, plan: str, as_of: datetime) -> Undo:
    """Store the inverse of everything this plan did, last line first. Raises NotThere for an unknown plan."""
    policy = ports.policy
    impossible: dict[str, int] = {}
    with ports.database.write() as connection:
        found = plan_by_id(connection, plan)
        if found is None or found[1]["connection"] != policy.name:
            raise NotThere(f"There is no plan {plan} here.", fix="`joinery plan list` shows what there is.")
        now = ports.now()
        summary = PlanSummary(
            id=PlanId(next_number(connection, "P")),
            as_of=as_of,
            made_at=now,
            cause=f"undo of {plan}",
            fingerprint="",
            config_version=policy.version,
            snapshot_id="",
            expires_at=now + timedelta(hours=24),
            state="waiting",
        )
        begin_plan(connection, policy.name, policy.target, summary, undoes=plan)
        writer = PlanWriter(connection, summary.id, policy.chunk_size)
        for lines in _by_person(connection, plan, impossible):
            writer.add(lines)
        fingerprint = writer.close()
        if not writer.count:
            drop_empty_plan(connection, summary.id)
            return Undo(plan=None, impossible=impossible)
        counts = count_lines(connection, summary.id)
        seats = Accounts(connection, policy.target).seats()
        summary = replace(
            summary,
            fingerprint=fingerprint,
            counts={action: sum(states.values()) for action, states in counts.items()},
            seats_before=seats,
            seats_after=seats,
        )
        finish_plan(connection, summary)
    return Undo(plan=summary, impossible=impossible)


def _by_person(connection: Connection, plan: str, impossible: dict[str, int]) -> list[tuple[Line, ...]]:
    people: dict[PersonKey, list[Line]] = {}
    done = [line for line in lines_of(connection, plan, states=ENDED_WELL) if line.changed]
    created = {line.line.person_key for line in done if type(line.line.operation).__name__ == "CreateAccount"}
    for stored in reversed(done):
        inverse = _inverse(stored)
        if isinstance(inverse, str):
            impossible[inverse] = impossible.get(inverse, 0) + 1
            continue
        line = stored.line
        whole = type(line.operation).__name__ == "CreateAccount"
        if line.person_key in created and not whole:
            continue  # archiving the account takes everything in it out of sight
        people.setdefault(line.person_key, []).append(
            Line(
                worker_id=line.worker_id,
                operation=inverse.operation,
                action=inverse.action,
                because=(Reason(text=f"takes back line {stored.seq} of {plan}"),),
                guard=str(inverse.action),
                segment=line.segment,
            )
        )
    return [tuple(lines) for lines in people.values()]


def _inverse(stored: StoredLine) -> Inverse | str:
    if stored.line.worker_id.startswith(f"{GONE}-"):
        return "the person was erased since"
    before = decode_account(json.loads(stored.before)) if stored.before else None
    return inverse_of(stored.line.operation, before)


def _behind(person: Person | None) -> str:
    return behind_access(person.standing) if person else ""


def pin_what_is_undone(connection: Connection, ports: Ports, undone: str, by: str, reason: str) -> int:
    """At approval of an undo: the next run must not redo it. The number of pins."""
    pins, done = 0, list(lines_of(connection, undone, states=ENDED_WELL))
    people = People(connection, ports.policy.name).by_key({stored.line.person_key for stored in done})
    for stored in done:
        inverse = _inverse(stored) if stored.changed else ""
        for subject, value in inverse.pins if isinstance(inverse, Inverse) else ():
            pin = Decision(
                id="",
                person_key=stored.line.person_key,
                kind="pin",
                subject=subject,
                owner=by,
                reason=reason or f"undo of {undone}",
                made_at=ports.now(),
                body={"value": value, "behind": _behind(people.get(stored.line.person_key))},
            )
            decide(connection, ports.policy.name, pin)
            pins += 1
    return pins
