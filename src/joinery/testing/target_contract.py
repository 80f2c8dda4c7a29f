"""What every target promises, as tests. A connector's own test subclasses `TargetContract` and gives the target.

Where a system cannot do a thing, its capabilities say so and the tests of that thing are skipped with a reason.
Rule: a promise is tested here once, by its effect in the system, and never by how a connector is written.
"""

# ruff: noqa: S101 - these are tests

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import date
from typing import Any, ClassVar, cast

import pytest

from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    Assign,
    Change,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome
from joinery.kit.contract import Target
from joinery.testing.account_contract import AccountContract
from joinery.testing.people import (
    Person,
    all_accounts,
    do,
    done,
    employed,
    live,
    live_of,
    order,
    perform,
    same,
    somebody,
    story,
)
from joinery.testing.target_base import NO_ACCOUNT, TargetBase, move


class IdempotenceContract(TargetBase):
    """Twice is once."""

    #: operation's name -> what must have happened before it
    CASES: ClassVar = ("update", "join", "leave", "assign", "withdraw", "suspend", "archive", "restore", "link")

    def operations(self, name: str, person: Person) -> tuple[list[Operation], Operation]:
        """(what comes before, the operation itself)."""
        key = person.key
        assign = Assign(person_key=key, requirement=self.course, due_on=date(2026, 12, 1), reasons=("rule:a",))
        table: dict[str, tuple[list[Operation], Operation]] = {
            "update": ([], move(person)),
            "join": ([], JoinGroup(person_key=key, group="Warehouse")),
            "leave": ([JoinGroup(person_key=key, group="Warehouse")], LeaveGroup(person_key=key, group="Warehouse")),
            "assign": ([], assign),
            "withdraw": ([assign], Withdraw(person_key=key, requirement=self.course)),
            "suspend": ([], SuspendAccount(person_key=key)),
            "archive": ([], ArchiveAccount(person_key=key)),
            "restore": ([SuspendAccount(person_key=key)], RestoreAccount(person_key=key)),
            "link": ([], LinkAccount(person_key=key, account_id=NO_ACCOUNT, made_by="worker_id")),
        }
        return table[name]

    @pytest.mark.parametrize("name", CASES)
    @story
    async def test_an_operation_done_twice_is_done_once(self, target: Target, name: str) -> None:
        self.need(target, ActionClass.GROUP, ActionClass.ASSIGN, ActionClass.WITHDRAW, ActionClass.ARCHIVE)
        person, account = await employed(target)
        before, operation = self.operations(name, person)
        account = await done(target, *before, account=account)
        asked = order(operation, account)
        (first,) = await perform(target, [asked])
        after = await live(target, account)
        assert first.outcome is Outcome.DONE
        assert first.changed is (not same(after, account)), "changed says whether something changed"
        assert first.changed or name == "link"
        for again in (asked, order(operation, account)):
            (second,) = await perform(target, [again])
            assert (second.outcome, second.changed) == (Outcome.DONE, False)
            assert await live(target, account) == after

    @story
    async def test_a_person_gets_one_account_however_often_it_is_made(self, target: Target) -> None:
        person, account = await employed(target)
        receipts = await perform(target, [order(person.creation()) for _ in range(3)])
        assert [(one.outcome, one.changed) for one in receipts] == [(Outcome.DONE, False)] * 3
        assert {one.account.id for one in receipts if one.account} <= {account.id}
        twin = somebody()
        twins = await perform(target, [order(twin.creation()), order(twin.creation())])
        assert sorted(one.changed for one in twins) == [False, True]
        assert [one.external_id for one in await all_accounts(target)].count(twin.key) == 1

    @story
    async def test_an_answer_that_was_lost_can_be_looked_up(self, target: Target) -> None:
        person = somebody()
        async with aclosing(cast(Any, target.perform([order(person.creation())]))) as receipts:
            async for _ in receipts:
                break  # as if the line had gone dead with the answer
        if not target.capabilities.holds_external_id:
            pytest.skip("the target does not keep our person key")
        account = await live_of(target, person)
        assert account.external_id == person.key and account.email == person.email


