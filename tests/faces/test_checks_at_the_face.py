"""Checks that need more than one file, as somebody sees them: training records that look wrong, and mass changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from joinery.cli.main import app
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.kit.contract import Completion
from tests.stories.company import Company, Row, staff

DAY, NEXT = "2026-11-23", "2026-11-24"


def typed(acme: Company, *words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [*words, "--config", str(acme.config)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def trained(tmp_path: Path) -> Company:
    """One record is of nobody's account, one of a day before the first, one of a day to come, and one is right."""
    acme = Company(tmp_path)
    acme.day(DAY, staff(3))
    acme.lms().edit(Account(id=AccountId("ghost-7"), attributes={"email": "ghost@acme.example"}))
    acme.completes("0001", "FIRE", "2026-11-20")
    acme.completes("0002", "FIRE", "2019-05-05")
    acme.completes("0003", "FIRE", "2027-05-05")
    done: dict[str, Any] = {"course": "FIRE", "course_title": "Fire", "course_version": "1", "result": "passed"}
    at = "2026-11-20T10:00:00+00:00"
    acme.lms().complete(Completion(id="ghost", account_id=AccountId("ghost-7"), completed_at=at, **done))
    typed(acme, "completions", "pull")
    acme.day(NEXT)
    return acme


WRONG = [
    ("completion_unknown_person", "account ghost-7", "belongs to nobody HR knows"),
    ("completion_before_hire", "0002", "before the first day"),
    ("completion_in_future", "0003", "a day that has not come"),
]


@pytest.mark.parametrize(("check", "whose", "said"), WRONG, ids=[check for check, *_ in WRONG])
def test_a_training_record_that_looks_wrong_is_an_issue(trained: Company, check: str, whose: str, said: str) -> None:
    found = json.loads(typed(trained, "issue", "list", "--json").stdout)["issues"]
    (number,) = [issue["issue"] for issue in found if issue["check"] == check]
    shown = typed(trained, "issue", "show", number).output
    assert whose in shown and said in shown
    assert "0001" not in shown


def test_the_records_that_look_wrong_are_kept(trained: Company) -> None:
    kept = json.loads(typed(trained, "person", "transcript", "0002", "--json").stdout)["rows"]
    assert [row["course"] for row in kept] == ["FIRE"]


def moved(rows: list[Row]) -> list[Row]:
    return [row | {"department": "Elsewhere"} for row in rows[:30]] + rows[30:]


@pytest.fixture
def big(tmp_path: Path) -> Company:
    acme = Company(tmp_path)
    acme.day(DAY, staff(40))
    return acme


def groups(acme: Company, file: Path, *more: str) -> dict[str, Any]:
    found = json.loads(typed(acme, "check", str(file), "--fail-on", "never", "--json", *more).stdout)
    return {group["check"]: group for group in found["files"][0]["groups"]}


def test_a_mass_change_is_seen_against_the_file_accepted_last(big: Company) -> None:
    file = big.drop(moved(staff(40)))
    assert groups(big, file)["mass_change"]["attribute"] == "department"
    said = typed(big, "check", str(file), "--fail-on", "never").output
    assert "The department of 30 people (75 %) is another one than in the file before." in said
    assert file.exists()


def test_another_file_before_may_be_named(big: Company) -> None:
    file = big.drop(moved(staff(40)))
    assert "mass_change" not in groups(big, file, "--before", str(file))


def test_the_same_people_as_before_are_no_mass_change(big: Company) -> None:
    assert "mass_change" not in groups(big, big.drop(staff(40)))


def test_without_a_file_before_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    assert "mass_change" not in groups(acme, acme.drop(moved(staff(40))))


def test_a_mass_change_trips_a_guard_and_holds_its_lines(big: Company) -> None:
    """The check warns who sends the file; the guard keeps the writes back whatever anybody read."""
    rows = [row | {"status": "Terminated", "termination_date": DAY} for row in staff(30)] + staff(10, 31)
    night = big.day(NEXT, rows)
    assert night.exit_code == 5 and any("suspend" in name for name in night.tripped)
    shown = typed(big, "plan", "show", night.plan).output
    assert "held:" in shown and "30 lines are held" in shown
