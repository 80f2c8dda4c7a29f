"""Whom a rule matches, and why somebody it does not: for trying a rule before it counts. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from joinery.core.rules.learning import LearningRule
from joinery.core.rules.scope import in_scope
from joinery.flows.person import find_person
from joinery.flows.policy import Ports
from joinery.flows.population import Population, name_of, standing_at
from joinery.store.assignments import reasoned_by
from joinery.store.people import Person

SAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says of one person. `matches` None: HR gives too little to tell. `why` are sentences."""

    worker_id: str
    name: str
    matches: bool | None
    why: tuple[str, ...] = ()
    #: why a match would give nothing at present: left, not started, not managed
    but: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """Numbers over everybody who is employed and managed; the first few of each kind; and those who were asked for."""

    rule: LearningRule
    matches: int
    misses: int
    unknown: int
    samples: tuple[Verdict, ...] = ()
    unclear: tuple[Verdict, ...] = ()
    asked: tuple[Verdict, ...] = ()

    @property
    def people(self) -> int:
        """Everybody who was looked at."""
        return self.matches + self.misses + self.unknown


def test_rules(
    ports: Ports, rules: Sequence[LearningRule], *, who: Sequence[str] = (), as_of: datetime | None = None
) -> tuple[Tested, ...]:
    """One answer for each rule, in their order. Raises NotThere when somebody asked for is nobody."""
    with standing_at(ports, as_of) as population:
        asked = [find_person(population.connection, ports.policy, each) for each in who]
        counters = [_Counting(rule) for rule in rules]
        for person, facts in population.managed():
            for counting in counters:
                counting.add(person, counting.rule.when.holds(facts))
        return tuple(counting.tested(population, asked) for counting in counters)


class _Counting:
    """One rule while people pass by."""

    def __init__(self, rule: LearningRule) -> None:
        self.rule = rule
        self.counts: dict[bool | None, int] = {True: 0, False: 0, None: 0}
        self.first: dict[bool | None, list[Person]] = {True: [], False: [], None: []}

    def add(self, person: Person, verdict: bool | None) -> None:
        self.counts[verdict] += 1
        if len(self.first[verdict]) < SAMPLES:
            self.first[verdict].append(person)

    def tested(self, population: Population, asked: Sequence[Person]) -> Tested:
        return Tested(
            rule=self.rule,
            matches=self.counts[True],
            misses=self.counts[False],
            unknown=self.counts[None],
            samples=tuple(verdict_on(population, self.rule, person) for person in self.first[True]),
            unclear=tuple(verdict_on(population, self.rule, person) for person in self.first[None]),
            asked=tuple(verdict_on(population, self.rule, person) for person in asked),
        )


def verdict_on(population: Population, rule: LearningRule, person: Person) -> Verdict:
    """What the rule says of this person, and what makes it so or stands nearest in the way."""
    facts = population.facts(person)
    explained = rule.when.explain(facts)
    if explained.verdict is True:
        why = tuple(each.text for each in explained.supporting())
    else:
        why = explained.nearest_failure()
    but = ""
    if not person.standing.stage.employed:
        but = f"their stage of life is {person.standing.stage}, so nothing is given now"
    elif in_scope(facts, population.policy.include, population.policy.exclude).inside is False:
        but = "they are not managed, so nothing is given"
    return Verdict(worker_id=person.worker.worker_id, name=name_of(person), matches=explained.verdict, why=why, but=but)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One rule with whom it matches today and how many owe something because of it."""

    rule: LearningRule
    matches: int
    owing: int


def list_rules(ports: Ports) -> tuple[Listed, ...]:
    """Every rule that is in the settings now."""
    tested = test_rules(ports, ports.policy.rules)
    with ports.database.read() as connection:
        owing = reasoned_by(connection, [rule.name for rule in ports.policy.rules])
    return tuple(
        Listed(rule=each.rule, matches=each.matches, owing=sum(each.rule.name in names for names in owing.values()))
        for each in tested
    )
