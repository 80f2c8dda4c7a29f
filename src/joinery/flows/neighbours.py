"""What other people have to do with somebody's account: who probably took it over, and who waits for its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.standing import Stage
from joinery.core.rules.same_person import probably_same, took_over
from joinery.flows.policy import Policy
from joinery.store.people import People, Person


def taken_over(
    people: People, policy: Policy, persons: Sequence[Person], linked: Mapping[PersonKey, Account]
) -> dict[PersonKey, str]:
    """People who left, whose account is open, and who are probably somebody at work: somebody has to say so."""
    left = [
        person
        for person in persons
        if person.standing.stage is Stage.LEFT and not person.standing.deceased and person.key in linked
        if linked[person.key].state is AccountState.ACTIVE
    ]
    asked = people.in_question() if left else []
    return {
        leaver.key: other.worker.worker_id
        for leaver in left
        for other in asked
        if probably_same(leaver.known, other.known, policy.lifecycle_of(leaver.worker))
        and took_over(leaver.known, other.known, policy.lifecycle_of(leaver.worker))
    }


def making_room(people: People, persons: Sequence[Person], linked: Mapping[PersonKey, Account]) -> set[PersonKey]:
    """People who get another address, and whose present one somebody else is to have."""
    moving = {p.key: linked[p.key].email for p in persons if p.key in linked and _moves(p, linked[p.key])}
    wanted = people.with_address({email for email in moving.values() if email})
    return {
        key
        for key, email in moving.items()
        if any(other.key != key and other.standing.stage.employed for other in wanted.get(email, ()))
    }


def room_made(people: People, holders: Iterable[Account], owners: Mapping[AccountId, PersonKey]) -> set[AccountId]:
    """Of these accounts, those whose owner is to have another address than the one they hold."""
    held = [account for account in holders if account.id in owners]
    known = people.by_key({owners[account.id] for account in held})
    return {
        account.id
        for account in held
        if (owner := known.get(owners[account.id])) is not None and _moves(owner, account)
    }


def _moves(person: Person, account: Account) -> bool:
    return person.standing.stage.employed and person.worker.work_email.lower() != account.email
