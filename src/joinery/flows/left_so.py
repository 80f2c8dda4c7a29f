"""What people decided about others by hand, as a list; and what is left as somebody left it: keep it, or release it.

Rule: a decision is released, never deleted. Reasons are confidential and told only when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from joinery.core.planning.pins import behind_access
from joinery.core.rules.instants import local_day
from joinery.errors import NotThere
from joinery.flows.person import Word, decisions_of, find_person, now_of
from joinery.flows.policy import Ports
from joinery.store.decisions import Decision, decide, everyones, release
from joinery.store.people import People, Person

#: kinds as people read them
WORDS = {
    "end_access": "access ended",
    "manual": "assigned",
    "exemption": "exempt",
    "pin": "left so",
    "ask": "to be decided",
    "match": "account confirmed",
    "no_match": "account refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """One decision in force. `until` None: without an end."""

    worker_id: str
    kind: str
    about: str
    owner: str
    made_on: date
    until: date | None
    reason: str


def by_hand(ports: Ports, who: str = "") -> list[ByHand]:
    """Everything that people decided and that is in force, of one person or of all, in the order of numbers."""
    at = now_of(ports)
    with ports.database.read() as connection:
        if who:
            person = find_person(connection, ports.policy, who)
            numbers, made = {person.key: person.worker.worker_id}, decisions_of(connection, ports.policy, person, at)
        else:
            made = list(everyones(connection, ports.policy.name, local_day(at, ports.policy.company_zone)))
            people = People(connection, ports.policy.name).by_key({each.person_key for each in made})
            numbers = {key: each.worker.worker_id for key, each in people.items()}
    told = (_told(numbers[each.person_key], each) for each in made if each.kind in WORDS and each.person_key in numbers)
    return sorted(told, key=lambda row: (row.worker_id, row.kind, row.about))


def _told(number: str, each: Decision) -> ByHand:
    return ByHand(
        worker_id=number,
        kind=WORDS[each.kind],
        about=each.subject,
        owner=each.owner,
        made_on=each.made_at.date(),
        until=each.until,
        reason=each.reason,
    )


def keep_so(ports: Ports, who: str, what: str, word: Word) -> Person:
    """Answer a question: what somebody changed by hand stays, until HR or a rule changes the value. Raises NotThere."""
    at = now_of(ports)
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        for asked in _of(connection, ports, person, what, ("ask",)):
            release(connection, [asked.id], at)
            body = {**asked.body, "behind": behind_access(person.standing)}
            pin = Decision(
                id="",
                person_key=person.key,
                kind="pin",
                subject=asked.subject,
                owner=word.owner,
                reason=word.reason,
                made_at=at,
                body=body,
            )
            decide(connection, ports.policy.name, pin)
        People(connection, ports.policy.name).mark([person.key], unsettled=True)
    return person


def release_so(ports: Ports, who: str, what: str) -> Person:
    """What was left so, or asked about, is Joinery's again from the next run on. Raises NotThere."""
    at = now_of(ports)
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        release(connection, [each.id for each in _of(connection, ports, person, what, ("pin", "ask"))], at)
        People(connection, ports.policy.name).mark([person.key], unsettled=True)
    return person


def _of(connection: Connection, ports: Ports, person: Person, what: str, kinds: tuple[str, ...]) -> Iterator[Decision]:
    made = [each for each in decisions_of(connection, ports.policy, person, now_of(ports)) if each.kind in kinds]
    found = [each for each in made if each.subject == what.strip()]
    if not found:
        there = ", ".join(sorted({each.subject for each in made}))
        raise NotThere(
            f"{person.worker.worker_id} has nothing left so for {what.strip()!r}; nothing was changed.",
            fix=f"There is: {there}." if there else "`joinery person decided` lists what there is.",
        )
    yield from found
