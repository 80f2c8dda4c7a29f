"""A learning system that says "done" and did nothing: what it shows counts more than what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import (
    ArchiveAccount,
    Change,
    JoinGroup,
    Operation,
    RestoreAccount,
    SuspendAccount,
    UpdateAccount,
)
from joinery.flows.push import News, tell
from joinery.jobs.projection import contradiction
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import Mischief, OnCommand
from tests.stories.company import Company, Night, Row, changed, moment, staff, worker


def company(folder: Path) -> tuple[Company, HostileTarget, OnCommand, list[Row]]:
    """Ten people, and a learning system that can be told to lie."""
    inner, mood = MemoryTarget(), OnCommand()
    hostile = HostileTarget(inner, mood=mood)
    return Company(folder, memory=inner, around=lambda _target: hostile), hostile, mood, staff(10)


ANA = PersonKey("p-ana")
OPEN, CLOSED, AWAY = AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.ARCHIVED


@pytest.mark.parametrize(
    ("operation", "state", "expected"),
    [
        pytest.param(SuspendAccount(person_key=ANA), OPEN, True, id="suspended, and still open"),
        pytest.param(SuspendAccount(person_key=ANA), CLOSED, False, id="suspended, and closed"),
        pytest.param(SuspendAccount(person_key=ANA), AWAY, False, id="suspended, and archived already"),
        pytest.param(ArchiveAccount(person_key=ANA), OPEN, True, id="archived, and still open"),
        pytest.param(ArchiveAccount(person_key=ANA), CLOSED, False, id="archived, in a system that only suspends"),
        pytest.param(RestoreAccount(person_key=ANA), CLOSED, True, id="restored, and still closed"),
        pytest.param(RestoreAccount(person_key=ANA), OPEN, False, id="restored, and open"),
        pytest.param(JoinGroup(person_key=ANA, group="A"), CLOSED, False, id="what is not about access"),
    ],
)
def test_a_receipt_about_access_is_compared_with_the_account(
    operation: Operation, state: AccountState, expected: bool
) -> None:
    assert bool(contradiction(operation, Account(id=AccountId("a-1"), state=state))) is expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param("Clerk", "shows job_title as before", id="as it was"),
        pytest.param("Captain", "", id="as it was to be"),
        pytest.param("CAPTAIN", "", id="in the system's own way of writing"),
    ],
)
def test_an_update_is_believed_unless_the_old_value_is_still_there(held: str, expected: str) -> None:
    change = Change(attribute="job_title", old="Clerk", new="Captain")
    account = Account(id=AccountId("a-1"), attributes={"job_title": held})
    assert contradiction(UpdateAccount(person_key=ANA, changes=(change,)), account) == expected


def test_what_cannot_be_seen_is_no_proof_of_access() -> None:
    assert contradiction(SuspendAccount(person_key=ANA), None)
    assert contradiction(RestoreAccount(person_key=ANA), None)
    assert not contradiction(JoinGroup(person_key=ANA, group="A"), None)


def test_a_leaver_whose_suspension_was_a_lie_is_out_the_next_night(tmp_path: Path) -> None:
    acme, _, mood, rows = company(tmp_path)
    acme.day("2026-11-23", rows)
    mood.then("perform", Mischief.LIE_DONE)
    left = changed(rows, "0004", status="Terminated", termination_date="2026-11-23")
    night = acme.day("2026-11-24", left)
    assert night.did("suspend", "failed") == ["0004"]
    assert acme.accounts()["0004"] == "active"
    acme.day("2026-11-25")
    assert acme.accounts()["0004"] == "suspended"


def test_access_that_was_given_back_unheard_is_ended_by_hand_all_the_same(tmp_path: Path) -> None:
    """The system said that the restore failed, and had done it: what we remember as suspended is open."""
    acme, _, mood, rows = company(tmp_path)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", changed(rows, "0002", status="Terminated", termination_date="2026-11-24"))
    mood.then("perform", Mischief.LIE_FAILED)
    assert acme.day("2026-11-25", rows).lines == ["0002 restore failed"]
    assert acme.accounts()["0002"] == "active"
    acme.end_access("0002")
    assert acme.accounts()["0002"] == "suspended"


@pytest.mark.parametrize("away", [False, True], ids=["it can be asked", "it cannot be asked now"])
def test_access_that_was_given_back_unheard_ends_with_the_push_of_the_end(tmp_path: Path, away: bool) -> None:
    acme, _, mood, rows = company(tmp_path)
    gone = changed(rows, "0002", status="Terminated", termination_date="2026-11-24")

    def day(at: str, rows: list[Row] | None) -> Night:
        acme.clock = lambda: moment(at)
        return acme.day(at, rows)

    day("2026-11-23", rows)
    day("2026-11-24", gone)
    mood.then("perform", Mischief.LIE_FAILED)
    assert day("2026-11-25", rows).lines == ["0002 restore failed"]
    assert acme.accounts()["0002"] == "active"
    if away:
        mood.then("look_up", Mischief.TRY_AGAIN)
    at = moment("2026-11-25T15:00")
    acme.clock = lambda: at
    with acme.open("2026-11-25T15:00") as it:
        (source,) = it.ports.sources.values()
        record = {"worker_id": "0002", "status": "Terminated", "termination_date": "2026-11-24"}
        told = tell(it.ports, source, News(door="push", name="n1", records=[record], received_at=at))
    if away:
        assert told.ended == ()
        day("2026-11-26", gone)
    assert acme.accounts()["0002"] == "suspended"


@pytest.mark.parametrize("lost", [1, 3], ids=["one look", "three looks"])
def test_an_account_made_unheard_and_not_found_at_once_is_closed_when_it_is_found(tmp_path: Path, lost: int) -> None:
    """A creation was called failed and had been done; the person left the next day, and a look did not show them."""
    acme, _, mood, rows = company(tmp_path)
    acme.day("2026-11-20", rows)
    mood.then("perform", Mischief.LIE_FAILED)
    acme.day("2026-11-21", [*rows, worker(11, hire_date="2026-11-21")])
    assert acme.accounts()["0011"] == "active"
    left = [*rows, worker(11, hire_date="2026-11-21", status="Terminated", termination_date="2026-11-21")]
    for day in range(22, 22 + lost):
        mood.then("look_up", Mischief.LOSE)
        assert acme.day(f"2026-11-{day}", left).exit_code == 0
        assert acme.accounts()["0011"] == "active"
    assert acme.day(f"2026-11-{22 + lost}", left).did("suspend") == ["0011"]
    assert acme.day(f"2026-11-{23 + lost}", left).lines == []


def test_access_given_back_unheard_and_not_found_at_once_is_ended_when_it_is_found(tmp_path: Path) -> None:
    acme, _, mood, rows = company(tmp_path)
    gone = changed(rows, "0002", status="Terminated", termination_date="2026-11-24")
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", gone)
    mood.then("perform", Mischief.LIE_FAILED)
    assert acme.day("2026-11-25", rows).lines == ["0002 restore failed"]
    mood.then("look_up", Mischief.LOSE)
    assert acme.day("2026-11-26", gone).lines == []
    assert acme.day("2026-11-27", gone).lines == ["0002 suspend done"]


def test_whom_a_failed_change_is_not_found_with_is_looked_for_a_week(tmp_path: Path) -> None:
    acme, hostile, mood, rows = company(tmp_path)

    def day(day: int, rows: list[Row]) -> int:
        acme.clock = lambda: moment(f"2026-11-{day:02}")
        before = len([call for call in hostile.calls if call.name == "look_up"])
        acme.day(f"2026-11-{day:02}", rows)
        return len([call for call in hostile.calls if call.name == "look_up"]) - before

    day(1, rows)
    mood.then("perform", Mischief.LIE_FAILED)
    day(2, [*rows, worker(11, hire_date="2026-11-02")])
    mood.then("look_up", *[Mischief.LOSE] * 20)  # as if it had failed indeed
    left = [*rows, worker(11, hire_date="2026-11-02", status="Terminated", termination_date="2026-11-02")]
    assert [day(n, left) > 0 for n in range(3, 13)] == [True] * 7 + [False] * 3
