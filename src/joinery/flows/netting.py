"""People as they were before an acceptance and as they are after it: what lies between is told once, as a whole.

Rule: whatever several rows say of one person in one file is one change; a new number must not look like a leaver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from joinery.core.model.event import Event
from joinery.core.model.ids import PersonKey
from joinery.core.model.worker import Worker
from joinery.core.rules.events import events_for
from joinery.core.rules.lifecycle import Moment
from joinery.store.aliases import EMAIL, SOURCE_ID, WORKER_ID, Alias
from joinery.store.facts import FactChange
from joinery.store.people import Person

Changes = dict[str, tuple[str, str]]


@dataclass(slots=True)
class Netting:
    """Some people, each with their first `before` (None: new) and their latest state."""

    before: dict[PersonKey, Person | None] = field(default_factory=dict)
    after: dict[PersonKey, Person] = field(default_factory=dict)
    #: the day from which HR says that a change holds
    effective: dict[PersonKey, date] = field(default_factory=dict)

    def put(self, person: Person, before: Person | None, effective_on: date | None = None) -> None:
        """The latest state; only the first `before` of a person counts."""
        if effective_on is not None:
            self.effective[person.key] = effective_on
        self.before.setdefault(person.key, before)
        self.after[person.key] = person

    def hold(self, person: Person) -> None:
        """Keep an eye on somebody who may yet change."""
        if person.key not in self.before:
            self.before[person.key] = person
            self.after[person.key] = person

    def latest(self, person: Person) -> Person:
        """This person as they are by now."""
        return self.after.get(person.key, person)

    @property
    def new(self) -> list[Person]:
        """People seen for the first time."""
        return [person for key, person in self.after.items() if self.before[key] is None]

    @property
    def changed(self) -> list[tuple[Person, Person]]:
        """(before, after) of people whose row is to be written anew."""
        return [(before, after) for before, after in self.pairs() if before is not None]

    def holds_from(self, key: PersonKey, today: date) -> date:
        """The day from which a change holds: HR's where it gives one that has come, else today."""
        return min(self.effective.get(key, today), today)

    def pairs(self) -> Iterator[tuple[Person | None, Person]]:
        """(before, after) of everybody who changed."""
        for key, person in self.after.items():
            before = self.before[key]
            if before is not person:
                yield before, person


def fact_changes(old: Worker | None, new: Worker) -> Changes:
    """Canonical attribute -> (old, new); the status both as HR's word."""
    if old is None:
        return {name: ("", value) for name, value in new.facts()}
    return old.differences(new)


def facts_between(after: Person, changed: Changes, since: date) -> Iterator[FactChange]:
    """The rows to append; known values are closed by them."""
    for name, (old, new) in changed.items():
        yield FactChange(person_key=after.key, attribute=name, value=new, effective_from=since, supersedes=bool(old))


def events_between(
    before: Person | None, after: Person, moment: Moment, since: date | None, effective_on: date
) -> Iterator[Event]:
    """What happened to somebody, by all that is known now."""
    yield from events_for(
        after.key, before.known if before else None, after.known, moment.today, since, effective_on=effective_on
    )


def with_changes(memory: Mapping[str, Any], changed: Changes) -> dict[str, Any]:
    """Add to what changed since the last plan; the oldest old value stays."""
    if not changed:
        return dict(memory)
    pending: dict[str, list[str]] = dict(memory.get("changes", {}))
    for name, (old, new) in changed.items():
        pending[name] = [pending[name][0] if name in pending else old, new]
    return {**memory, "changes": {name: pair for name, pair in pending.items() if pair[0] != pair[1]}}


def aliases_between(before: Person | None, after: Person, moment: Moment) -> Iterator[Alias]:
    """The keys of somebody's other records, and the numbers and addresses that they had until yesterday."""
    if len(after.jobs) > 1:
        for job in after.jobs:
            source, value = job.record
            yield Alias(person_key=after.key, kind=SOURCE_ID, source=source, value=value)
            yield Alias(person_key=after.key, kind=WORKER_ID, value=job.worker.worker_id)
    if before is None:
        return
    old, new = before.worker, after.worker
    records, numbers = {job.record for job in after.jobs}, after.numbers
    if (old.source, old.source_id) not in records and (old.source_id, old.source) != (new.source_id, new.source):
        yield Alias(person_key=after.key, kind=SOURCE_ID, source=old.source, value=old.source_id, until=moment.today)
    for kind, was, now in ((WORKER_ID, old.worker_id, new.worker_id), (EMAIL, old.work_email, new.work_email)):
        if was and was.casefold() != now.casefold() and not (kind == WORKER_ID and was in numbers):
            yield Alias(person_key=after.key, kind=kind, value=was, until=moment.today)
