"""Is it so already? And what must not be tried after something else failed."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from tests.core.planning.someone import ANA, ARCHIVED, DAY, FORKLIFT, SUSPENDED, account, enrolled

from joinery.core.model.account import Account
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
from joinery.core.planning.effect import blocked_by, in_effect, opens_account, shows

LINK = LinkAccount(person_key=ANA, account_id=AccountId("a-1"), made_by="worker_id")
CREATE = CreateAccount(person_key=ANA, attributes={"email": "ana@example.com"})
SUSPEND, ARCHIVE = SuspendAccount(person_key=ANA), ArchiveAccount(person_key=ANA)
RESTORE = RestoreAccount(person_key=ANA)
STRICT = SuspendAccount(person_key=ANA, revoke_roles=True)
JOIN, LEAVE = JoinGroup(person_key=ANA, group="a"), LeaveGroup(person_key=ANA, group="a")
ASSIGN = Assign(person_key=ANA, requirement=FORKLIFT, due_on=DAY)
CYCLE = Assign(person_key=ANA, requirement=FORKLIFT, cycle="2026-03-01", due_on=DAY)
WITHDRAW = Withdraw(person_key=ANA, requirement=FORKLIFT)
WITHDRAW_CYCLE = Withdraw(person_key=ANA, requirement=FORKLIFT, cycle="2026-03-01")
MAIL = SendSignInMail(person_key=ANA, employment="2026-03-02")
UPDATE = UpdateAccount(person_key=ANA, changes=(Change(attribute="title", old="Clerk", new="Boss"),))


def renamed(attribute: str, new: str) -> UpdateAccount:
    return UpdateAccount(person_key=ANA, changes=(Change(attribute=attribute, old="", new=new),))


A_MEMBER = account(groups=frozenset({"a"}))
CASES: list[tuple[str, Operation, Account, bool]] = [
    ("linked: the account carries our key", LINK, account(external_id=ANA), True),
    ("not linked: it carries none", LINK, account(), False),
    ("not linked: another account carries it", LINK, account("a-2", external_id=ANA), False),
    ("made: an account with our key is enough, whatever it holds", CREATE, account(external_id=ANA), True),
    ("not made: the same address is not enough", CREATE, account(attributes=dict(CREATE.attributes)), False),
    ("changed: the value is there", UPDATE, account(attributes={"title": "Boss"}), True),
    ("not changed: the old value is there", UPDATE, account(attributes={"title": "Clerk"}), False),
    ("emptied: nothing is there", renamed("title", ""), account(), True),
    ("an address counts in any case", renamed("email", "Ana@X.org"), account(attributes={"email": "ana@x.org"}), True),
    ("a title counts as it is written", renamed("title", "BOSS"), account(attributes={"title": "Boss"}), False),
    ("in the group", JOIN, A_MEMBER, True),
    ("not in the group", JOIN, account(), False),
    ("out of the group", LEAVE, account(), True),
    ("not out of the group", LEAVE, A_MEMBER, False),
    ("assigned with this due date", ASSIGN, account(enrolments=enrolled()), True),
    ("not assigned at all", ASSIGN, account(), False),
    ("assigned with another due date", ASSIGN, account(enrolments=enrolled(due_on=date(2026, 3, 1))), False),
    ("completed, whatever the due date", ASSIGN, account(enrolments=enrolled("completed", None)), True),
    ("assigned and withdrawn since", ASSIGN, account(enrolments=enrolled("withdrawn")), False),
    ("assigned in this cycle", CYCLE, account(enrolments=enrolled(cycle="2026-03-01")), True),
    ("assigned in another cycle", CYCLE, account(enrolments=enrolled()), False),
    ("withdrawn: it is not there", WITHDRAW, account(), True),
    ("withdrawn: it says so", WITHDRAW, account(enrolments=enrolled("withdrawn")), True),
    ("not withdrawn", WITHDRAW, account(enrolments=enrolled()), False),
    ("not withdrawn in this cycle", WITHDRAW_CYCLE, account(enrolments=enrolled(cycle="2026-03-01")), False),
    ("suspended", SUSPEND, account(state=SUSPENDED), True),
    ("archived is suspended too", SUSPEND, account(state=ARCHIVED), True),
    ("not suspended", SUSPEND, account(), False),
    ("suspended, but still an administrator", STRICT, account(state=SUSPENDED, roles=("admin",)), False),
    ("suspended, roles gone", STRICT, account(state=SUSPENDED), True),
    ("archived", ARCHIVE, account(state=ARCHIVED), True),
    ("suspended is not archived", ARCHIVE, account(state=SUSPENDED), False),
    ("restored", RESTORE, account(), True),
    ("not restored", RESTORE, account(state=SUSPENDED), False),
    ("a mail leaves no trace", MAIL, account(), False),
]


@pytest.mark.parametrize(("operation", "there", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_in_effect(operation: Operation, there: Account, expected: bool) -> None:
    assert in_effect(operation, there) is expected


EVERYTHING: list[Operation] = [
    LINK,
    CREATE,
    UPDATE,
    JOIN,
    LEAVE,
    ASSIGN,
    WITHDRAW,
    SUSPEND,
    ARCHIVE,
    RESTORE,
    MAIL,
]


def test_the_lists_here_name_every_operation() -> None:
    assert {type(operation) for operation in EVERYTHING} == set(get_args(Operation))
    assert {type(case[1]) for case in CASES} == set(get_args(Operation))


def named(operations: list[Operation]) -> list[str]:
    return [type(operation).__name__ for operation in operations]


def test_what_opens_an_account() -> None:
    assert named([o for o in EVERYTHING if opens_account(o)]) == ["LinkAccount", "CreateAccount", "RestoreAccount"]


NORMAL = ["LinkAccount", "CreateAccount", "UpdateAccount", "JoinGroup", "LeaveGroup", "Assign", "Withdraw"]
BLOCKED = [
    ("a failed link blocks everything", LINK, named(EVERYTHING)),
    ("a failed creation blocks everything", CREATE, named(EVERYTHING)),
    (
        "a failed restoration blocks all but the end of access",
        RESTORE,
        [*NORMAL, "RestoreAccount", "SendSignInMail"],
    ),
    ("a refused course blocks the mail only", ASSIGN, ["SendSignInMail"]),
    ("a refused update blocks the mail only", UPDATE, ["SendSignInMail"]),
    ("a failed suspension blocks the mail only", SUSPEND, ["SendSignInMail"]),
]


@pytest.mark.parametrize(("failed", "expected"), [pytest.param(*c[1:], id=c[0]) for c in BLOCKED])
def test_blocked_by(failed: Operation, expected: list[str]) -> None:
    assert named([o for o in EVERYTHING if blocked_by(o, failed)]) == expected


IN_A = account(groups=frozenset({"a"}))
ASSIGNED = account(enrolments=enrolled("open"))
SHOWN = [
    ("a group that stands there", JOIN, IN_A, {"groups"}, {"group:a"}, True),
    ("a group that does not", JOIN, IN_A, {"groups"}, {"group:b"}, False),
    ("no column for groups", JOIN, IN_A, {"email"}, {"group:a"}, None),
    ("a group that was taken back since", JOIN, account(), {"groups"}, set(), None),
    ("a group that was left", LEAVE, account(), {"groups"}, {"group:b"}, True),
    ("a group that is still there", LEAVE, account(), {"groups"}, {"group:a"}, False),
    ("a group that was given again since", LEAVE, IN_A, {"groups"}, {"group:a"}, None),
    ("a course that stands there", ASSIGN, ASSIGNED, {"courses"}, {str(FORKLIFT)}, True),
    ("a course that does not", ASSIGN, ASSIGNED, {"courses"}, set(), False),
    ("a course that was withdrawn since", ASSIGN, account(), {"courses"}, set(), None),
    ("a course that was taken away may be listed as finished", WITHDRAW, account(), {"courses"}, {str(FORKLIFT)}, None),
    ("a mail leaves no trace", MAIL, account(), {"courses", "groups"}, set(), None),
    ("an account that is there", CREATE, account(), set(), set(), True),
    ("no column for the status", SUSPEND, account(), {"email"}, set(), None),
    ("not closed", SUSPEND, account(), {"state"}, set(), False),
]


@pytest.mark.parametrize(
    ("operation", "there", "tells", "listed", "wanted"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN]
)
def test_what_an_export_shows(
    operation: Operation, there: Account, tells: set[str], listed: set[str], wanted: bool | None
) -> None:
    assert shows(operation, there, tells, as_told=False, listed=listed) is wanted
