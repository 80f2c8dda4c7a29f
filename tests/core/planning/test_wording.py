"""Every operation in words."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from tests.core.planning.someone import ANA, FORKLIFT

from joinery.core.model.ids import AccountId, RequirementKey
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
from joinery.core.planning.wording import said


def link(by: str) -> LinkAccount:
    return LinkAccount(person_key=ANA, account_id=AccountId("a-1"), made_by=by)


PATH = RequirementKey("path:Onboarding_Path")
CASES: list[tuple[Operation, str]] = [
    (CreateAccount(person_key=ANA, attributes={"email": "ana@example.com"}), "make an account for ana@example.com"),
    (CreateAccount(person_key=ANA), "make an account for somebody without e-mail"),
    (link("worker_id"), "recognise account a-1 as theirs (same worker id)"),
    (link("email"), "recognise account a-1 as theirs (same email)"),
    (link("person"), "recognise account a-1 as theirs (somebody said so)"),
    (
        UpdateAccount(
            person_key=ANA,
            changes=(Change(attribute="title", old="Clerk", new=""), Change(attribute="city", old="", new="Lyon")),
        ),
        "title: Clerk -> nothing; city: nothing -> Lyon",
    ),
    (JoinGroup(person_key=ANA, group="Sales"), "put into group Sales"),
    (LeaveGroup(person_key=ANA, group="Sales"), "take out of group Sales"),
    (Assign(person_key=ANA, requirement=FORKLIFT), "assign FORKLIFT"),
    (Assign(person_key=ANA, requirement=PATH, due_on=date(2026, 4, 1)), "assign Onboarding_Path, due 2026-04-01"),
    (Withdraw(person_key=ANA, requirement=FORKLIFT), "withdraw FORKLIFT"),
    (SuspendAccount(person_key=ANA), "end access"),
    (SuspendAccount(person_key=ANA, revoke_roles=True), "end access and take administrator roles away"),
    (ArchiveAccount(person_key=ANA), "archive: out of current lists, history kept"),
    (RestoreAccount(person_key=ANA), "give access back"),
    (SendSignInMail(person_key=ANA, employment="2026-03-02"), "send the sign-in mail"),
]


@pytest.mark.parametrize(("operation", "words"), [pytest.param(o, w, id=w) for o, w in CASES])
def test_said(operation: Operation, words: str) -> None:
    assert said(operation) == words


def test_every_operation_has_words() -> None:
    assert {type(operation) for operation, _ in CASES} == set(get_args(Operation))
