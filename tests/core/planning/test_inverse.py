"""Taking a line back: tables, and that the account is afterwards as it was before."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.planning.someone import ACTIVE, ANA, ARCHIVED, DAY, FORKLIFT, SUSPENDED, account, enrolled

from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
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
from joinery.core.planning.effect import in_effect
from joinery.core.planning.inverse import Inverse, inverse_of

SUSPEND, ARCHIVE = SuspendAccount(person_key=ANA), ArchiveAccount(person_key=ANA)
RESTORE = RestoreAccount(person_key=ANA)
JOIN, LEAVE = JoinGroup(person_key=ANA, group="a"), LeaveGroup(person_key=ANA, group="a")
ASSIGN = Assign(person_key=ANA, requirement=FORKLIFT, due_on=DAY)
WITHDRAW = Withdraw(person_key=ANA, requirement=FORKLIFT)
BACK = Assign(person_key=ANA, requirement=FORKLIFT, due_on=date(2026, 2, 1), reasons=("undo",))


def update(*changes: tuple[str, str, str], guard: str = "update") -> UpdateAccount:
    return UpdateAccount(
        person_key=ANA, changes=tuple(Change(attribute=a, old=o, new=n) for a, o, n in changes), guard=guard
    )


def inverse(operation: Operation, action: ActionClass, *pins: tuple[str, str]) -> Inverse:
    return Inverse(operation=operation, action=action, pins=pins)


A = ActionClass
CASES: list[tuple[str, Operation, Account | None, Inverse | str]] = [
    (
        "a mail stays sent",
        SendSignInMail(person_key=ANA, employment="2026-03-02"),
        account(),
        "a mail that was sent cannot be taken back",
    ),
    (
        "a link is a person's business",
        LinkAccount(person_key=ANA, account_id=AccountId("a-1"), made_by="worker_id"),
        account(),
        "a link is undone by hand: joinery match reject",
    ),
    (
        "values change back, under the same guard",
        update(("email", "a@x", "b@x"), guard="email_change"),
        account(),
        inverse(update(("email", "b@x", "a@x"), guard="email_change"), A.UPDATE, ("email", "b@x")),
    ),
    (
        "every value is pinned",
        update(("city", "", "Lyon"), ("title", "x", "")),
        account(),
        inverse(update(("city", "Lyon", ""), ("title", "", "x")), A.UPDATE, ("city", "Lyon"), ("title", "")),
    ),
    ("a membership ends", JOIN, account(), inverse(LEAVE, A.GROUP, ("group:a", "in"))),
    (
        "a membership comes back, into a group that is there",
        LEAVE,
        account(groups=frozenset({"a"})),
        inverse(JoinGroup(person_key=ANA, group="a", create=False), A.GROUP, ("group:a", "out")),
    ),
    (
        "a new assignment is withdrawn while it is not begun",
        ASSIGN,
        account(),
        inverse(WITHDRAW, A.WITHDRAW, ("course:FORKLIFT", "assigned")),
    ),
    (
        "an assignment made from an account nobody knew is withdrawn while it is not begun",
        ASSIGN,
        None,
        inverse(WITHDRAW, A.WITHDRAW, ("course:FORKLIFT", "assigned")),
    ),
    (
        "an assignment that had been withdrawn is withdrawn again",
        ASSIGN,
        account(enrolments=enrolled("withdrawn")),
        inverse(WITHDRAW, A.WITHDRAW, ("course:FORKLIFT", "assigned")),
    ),
    (
        "a due date that moved moves back: nothing is withdrawn",
        ASSIGN,
        account(enrolments=enrolled("in_progress", date(2026, 2, 1))),
        inverse(BACK, A.ASSIGN, ("course:FORKLIFT", "assigned")),
    ),
    (
        "a withdrawn assignment comes back with its due date",
        WITHDRAW,
        account(enrolments=enrolled(due_on=date(2026, 2, 1))),
        inverse(BACK, A.ASSIGN, ("course:FORKLIFT", "withdrawn")),
    ),
    (
        "a withdrawn assignment of an account nobody knew comes back without one",
        WITHDRAW,
        None,
        inverse(
            Assign(person_key=ANA, requirement=FORKLIFT, reasons=("undo",)),
            A.ASSIGN,
            ("course:FORKLIFT", "withdrawn"),
        ),
    ),
    (
        "a cycle is pinned as that cycle",
        Withdraw(person_key=ANA, requirement=FORKLIFT, cycle="2026-03-01"),
        account(enrolments=enrolled(due_on=DAY, cycle="2026-03-01")),
        inverse(
            Assign(person_key=ANA, requirement=FORKLIFT, cycle="2026-03-01", due_on=DAY, reasons=("undo",)),
            A.ASSIGN,
            ("course:FORKLIFT#2026-03-01", "withdrawn"),
        ),
    ),
    (
        "an account that was made is archived, never deleted",
        CreateAccount(person_key=ANA),
        None,
        inverse(ARCHIVE, A.ARCHIVE, ("access", "active")),
    ),
    ("an end of access is given back", SUSPEND, account(), inverse(RESTORE, A.RESTORE, ("access", "suspended"))),
    ("an archived account comes back", ARCHIVE, account(), inverse(RESTORE, A.RESTORE, ("access", "archived"))),
    (
        "an account that could not sign in before stays archived",
        ARCHIVE,
        account(state=SUSPENDED),
        "an archived account that was suspended before stays archived: it could not sign in either way",
    ),
    (
        "a restored account is suspended again",
        RESTORE,
        account(state=SUSPENDED),
        inverse(SUSPEND, A.SUSPEND, ("access", "active")),
    ),
    (
        "a restored account is archived again",
        RESTORE,
        account(state=ARCHIVED),
        inverse(ARCHIVE, A.ARCHIVE, ("access", "active")),
    ),
    (
        "without the account as it was nothing is invented",
        SUSPEND,
        None,
        "the account as it was before is not known",
    ),
]


@pytest.mark.parametrize(("operation", "before", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_inverse(operation: Operation, before: Account | None, expected: Inverse | str) -> None:
    assert inverse_of(operation, before) == expected


# --- there and back ---

groups = st.frozensets(st.sampled_from("abc"))
values = st.sampled_from(["", "x", "y"])


def after(account_: Account, operation: Operation) -> Account:
    """The account once the target did it: a target in six lines."""
    given_: dict[str, object] = {"attributes": account_.attributes, "state": account_.state, "groups": account_.groups}
    match operation:
        case UpdateAccount(changes=changes):
            new = {**account_.attributes, **{c.attribute: c.new for c in changes}}
            given_["attributes"] = {name: value for name, value in new.items() if value}
        case JoinGroup(group=group):
            given_["groups"] = account_.groups | {group}
        case LeaveGroup(group=group):
            given_["groups"] = account_.groups - {group}
        case SuspendAccount():
            given_["state"] = SUSPENDED
        case ArchiveAccount():
            given_["state"] = ARCHIVED
        case RestoreAccount():
            given_["state"] = ACTIVE
    return account(**given_)  # type: ignore[arg-type]


@st.composite
def changed(draw: st.DrawFn) -> tuple[Account, Operation]:
    """An account, and something that changes it."""
    there = account(
        attributes={n: v for n, v in draw(st.dictionaries(st.sampled_from("nm"), values)).items() if v},
        state=draw(st.sampled_from(AccountState)),
        groups=draw(groups),
    )
    names = draw(st.lists(st.sampled_from("nm"), min_size=1, unique=True))
    changes = [(name, there.attributes.get(name, ""), draw(values)) for name in names]
    some: list[Operation] = [update(*changes), JOIN, LEAVE, SUSPEND, RESTORE, ARCHIVE]
    operation = draw(st.sampled_from(some))
    return there, operation


@given(changed())
def test_taking_back_restores_and_taking_that_back_does_it_again(case: tuple[Account, Operation]) -> None:
    before, operation = case
    done = after(before, operation)
    back = inverse_of(operation, before)
    if done == before or isinstance(back, str):
        return
    restored = after(done, back.operation)
    assert restored == before
    assert in_effect(back.operation, before)
    again = inverse_of(back.operation, done)
    if isinstance(again, Inverse):
        assert after(restored, again.operation) == done


@given(st.lists(st.tuples(st.sampled_from("nmk"), values, values), min_size=1))
def test_an_update_taken_back_twice_is_the_update(changes: list[tuple[str, str, str]]) -> None:
    there = inverse_of(update(*changes), None)
    assert isinstance(there, Inverse)
    back = inverse_of(there.operation, None)
    assert isinstance(back, Inverse)
    assert back.operation == update(*changes)
