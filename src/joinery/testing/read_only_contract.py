"""What a target promises that can only be read. A connector's own test subclasses this instead of `TargetContract`.

Rule: it shows everything it has, and whatever it is asked to do is answered and changes nothing.
"""

# ruff: noqa: S101 - these are tests

from __future__ import annotations

import asyncio

import pytest

from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import (
    ArchiveAccount,
    Assign,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome
from joinery.errors import StopRun
from joinery.kit.contract import Target
from joinery.testing.people import Person, all_accounts, live, order, perform, somebody, story
from joinery.testing.target_base import NO_ACCOUNT, TargetBase, move


class ReadOnlyContract(TargetBase):
    """The `target` of a subclass has at least one account; `broken` is one that cannot be read."""

    @pytest.fixture
    def broken(self) -> Target:
        """The same kind of target over something that cannot be read."""
        raise NotImplementedError("a subclass gives a target that cannot be read")

    def operations(self, person: Person) -> list[Operation]:
        """One of each kind."""
        key = person.key
        return [
            person.creation(),
            LinkAccount(person_key=key, account_id=NO_ACCOUNT, made_by="email"),
            move(person),
            JoinGroup(person_key=key, group="Warehouse"),
            LeaveGroup(person_key=key, group="Warehouse"),
            Assign(person_key=key, requirement=self.course),
            Withdraw(person_key=key, requirement=self.course),
            SuspendAccount(person_key=key, revoke_roles=True),
            ArchiveAccount(person_key=key),
            RestoreAccount(person_key=key),
            SendSignInMail(person_key=key, employment="2026-03-09"),
        ]

    @story
    async def test_it_says_that_it_can_do_nothing_and_why(self, target: Target) -> None:
        assert target.capabilities.actions == frozenset()
        assert target.capabilities.notes

    @story
    async def test_the_check_passes(self, target: Target) -> None:
        await target.check()

    def test_what_cannot_be_read_stops_and_shows_nobody(self, broken: Target) -> None:
        with pytest.raises(StopRun):
            asyncio.run(broken.check())
        with pytest.raises(StopRun):
            asyncio.run(broken.accounts())

    @story
    async def test_the_pages_hold_every_account_once_and_the_same_again(self, target: Target) -> None:
        found = await all_accounts(target)
        assert found and found == await all_accounts(target)
        for account in found[:3]:
            assert await live(target, account) == account

    @story
    async def test_what_is_not_there_is_missing_from_the_answer(self, target: Target) -> None:
        (account, *_) = await all_accounts(target)
        nobody = PersonKey("person-nobody")
        found = await target.look_up(person_keys=[nobody], account_ids=[NO_ACCOUNT, account.id, account.id])
        assert [one.id for one in found] == [account.id]
        assert list(await target.look_up(person_keys=[], account_ids=[])) == []

    @story
    async def test_whatever_is_asked_is_answered_and_changes_nothing(self, target: Target) -> None:
        before = await all_accounts(target)
        orders = [order(operation, before[0]) for operation in self.operations(somebody())]
        receipts = await perform(target, orders)
        assert {(one.outcome, one.changed) for one in receipts} == {(Outcome.NEEDS_YOU, False)}
        assert all(one.detail for one in receipts)
        assert await all_accounts(target) == before
        assert await perform(target, []) == []
