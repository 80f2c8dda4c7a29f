"""What counts as having taken effect, and what a failure blocks."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId, PersonKey, RequirementKey
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
from joinery.core.planning.effect import blocked_by, in_effect
from tests.jobs.world import applied

ME = PersonKey("me")
COURSE = RequirementKey("course:FORKLIFT")
DUE = date(2026, 12, 1)


def _account(**more: object) -> Account:
    return Account(**{"id": AccountId("a"), "external_id": "me", **more})  # type: ignore[arg-type]


def _with(state: str = "assigned", cycle: str = "", due: date | None = DUE) -> Account:
    enrolment = Enrolment(requirement=COURSE, cycle=cycle, due_on=due, state=state)
    return _account(enrolments={enrolment.key: enrolment})


LINK = LinkAccount(person_key=ME, account_id=AccountId("a"), made_by="email")
TITLE = UpdateAccount(person_key=ME, changes=(Change(attribute="title", old="A", new="B"),))
NO_TITLE = UpdateAccount(person_key=ME, changes=(Change(attribute="title", old="A", new=""),))
EMAIL = UpdateAccount(person_key=ME, changes=(Change(attribute="email", old="", new="Ada@Example.test"),))
JOIN = JoinGroup(person_key=ME, group="g")
LEAVE = LeaveGroup(person_key=ME, group="g")
ASSIGN = Assign(person_key=ME, requirement=COURSE, due_on=DUE)
CYCLE = Assign(person_key=ME, requirement=COURSE, cycle="2026", due_on=DUE)
WITHDRAW = Withdraw(person_key=ME, requirement=COURSE)
SUSPEND = SuspendAccount(person_key=ME)
STRIP = SuspendAccount(person_key=ME, revoke_roles=True)
ARCHIVE = ArchiveAccount(person_key=ME)
RESTORE = RestoreAccount(person_key=ME)
MAIL = SendSignInMail(person_key=ME, employment="2026-11-24")
CREATE = CreateAccount(person_key=ME, attributes={"email": "ada@example.test"})
EVERY = [LINK, CREATE, TITLE, JOIN, LEAVE, ASSIGN, WITHDRAW, SUSPEND, ARCHIVE, RESTORE]

SUSPENDED = _account(state=AccountState.SUSPENDED)
ARCHIVED = _account(state=AccountState.ARCHIVED)


@pytest.mark.parametrize(
    ("operation", "account", "wanted"),
    [
        pytest.param(LINK, _account(), True, id="a link is there when the account carries our key"),
        pytest.param(LINK, _account(external_id=""), False, id="a link is not there while the key is not"),
        pytest.param(LINK, _account(id=AccountId("b")), False, id="a link to another account is not this one"),
        pytest.param(CREATE, _account(), True, id="an account with our key was created, whatever else it lacks"),
        pytest.param(CREATE, _account(external_id="you"), False, id="an account of somebody else was not"),
        pytest.param(TITLE, _account(attributes={"title": "B"}), True, id="an attribute holds the new value"),
        pytest.param(TITLE, _account(attributes={"title": "A"}), False, id="an attribute holds the old value"),
        pytest.param(TITLE, _account(attributes={"title": "b"}), False, id="a title in another case is another title"),
        pytest.param(NO_TITLE, _account(), True, id="an attribute that is not there is empty"),
        pytest.param(EMAIL, _account(attributes={"email": "ada@example.TEST"}), True, id="an e-mail ignores case"),
        pytest.param(JOIN, _account(groups=frozenset({"g"})), True, id="a member has joined"),
        pytest.param(JOIN, _account(), False, id="who is no member has not joined"),
        pytest.param(LEAVE, _account(), True, id="who is no member has left"),
        pytest.param(LEAVE, _account(groups=frozenset({"g"})), False, id="a member has not left"),
        pytest.param(ASSIGN, _with(), True, id="a course is assigned with its due date"),
        pytest.param(ASSIGN, _with(due=None), False, id="a course without the due date is not assigned as wanted"),
        pytest.param(ASSIGN, _with("completed", due=None), True, id="a finished course needs no due date"),
        pytest.param(ASSIGN, _with("withdrawn"), False, id="a withdrawn course is not assigned"),
        pytest.param(ASSIGN, _with(cycle="2025"), False, id="another cycle is another assignment"),
        pytest.param(CYCLE, _with(cycle="2026"), True, id="the same cycle is the same assignment"),
        pytest.param(WITHDRAW, _account(), True, id="a course that is not there is withdrawn"),
        pytest.param(WITHDRAW, _with("withdrawn"), True, id="a course that says so is withdrawn"),
        pytest.param(WITHDRAW, _with("in_progress"), False, id="a started course is not withdrawn"),
        pytest.param(SUSPEND, SUSPENDED, True, id="a suspended account is suspended"),
        pytest.param(SUSPEND, ARCHIVED, True, id="an archived account is suspended too"),
        pytest.param(SUSPEND, _account(), False, id="an active account is not suspended"),
        pytest.param(
            STRIP, _account(state=AccountState.SUSPENDED, roles=("admin",)), False, id="roles are still there"
        ),
        pytest.param(STRIP, SUSPENDED, True, id="suspended and without roles"),
        pytest.param(ARCHIVE, SUSPENDED, False, id="a suspended account is not archived"),
        pytest.param(ARCHIVE, ARCHIVED, True, id="an archived account is archived"),
        pytest.param(RESTORE, _account(), True, id="an active account is restored"),
        pytest.param(RESTORE, SUSPENDED, False, id="a suspended account is not restored"),
        pytest.param(MAIL, _account(), False, id="a mail leaves no trace in an account"),
    ],
)
def test_in_effect(operation: Operation, account: Account, wanted: bool) -> None:
    assert in_effect(operation, account) is wanted


@given(
    operation=st.sampled_from(EVERY),
    account=st.builds(
        _account,
        state=st.sampled_from(AccountState),
        groups=st.sampled_from([frozenset(), frozenset({"g"}), frozenset({"g", "h"})]),
        enrolments=st.sampled_from([{}, _with().enrolments, _with("withdrawn").enrolments]),
    ),
)
def test_what_was_performed_is_in_effect(operation: Operation, account: Account) -> None:
    assert in_effect(operation, applied(operation, account))


@pytest.mark.parametrize(
    ("operation", "failed", "wanted"),
    [
        pytest.param(ASSIGN, CREATE, True, id="no course without the account"),
        pytest.param(JOIN, LINK, True, id="no group without the link"),
        pytest.param(TITLE, RESTORE, True, id="no change to an account that did not come back"),
        pytest.param(ASSIGN, JOIN, False, id="a refused group does not keep a course from the person"),
        pytest.param(ASSIGN, ASSIGN, False, id="a refused course does not keep another one"),
        pytest.param(SUSPEND, TITLE, False, id="nothing but a missing account stops a suspension"),
        pytest.param(SUSPEND, RESTORE, False, id="a restore that failed does not stop a suspension"),
        pytest.param(SUSPEND, LINK, True, id="without a link there is nothing to suspend"),
        pytest.param(MAIL, ASSIGN, True, id="the mail promises that everything is there"),
    ],
)
def test_blocked_by(operation: Operation, failed: Operation, wanted: bool) -> None:
    assert blocked_by(operation, failed) is wanted
