"""The hostile target does what its mischief says and records what really happened; without mischief it is honest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.operation import Assign, Change, CreateAccount, JoinGroup, SuspendAccount, UpdateAccount
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import AuthenticationFailed, TryAgain
from joinery.kit.contract import Order, Target
from joinery.testing.people import employed, live_of, somebody
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import HONEST_WRITES, WRITES, Mischief, OnCommand, Seeded
from tests.contract import test_memory


class TestHostileWithoutMischief(test_memory.TestMemory):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[Target]:
        yield HostileTarget(MemoryTarget(page_size=7))

    def start(self, target: Target, account: Account, enrolment: str) -> None:
        super().start(target.inner, account, enrolment)  # type: ignore[attr-defined]

    def promote(self, target: Target, account: Account) -> None:
        super().promote(target.inner, account)  # type: ignore[attr-defined]

    def unlinked(self, target: Target) -> Account:
        return super().unlinked(target.inner)  # type: ignore[attr-defined]

    def complete(self, target: Target, account: Account, hour: int) -> None:
        super().complete(target.inner, account, hour)  # type: ignore[attr-defined]


def creations(number: int = 4) -> list[Order]:
    return [Order(key=f"line-{n}", operation=somebody().creation()) for n in range(number)]


async def answers(target: Target, orders: list[Order]) -> list[Receipt | Exception]:
    """What was heard, the last of it perhaps an error."""
    heard: list[Receipt | Exception] = []
    try:
        async for receipt in target.perform(orders):
            heard.append(receipt)
    except (TryAgain, AuthenticationFailed) as error:
        heard.append(error)
    return heard


#: mischief -> (effects inside, what is heard of four creations)
TABLE = {
    Mischief.NONE: (4, ["line-0 done", "line-1 done", "line-2 done", "line-3 done"]),
    Mischief.TRY_AGAIN: (0, ["TryAgain"]),
    Mischief.TRY_AGAIN_LATER: (0, ["TryAgain 7"]),
    Mischief.BREAK_BEFORE: (0, ["TryAgain"]),
    Mischief.BREAK_AFTER: (4, ["TryAgain"]),
    Mischief.HALF: (2, ["line-0 done", "TryAgain"]),
    Mischief.LOSE_RECEIPTS: (4, ["line-1 done", "line-3 done"]),
    Mischief.LIE_DONE: (3, ["line-0 done", "line-1 done", "line-2 done", "line-3 done"]),
    Mischief.LIE_FAILED: (4, ["line-0 failed", "line-1 done", "line-2 done", "line-3 done"]),
    Mischief.STOP_RUN: (0, ["AuthenticationFailed"]),
    Mischief.SLOW: (4, ["line-0 done", "line-1 done", "line-2 done", "line-3 done"]),
    Mischief.MEDDLE: (4, ["line-0 done", "line-1 done", "line-2 done", "line-3 done"]),
}


def words(heard: Receipt | Exception) -> str:
    match heard:
        case Receipt():
            return f"{heard.key} {heard.outcome}"
        case TryAgain(after=timedelta() as after):
            return f"TryAgain {after.seconds}"
        case _:
            return type(heard).__name__


@pytest.mark.parametrize(("mischief", "effects", "heard"), [(m, *row) for m, row in TABLE.items()], ids=map(str, TABLE))
def test_what_is_done_and_what_is_heard_part_company(mischief: Mischief, effects: int, heard: list[str]) -> None:
    mood = OnCommand()
    mood.then("perform", mischief)
    target = HostileTarget(inner := MemoryTarget(), mood)
    assert [words(one) for one in asyncio.run(answers(target, creations()))] == heard
    assert len(inner.world.accounts) == effects == len(target.effects)
    assert target.calls[0].mischief is mischief and target.sent("line-0") == 1


def test_shuffled_receipts_are_all_there_in_another_order_and_always_the_same() -> None:
    orders = creations(20)

    def heard() -> list[str]:
        mood = OnCommand()
        mood.then("perform", Mischief.SHUFFLE)
        return [words(one) for one in asyncio.run(answers(HostileTarget(MemoryTarget(), mood), orders))]

    plain = [f"{one.key} done" for one in orders]
    assert heard() == heard() != plain and sorted(heard()) == sorted(plain)


def test_every_mischief_with_a_write_is_in_the_table_above() -> None:
    assert set(WRITES) == TABLE.keys() - {Mischief.NONE} | {Mischief.SHUFFLE}


def test_somebody_else_edits_between_plan_and_apply() -> None:
    async def story() -> None:
        mood = OnCommand()
        target = HostileTarget(MemoryTarget(), mood)
        person, account = await employed(target)
        mood.then("perform", Mischief.MEDDLE)
        changes = (Change(attribute="job_title", old="Picker", new="Driver"),)
        update = UpdateAccount(person_key=person.key, changes=changes)
        (receipt,) = [one async for one in target.perform([Order(key="k", operation=update, account_id=account.id)])]
        assert receipt.outcome is Outcome.SKIPPED
        assert (await live_of(target, person)).attributes["job_title"] == "edited by hand"
        assert [one.key for one in target.effects if one.key == "k"] == []

    asyncio.run(story())


PAGES = {
    Mischief.REPEAT: ("abcdefga", 7),
    Mischief.LOSE: ("abcdef", 7),
    Mischief.SWAP: ("abcdefa", 7),
    Mischief.WRONG_TOTAL: ("abcdefg", 8),
}


@pytest.mark.parametrize(("mischief", "listed", "total"), [(m, *row) for m, row in PAGES.items()], ids=map(str, PAGES))
def test_pages_that_do_not_add_up(mischief: Mischief, listed: str, total: int) -> None:
    mood = OnCommand()
    mood.then("accounts", mischief)
    inner = MemoryTarget(Account(id=letter) for letter in "abcdefg")  # type: ignore[arg-type]
    page = asyncio.run(HostileTarget(inner, mood).accounts())
    assert ("".join(one.id for one in page.items), page.total) == (listed, total)


def test_a_command_that_cannot_befall_a_call_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot befall"):
        OnCommand().then("perform", Mischief.WRONG_TOTAL)


def test_the_same_seed_is_the_same_day() -> None:
    def day(seed: int) -> list[Mischief]:
        mood = Seeded(seed)
        return [mood.next("perform") for _ in range(50)]

    assert day(1) == day(1) != day(2)
    assert Mischief.NONE in day(1) and len(set(day(1))) > 5


def everything_for(number: int) -> list[Order]:
    orders = []
    for n in range(number):
        key = somebody().key
        operations = (
            CreateAccount(person_key=key, attributes={"email": f"{key}@example.org"}),
            JoinGroup(person_key=key, group="Warehouse"),
            Assign(person_key=key, requirement="course:forklift"),  # type: ignore[arg-type]
            SuspendAccount(person_key=key),
        )
        orders += [Order(key=f"{n}-{m}", operation=one) for m, one in enumerate(operations)]  # type: ignore[arg-type]
    return orders


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), chance=st.floats(0, 1), number=st.integers(1, 5))
def test_sending_again_until_everything_is_confirmed_doubles_nothing(seed: int, chance: float, number: int) -> None:
    """The promise that the engine builds on: idempotent in effect, whatever the line does."""

    async def story() -> None:
        inner = MemoryTarget()
        target = HostileTarget(inner, Seeded(seed, chance, HONEST_WRITES, calms_after=30), slow=0)
        orders = everything_for(number)
        open_ = {one.key: one for one in orders}
        for _ in range(40):
            for heard in await answers(target, orders if open_ else []):
                if isinstance(heard, Receipt) and heard.outcome is Outcome.DONE:
                    open_.pop(heard.key, None)
        assert not open_ and target.doubled() == []
        assert len(target.effects) == len(orders) == 4 * len(inner.world.accounts)

    asyncio.run(story())
