"""What looks wrong with the rules when they are held against the people there are. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from joinery.core.model.worker import FACT_NAMES
from joinery.core.rules.conditions.words import fold
from joinery.core.rules.instants import local_day
from joinery.core.rules.learning import LearningRule, Weight
from joinery.core.rules.lint import Remark, Seen, Weighs, loops_in, remarks_on
from joinery.flows.policy import Policy, Ports
from joinery.flows.population import Population, standing_at
from joinery.store.people import Person

NAMED = 5


@dataclass(slots=True)
class _Count:
    """Everybody who is managed, while they pass by."""

    matches: Counter[str] = field(default_factory=Counter)
    both: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    people: int = 0
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, person: Person, matching: Sequence[LearningRule]) -> None:
        worker = person.worker
        self.people += 1
        self.matches.update(rule.name for rule in matching)
        if not any(rule.mandatory is Weight.MANDATORY and rule.give for rule in matching):
            self.idle.append(worker.worker_id)
        for one, two in combinations(matching, 2):
            if _disagree(one, two):
                self.both[one.name, two.name] += 1
                self.samples.setdefault((one.name, two.name), []).append(worker.worker_id)
        for name in (*FACT_NAMES, *worker.custom):
            if value := worker.value(name):
                self.values.setdefault(name, {}).setdefault(fold(value), value)


def _disagree(one: LearningRule, two: LearningRule) -> bool:
    return bool(set(one.give) & set(two.give)) and one.due != two.due


def lint_rules(ports: Ports, rules: Sequence[LearningRule]) -> tuple[Remark, ...]:
    """Errors first. Rules on a change are not counted: they match at the change only."""
    with standing_at(ports, None) as population:
        count = _counted(population, rules)
        today = local_day(population.at, population.policy.company_zone)
    policy = ports.policy
    days = sorted({today, *(row.valid_from for row in policy.tree.rows if row.valid_from and row.valid_from > today)})
    found = [*loops_in(policy.tree, days), *_all(rules, count, _seen(policy, count))]
    return tuple(sorted(found, key=lambda each: (list(Weighs).index(each.weighs), each.rule, each.check)))


def _counted(population: Population, rules: Sequence[LearningRule]) -> _Count:
    count = _Count()
    for person, facts in population.managed():
        count.add(person, [rule for rule in rules if rule.when.holds(facts)])
    return count


def _seen(policy: Policy, count: _Count) -> Seen:
    codes: dict[str, frozenset[str]] = {}
    words: dict[str, dict[str, str]] = {}
    for name, table in policy.outbound.tables.items():
        pairs = [*table.values.items(), *((row.code, row.value) for row in table.dated.rows)]
        codes[name] = frozenset(fold(code) for code, _ in pairs)
        words[name] = {fold(word): code for code, word in pairs}
    tree = {fold(name): name for row in policy.tree.rows for name in (row.code, row.value)}
    return Seen(values=count.values, codes=codes, words=words, departments=tree)


def _all(rules: Sequence[LearningRule], count: _Count, seen: Seen) -> Iterator[Remark]:
    for rule in rules:
        yield from remarks_on(rule, seen)
        if not count.matches[rule.name] and not rule.when.is_edge:
            yield Remark(
                check="matches_nobody",
                weighs=Weighs.WARNING,
                rule=rule.name,
                message=f"It matches none of {count.people} people.",
                suggestion=f'joinery rules test --rule "{rule.name}" --people ID says what stands in the way.',
            )
    for (one, two), number in sorted(count.both.items()):
        yield Remark(
            check="two_due_dates",
            weighs=Weighs.WARNING,
            rule=one,
            message=f'{number} people match it and "{two}", which gives the same with another due date: '
            "the earlier one counts.",
            suggestion="Let one of the two conditions leave out whom the other means.",
            count=number,
            people=tuple(count.samples[one, two][:NAMED]),
        )
    if count.idle:
        yield Remark(
            check="nothing_mandatory",
            weighs=Weighs.NOTE,
            message=f"{len(count.idle)} of {count.people} people match no rule that gives something mandatory.",
            count=len(count.idle),
            people=tuple(sorted(count.idle)[:NAMED]),
        )