class NeighbourContract(TargetBase):
    """One person's trouble is one receipt."""

    @story
    async def test_an_unknown_account_fails_alone(self, target: Target) -> None:
        (one, first), (two, second) = await employed(target), await employed(target)
        receipts = await perform(
            target, [order(move(one), first), order(move(somebody()), NO_ACCOUNT), order(move(two), second)]
        )
        assert [receipt.outcome for receipt in receipts] == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]
        assert receipts[1].detail and not receipts[1].changed

    @story
    async def test_an_operation_without_an_account_fails_alone(self, target: Target) -> None:
        joiner = somebody()
        receipts = await perform(target, [order(move(somebody())), order(joiner.creation())])
        assert [receipt.outcome for receipt in receipts] == [Outcome.FAILED, Outcome.DONE]

    @story
    async def test_a_joiner_and_everything_for_them_fit_into_one_call(self, target: Target) -> None:
        self.need(target, ActionClass.GROUP, ActionClass.ASSIGN)
        joiners = [somebody() for _ in range(3)]
        orders = []
        for one in joiners:
            orders += [
                order(one.creation()),
                order(JoinGroup(person_key=one.key, group="Warehouse")),
                order(Assign(person_key=one.key, requirement=self.course, due_on=date(2026, 12, 1))),
                order(Assign(person_key=one.key, requirement=self.path)),
            ]
        assert {one.outcome for one in await perform(target, orders)} == {Outcome.DONE}
        for one in joiners:
            account = await live_of(target, one)
            assert account.groups == {"Warehouse"} and account.enrolments.keys() == {self.course, self.path}
            assert account.enrolments[self.course].due_on == date(2026, 12, 1)

    @story
    async def test_an_address_that_is_taken_needs_somebody_and_harms_no_neighbour(self, target: Target) -> None:
        person, account = await employed(target)
        thief, joiner, (mover, moved) = somebody(), somebody(), await employed(target)
        stolen = {**thief.attributes, "email": person.email.upper()}
        update = (Change(attribute="email", old=mover.email, new=person.email),)
        orders = [
            order(CreateAccount(person_key=thief.key, attributes=stolen)),
            order(Assign(person_key=thief.key, requirement=self.course)),
            order(UpdateAccount(person_key=mover.key, changes=update), moved),
            order(joiner.creation()),
        ]
        receipts = await perform(target, orders)
        wanted = [Outcome.NEEDS_YOU, Outcome.FAILED, Outcome.NEEDS_YOU, Outcome.DONE]
        assert [receipt.outcome for receipt in receipts] == wanted
        assert await target.look_up(person_keys=[thief.key], account_ids=[]) in ((), [])
        assert await live(target, account) == account and await live(target, moved) == moved

    @story
    async def test_a_mail_is_not_an_operation_of_a_target(self, target: Target) -> None:
        person, account = await employed(target)
        receipt = await do(target, SendSignInMail(person_key=person.key, employment="2026-03-09"), account)
        assert receipt.outcome in {Outcome.FAILED, Outcome.NEEDS_YOU} and not receipt.changed
        assert ActionClass.MAIL not in target.capabilities.actions

    @story
    async def test_nothing_asked_is_nothing_answered(self, target: Target) -> None:
        assert await perform(target, []) == []

    @story
    async def test_what_it_cannot_do_it_says_before_and_never_drops_silently(self, target: Target) -> None:
        person, account = await employed(target)
        operations: dict[ActionClass, Operation] = {
            ActionClass.UPDATE: move(person),
            ActionClass.GROUP: JoinGroup(person_key=person.key, group="Warehouse"),
            ActionClass.ASSIGN: Assign(person_key=person.key, requirement=self.course),
            ActionClass.WITHDRAW: Withdraw(person_key=person.key, requirement=self.course),
            ActionClass.SUSPEND: SuspendAccount(person_key=person.key),
            ActionClass.ARCHIVE: ArchiveAccount(person_key=person.key),
            ActionClass.RESTORE: RestoreAccount(person_key=person.key),
            ActionClass.LINK: LinkAccount(person_key=person.key, account_id=account.id, made_by="email"),
        }
        for action, operation in operations.items():
            receipt = await do(target, operation, account)
            able = action in target.capabilities.actions
            assert (receipt.outcome is Outcome.DONE) is able, action

    @story
    async def test_a_full_batch_and_all_calls_at_once_are_taken(self, target: Target) -> None:
        can = target.capabilities
        people = [[somebody() for _ in range(can.batch_size)] for _ in range(can.concurrency)]
        batches = [perform(target, [order(one.creation()) for one in batch]) for batch in people]
        receipts = [receipt for answer in await asyncio.gather(*batches) for receipt in answer]
        assert {receipt.outcome for receipt in receipts} == {Outcome.DONE}
        wanted = [one.key for batch in people for one in batch]
        found = await target.look_up(person_keys=wanted, account_ids=[])
        assert sorted(one.external_id for one in found) == sorted(wanted)


class ReadingContract(TargetBase):
    """What is there is seen, all of it, once."""

    @story
    async def test_the_check_passes(self, target: Target) -> None:
        await target.check()

    @story
    async def test_the_pages_hold_every_account_once(self, target: Target) -> None:
        before = await all_accounts(target)
        people = [somebody() for _ in range(25)]
        await perform(target, [order(one.creation()) for one in people])
        after = await all_accounts(target)
        assert len(after) == len(before) + 25
        listed = {account.external_id: account for account in after}
        for one in people:
            assert listed[one.key] == await live_of(target, one)

    @story
    async def test_what_is_not_there_is_missing_from_the_answer(self, target: Target) -> None:
        person, account = await employed(target)
        nobody = PersonKey("person-nobody")
        found = await target.look_up(person_keys=[nobody, person.key, person.key], account_ids=[NO_ACCOUNT, account.id])
        assert [one.id for one in found] == [account.id]
        assert list(await target.look_up(person_keys=[], account_ids=[])) == []

    @story
    async def test_a_receipt_shows_the_account_as_it_is(self, target: Target) -> None:
        person = somebody()
        receipt = await do(target, person.creation())
        account = await live_of(target, person)
        assert receipt.account in (None, account)
        receipt = await do(target, move(person), account)
        assert receipt.account in (None, await live_of(target, person))

    @story
    async def test_nothing_is_ever_deleted(self, target: Target) -> None:
        person, account = await employed(target)
        before = {one.id for one in await all_accounts(target)}
        key = person.key
        for operation in (
            SuspendAccount(person_key=key, revoke_roles=True),
            ArchiveAccount(person_key=key),
            ArchiveAccount(person_key=key),
        ):
            await do(target, operation, account)
            assert {one.id for one in await all_accounts(target)} == before
        archived = await live_of(target, person)
        assert archived.attributes == account.attributes and archived.external_id == person.key


class TargetContract(IdempotenceContract, NeighbourContract, ReadingContract, AccountContract):
    """All of it; subclass as `class TestMine(TargetContract)` and give the `target` fixture."""
