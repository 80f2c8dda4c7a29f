"""Rules learnt from the present state: accounts as last read from the learning system, or a file of two columns.

Rule: the answer is text to read and to edit; nothing comes into force by it, and nobody is given anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from joinery.core.mapping.outbound import groups_for
from joinery.core.model.account import Account
from joinery.core.model.ids import PersonKey
from joinery.core.rules.induction import ATTRIBUTES, Bar, Proposal, Someone, learned
from joinery.flows.policy import Policy, Ports
from joinery.flows.population import Population, standing_at
from joinery.store.accounts import Accounts
from joinery.store.people import Person

#: so many exceptions are named in the file; all of them are in --json and in the list
NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """`unknown`: rows of the file about nobody; `people`: those who were looked at."""

    proposals: tuple[Proposal, ...]
    people: int
    unknown: int = 0
    #: what rules give already
    given: tuple[str, ...] = ()


def learn_rules(ports: Ports, bar: Bar, pairs: Sequence[tuple[str, str]] | None = None) -> Learnt:
    """From the accounts of managed people; or from `pairs` of employee number and course or group."""
    with standing_at(ports, None) as population:
        managed = [person for person, _ in population.managed()]
        unknown = 0
        if pairs is None:
            has = _from_accounts(population, managed)
        else:
            has, unknown = _from_pairs(managed, pairs)
    people = [
        Someone(
            worker_id=person.worker.worker_id,
            facts={name: person.worker.value(name) for name in ATTRIBUTES},
            has=has.get(person.key, frozenset()) - _by_value(population, person),
        )
        for person in managed
    ]
    ours = _given(ports.policy)
    found = learned(people, bar)
    return Learnt(
        proposals=tuple(each for each in found if each.gives not in ours),
        people=len(people),
        unknown=unknown,
        given=tuple(sorted({each.gives for each in found} & ours)),
    )


def _given(policy: Policy) -> set[str]:
    """What rules give already, and the groups that people are in by a value of HR's."""
    groups = {f"group:{group}" for rule in policy.rules for group in rule.groups}
    return groups | {str(key) for rule in policy.rules for key in rule.give}


def _by_value(population: Population, person: Person) -> set[str]:
    """The groups that a value of HR's puts them in: no rule is needed for those."""
    outbound = population.policy.on(population.today(person)).outbound
    return {f"group:{group}" for group in groups_for(outbound, person.worker)}


def _from_accounts(population: Population, managed: Sequence[Person]) -> dict[PersonKey, frozenset[str]]:
    """Linked accounts; where nobody is linked yet, the one account with the same number, or with the same e-mail."""
    accounts = Accounts(population.connection, population.policy.target)
    found = accounts.of_people([person.key for person in managed])
    rest = [person for person in managed if person.key not in found]
    numbers = Counter(person.worker.worker_id for person in rest)
    by_number = accounts.by_worker_id([number for number, count in numbers.items() if count == 1])
    by_email = accounts.by_email({p.worker.work_email for p in rest if p.worker.work_email})
    for person in rest:
        alike = by_number.get(person.worker.worker_id) or by_email.get(person.worker.work_email.lower(), [])
        if len(alike) == 1:
            found[person.key] = alike[0]
    return {key: _has(account) for key, account in found.items()}


def _has(account: Account) -> frozenset[str]:
    courses = (str(each.requirement) for each in account.enrolments.values() if each.state != "withdrawn")
    return frozenset((*courses, *(f"group:{group}" for group in account.groups)))


def _from_pairs(
    managed: Sequence[Person], pairs: Iterable[tuple[str, str]]
) -> tuple[dict[PersonKey, frozenset[str]], int]:
    keys = {person.worker.worker_id: person.key for person in managed}
    has: dict[PersonKey, set[str]] = {}
    unknown = 0
    for number, gives in pairs:
        if number in keys:
            has.setdefault(keys[number], set()).add(gives if ":" in gives else f"course:{gives}")
        else:
            unknown += 1
    return {key: frozenset(several) for key, several in has.items()}, unknown


def said(proposal: Proposal) -> str:
    """`94 % of 50 people in Logistics, FR have course:FORKLIFT`."""
    who = " and ".join(f"{name} {_values(values)}" for name, values in proposal.when)
    share = f"{proposal.confidence:.0%}".replace("%", " %")
    return f"{share} of {proposal.support} people {f'with {who} ' if who else ''}have {proposal.gives}"


def _values(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def as_rules(proposals: Iterable[Proposal], taken: Iterable[str] = ()) -> str:
    """YAML for a rule file. New matches only: those who do not have it today stay as they are."""
    names = set(taken)
    return "\n".join(_as_rule(each, names) for each in proposals)


def _as_rule(proposal: Proposal, names: set[str]) -> str:
    return "\n".join(_lines(proposal, names)) + "\n"


def _lines(proposal: Proposal, names: set[str]) -> Iterator[str]:
    yield f"# {_plain(said(proposal))}."
    if proposal.exceptions:
        more = f" and {len(proposal.exceptions) - NAMED} more" if len(proposal.exceptions) > NAMED else ""
        yield f"# Without it: {_plain(', '.join(proposal.exceptions[:NAMED]))}{more}."
    if proposal.beside:
        yield f"# {proposal.beside} others have it who do not fit."
    yield f"- name: {_text(_name(proposal, names))}"
    if proposal.when:
        yield f"  when: {{{', '.join(f'{name}: {_list(values)}' for name, values in proposal.when)}}}"
    kind, _, name = proposal.gives.partition(":")
    yield f"  groups: [{_text(name)}]" if kind == "group" else f"  give: [{_text(proposal.gives)}]"
    yield "  applies_to: new_matches # everyone: those without it get it, too"


def _name(proposal: Proposal, names: set[str]) -> str:
    """The name is the reason people see; no two rules share one."""
    who = ", ".join(_values(values) for _, values in proposal.when) or "everybody"
    wanted = f"{proposal.gives.partition(':')[2]} for {who}"[:200]
    name, number = wanted, 2
    while name in names:
        name, number = f"{wanted} ({number})", number + 1
    names.add(name)
    return name


def _list(values: Sequence[str]) -> str:
    return _text(values[0]) if len(values) == 1 else f"[{', '.join(map(_text, values))}]"


def _text(text: str) -> str:
    return json.dumps(" ".join(text.split()), ensure_ascii=False)


def _plain(text: str) -> str:
    return " ".join(text.split())


def data_of(proposal: Proposal) -> Mapping[str, object]:
    """The same for programs."""
    return {
        "gives": proposal.gives,
        "when": {name: list(values) for name, values in proposal.when},
        "support": proposal.support,
        "having": proposal.having,
        "confidence": round(proposal.confidence, 4),
        "exceptions": list(proposal.exceptions),
        "beside": proposal.beside,
    }
