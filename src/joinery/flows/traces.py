"""By what one person is found, now and before: numbers, addresses, names, accounts; and the marks of an erasure.

Rule: an address or a number that somebody else has now is theirs, and no trace of this person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from sqlalchemy import Connection

from joinery.core.model.ids import AccountId
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.aliases import EMAIL, SOURCE_ID, WORKER_ID, Alias, Aliases
from joinery.store.erasure import GONE, Trace
from joinery.store.history import FactRow, facts_of
from joinery.store.people import People, Person

_GIVEN, _FAMILY = ("given_name", "preferred_name"), ("family_name",)
_ADDRESSES = ("work_email", "personal_email")


def trace_of(connection: Connection, ports: Ports, person: Person) -> Trace:
    """Everything by which the store knows this person."""
    policy = ports.policy
    account = Accounts(connection, policy.target).of_people([person.key]).get(person.key)
    former = Aliases(connection, policy.name).of(person.key)
    numbers = frozenset(number for _, number in _numbers(person, former))
    facts = facts_of(connection, person.key)
    addresses = _addresses(connection, ports, person, former, facts)
    return Trace(
        connection=policy.name,
        target=policy.target,
        key=person.key,
        numbers=numbers,
        account_id=account.id if account else None,
        pseudonym=f"{GONE}-{ports.seal(f'person|{person.key}')[:12]}",
        words=addresses | _full_names(person, facts),
        alike=_alike(connection, ports, numbers, addresses),
    )


def marks_of(connection: Connection, ports: Ports, person: Person, trace: Trace) -> list[str]:
    """Keyed hashes, so that nobody can be read out of them and no later file brings them back."""
    former = Aliases(connection, ports.policy.name).of(person.key)
    told = {f"source|{source}|{number}" for source, number in _numbers(person, former)}
    ids = {*trace.alike, *((trace.account_id,) if trace.account_id is not None else ())}
    told |= {f"account|{trace.target}|{one}" for one in ids}
    return [ports.seal(each) for each in sorted(told)]


def _numbers(person: Person, former: list[Alias]) -> Iterator[tuple[str, str]]:
    """(source, number), of every record they have or had."""
    sources = {job.worker.source for job in person.jobs}
    for job in person.jobs:
        yield from ((job.worker.source, number) for number in (job.worker.worker_id, job.worker.source_id))
    for alias in former:
        if alias.kind == SOURCE_ID:
            yield alias.source, alias.value
        elif alias.kind == WORKER_ID:
            yield from ((source, alias.value) for source in sources)


def _addresses(
    connection: Connection, ports: Ports, person: Person, former: list[Alias], facts: Sequence[FactRow]
) -> frozenset[str]:
    found = {row.value.lower() for row in facts if row.attribute in _ADDRESSES}
    found |= {job.worker.value(name).lower() for job in person.jobs for name in _ADDRESSES}
    found |= {alias.value for alias in former if alias.kind == EMAIL}
    holders = People(connection, ports.policy.name).with_address(sorted(found - {""}))
    return frozenset(one for one in found - {""} if all(p.key == person.key for p in holders.get(one, ())))


def _full_names(person: Person, facts: Sequence[FactRow]) -> frozenset[str]:
    """Both names together, in either order: one alone is many people's."""
    given, family = (
        {row.value for row in facts if row.attribute in names} | {person.worker.value(name) for name in names}
        for names in (_GIVEN, _FAMILY)
    )
    pairs = [(one, two) for one, two in product(given, family) if one and two]
    return frozenset(text for one, two in pairs for text in (f"{one} {two}", f"{two} {one}", f"{two}, {one}"))


def _alike(
    connection: Connection, ports: Ports, numbers: frozenset[str], addresses: frozenset[str]
) -> frozenset[AccountId]:
    """Other accounts that show their number or address and are nobody's."""
    accounts = Accounts(connection, ports.policy.target)
    by_number, by_address = accounts.by_worker_id(numbers), accounts.by_email(addresses)
    found = {each.id for same in (*by_number.values(), *by_address.values()) for each in same}
    return frozenset(found - accounts.linked_ids(found).keys())
