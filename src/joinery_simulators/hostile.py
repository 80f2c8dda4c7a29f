"""A target that does everything a real system does to us on a bad day, around any target that keeps the contract.

Every call and every effect is recorded apart from what was answered, so that a test can prove what really happened.
Rule: mischief changes when and whether the inner target is asked and what is answered, never what an operation means.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias, TypeVar, cast

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import Change, Operation, UpdateAccount
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import AuthenticationFailed, JoineryError, TryAgain
from joinery.kit.contract import (
    AccountPage,
    Capabilities,
    CompletionPage,
    Emptied,
    Erases,
    Order,
    RecordSource,
    SignIn,
    Target,
)
from joinery_simulators.mischief import Mischief, Mood, OnCommand

LATER = timedelta(seconds=7)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One call as it arrived, and what went wrong with it. `keys` are the keys of its orders."""

    number: int
    name: str
    keys: tuple[str, ...] = ()
    mischief: Mischief = Mischief.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something really changed inside, whatever was answered."""

    call: int
    key: str
    operation: Operation
    account_id: AccountId | None


Meddling: TypeAlias = Callable[[Target, Sequence[Order]], Awaitable[None]]


async def edit_by_hand(inner: Target, orders: Sequence[Order]) -> None:
    """Somebody changes, inside the system, the very attributes that are about to be updated."""
    edits: list[Order] = []
    for one in orders:
        if not isinstance(one.operation, UpdateAccount) or one.account_id is None:
            continue
        for account in await inner.look_up(person_keys=[], account_ids=[one.account_id]):
            name = one.operation.changes[0].attribute
            change = Change(attribute=name, old=account.attributes.get(name, ""), new="edited by hand")
            edit = replace(one.operation, changes=(change,))
            edits.append(Order(key=f"by hand {one.key}", operation=edit, account_id=one.account_id))
    async for _ in inner.perform(edits):
        pass


@dataclass(slots=True)
class HostileTarget:
    """Wraps `inner`. `mood` decides what goes wrong: `OnCommand` or `Seeded`; `slow` is in seconds."""

    inner: Target
    mood: Mood = field(default_factory=OnCommand)
    slow: float = 0.01
    meddle: Meddling = edit_by_hand
    calls: list[Called] = field(default_factory=list, init=False)
    effects: list[Effect] = field(default_factory=list, init=False)
    name: str = field(default="", init=False)
    capabilities: Capabilities = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.inner.name
        self.capabilities = self.inner.capabilities

    def doubled(self) -> list[str]:
        """Keys of orders that took effect more than once. Empty is the promise."""
        return sorted(key for key, times in Counter(one.key for one in self.effects).items() if times > 1)

    def sent(self, key: str) -> int:
        """How often this order arrived."""
        return sum(one.keys.count(key) for one in self.calls)

    async def check(self) -> None:
        """As the inner target."""
        await self.inner.check()
        self.capabilities = self.inner.capabilities

    async def accounts(self, after: str | None = None) -> AccountPage:
        """A page, perhaps with one account twice, missing, or both."""
        mischief = (await self._arrive("accounts")).mischief
        page = await self.inner.accounts(after)
        total = page.total
        if mischief is Mischief.WRONG_TOTAL and total is not None:
            return replace(page, total=total + 1)
        return replace(page, items=_damaged(page.items, mischief))

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """The accounts, perhaps without the last one."""
        mischief = (await self._arrive("look_up")).mischief
        found = tuple(await self.inner.look_up(person_keys=person_keys, account_ids=account_ids))
        return _damaged(found, mischief)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Does what the mischief leaves of it and answers what the mischief makes of it."""
        call = await self._arrive("perform", orders)
        if call.mischief is Mischief.MEDDLE:
            await self.meddle(self.inner, orders)
        truth = [one async for one in self._really(orders, call)]
        for receipt in _answered(truth, orders, call):
            yield receipt
        if call.mischief in {Mischief.HALF, Mischief.BREAK_AFTER}:
            raise _dead()

    async def sign_in_link(self, account_id: AccountId) -> str:
        """As the inner target."""
        return await cast(SignIn, self.inner).sign_in_link(account_id)

    async def erase(self, account_id: AccountId, pseudonym: str) -> Emptied:
        """As the inner target."""
        await self._arrive("erase")
        return await cast(Erases, self.inner).erase(account_id, pseudonym)

    async def completions(self, after: str) -> CompletionPage:
        """A page of records, perhaps with one twice."""
        mischief = (await self._arrive("completions")).mischief
        page = await cast(RecordSource, self.inner).completions(after)
        return replace(page, items=_damaged(page.items, mischief))

    async def close(self) -> None:
        """As the inner target."""
        await self.inner.close()

    async def _arrive(self, name: str, orders: Sequence[Order] = ()) -> Called:
        """Records the call; what goes wrong before anything is done is raised here."""
        mischief = self.mood.next(name)
        keys = tuple(one.key for one in orders)
        call = Called(number=len(self.calls) + 1, name=name, keys=keys, mischief=mischief)
        self.calls.append(call)
        if mischief is Mischief.SLOW:
            await asyncio.sleep(self.slow)
        if refusal := _refusal(mischief):
            raise refusal
        return call

    async def _really(self, orders: Sequence[Order], call: Called) -> AsyncIterator[Receipt]:
        """What the inner target does and truly answers; every effect is recorded."""
        if call.mischief is Mischief.HALF:
            orders = orders[: len(orders) // 2]
        if call.mischief is Mischief.LIE_DONE:
            orders = orders[1:]
        by_key = {one.key: one for one in orders}
        async for receipt in self.inner.perform(orders):
            if receipt.changed and receipt.outcome is Outcome.DONE:
                order = by_key[receipt.key]
                account_id = receipt.account.id if receipt.account else order.account_id
                effect = Effect(call=call.number, key=order.key, operation=order.operation, account_id=account_id)
                self.effects.append(effect)
            yield receipt


def _refusal(mischief: Mischief) -> JoineryError | None:
    match mischief:
        case Mischief.TRY_AGAIN:
            return TryAgain("The system is busy.", data={"effect": "none"})
        case Mischief.TRY_AGAIN_LATER:
            return TryAgain("The system is busy.", data={"effect": "none"}, after=LATER)
        case Mischief.BREAK_BEFORE:
            return _dead()
        case Mischief.STOP_RUN:
            return AuthenticationFailed("The system does not accept our credentials any more.")
        case _:
            return None


def _dead() -> TryAgain:
    # the same words before and after an effect: whoever hears them cannot know which it was
    return TryAgain("No complete answer came.", data={"effect": "unknown"})


def _answered(receipts: list[Receipt], orders: Sequence[Order], call: Called) -> list[Receipt]:
    match call.mischief:
        case Mischief.BREAK_AFTER:
            return []
        case Mischief.HALF:
            return receipts[: (len(receipts) + 1) // 2]
        case Mischief.LOSE_RECEIPTS:
            return receipts[1::2]
        case Mischief.SHUFFLE:
            shuffled = list(receipts)
            random.Random(call.number).shuffle(shuffled)  # noqa: S311 - the same order each time
            return shuffled
        case Mischief.LIE_DONE:
            return [Receipt(key=one.key, outcome=Outcome.DONE) for one in orders[:1]] + receipts
        case Mischief.LIE_FAILED:
            lies = [
                replace(one, outcome=Outcome.FAILED, detail="internal error", changed=False) for one in receipts[:1]
            ]
            return [replace(one, account=None) for one in lies] + receipts[1:]
        case _:
            return receipts


def _damaged(items: tuple[Item, ...], mischief: Mischief) -> tuple[Item, ...]:
    match mischief:
        case Mischief.REPEAT:
            return (*items, *items[:1])
        case Mischief.LOSE:
            return items[:-1]
        case Mischief.SWAP:
            return (*items[:-1], *items[:1])
        case _:
            return items
