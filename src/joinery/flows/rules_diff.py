"""What an edit would do to people, before it is published: the configuration in force beside the one at hand.

Rule: nothing is written; whom it touches is found in bulk, and only they are decided, once by each version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.rules.desired import Desired
from joinery.core.rules.edits import RuleEdit
from joinery.flows.decide import decide_person
from joinery.flows.edits import Edit, edit_between, looking_at
from joinery.flows.gather import gather
from joinery.flows.policy import Policy, Ports
from joinery.flows.population import Population, name_of, standing_at
from joinery.store.people import in_chunks

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEffect:
    """One edited rule: how many more it matches, how many no longer, how many as before."""

    name: str
    #: new | edited | removed | the same
    word: str
    gains: int = 0
    loses: int = 0
    stays: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEffect:
    """What becomes different for one person; due dates and words as (name, before, after)."""

    worker_id: str
    name: str
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    moves: tuple[tuple[str, str, str], ...] = ()
    values: tuple[tuple[str, str, str], ...] = ()
    #: (before, after) when it differs
    access: tuple[str, str] | None = None

    @property
    def nothing(self) -> bool:
        """All is as it was."""
        lists = (self.gains, self.loses, self.joins, self.leaves, self.moves, self.values)
        return self.access is None and not any(lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """`edited` False: what is at hand is what is in force. `everybody`: why all people were decided twice."""

    edited: bool
    rules: tuple[RuleEffect, ...] = ()
    people: tuple[PersonEffect, ...] = ()
    looked_at: int = 0
    everybody: str = ""
    courses: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def diff_rules(ports: Ports, after: Policy, as_of: datetime | None = None) -> Effect:
    """The effect of `after` on the people of today against the configuration in force (nothing, before the first)."""
    with standing_at(ports, as_of) as population:
        version = population.state.config_version
        if after.version == version:
            return Effect(edited=False)
        before = ports.versions.policy(population.connection, version) if version else None
        effect = _effect(population, before or replace(after, rules=(), version=""), after)
        if version and before is None:
            return replace(effect, everybody="what is in force cannot be read by this version, so every rule is new")
        return effect


def _effect(population: Population, before: Policy, after: Policy) -> Effect:
    edit = edit_between(before, after)
    people = tuple(
        sorted(_changed(population, edit, touched := _touched(population, edit)), key=lambda each: each.worker_id)
    )
    gained, lost = Counter(c for p in people for c in p.gains), Counter(c for p in people for c in p.loses)
    return Effect(
        edited=True,
        rules=_rules(population, edit),
        people=people,
        looked_at=len(touched),
        everybody=edit.everybody,
        courses={course: (gained[course], lost[course]) for course in sorted(gained.keys() | lost.keys())},
    )


def _touched(population: Population, edit: Edit) -> Sequence[PersonKey]:
    if edit.everybody:
        return [person.key for person in population.everybody()]
    if edit.nobody:
        return []
    looking = looking_at(population.connection, edit, population.at, population.state.go_live)
    return [person.key for person in population.everybody() if looking.touched(person)]


def _rules(population: Population, edit: Edit) -> tuple[RuleEffect, ...]:
    counts: dict[str, Counter[tuple[bool, bool]]] = {each.name: Counter() for each in edit.rules}
    if not edit.rules:
        return ()
    for person, _ in population.managed():
        old, new = population.facts(person, edit.old), population.facts(person, edit.new)
        for each in edit.rules:
            before, after = each.matches(old, new)
            counts[each.name][before is True, after is True] += 1
    return tuple(_counted(each, counts[each.name]) for each in edit.rules)


def _counted(edit: RuleEdit, counts: Counter[tuple[bool, bool]]) -> RuleEffect:
    return RuleEffect(
        name=edit.name,
        word=edit.word,
        gains=counts[False, True],
        loses=counts[True, False],
        stays=counts[True, True],
    )


def _changed(population: Population, edit: Edit, keys: Sequence[PersonKey]) -> Iterator[PersonEffect]:
    for chunk in in_chunks(keys, BATCH):
        yield from _batch(population.connection, population, edit, chunk)


def _batch(
    connection: Connection, population: Population, edit: Edit, keys: Sequence[PersonKey]
) -> Iterator[PersonEffect]:
    batch = gather(connection, edit.new if edit.new.rules else edit.old, keys, population.at)
    first_load, go_live = not population.state.extra.get("loaded"), population.state.go_live
    for person in batch.people:
        before, after = (
            decide_person(policy, batch, person, population.at, go_live, first_load=first_load).subject.desired
            for policy in (edit.old, edit.new)
        )
        effect = _between(person.worker.worker_id, name_of(person), before, after)
        if not effect.nothing:
            yield effect


def _between(worker_id: str, name: str, before: Desired, after: Desired) -> PersonEffect:
    old, new = before.enrolments, after.enrolments
    words = {*before.attributes, *after.attributes}
    access = (str(before.access.state or "untouched"), str(after.access.state or "untouched"))
    return PersonEffect(
        worker_id=worker_id,
        name=name,
        gains=tuple(sorted(new.keys() - old.keys())),
        loses=tuple(sorted(old.keys() - new.keys())),
        joins=tuple(sorted(after.groups - before.groups)),
        leaves=tuple(sorted(before.groups - after.groups)),
        moves=tuple(
            (key, str(old[key].due_on or "no date"), str(new[key].due_on or "no date"))
            for key in sorted(old.keys() & new.keys())
            if old[key].due_on != new[key].due_on
        ),
        values=tuple(
            (word, before.attributes.get(word, ""), after.attributes.get(word, ""))
            for word in sorted(words)
            if before.attributes.get(word) != after.attributes.get(word) and before.access.state is after.access.state
        ),
        access=access if access[0] != access[1] else None,
    )
