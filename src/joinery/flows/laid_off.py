"""Lay-offs that were approved ahead: who is in them, and whose end of access they cover as of an instant.

Rule: a batch covers exactly the people and ends that were approved; whoever's end HR has moved or taken back is out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage
from joinery.flows.policy import Policy
from joinery.store.decisions import Decision, about_no_person, decide, of_kinds
from joinery.store.people import People, Person

#: a decision about many people: `subject` is the batch's number, `body` who and when
KIND = "layoff"
APPROVED = "layoff_approved"
FIRED = "layoff_fired"
#: so long after its instant a batch covers what is still to be done
COVERS = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person of a batch, and the end that HR had announced when they were taken in."""

    key: PersonKey
    worker_id: str
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A dated batch. `state`: drafted | approved | fired | withdrawn; `fired`: what became of it at its instant."""

    id: str
    at: datetime
    members: tuple[Member, ...]
    fingerprint: str
    owner: str
    reason: str
    state: str
    approved_by: str = ""
    fired: Mapping[str, Any] | None = None


def batches(connection: Connection, name: str) -> list[Batch]:
    """All that were ever made, oldest first."""
    made = of_kinds(connection, name, (KIND, APPROVED, FIRED))
    approved = {each.subject: each for each, released in made if each.kind == APPROVED and not released}
    fired = {each.subject: each for each, _ in made if each.kind == FIRED}
    return [
        _batch(each, approved.get(each.subject), fired.get(each.subject), withdrawn=released)
        for each, released in made
        if each.kind == KIND
    ]


def _batch(made: Decision, approved: Decision | None, fired: Decision | None, *, withdrawn: bool) -> Batch:
    state = "withdrawn" if withdrawn else "fired" if fired else "approved" if approved else "drafted"
    return Batch(
        id=made.subject,
        at=datetime.fromisoformat(made.body["at"]),
        members=tuple(
            Member(key=PersonKey(key), worker_id=number, end=date.fromisoformat(end))
            for key, number, end in made.body["people"]
        ),
        fingerprint=made.body["fingerprint"],
        owner=made.owner,
        reason=made.reason,
        state=state,
        approved_by=approved.owner if approved else "",
        fired=fired.body if fired else None,
    )


def covering(connection: Connection, name: str, as_of: datetime) -> list[Batch]:
    """Approved batches whose instant has come, and not long ago."""
    found = batches(connection, name)
    return [b for b in found if b.state in {"approved", "fired"} and b.at <= as_of <= b.at + COVERS]


def still_ends(person: Person | None, member: Member) -> str:
    """Why HR's end of this person is not the one that was approved; empty when it is."""
    if person is None:
        return "not known any more"
    standing = person.standing
    if standing.stage is Stage.LEFT:
        return "" if standing.ended_on == member.end else "left on another day"
    if standing.armed_end is None:
        return "HR has taken the end back"
    return "" if standing.armed_end == member.end else "HR has moved the end"


def laid_off(connection: Connection, policy: Policy, persons: Collection[Person], as_of: datetime) -> dict[str, str]:
    """key -> by which batch, and by whose word, this person's access ends; those who are out of it are left out."""
    by_key = {person.key: person for person in persons}
    return {
        member.key: f"lay-off {batch.id}, approved by {batch.approved_by}"
        for batch in covering(connection, policy.name, as_of)
        for member in batch.members
        if member.key in by_key and not still_ends(by_key[member.key], member)
    }


def fire(connection: Connection, policy: Policy, as_of: datetime, now: datetime) -> list[Batch]:
    """Batches whose instant has come: their people are looked at by the next plan. Each with what is left out."""
    found = []
    for batch in covering(connection, policy.name, as_of):
        if batch.state == "fired":
            continue
        people = People(connection, policy.name)
        known = people.by_key([member.key for member in batch.members])
        out = {member.worker_id: why for member in batch.members if (why := still_ends(known.get(member.key), member))}
        people.mark([member.key for member in batch.members if member.worker_id not in out], unsettled=True)
        body = {"as_of": as_of.isoformat(), "left_out": out}
        decide(connection, policy.name, about_no_person(FIRED, batch.id, batch.approved_by, "", now, body))
        found.append(replace(batch, state="fired", fired=body))
    return found
