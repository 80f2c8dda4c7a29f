"""All numbers, keys and addresses by which somebody is or was known, each with its validity.

Rule: former names are told only when asked for with a reason, and who asked is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import Connection

from joinery.core.rules.jobs import superseded
from joinery.flows.person import Word, find_person, now_of
from joinery.flows.policy import Ports
from joinery.store.aliases import EMAIL, OUR_KEY, SOURCE_ID, WORKER_ID, Aliases
from joinery.store.decisions import Decision, decide
from joinery.store.history import facts_of
from joinery.store.people import Person

NAMES = ("given_name", "family_name", "preferred_name")
LOOKED = "names_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """`kind`: worker_id | source_id | person_id | work_email | key, or a name's attribute. `until` None: in use."""

    kind: str
    value: str
    source: str = ""
    since: date | None = None
    until: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAs:
    """Whose they are; `former_names`: how many names are not told."""

    worker_id: str
    names: tuple[Name, ...]
    former_names: int


def known_as(ports: Ports, who: str, word: Word | None = None) -> KnownAs:
    """Everything but former names; those too with a `word`, which is kept. Raises NotThere."""
    with ports.database.write() if word else ports.database.read() as connection:
        person = find_person(connection, ports.policy, who)
        zone = ports.policy.zone_of(person.worker)
        former = tuple(_former_names(connection, person, zone))
        if word is not None:
            _keep(connection, ports, person, word)
        names = (*_present(person), *_former(connection, ports, person), *(former if word else ()))
        return KnownAs(worker_id=person.worker.worker_id, names=tuple(names), former_names=0 if word else len(former))


def _present(person: Person) -> Iterator[Name]:
    for job in sorted(person.jobs, key=lambda each: (not each.primary, each.worker.worker_id)):
        worker, note = job.worker, _note(person, job)
        yield Name(kind="worker_id", value=worker.worker_id, source=worker.source, note=note)
        if worker.source_id != worker.worker_id:
            yield Name(kind="source_id", value=worker.source_id, source=worker.source, note=note)
    if person.worker.person_id:
        yield Name(kind="person_id", value=person.worker.person_id)
    if person.worker.work_email:
        yield Name(kind="work_email", value=person.worker.work_email)
    yield Name(kind="key", value=person.key)


def _note(person: Person, job: object) -> str:
    if not person.employments:
        return ""
    for each in person.employments:
        if each is job:
            if superseded(each, person.employments):
                return "continued by another record"
            return f"{'main job' if each.primary else 'other job'}, {each.standing.stage}"
    return ""


def _former(connection: Connection, ports: Ports, person: Person) -> Iterator[Name]:
    """Aliases that are not in use by one of the records."""
    used = {(SOURCE_ID, job.worker.source_id) for job in person.jobs}
    used |= {(WORKER_ID, job.worker.worker_id) for job in person.jobs}
    used.add((EMAIL, person.worker.work_email.lower()))
    for alias in Aliases(connection, ports.policy.name).of(person.key):
        if (alias.kind, alias.value) in used:
            continue
        note = "another key, joined into this person" if alias.kind == OUR_KEY else "former"
        yield Name(
            kind=alias.kind, value=alias.value, source=alias.source, since=alias.since, until=alias.until, note=note
        )


def _former_names(connection: Connection, person: Person, zone: tzinfo) -> Iterator[Name]:
    for row in facts_of(connection, person.key):
        if row.attribute in NAMES and row.value and row.known_to is not None:
            since, until = _day(row.known_from, zone), _day(row.known_to, zone)
            yield Name(kind=row.attribute, value=row.value, source=row.source, since=since, until=until, note="former")


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def _keep(connection: Connection, ports: Ports, person: Person, word: Word) -> None:
    """Who looked at former names, and why."""
    seen = Decision(
        id="", person_key=person.key, kind=LOOKED, owner=word.owner, reason=word.reason, made_at=now_of(ports)
    )
    decide(connection, ports.policy.name, seen)
