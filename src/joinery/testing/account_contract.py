"""What every target promises about one account: attributes, state, groups, assignments and whose it is.

Rule: each promise is stated by what the account holds afterwards, together with what must not have moved.
"""

# ruff: noqa: S101, RUF001 - these are tests, and names in any script

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinery.core.model.account import Account, AccountState
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
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome
from joinery.kit.contract import Target
from joinery.testing.people import do, done, employed, live, same, somebody, story
from joinery.testing.target_base import TargetBase, move

#: values that systems like to damage
DELICATE = {
    "zeros in front": "000123",
    "spaces inside": "van  der Berg",
    "another script": "Вера Ångström-李",
    "right to left": "ليلى",
    "a mark added to a letter": "Zoe\u0308",
    "beyond the basic plane": "𠮷野 🦺",
    "quotes and markup": 'O\'Neil "<b>&amp;</b>"',
    "a formula": "=1+1",
    "250 letters": "x" * 250,
}


class AttributeContract(TargetBase):
    """Values arrive as they are, and only over what was expected."""

    @pytest.mark.parametrize("value", DELICATE.values(), ids=DELICATE)
    @story
    async def test_a_value_is_kept_exactly(self, target: Target, value: str) -> None:
        person = somebody()
        attributes = {**person.attributes, "family_name": value, "job_title": "Picker"}
        receipt = await do(target, CreateAccount(person_key=person.key, attributes=attributes))
        assert receipt.outcome is Outcome.DONE
        (account,) = await target.look_up(person_keys=[person.key], account_ids=[])
        assert account.attributes["family_name"] == value
        after = await done(target, move(person, value), account=account)
        assert after.attributes == {**account.attributes, "job_title": value}

    @story
    async def test_a_value_that_is_no_longer_what_was_expected_is_left_alone(self, target: Target) -> None:
        person, account = await employed(target)
        changes = (
            Change(attribute="given_name", old="Ana", new="Anna"),
            Change(attribute="job_title", old="Manager", new="Driver"),
        )
        receipt = await do(target, UpdateAccount(person_key=person.key, changes=changes), account)
        assert (receipt.outcome, receipt.changed) == (Outcome.SKIPPED, False)
        assert await live(target, account) == account, "all of the changes or none of them"

    @story
    async def test_a_value_that_was_expected_to_be_missing_is_left_alone(self, target: Target) -> None:
        person, account = await employed(target)
        change = Change(attribute="job_title", old="", new="Driver")
        receipt = await do(target, UpdateAccount(person_key=person.key, changes=(change,)), account)
        assert receipt.outcome is Outcome.SKIPPED and await live(target, account) == account

    @story
    async def test_a_value_can_be_taken_away_and_given(self, target: Target) -> None:
        person, account = await employed(target)
        away = UpdateAccount(person_key=person.key, changes=(Change(attribute="job_title", old="Picker", new=""),))
        without = await done(target, away, account=account)
        assert without.attributes.get("job_title", "") == ""
        back = UpdateAccount(person_key=person.key, changes=(Change(attribute="job_title", old="", new="Picker"),))
        assert same(await done(target, back, account=account), account)

    @story
    async def test_a_new_address_is_a_change_and_never_a_second_account(self, target: Target) -> None:
        person, account = await employed(target)
        new = somebody().email
        change = UpdateAccount(person_key=person.key, changes=(Change(attribute="email", old=person.email, new=new),))
        after = await done(target, change, account=account)
        assert (after.id, after.email, after.external_id) == (account.id, new, person.key)
        other, _ = await employed(target, replace(somebody(), email=person.email))
        assert other.key != person.key, "the address that was given up is free"


