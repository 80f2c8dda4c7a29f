"""People, orders and readings for the contract suites. Rule: nothing assumes that the system was empty before.

A contract may run against a system that is in use, so every person is new, by a mark of this process.
"""

# ruff: noqa: S101 - these are tests

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, cast

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import CreateAccount, Operation
from joinery.core.model.receipt import Outcome, Receipt
from joinery.kit.contract import Order, Target

_MARK = secrets.token_hex(4)
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody nobody has heard of."""

    key: PersonKey
    worker_id: str
    email: str

    @property
    def attributes(self) -> dict[str, str]:
        """What an account of theirs holds."""
        return {
            "email": self.email,
            "worker_id": self.worker_id,
            "given_name": "Ana",
            "family_name": "Silva",
            "job_title": "Picker",
        }

    def creation(self) -> CreateAccount:
        """The operation that makes their account."""
        return CreateAccount(person_key=self.key, attributes=self.attributes)


def somebody() -> Person:
    """A new person each time."""
    number = next(_NUMBERS)
    return Person(
        key=PersonKey(f"person-{_MARK}-{number}"),
        worker_id=f"00{_MARK}{number}",
        email=f"p{number}.{_MARK}@example.org",
    )


def order(operation: Operation, account: Account | AccountId | None = None, key: str = "") -> Order:
    """An order with a key of its own, unless one is given."""
    account_id = account.id if isinstance(account, Account) else account
    return Order(key=key or f"line-{_MARK}-{next(_NUMBERS)}", operation=operation, account_id=account_id)


async def perform(target: Target, orders: Iterable[Order]) -> list[Receipt]:
    """The receipts in the order of the orders; fails unless there is exactly one for each."""
    asked = list(orders)
    found: dict[str, Receipt] = {}
    size = target.capabilities.batch_size
    for start in range(0, len(asked), size):
        async with aclosing(cast(Any, target.perform(asked[start : start + size]))) as receipts:
            async for receipt in receipts:
                assert receipt.key not in found, "two receipts for one order"
                found[receipt.key] = receipt
    assert found.keys() == {one.key for one in asked}, "each order gets one receipt, and nothing else does"
    return [found[one.key] for one in asked]


async def do(target: Target, operation: Operation, account: Account | AccountId | None = None) -> Receipt:
    """One operation alone."""
    (receipt,) = await perform(target, [order(operation, account)])
    return receipt


async def done(target: Target, *operations: Operation, account: Account) -> Account:
    """Several operations on one account, all of which must work; the account afterwards."""
    for receipt in await perform(target, [order(one, account) for one in operations]):
        assert receipt.outcome is Outcome.DONE, receipt.detail
    return await live(target, account)


async def employed(target: Target, person: Person | None = None) -> tuple[Person, Account]:
    """Somebody who has an account."""
    person = person or somebody()
    receipt = await do(target, person.creation())
    assert receipt.outcome is Outcome.DONE, receipt.detail
    return person, await live_of(target, person)


async def live(target: Target, account: Account | AccountId) -> Account:
    """The account as it is now."""
    account_id = account.id if isinstance(account, Account) else account
    (found,) = await target.look_up(person_keys=[], account_ids=[account_id])
    return found


async def live_of(target: Target, person: Person) -> Account:
    """This person's account as it is now, found by our own key."""
    (found,) = await target.look_up(person_keys=[person.key], account_ids=[])
    return found


async def all_accounts(target: Target) -> list[Account]:
    """Every page; fails when an account is listed twice or the target's own count is another."""
    found: list[Account] = []
    after: str | None = None
    totals: set[int] = set()
    while True:
        page = await target.accounts(after)
        found += page.items
        totals |= {page.total} if page.total is not None else set()
        if page.next is None:
            break
        assert page.items and page.next != after, "a page that is not the last one gets further"
        after = page.next
    assert len({account.id for account in found}) == len(found), "an account is listed once"
    assert totals <= {len(found)}, "the count is that of the accounts listed"
    return found


def same(one: Account, other: Account) -> bool:
    """Equal but for the version."""
    return replace(one, version="") == replace(other, version="")


Story = Callable[..., Awaitable[None]]


def story(test: Story) -> Callable[..., None]:
    """Runs an async test method in an event loop of its own and closes the target in the same one."""

    @functools.wraps(test)
    def run(self: object, target: Target, *args: object, **values: object) -> None:
        async def whole() -> None:
            try:
                await test(self, target, *args, **values)
            finally:
                await target.close()

        asyncio.run(whole())

    return run
