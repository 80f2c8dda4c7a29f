"""What a target promises whose completions can be read, one that can let people in, and one that can erase them.

Rule: a cursor, kept and used again, gives every training record once and none twice.
"""

# ruff: noqa: S101 - these are tests

from __future__ import annotations

from typing import cast

import pytest

from joinery.core.model.account import Account, AccountState
from joinery.core.model.operation import ArchiveAccount, RestoreAccount, SuspendAccount
from joinery.errors import Conflict, NotFound, Rejected
from joinery.kit.contract import Completion, Erases, RecordSource, SignIn, Target
from joinery.testing.people import do, done, employed, story
from joinery.testing.target_base import NO_ACCOUNT, TargetBase

PSEUDONYM = "erased-0123456789ab"


class SignInContract(TargetBase):
    """Links are for open accounts only."""

    @story
    async def test_only_an_open_account_gets_a_link(self, target: Target) -> None:
        door = cast(SignIn, target)
        person, account = await employed(target)
        assert (await door.sign_in_link(account.id)).startswith(("https://", "http://"))
        for closing in (SuspendAccount(person_key=person.key), ArchiveAccount(person_key=person.key)):
            await done(target, closing, account=account)
            with pytest.raises(Rejected) as caught:
                await door.sign_in_link(account.id)
            assert person.email not in str(caught.value)
        await do(target, RestoreAccount(person_key=person.key), account)
        assert await door.sign_in_link(account.id)

    @story
    async def test_an_account_that_is_not_there_gets_no_link(self, target: Target) -> None:
        door = cast(SignIn, target)
        with pytest.raises(NotFound):
            await door.sign_in_link(NO_ACCOUNT)


class RecordContract(TargetBase):
    """Training records arrive once."""

    def complete(self, target: Target, account: Account, hour: int) -> None:
        """The person completes the course at this hour of 1 March 2026; override."""
        raise NotImplementedError("a subclass makes a completion happen")

    @story
    async def test_each_record_is_read_once_by_keeping_the_cursor(self, target: Target) -> None:
        source = cast(RecordSource, target)
        _, cursor = await everything(source, "")
        people = [await employed(target) for _ in range(3)]
        for hour, (_, account) in enumerate(people):
            self.complete(target, account, hour)
        first, cursor = await everything(source, cursor)
        assert [one.account_id for one in first] == [account.id for _, account in people]
        self.complete(target, people[0][1], 12)
        second, cursor = await everything(source, cursor)
        assert [one.account_id for one in second] == [people[0][1].id]
        assert await everything(source, cursor) == ([], cursor)
        records = first + second
        assert len({(one.id, one.revision) for one in records}) == 4, "id and revision make it exactly once"
        assert all(f"course:{one.course}" == self.course and one.completed_at[:10] == "2026-03-01" for one in records)

    @story
    async def test_the_records_of_a_leaver_stay(self, target: Target) -> None:
        source = cast(RecordSource, target)
        person, account = await employed(target)
        _, cursor = await everything(source, "")
        self.complete(target, account, 9)
        await done(target, ArchiveAccount(person_key=person.key), account=account)
        records, _ = await everything(source, cursor)
        assert [one.account_id for one in records] == [account.id]


class ErasingContract(TargetBase):
    """Nothing that says who it was is shown afterwards, and nobody else notices."""

    @story
    async def test_an_open_account_is_left_as_it_is(self, target: Target) -> None:
        _, account = await employed(target)
        with pytest.raises(Conflict) as caught:
            await cast(Erases, target).erase(account.id, PSEUDONYM)
        assert account.email not in str(caught.value)
        assert await target.look_up(person_keys=(), account_ids=(account.id,)) == (account,)

    @story
    async def test_whoever_is_erased_is_not_named_any_more(self, target: Target) -> None:
        person, account = await employed(target)
        _, other = await employed(target)
        await done(target, SuspendAccount(person_key=person.key), account=account)
        for _ in range(2):
            assert (await cast(Erases, target).erase(account.id, PSEUDONYM)).found
            assert await target.look_up(person_keys=(person.key,), account_ids=()) == ()
            left = await target.look_up(person_keys=(), account_ids=(account.id,))
            assert all(word not in repr(left) for word in (person.key, person.email, person.worker_id, "Silva"))
            assert all(one.state is AccountState.ARCHIVED for one in left)
        assert await target.look_up(person_keys=(), account_ids=(other.id,)) == (other,)

    @story
    async def test_the_id_of_an_erased_account_is_given_to_nobody_else(self, target: Target) -> None:
        person, account = await employed(target)
        await done(target, ArchiveAccount(person_key=person.key), account=account)
        await cast(Erases, target).erase(account.id, PSEUDONYM)
        _, later = await employed(target)
        assert later.id != account.id

    @story
    async def test_an_account_that_is_not_there_is_not_found(self, target: Target) -> None:
        assert not (await cast(Erases, target).erase(NO_ACCOUNT, PSEUDONYM)).found


async def everything(source: RecordSource, cursor: str) -> tuple[list[Completion], str]:
    """All records after the cursor, and the cursor to keep."""
    found: list[Completion] = []
    while True:
        page = await source.completions(cursor)
        found += page.items
        assert page.next != cursor or not page.items, "a page with records moves the cursor"
        cursor = page.next
        if not page.more:
            return found, cursor
