"""What is believed of an account that is shown beside an operation: what it was about, and nobody's change by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

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
from joinery.core.planning.believing import after, in_passing

ANA = PersonKey("p-ana")
FIRE, FIRST = RequirementKey("course:FIRE"), date(2026, 12, 1)
NOVEMBER = date(2026, 11, 30)


def enrolments(due: date, state: str = "assigned") -> dict[str, Enrolment]:
    asked = Enrolment(requirement=FIRE, due_on=due, state=state)
    again = Enrolment(requirement=FIRE, cycle="2", due_on=due, state=state)
    return {each.key: each for each in (asked, again)}


KNOWN = Account(
    id=AccountId("a-1"),
    external_id="p-ana",
    attributes={"job_title": "Clerk", "location": "Lille", "phone": "1"},
    groups=frozenset({"Sales", "Choir"}),
    enrolments=enrolments(FIRST),
    version="1",
)
#: everything was changed by hand
SHOWN = Account(
    id=AccountId("a-1"),
    external_id="p-ana",
    attributes={"job_title": "Head", "location": "Lyon", "nickname": "Bo"},
    state=AccountState.SUSPENDED,
    roles=("administrator",),
    groups=frozenset({"Lyon"}),
    enrolments=enrolments(NOVEMBER, "withdrawn"),
    version="7",
)
#: what every answer may tell
PASSED = replace(KNOWN, version="7")
TITLE, PHONE = Change(attribute="job_title", old="Clerk", new="Head"), Change(attribute="phone", old="1", new="")
UPDATED = {"job_title": "Head", "location": "Lille"}

CASES: dict[str, tuple[Operation, Account]] = {
    "the attributes of an update": (
        UpdateAccount(person_key=ANA, changes=(TITLE, PHONE)),
        replace(PASSED, attributes=UPDATED),
    ),
    "the state of a suspension": (SuspendAccount(person_key=ANA), replace(PASSED, state=AccountState.SUSPENDED)),
    "and the roles that it took": (
        SuspendAccount(person_key=ANA, revoke_roles=True),
        replace(PASSED, state=AccountState.SUSPENDED, roles=("administrator",)),
    ),
    "the state of an archiving": (ArchiveAccount(person_key=ANA), replace(PASSED, state=AccountState.SUSPENDED)),
    "the state of a return": (RestoreAccount(person_key=ANA), replace(PASSED, state=AccountState.SUSPENDED)),
    "the group that was joined": (
        JoinGroup(person_key=ANA, group="Lyon"),
        replace(PASSED, groups=frozenset({"Sales", "Choir", "Lyon"})),
    ),
    "the group that was left": (
        LeaveGroup(person_key=ANA, group="Sales"),
        replace(PASSED, groups=frozenset({"Choir"})),
    ),
    "the training that was given": (
        Assign(person_key=ANA, requirement=FIRE),
        replace(PASSED, enrolments={**KNOWN.enrolments, FIRE: SHOWN.enrolments[FIRE]}),
    ),
    "the training that was taken": (
        Withdraw(person_key=ANA, requirement=FIRE, cycle="2"),
        replace(PASSED, enrolments={**KNOWN.enrolments, f"{FIRE}#2": SHOWN.enrolments[f"{FIRE}#2"]}),
    ),
    "nothing of a mail": (SendSignInMail(person_key=ANA, employment="2026-01-01"), PASSED),
    "nothing of a creation that was theirs already": (CreateAccount(person_key=ANA), PASSED),
    "nothing of a link that was theirs already": (
        LinkAccount(person_key=ANA, account_id=AccountId("a-1"), made_by="email"),
        PASSED,
    ),
}


@pytest.mark.parametrize(("operation", "expected"), CASES.values(), ids=CASES.keys())
def test_a_line_believes_what_it_was_about(operation: Operation, expected: Account) -> None:
    assert after(operation, KNOWN, SHOWN) == expected


@pytest.mark.parametrize(
    ("known", "shown", "expected"),
    [
        pytest.param("assigned", "completed", "completed", id="how far somebody has come is no change by hand"),
        pytest.param("assigned", "withdrawn", "assigned", id="what was taken away by hand is"),
        pytest.param("withdrawn", "assigned", "withdrawn", id="and what was given again by hand"),
    ],
)
def test_of_training_only_progress_is_believed_in_passing(known: str, shown: str, expected: str) -> None:
    seen = in_passing(
        replace(KNOWN, enrolments=enrolments(FIRST, known)), replace(SHOWN, enrolments=enrolments(NOVEMBER, shown))
    )
    assert seen.enrolments == enrolments(FIRST, expected), "nor is another due day"


def test_training_that_others_gave_is_no_drift_and_is_believed() -> None:
    assert in_passing(replace(KNOWN, enrolments={}), SHOWN).enrolments == SHOWN.enrolments
    assert in_passing(KNOWN, replace(SHOWN, enrolments={})).enrolments == KNOWN.enrolments