class StateContract(TargetBase):
    """Closing an account takes nothing from it."""

    async def settled(self, target: Target) -> Account:
        """An account with a group and assignments."""
        person, account = await employed(target)
        return await done(
            target,
            JoinGroup(person_key=person.key, group="Warehouse"),
            Assign(person_key=person.key, requirement=self.course, due_on=date(2026, 12, 1)),
            Assign(person_key=person.key, requirement=self.path),
            account=account,
        )

    @story
    async def test_suspending_archiving_and_restoring_keep_everything(self, target: Target) -> None:
        self.need(target, ActionClass.SUSPEND, ActionClass.ARCHIVE, ActionClass.RESTORE)
        account = await self.settled(target)
        key = somebody().key
        steps: tuple[tuple[Operation, AccountState], ...] = (
            (SuspendAccount(person_key=key), AccountState.SUSPENDED),
            (ArchiveAccount(person_key=key), AccountState.ARCHIVED),
            (SuspendAccount(person_key=key), AccountState.ARCHIVED),
            (RestoreAccount(person_key=key), AccountState.ACTIVE),
            (ArchiveAccount(person_key=key), AccountState.ARCHIVED),
            (RestoreAccount(person_key=key), AccountState.ACTIVE),
            (SuspendAccount(person_key=key), AccountState.SUSPENDED),
            (RestoreAccount(person_key=key), AccountState.ACTIVE),
        )
        for operation, state in steps:
            after = await done(target, operation, account=account)
            assert after.state is state, operation
            assert same(replace(after, state=account.state), account), operation

    @story
    async def test_a_closed_account_can_be_prepared_for_the_return(self, target: Target) -> None:
        self.need(target, ActionClass.ASSIGN)
        person, account = await employed(target)
        await done(target, SuspendAccount(person_key=person.key), account=account)
        after = await done(
            target, move(person), Assign(person_key=person.key, requirement=self.course), account=account
        )
        assert after.state is AccountState.SUSPENDED and self.course in after.enrolments

    @story
    async def test_an_administrator_who_left_loses_the_roles_only_when_asked(self, target: Target) -> None:
        person, account = await employed(target)
        self.promote(target, account)
        assert (await live(target, account)).protected
        kept = await done(target, SuspendAccount(person_key=person.key), account=account)
        assert kept.protected and kept.state is AccountState.SUSPENDED
        gone = await done(target, SuspendAccount(person_key=person.key, revoke_roles=True), account=account)
        assert not gone.protected and gone.state is AccountState.SUSPENDED


class GroupContract(TargetBase):
    """Groups are made only where that was allowed."""

    @story
    async def test_a_group_that_is_missing_is_made_only_if_that_was_asked(self, target: Target) -> None:
        self.need(target, ActionClass.GROUP)
        person, account = await employed(target)
        group = f"Group of {person.key}"
        receipt = await do(target, JoinGroup(person_key=person.key, group=group, create=False), account)
        assert receipt.outcome is Outcome.NEEDS_YOU and await live(target, account) == account
        assert (await done(target, JoinGroup(person_key=person.key, group=group), account=account)).groups == {group}
        other, second = await employed(target)
        joined = await done(target, JoinGroup(person_key=other.key, group=group, create=False), account=second)
        assert joined.groups == {group}

    @story
    async def test_leaving_one_group_leaves_the_others(self, target: Target) -> None:
        self.need(target, ActionClass.GROUP)
        person, account = await employed(target)
        joins = [JoinGroup(person_key=person.key, group=name) for name in ("Warehouse", "Night shift")]
        await done(target, *joins, account=account)
        gone = LeaveGroup(person_key=person.key, group="Warehouse")
        never = LeaveGroup(person_key=person.key, group="A group that never was")
        assert (await done(target, gone, never, account=account)).groups == {"Night shift"}


