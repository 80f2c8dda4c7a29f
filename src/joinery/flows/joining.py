"""Whose record is it? Known by its key; or by a key above all employments; or by the former number that it names.

Rule: a number that could be two people's joins nobody; what is doubtful becomes a person of its own, in question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Standing
from joinery.core.model.worker import Worker
from joinery.flows.setting import Setting
from joinery.store.aliases import WORKER_ID, Aliases
from joinery.store.people import People, Person

#: so many people at most are kept in mind until a file is read to its end
KEPT_IN_MIND = 5000
#: so many unknown numbers at most are looked for within legal entities: each is a look at everybody
LOOKED_THROUGH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What new rows of one file say of themselves: source ID -> former number, source ID -> key above employments.

    `full`: the file names everybody, and `gone` are the records that were in the last one and are not in this.
    """

    former: Mapping[str, str] = field(default_factory=dict)
    person_ids: Mapping[str, str] = field(default_factory=dict)
    full: bool = False
    gone: frozenset[str] = frozenset()


class Joining:
    """Answers for one file, within the transaction that accepts it."""

    def __init__(self, connection: Connection, setting: Setting, claims: Claims) -> None:
        self._is = setting
        self._claims = claims
        self._people = People(connection, setting.connection)
        self._aliases = Aliases(connection, setting.connection)
        #: new source ID -> the person it continues
        self.successors: dict[str, Person] = {}
        #: new source ID -> why its former number settles nothing
        self.doubts: dict[str, str] = {}
        self._follow()

    def _follow(self) -> None:
        known = self.by_key(self._claims.former)
        new = {key: old for key, old in self._claims.former.items() if key not in known}
        claimed = Counter(new.values())
        holders = holders_of(self._people, self._aliases, self._is.source, new.values())
        for key, old in new.items():
            rivals = sorted(other for other, same in new.items() if same == old and other != key)
            if claimed[old] > 1:
                self.doubts[key] = f"the former number {old} is claimed by {', '.join(rivals)} too"
            elif doubt := doubt_about(old, holders.get(old, ())):
                self.doubts[key] = doubt
            elif old in holders:
                self.successors[key] = holders[old][0]

    @property
    def former(self) -> Mapping[str, str]:
        """source ID -> former number, of all rows that name one."""
        return self._claims.former

    def awaited(self) -> list[Person]:
        """People of whom more than one row of this file may speak."""
        ids = set(self._claims.person_ids.values()) if self._is.since is not None else set()
        several = self._people.by_person_id(ids) if 0 < len(ids) <= KEPT_IN_MIND else {}
        return [*self.successors.values(), *(person for found in several.values() for person in found)]

    def by_key(self, ids: Collection[str]) -> dict[str, Person]:
        """source ID -> the person one of whose records it is."""
        found = self._people.by_source_id(self._is.source, ids)
        rest = [each for each in ids if each not in found]
        return {**found, **self._aliases.by_source_id(self._is.source, rest)} if rest else found

    def owners(self, ids: Sequence[str], numbers: Sequence[str]) -> dict[str, Person]:
        """source ID -> whose record it is; `numbers` are the employee numbers beside the IDs."""
        found = self.by_key(ids)
        new = [(each, number) for each, number in zip(ids, numbers, strict=True) if each not in found]
        found.update({each: self.successors[each] for each, _ in new if each in self.successors})
        new = [(each, number) for each, number in new if each not in found and each not in self.doubts]
        match self._is.joined_by:
            case "worker_id":
                same = self._people.by_worker_id([number for _, number in new])
                others = {n: [p for p in people if self._elsewhere(p)] for n, people in same.items()}
                found.update({each: others[n][0] for each, n in new if len(others.get(n, ())) == 1})
            case "person_id":
                wanted = {each: self._claims.person_ids[each] for each, _ in new if each in self._claims.person_ids}
                theirs = self._people.by_person_id(set(wanted.values())) if wanted else {}
                found.update({each: theirs[pid][0] for each, pid in wanted.items() if pid in theirs})
            case _:
                pass
        return found

    def _elsewhere(self, person: Person) -> bool:
        """Known from other sources only."""
        return all(job.worker.source != self._is.source for job in person.jobs)

    def objection(self, worker: Worker, standing: Standing, person: Person) -> str:
        """Why this record cannot continue that person's: somebody with the former number is at work beside them."""
        old = self._claims.former.get(worker.source_id, "")
        if not self._claims.full or not standing.stage.employed:
            return ""
        return at_work_beside(worker, old, person, self._claims.gone)


def holders_of(people: People, aliases: Aliases, source: str, numbers: Iterable[str]) -> dict[str, list[Person]]:
    """number -> everybody who has or had it, as employee number or as key; also without its legal entity."""
    wanted = set(numbers)
    if not wanted:
        return {}
    found: dict[str, dict[PersonKey, Person]] = {}
    for number, persons in people.holding(source, wanted).items():
        found.setdefault(number, {}).update({person.key: person for person in persons})
    former = aliases.owners(WORKER_ID, wanted)
    known = people.by_key({key for keys in former.values() for key in keys})
    for number, keys in former.items():
        found.setdefault(number, {}).update({key: known[key] for key in keys if key in known})
    rest = [each for each in wanted if each not in found]
    for number in rest if len(rest) <= LOOKED_THROUGH else ():
        found[number] = {person.key: person for person in people.numbered_within(number)}
    return {number: list(persons.values()) for number, persons in found.items() if persons}


def doubt_about(old: str, holders: Sequence[Person]) -> str:
    """Why the former number says nothing sure about whose record it is."""
    return f"the former number {old} is that of {len(holders)} people" if len(holders) > 1 else ""


def at_work_beside(worker: Worker, old: str, person: Person, gone: Collection[str] = ()) -> str:
    """Two records that are both at work, without an end of the older one and with nothing else in common."""
    same_address = worker.work_email and worker.work_email.casefold() == person.worker.work_email.casefold()
    same_key = worker.person_id and worker.person_id == person.worker.person_id
    if same_address or same_key:
        return ""
    for job in person.jobs:
        beside = job.standing.stage.employed and job.standing.armed_end is None and not job.standing.missing_files
        if not beside or job.worker.source_id in gone:
            continue
        if old in job.numbers:
            return f"the former number {old} is somebody who is at work"
        if job.worker.previous_id == old and job.worker.source_id != worker.source_id:
            return f"the former number {old} is continued by {job.worker.worker_id} already"
    return ""
