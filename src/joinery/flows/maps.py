"""Codes that people have beside the words of the mapping tables: what has no word, and who is held by it.

Rule: reads only. Whoever is held keeps what the account has for that attribute and nothing else waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from joinery.audit.abbreviations import nearest
from joinery.core.mapping.outbound import ValueTable
from joinery.core.model.account import Account
from joinery.flows.policy import Ports
from joinery.flows.population import Population, standing_at
from joinery.store.accounts import Accounts

#: a group that so many of those with a code are in already is what the code means
SHARED = 0.8
LEAST = 3
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One value of HR's for one attribute. `word` None: no row knows it, and the attribute is held or as `unmapped`."""

    attribute: str
    code: str
    people: int
    word: str | None
    #: hold | keep | use:<word>
    unmapped: str = "hold"
    #: employee IDs, the first few
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A word of the learning system for a code; `word` empty when nothing is near. `why` is a sentence."""

    attribute: str
    code: str
    people: int
    word: str = ""
    score: int = 0
    why: str = ""


@dataclass(slots=True)
class _Seen:
    people: Counter[str] = field(default_factory=Counter)
    who: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, worker_id: str) -> None:
        self.people[code] += 1
        several = self.who.setdefault(code, [])
        if len(several) < NAMED or worker_id < several[-1]:
            self.who[code] = sorted([*several, worker_id])[:NAMED]


def codes(ports: Ports, attributes: Sequence[str] = ()) -> tuple[Code, ...]:
    """Every code that somebody managed has, by attribute and head-count; all mapped attributes when none is named."""
    with standing_at(ports, None) as population:
        wanted = tuple(attributes or sorted(population.policy.outbound.tables))
        seen = _seen(population, wanted)
        day = population.at.astimezone(population.policy.company_zone).date()
        tables = population.policy.outbound.on(day).tables
    found = []
    for name in wanted:
        table = tables.get(name, ValueTable(unmapped="keep"))
        for code, people in sorted(seen[name].people.items(), key=lambda pair: (-pair[1], pair[0])):
            who = tuple(seen[name].who[code])
            word = table.values.get(code)
            found.append(Code(attribute=name, code=code, people=people, word=word, unmapped=table.unmapped, who=who))
    return tuple(found)


def _seen(population: Population, attributes: Sequence[str]) -> Mapping[str, _Seen]:
    seen = {name: _Seen() for name in attributes}
    for person, _ in population.managed():
        for name in attributes:
            if code := person.worker.value(name):
                seen[name].add(code, person.worker.worker_id)
    return seen


def suggestions(ports: Ports, attributes: Sequence[str] = ()) -> tuple[Suggestion, ...]:
    """For each code without a word: a group that its people share, else a name that is like it."""
    wanted = [code for code in codes(ports, attributes) if code.word is None]
    with standing_at(ports, None) as population:
        names = {each.attribute for each in wanted}
        groups, shared = _groups(population.connection, population, sorted(names))
        known = {
            name: {*groups, *table.values.values(), *(row.value for row in table.dated.rows)}
            for name, table in population.policy.outbound.tables.items()
        }
    return tuple(_suggested(code, known.get(code.attribute, groups), shared) for code in wanted)


def _groups(
    connection: Connection, population: Population, attributes: Sequence[str]
) -> tuple[set[str], dict[tuple[str, str], Counter[str]]]:
    """All groups of the learning system, and how many of those with a code are in each."""
    accounts = Accounts(connection, population.policy.target)
    linked = dict(accounts.managed())
    every: list[Account] = [*linked.values(), *accounts.orphans()]
    shared: dict[tuple[str, str], Counter[str]] = {}
    for person, _ in population.managed():
        account = linked.get(person.key)
        for name in attributes if account is not None else ():
            code = person.worker.value(name)
            shared.setdefault((name, code), Counter()).update(account.groups if account else ())
    return {group for account in every for group in account.groups}, shared


def _suggested(code: Code, names: set[str], shared: Mapping[tuple[str, str], Counter[str]]) -> Suggestion:
    found = Suggestion(attribute=code.attribute, code=code.code, people=code.people)
    common = shared.get((code.attribute, code.code), Counter()).most_common(2)
    if common and common[0][1] >= max(LEAST, SHARED * code.people) and common[0][1] > (common[1:] or [("", 0)])[0][1]:
        group, count = common[0]
        return _with(found, group, round(100 * count / code.people), f"{count} of {code.people} are in this group")
    near = nearest(code.code, names)
    if near is None:
        return found
    return _with(found, near[0], round(near[1]), "the names are alike")


def _with(found: Suggestion, word: str, score: int, why: str) -> Suggestion:
    return Suggestion(attribute=found.attribute, code=found.code, people=found.people, word=word, score=score, why=why)