class DutyContract(TargetBase):
    """An assignment is (person, requirement, cycle); nothing finished is taken away."""

    @story
    async def test_a_cycle_is_an_assignment_of_its_own(self, target: Target) -> None:
        self.need(target, ActionClass.ASSIGN)
        person, account = await employed(target)
        cycles = [Assign(person_key=person.key, requirement=self.course, cycle=one) for one in ("", "2026", "2027")]
        after = await done(target, *cycles, account=account)
        assert after.enrolments.keys() == {self.course, f"{self.course}#2026", f"{self.course}#2027"}
        assert {(one.requirement, one.cycle) for one in after.enrolments.values()} == {
            (self.course, cycle) for cycle in ("", "2026", "2027")
        }

    @story
    async def test_another_due_date_or_reason_does_not_start_it_again(self, target: Target) -> None:
        self.need(target, ActionClass.ASSIGN)
        person, account = await employed(target)
        first = Assign(person_key=person.key, requirement=self.course, due_on=date(2026, 12, 1), reasons=("rule:a",))
        account = await done(target, first, account=account)
        self.start(target, account, self.course)
        later = replace(first, due_on=date(2027, 1, 1), reasons=("rule:b",))
        duty = (await done(target, later, account=account)).enrolments[self.course]
        assert (duty.state, duty.due_on) == ("in_progress", date(2027, 1, 1))

    @story
    async def test_what_was_begun_is_not_withdrawn_unless_that_was_asked(self, target: Target) -> None:
        self.need(target, ActionClass.ASSIGN, ActionClass.WITHDRAW)
        person, account = await employed(target)
        assign = Assign(person_key=person.key, requirement=self.course)
        account = await done(target, assign, account=account)
        self.start(target, account, self.course)
        begun = await live(target, account)
        gentle = Withdraw(person_key=person.key, requirement=self.course)
        receipt = await do(target, gentle, account)
        assert (receipt.outcome, receipt.changed) == (Outcome.SKIPPED, False) and await live(target, account) == begun
        after = await done(target, replace(gentle, only_if_not_started=False), account=account)
        assert after.enrolments[self.course].state == "withdrawn"
        again = await done(target, assign, account=account)
        assert again.enrolments[self.course].state == "in_progress", "what was learnt is not lost"

    @story
    async def test_withdrawing_what_was_never_assigned_is_done_already(self, target: Target) -> None:
        self.need(target, ActionClass.WITHDRAW)
        person, account = await employed(target)
        receipt = await do(target, Withdraw(person_key=person.key, requirement=self.course, cycle="2031"), account)
        assert (receipt.outcome, receipt.changed) == (Outcome.DONE, False)
        assert await live(target, account) == account

    @story
    async def test_a_course_that_does_not_exist_needs_somebody(self, target: Target) -> None:
        self.need(target, ActionClass.ASSIGN)
        if self.missing is None:
            pytest.skip("the target takes any course")
        person, account = await employed(target)
        receipt = await do(target, Assign(person_key=person.key, requirement=self.missing), account)
        assert receipt.outcome in {Outcome.NEEDS_YOU, Outcome.FAILED} and await live(target, account) == account


class LinkContract(TargetBase):
    """One person, one account; nobody's account is taken over."""

    def need_links(self, target: Target) -> None:
        """Skips where the target cannot hold our key."""
        self.need(target, ActionClass.LINK)
        if not target.capabilities.holds_external_id:
            pytest.skip("the target does not keep our person key")

    @story
    async def test_an_account_that_is_somebodys_is_not_given_to_another(self, target: Target) -> None:
        self.need_links(target)
        _, account = await employed(target)
        thief = somebody()
        receipt = await do(target, LinkAccount(person_key=thief.key, account_id=account.id, made_by="email"), account)
        assert receipt.outcome in {Outcome.SKIPPED, Outcome.NEEDS_YOU} and not receipt.changed
        assert await live(target, account) == account

    @story
    async def test_a_person_who_has_an_account_does_not_get_a_second(self, target: Target) -> None:
        self.need_links(target)
        (person, account), (_, other) = await employed(target), await employed(target)
        receipt = await do(target, LinkAccount(person_key=person.key, account_id=other.id, made_by="email"), other)
        assert receipt.outcome in {Outcome.SKIPPED, Outcome.NEEDS_YOU} and not receipt.changed
        assert await live(target, other) == other
        (found,) = await target.look_up(person_keys=[person.key], account_ids=[])
        assert found == account

    @story
    async def test_an_account_that_is_nobodys_becomes_theirs(self, target: Target) -> None:
        self.need_links(target)
        account = self.unlinked(target)
        person = somebody()
        link = LinkAccount(person_key=person.key, account_id=account.id, made_by="worker_id")
        after = await done(target, link, account=account)
        assert same(after, replace(account, external_id=person.key))

    @story
    async def test_a_person_who_has_an_account_does_not_get_nobodys_either(self, target: Target) -> None:
        self.need_links(target)
        account = self.unlinked(target)
        person, own = await employed(target)
        receipt = await do(target, LinkAccount(person_key=person.key, account_id=account.id, made_by="email"), account)
        assert receipt.outcome in {Outcome.SKIPPED, Outcome.NEEDS_YOU} and not receipt.changed
        assert await live(target, own) == own and await live(target, account) == account

    def unlinked(self, target: Target) -> Account:
        """An account that somebody made by hand; override where a test can make one."""
        pytest.skip("this test cannot make an account by hand in this system")


class AccountContract(AttributeContract, StateContract, GroupContract, DutyContract, LinkContract):
    """All promises about one account."""
