"""Rules that the present state suggests: who has a course or a group, and what they have in common.

Rule 1: a proposal says how many it speaks of, how many of them have it, and who does not; people decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

#: what people have in common is looked for in these, two at most at a time
ATTRIBUTES: Final = (
    "department",
    "country",
    "location",
    "job_title",
    "job_family",
    "job_level",
    "job_code",
    "employment_type",
    "legal_entity",
)

Terms = tuple[tuple[str, str], ...]
When = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """One person: what HR gives, and what they have (`course:X`, `path:X`, `group:X`)."""

    worker_id: str
    facts: Mapping[str, str]
    has: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`when` attribute -> values, empty for everybody. `support`: people it speaks of; `having`: those who have it."""

    gives: str
    when: When
    support: int
    having: int
    #: who fits and does not have it
    exceptions: tuple[str, ...] = ()
    #: others who have it, whom no proposal covers
    beside: int = 0

    @property
    def confidence(self) -> float:
        """The share that has it of those whom it speaks of."""
        return self.having / self.support


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """From when on something is worth proposing: so many people, such a share."""

    support: int = 5
    confidence: float = 0.9


def learned(people: Sequence[Someone], bar: Bar | None = None) -> tuple[Proposal, ...]:
    """Proposals, those that speak of most people first. Pure, and the order of people means nothing."""
    bar = bar or Bar()
    counted = Counter(terms for person in people for terms in _terms(person.facts))
    having: dict[str, Counter[Terms]] = {}
    holders: dict[str, list[Someone]] = {}
    for person in people:
        for gives in person.has:
            holders.setdefault(gives, []).append(person)
            having.setdefault(gives, Counter()).update(_terms(person.facts))
    found: list[Proposal] = []
    for gives in sorted(holders):
        found.extend(_of(gives, people, holders[gives], _Counts(all=counted, having=having[gives]), bar))
    return tuple(sorted(found, key=lambda each: (-each.having, each.gives, each.when)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    all: Counter[Terms]
    having: Counter[Terms]


def _terms(facts: Mapping[str, str]) -> list[Terms]:
    """Each value, and each two values together."""
    known = [(name, facts[name]) for name in ATTRIBUTES if facts.get(name)]
    return [*((each,) for each in known), *combinations(known, 2)]


def _of(
    gives: str, people: Sequence[Someone], holders: Sequence[Someone], counts: _Counts, bar: Bar
) -> Iterable[Proposal]:
    """The fewest that cover those who have it."""
    share = len(holders) / len(people)
    if len(people) >= bar.support and share >= bar.confidence:
        return [_proposal(gives, (), people, holders)]
    left = {person.worker_id: person for person in holders}
    picked: list[Terms] = []
    for terms in _ranked(counts, bar, share):
        fits = [who for who, person in left.items() if _fits(person, terms)]
        if len(fits) >= bar.support:
            picked.append(terms)
            left = {who: person for who, person in left.items() if who not in fits}
    proposals = [_proposal(gives, when, people, holders) for when in _together(picked)]
    return [replace(each, beside=len(left)) for each in proposals]


def _ranked(counts: _Counts, bar: Bar, share: float) -> list[Terms]:
    """What most of those who have it share, with at most half of the exceptions there would be anyhow."""
    good = [
        terms
        for terms, count in counts.having.items()
        if count >= bar.support
        and count / counts.all[terms] >= bar.confidence
        and 1 - count / counts.all[terms] <= (1 - share) / 2
    ]
    # the widest first; of two that are as wide the shorter, then the purer, then in the order of attributes
    return sorted(good, key=lambda t: (-counts.having[t], len(t), counts.all[t], _place(t), t))


def _place(terms: Terms) -> tuple[int, ...]:
    return tuple(ATTRIBUTES.index(name) for name, _ in terms)


def _fits(person: Someone, terms: Terms) -> bool:
    return all(person.facts.get(name) == value for name, value in terms)


def _together(picked: Sequence[Terms]) -> list[When]:
    """Values of one attribute in one rule: `department: [Logistics, Warehouse]`."""
    merged: dict[tuple[str, Terms], list[str]] = {}
    for (name, value), *rest in picked:
        merged.setdefault((name, tuple(rest)), []).append(value)
    return [
        ((name, tuple(sorted(values))), *((other, (value,)) for other, value in rest))
        for (name, rest), values in merged.items()
    ]


def _proposal(
    gives: str,
    when: When,
    people: Sequence[Someone],
    holders: Sequence[Someone],
) -> Proposal:
    fitting = [person for person in people if all(person.facts.get(name) in values for name, values in when)]
    without = sorted(person.worker_id for person in fitting if gives not in person.has)
    return Proposal(
        gives=gives,
        when=when,
        support=len(fitting),
        having=len(fitting) - len(without),
        exceptions=tuple(without),
        beside=len(holders) - (len(fitting) - len(without)),
    )
