"""What people have finished, told through a path, by hand and after coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from joinery.core.model.ids import PersonKey
from joinery.core.rules.learning import Assignment
from joinery.flows.person import Word, decide_about
from joinery.store.assignments import assignments_of
from tests.stories.company import Company, changed, worker

PATH = "path:Onboarding_Path"
DAY_ONE = {"name": "First days", "when": "hire_date >= go_live", "give": "Onboarding_Path", "due": "30 days after hire"}
NEWCOMER = worker(1, hire_date="2026-03-02")


def company(folder: Path, **rehire: Any) -> Company:
    triggers = {"triggers": {"rehire": rehire}} if rehire else {}
    return Company(folder, settings={"learning_rules": [DAY_ONE], "go_live": "2026-03-01", "guards": "off"} | triggers)


def remembered(acme: Company, who: str = "0001") -> list[str]:
    """`path:Onboarding_Path open`, with the cycle and the day it was completed."""

    def told(row: Assignment) -> str:
        return f"{row.key} {row.state.value}" + (f" {row.completed_on}" if row.completed_on else "")

    key = PersonKey(acme.person(who).key)
    with acme.ports() as ports, ports.database.read() as connection:
        return [told(row) for row in assignments_of(connection, [key]).get(key, ())]


def finishes_the_path(acme: Company, at: str, *, told: bool = False) -> None:
    """The last course of the path is done; the learning system says that the path is, and when if it is `told`."""
    account = acme.account("0001")
    target = acme.lms()
    target.learn(account.id, PATH, "completed")
    if told:
        account = acme.account("0001")
        done = replace(account.enrolments[PATH], completed_at=datetime.fromisoformat(at).replace(tzinfo=UTC))
        target.edit(replace(account, enrolments={**account.enrolments, PATH: done}))
    acme.completes("0001", "WELCOME", at)


@pytest.mark.parametrize("told", [False, True], ids=["it tells no day", "it tells the day"])
def test_a_path_whose_last_course_is_done_is_completed_and_never_asked_for_again(tmp_path: Path, told: bool) -> None:
    acme = company(tmp_path)
    acme.day("2026-03-02", [NEWCOMER])
    assert remembered(acme) == [f"{PATH} open"]
    finishes_the_path(acme, "2026-03-05", told=told)
    # the night that reads it, and the one that decides on it
    acme.day("2026-03-06")
    assert acme.day("2026-03-07").lines == []
    assert remembered(acme) == [f"{PATH} completed 2026-03-05"]
    assert acme.day("2026-03-08", [NEWCOMER | {"job_title": "Chief"}]).lines == ["0001 update done"]
    assert remembered(acme) == [f"{PATH} completed 2026-03-05"]


def test_a_course_of_a_path_that_goes_on_completes_nothing(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.day("2026-03-02", [NEWCOMER])
    acme.completes("0001", "WELCOME", "2026-03-05")
    acme.day("2026-03-06")
    acme.day("2026-03-07")
    assert remembered(acme) == [f"{PATH} open"]


def left_and_came_back(acme: Company) -> None:
    """Hired, path done, out on 30 April, back on 1 October."""
    acme.day("2026-03-02", [NEWCOMER])
    finishes_the_path(acme, "2026-03-05")
    acme.day("2026-03-06")
    acme.day("2026-03-07")
    acme.day("2026-05-01", [NEWCOMER | {"status": "Terminated", "termination_date": "2026-04-30"}])
    assert acme.accounts() == {"0001": "suspended"}
    acme.day("2026-10-01", [NEWCOMER | {"hire_date": "2026-10-01"}])
    assert acme.accounts() == {"0001": "active"}


@pytest.mark.parametrize(
    ("rehire", "again"),
    [
        ({}, []),
        ({"onboarding_again_after": "never"}, []),
        ({"onboarding_again_after": "200 days"}, []),
        ({"onboarding_again_after": "90 days"}, [f"{PATH}#2026-10-01 open"]),
        ({"reassign_finished": True}, [f"{PATH}#2026-10-01 open"]),
    ],
    ids=[
        "nothing is given again unless it is asked for",
        "never means never",
        "away for less than the gap",
        "away for longer than the gap: the first days again",
        "everything finished is given again",
    ],
)
def test_somebody_comes_back(tmp_path: Path, rehire: dict[str, Any], again: list[str]) -> None:
    acme = company(tmp_path, **rehire)
    left_and_came_back(acme)
    assert remembered(acme) == [f"{PATH} completed 2026-03-05", *again]
    acme.day("2026-10-02", [NEWCOMER | {"hire_date": "2026-10-01", "job_title": "Chief"}])
    assert remembered(acme) == [f"{PATH} completed 2026-03-05", *again]


def test_what_is_assigned_by_hand_after_it_was_done_is_open_until_it_is_done_again(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.day("2026-03-02", [NEWCOMER])
    finishes_the_path(acme, "2026-03-05")
    acme.day("2026-03-06")
    acme.day("2026-03-07")
    acme.day("2026-09-01")
    with acme.ports() as ports:
        decide_about(ports, "0001", "manual", PATH, Word(owner="ana", reason="once more"))
    acme.day("2026-09-02")
    assert remembered(acme) == [f"{PATH} completed 2026-03-05", f"{PATH}#2026-09-01 open"]


def test_a_leave_gives_back_the_days_that_were_left(tmp_path: Path) -> None:
    acme = company(tmp_path)
    acme.day("2026-03-02", [NEWCOMER])
    assert acme.assigned("0001") == {PATH: "2026-04-01"}
    acme.day("2026-03-12", changed([NEWCOMER], "0001", status="On Leave"))
    acme.day("2026-06-01", [NEWCOMER])
    # twenty days were left on 12 March
    assert acme.assigned("0001") == {PATH: "2026-06-22"}


def test_nobody_is_late_because_their_account_waited_for_an_approval(tmp_path: Path) -> None:
    clock = [datetime(2026, 3, 2, 6, tzinfo=UTC)]
    acme = company(tmp_path)
    acme.learning = {"simulation": False}
    acme.clock = lambda: clock[0]
    acme.write_settings(mode="approve")
    acme.day("2026-03-02T05:00", [NEWCOMER])
    assert due(acme) == []
    clock[0] = datetime(2026, 3, 10, 6, tzinfo=UTC)
    waiting = acme.day("2026-03-10T05:00")
    clock[0] = datetime(2026, 3, 11, 1, tzinfo=UTC)
    acme.approve(waiting.plan)
    assert due(acme) == ["2026-04-09"]
    acme.approve(acme.day("2026-03-11T00:30").plan)
    assert due(acme) == ["2026-04-10"]
    clock[0] = datetime(2026, 3, 12, 6, tzinfo=UTC)
    assert acme.day("2026-03-12T05:00").lines == []


def due(acme: Company) -> list[str]:
    """When the newcomer's assignments are due, as the learning system has it."""
    if "0001" not in acme.accounts():
        return []
    return [str(each.due_on) for each in acme.account("0001").enrolments.values()]
