"""`joinery person`: side by side, access ended and given back, exempt and assigned; through flows and as commands."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.errors import JoineryError, NotThere
from joinery.flows.person import Word, decide_about, end_access, release_about, release_access
from joinery.flows.side_by_side import SideBySide, side_by_side
from tests.stories.company import Company, changed, staff, worker

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
SAFETY = {"name": "Lille safety", "when": 'location == "Lille"', "give": "SAFETY", "due": "30 days"}


def ruled(folder: Path, **settings: Any) -> Company:
    """A company that gives SAFETY to everybody in Lille."""
    return Company(folder, settings={"learning_rules": [SAFETY], "go_live": "2026-11-01"} | settings)


def word(reason: str = "ticket 7", until: date | None = None, due_on: date | None = None) -> Word:
    return Word(owner="ana", reason=reason, until=until, due_on=due_on)


def show(acme: Company, who: str) -> SideBySide:
    with acme.ports() as ports:
        return side_by_side(ports, who)


def row(acme: Company, who: str, attribute: str) -> tuple[str, ...]:
    """HR says, should be, learning system, in step."""
    return next(cells[1:] for cells in show(acme, who).rows if cells[0] == attribute)


def typed(acme: Company, *words: str, ends_with: int = 0) -> str:
    """What a command prints on stdout."""
    done = CliRunner().invoke(app, [*words, "--config", str(acme.config)], standalone_mode=False)
    if isinstance(done.exception, JoineryError):
        raise done.exception
    code = done.return_value if done.exit_code == 0 and isinstance(done.return_value, int) else done.exit_code
    assert code == ends_with, done.output
    return done.stdout


# ----------------------------------------------------------------------------------------------------------- show


def test_everything_in_step_says_yes_in_every_row(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    shown = show(acme, "0001")
    assert shown.account == acme.account("0001").id
    assert {cells[4] for cells in shown.rows} == {"yes"}
    assert row(acme, "0001", "access") == ("active", "active", "active", "yes")
    assert row(acme, "0001", "job_title") == ("Clerk", "Clerk", "Clerk", "yes")
    assert row(acme, "0001", "course:SAFETY") == ("", "due 2026-12-23", "due 2026-12-23", "yes")
    assert not [cells for cells in shown.rows if not any(cells[1:4])]


def test_a_value_that_waits_for_approval_is_not_in_step(tmp_path: Path) -> None:
    acme = ruled(tmp_path, mode="approve")
    acme.approve(acme.day("2026-11-23", staff(3)).plan)
    acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    assert row(acme, "0001", "job_title") == ("Head", "Head", "Clerk", "no")


def test_a_manager_who_left_shows_whom_hr_names_and_who_is_written(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    rows = [worker(1), worker(2, manager_id="0001"), worker(3, manager_id="0002")]
    acme.day("2026-11-23", rows)
    acme.day("2026-11-25", changed(rows, "0002", **LEFT))
    assert row(acme, "0003", "manager_id") == ("0002", "0001", "0001", "yes")


STANDING = {
    "a leaver is closed": (LEFT, ("left", "suspended", "suspended", "yes")),
    "a starter has no account yet": ({"hire_date": "2026-12-01"}, ("prehire", "no account", "no account", "yes")),
}


@pytest.mark.parametrize(("values", "expected"), STANDING.values(), ids=STANDING.keys())
def test_access(tmp_path: Path, values: dict[str, str], expected: tuple[str, ...]) -> None:
    acme = ruled(tmp_path)
    first = {"hire_date": values["hire_date"]} if "hire_date" in values else {}
    acme.day("2026-11-23", [*staff(3), worker(4, **first)])
    acme.day("2026-11-25", [*staff(3), worker(4, **values)])
    assert row(acme, "0004", "access") == expected


def test_somebody_held_is_told_with_the_reason(tmp_path: Path) -> None:
    acme = ruled(tmp_path, include=[{"where": 'department == "Sales"'}])
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-24", changed(staff(3), "0001", department="", job_title="Head"))
    shown = show(acme, "0001")
    assert shown.held == "in or out of scope cannot be told: department is not known"
    assert row(acme, "0001", "job_title") == ("Head", "Head", "Clerk", "held")


def test_an_end_to_come_is_not_shown_even_where_somebody_maps_it_into_the_account(tmp_path: Path) -> None:
    acme = Company(tmp_path, learning={"attributes": {"last_day": "termination_date"}})
    acme.day("2026-11-23", [*staff(3), worker(4, termination_date="2026-12-31")])
    assert "2026-12-31" not in repr(show(acme, "0004"))


# ------------------------------------------------------------------------------------------- end-access and release


def test_access_is_ended_at_once_and_stays_ended_until_it_is_released(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        ended = end_access(ports, "0001", word())
    assert (ended.closed, ended.state, ended.observed) == (True, "suspended", False)
    for day in ("2026-11-24", "2026-11-25"):
        acme.day(day, staff(3))
        assert acme.accounts()["0001"] == "suspended"
    with acme.ports() as ports:
        release_access(ports, "0001", word())
    acme.day("2026-11-26")
    assert acme.accounts()["0001"] == "active"


def test_in_observe_mode_nothing_is_written_and_the_decision_is_kept(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.write_settings(mode="observe")
    with acme.ports() as ports:
        assert end_access(ports, "0001", word()).observed
    assert acme.accounts()["0001"] == "active"
    acme.write_settings(mode="automatic")
    acme.day("2026-11-24")
    assert acme.accounts()["0001"] == "suspended"


def test_an_administrator_loses_the_roles(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.lms().edit(Account(id=AccountId(""), attributes={"worker_id": "0001"}, roles=("administrator",)))
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        ended = end_access(ports, "0001", word())
    assert ended.roles_gone == ("administrator",)
    assert acme.account("0001").roles == ()


def test_what_was_never_ended_cannot_be_released(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports, pytest.raises(NotThere, match="was not ended by hand"):
        release_access(ports, "0001", word())


# ------------------------------------------------------------------------------------------------ exempt and assign


def test_an_exemption_takes_the_course_and_its_end_gives_it_back(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        decide_about(ports, "0001", "exemption", "SAFETY", word(until=date(2026, 11, 25)))
    acme.day("2026-11-24")
    assert acme.assigned("0001") == {}
    assert acme.assigned("0002") == {"course:SAFETY": "2026-12-23"}
    acme.day("2026-11-26")
    assert "course:SAFETY" in acme.assigned("0001")


def test_an_exemption_that_is_released_gives_the_course_back(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        decide_about(ports, "0001", "exemption", "SAFETY", word())
    acme.day("2026-11-24")
    with acme.ports() as ports:
        release_about(ports, "0001", "exemption", "SAFETY")
    acme.day("2026-11-25")
    assert "course:SAFETY" in acme.assigned("0001")


def test_an_assignment_by_hand_has_its_own_due_date_and_goes_with_its_release(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        decide_about(ports, "0001", "manual", "FIRST-AID", word(due_on=date(2027, 1, 31)))
    acme.day("2026-11-24")
    assert acme.assigned("0001")["course:FIRST-AID"] == "2027-01-31"
    with acme.ports() as ports:
        release_about(ports, "0001", "manual", "FIRST-AID")
    acme.day("2026-11-25")
    assert "course:FIRST-AID" not in acme.assigned("0001")


def test_a_second_exemption_replaces_the_first(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        decide_about(ports, "0001", "exemption", "SAFETY", word(until=date(2027, 12, 31)))
        decide_about(ports, "0001", "exemption", "SAFETY", word(until=date(2026, 11, 24)))
    acme.day("2026-11-24")
    acme.day("2026-11-26")
    assert "course:SAFETY" in acme.assigned("0001")


@pytest.mark.parametrize("kind", ["exemption", "manual"])
def test_what_is_not_there_cannot_be_ended(tmp_path: Path, kind: str) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports, pytest.raises(NotThere, match="for course:SAFETY; nothing was changed"):
        release_about(ports, "0001", kind, "SAFETY")


# ------------------------------------------------------------------------------------------------------ as commands


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    company = ruled(tmp_path)
    company.day("2026-11-23", staff(3))
    return company


def test_the_command_shows_a_table_and_json(acme: Company) -> None:
    text = typed(acme, "person", "show", "0001")
    assert text.startswith(f"Person 0001, account {acme.account('0001').id}\n")
    assert "Learning system" in text
    rows = json.loads(typed(acme, "person", "show", "0001", "--json"))["rows"]
    assert {each["attribute"]: each["in_step"] for each in rows}["email"] == "yes"


def test_the_command_ends_access_only_when_it_is_meant(acme: Company) -> None:
    refused = CliRunner().invoke(app, ["person", "end-access", "0001", "--reason", "x", "--config", str(acme.config)])
    assert refused.exit_code == 2
    assert acme.accounts()["0001"] == "active"
    answer = json.loads(typed(acme, "person", "end-access", "0001", "--reason", "x", "--yes", "--json"))
    assert (answer["version"], answer["closed"], answer["state"]) == (1, True, "suspended")
    assert acme.accounts()["0001"] == "suspended"
    assert typed(acme, "person", "release-access", "0001", "--reason", "over").startswith("The end of access of 0001")


COMMANDS = {
    "exempt": (["exempt", "0001", "SAFETY", "--reason", "x", "--until", "2027-03-31"], "is exempt from course:SAFETY"),
    "assign": (["assign", "0001", "YOGA", "--reason", "x", "--due", "2027-01-31"], "course:YOGA is assigned to 0001"),
}


@pytest.mark.parametrize(("words", "expected"), COMMANDS.values(), ids=COMMANDS.keys())
def test_the_command_to(acme: Company, words: list[str], expected: str) -> None:
    assert expected in typed(acme, "person", *words)
    opposite = {"exempt": "unexempt", "assign": "unassign"}[words[0]]
    answer = json.loads(typed(acme, "person", opposite, words[1], words[2], "--json"))
    assert (answer["worker_id"], answer["decided"]) == ("0001", opposite)


def test_a_reason_of_blanks_and_a_date_that_is_none_are_refused(acme: Company) -> None:
    run = CliRunner()
    for more in (["--reason", "  "], ["--reason", "x", "--until", "soon"]):
        done = run.invoke(app, ["person", "exempt", "0001", "SAFETY", *more, "--config", str(acme.config)])
        assert done.exit_code == 2


def test_the_command_why_answers_in_sentences_and_in_json(acme: Company) -> None:
    assert typed(acme, "why", "0001").splitlines()[0] == "0001 Given0001 Family0001"
    answer = json.loads(typed(acme, "why", "0001", "--course", "SAFETY", "--json"))
    assert (answer["version"], answer["worker_id"], answer["tense"], answer["confidential"]) == (
        1,
        "0001",
        "now",
        False,
    )
    assert answer["parts"]["learning"]["has"] is True
    ahead = json.loads(typed(acme, "why", "0001", "--as-of", "2027-06-01", "--json"))
    assert ahead["tense"] == "future"
    past = typed(acme, "why", "0001", "--as-of", "2026-11-20")
    assert past.startswith("0001 Given0001 Family0001, as it was on 2026-11-20 00:00 UTC\n")


def test_the_command_why_says_to_everybody_alike_that_no_announced_end_counts(acme: Company) -> None:
    for who in ("0001", "0002"):
        words = ["why", who, "--as-of", "2027-06-01", "--config", str(acme.config)]
        assert "An end of employment that HR may have announced does not count" in CliRunner().invoke(app, words).stderr


def test_the_command_why_refuses_nobody_with_the_near_numbers(acme: Company) -> None:
    with pytest.raises(NotThere, match="nobody '00001'"):
        typed(acme, "why", "00001")
