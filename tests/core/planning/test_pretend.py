"""What is pretended to be done counts as done; what is there already stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.core.planning.someone import ANA, ARCHIVED, DAY, FORKLIFT, account

from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
from joinery.core.model.operation import (
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
from joinery.core.planning.effect import in_effect
from joinery.core.planning.pretend import NOT_YET, left_by, unmade

ADMIN = account(roles=("administrator",), groups=frozenset({"b"}))
UPDATE = UpdateAccount(person_key=ANA, changes=(Change(attribute="title", old="Clerk", new="Boss"),))
OPERATIONS: dict[str, tuple[Operation, Account]] = {
    "link": (LinkAccount(person_key=ANA, account_id=AccountId("a-1"), made_by="email"), account()),
    "create": (CreateAccount(person_key=ANA, attributes={"email": "ana@example.com"}), unmade()),
    "update": (UPDATE, account(attributes={"title": "Clerk", "place": "Lille"})),
    "suspend": (SuspendAccount(person_key=ANA), account()),
    "suspend an administrator": (SuspendAccount(person_key=ANA, revoke_roles=True), ADMIN),
    "suspend what is archived": (SuspendAccount(person_key=ANA), account(state=ARCHIVED)),
    "archive": (ArchiveAccount(person_key=ANA), account()),
    "restore": (RestoreAccount(person_key=ANA), account(state=ARCHIVED)),
    "join": (JoinGroup(person_key=ANA, group="a"), ADMIN),
    "leave": (LeaveGroup(person_key=ANA, group="b"), ADMIN),
    "assign": (Assign(person_key=ANA, requirement=FORKLIFT, due_on=DAY), account()),
    "assign a cycle": (Assign(person_key=ANA, requirement=FORKLIFT, cycle="2026-03-01", due_on=DAY), account()),
    "withdraw": (Withdraw(person_key=ANA, requirement=FORKLIFT), account()),
}


@pytest.mark.parametrize(("operation", "before"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_what_is_pretended_counts_as_done(operation: Operation, before: Account) -> None:
    assert in_effect(operation, left_by(operation, before))


def test_an_archived_account_stays_archived_when_it_is_suspended() -> None:
    assert left_by(SuspendAccount(person_key=ANA), account(state=ARCHIVED)).state is AccountState.ARCHIVED


def test_another_due_date_moves_nothing_but_the_date() -> None:
    assign = Assign(person_key=ANA, requirement=FORKLIFT, due_on=DAY)
    begun = left_by(assign, account())
    row = replace(begun.enrolments[FORKLIFT], state="in_progress", due_on=None)
    after = left_by(assign, replace(begun, enrolments={FORKLIFT: row}))
    assert (after.enrolments[FORKLIFT].state, after.enrolments[FORKLIFT].due_on) == ("in_progress", DAY)


def test_what_was_withdrawn_begins_anew_when_it_is_assigned_again() -> None:
    assign, withdraw = Assign(person_key=ANA, requirement=FORKLIFT), Withdraw(person_key=ANA, requirement=FORKLIFT)
    gone = left_by(withdraw, left_by(assign, account()))
    assert gone.enrolments[FORKLIFT].state == "withdrawn"
    assert left_by(assign, gone).enrolments[FORKLIFT].state == "assigned"


def test_the_rest_of_an_account_is_left_alone() -> None:
    before = account(attributes={"title": "Clerk", "place": "Lille"}, groups=frozenset({"b"}))
    assert left_by(UPDATE, before) == replace(before, attributes={"title": "Boss", "place": "Lille"})
    mail = SendSignInMail(person_key=ANA, employment="2026-03-02")
    assert left_by(mail, before) is before
    assert unmade().id == NOT_YET
