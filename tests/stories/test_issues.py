"""The life of a data problem: found, given to somebody, snoozed, worse, gone, back; and people kept back by one."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.errors import ConfigError, JoineryError, NotThere
from joinery.flows.issues import Said, Told, list_issues, show_issue, waive_issue
from joinery.store.tables import people
from tests.stories.company import Company, Row, changed, staff, worker
from tests.stories.test_person import typed


def without_email(*numbers: int) -> list[Row]:
    rows = staff(8)
    for number in numbers:
        rows = changed(rows, f"{number:04}", status="Wobbly")
    return rows


def issues(acme: Company, **options: Any) -> dict[str, Told]:
    with acme.ports() as ports:
        return {told.issue.cause.check: told for told in list_issues(ports, **options)}


def said(acme: Company, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(typed(acme, "issue", *words, "--json"))
    return found


def test_one_cause_is_one_issue_with_a_number_that_stays(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1, 2))
    first = issues(acme)["unknown_status"].issue
    assert (first.number, first.people, first.trend, first.cause.reason) == ("H-1", 2, "new", "wobbly")
    acme.day("2026-11-24", without_email(1, 2, 3))
    again = issues(acme)["unknown_status"].issue
    assert (again.number, again.people, again.before, again.trend) == ("H-1", 3, 2, "more")
    assert again.first_seen == first.first_seen < again.last_seen


def test_another_word_nobody_knows_is_another_issue(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", changed(without_email(1), "0002", status="Shaky"))
    with acme.ports() as ports:
        assert sorted(told.issue.cause.reason for told in list_issues(ports)) == ["shaky", "wobbly"]
        with pytest.raises(NotThere, match="2 issues are open"):
            show_issue(ports, "unknown_status")


def test_it_closes_when_nothing_is_found_and_comes_back_under_its_number(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1))
    acme.day("2026-11-24", without_email())
    assert "unknown_status" not in issues(acme)
    assert issues(acme, closed=True)["unknown_status"].issue.closed_at
    acme.day("2026-11-25", without_email(1, 2))
    back = issues(acme)["unknown_status"].issue
    assert (back.number, back.returned, back.closed_at, back.people) == ("H-1", 1, "", 2)
    with acme.ports() as ports:
        notes = [note.what for note in show_issue(ports, "H-1").history]
    assert notes == ["first seen", "closed: nothing of it was found any more", "came back"]


def test_a_file_that_is_not_believed_closes_nothing(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1))
    acme.day("2026-11-24", [])
    assert issues(acme)["unknown_status"].issue.people == 1


def test_snoozed_until_worse_wakes_when_one_more_is_affected(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1, 2))
    assert said(acme, "snooze", "H-1", "--until-worse")["issue"]["snoozed_above"] == 2
    acme.day("2026-11-24", without_email(3, 4))
    assert issues(acme)["unknown_status"].issue.state == "snoozed"
    acme.day("2026-11-25", without_email(3, 4, 5))
    awake = issues(acme)["unknown_status"].issue
    assert (awake.state, awake.above) == ("open", None)


def test_snoozed_until_a_day_wakes_after_it(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1))
    said(acme, "snooze", "unknown_status", "--until", "2026-11-24")
    acme.day("2026-11-24", without_email(2))
    assert issues(acme)["unknown_status"].issue.state == "snoozed"
    acme.day("2026-11-25", without_email(3))
    assert issues(acme)["unknown_status"].issue.state == "open"


@pytest.mark.parametrize("words", [(), ("--until-worse", "--until", "2026-12-01"), ("--until", "soon")])
def test_a_snooze_says_until_when(tmp_path: Path, words: tuple[str, ...]) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1))
    done = CliRunner().invoke(app, ["issue", "snooze", "H-1", *words, "--config", str(acme.config)])
    assert done.exit_code == 2
    assert issues(acme)["unknown_status"].issue.state == "open"


def test_owners_come_from_the_settings_and_from_people(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"issues": {"owners": {"status": "HR desk", "default": "IT"}}})
    rows = changed(without_email(1), "0002", manager_id="9999")
    acme.day("2026-11-23", rows)
    found = issues(acme)
    assert (found["unknown_status"].issue.owner, found["manager_missing"].issue.owner) == ("HR desk", "IT")
    said(acme, "assign", "unknown_status", "anna")
    acme.day("2026-11-24", changed(rows, "0003", status="Wobbly"))
    assert issues(acme, owner="anna").keys() == {"unknown_status"}


@pytest.mark.parametrize(
    ("weight", "severity"), [("off", None), ("note", "note"), ("warning", "warning")], ids=["off", "note", "warning"]
)
def test_a_check_that_only_warns_matters_as_much_as_the_settings_say(
    tmp_path: Path, weight: str, severity: str | None
) -> None:
    acme = Company(tmp_path)
    rows = changed(without_email(1), "0002", manager_id="9999")
    acme.day("2026-11-23", rows)
    before = {check: told.issue.severity for check, told in issues(acme).items()}
    assert before == {"unknown_status": "quarantine", "manager_missing": "warning"}
    acme.write_settings(issues={"checks": {"manager_missing": weight, "unknown_status": weight}})
    acme.day("2026-11-24", changed(rows, "0003", job_title="Head"))
    now = {check: told.issue.severity for check, told in issues(acme).items()}
    assert now == {"unknown_status": "quarantine"} | ({"manager_missing": severity} if severity else {})


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("manager_mising", "did you mean manager_missing"),
        ("access_still_open", "access that is open, and always told"),
        ("ends_held", "access that is open, and always told"),
    ],
)
def test_what_is_no_check_or_cannot_be_turned_off_is_refused(tmp_path: Path, check: str, says: str) -> None:
    acme = Company(tmp_path, settings={"issues": {"checks": {check: "off"}}})
    with pytest.raises(ConfigError, match=says):
        acme.day("2026-11-23", staff(2))


def test_everybody_affected_can_be_taken_away(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    rows = changed(changed(staff(4), "0001", manager_id="9999"), "0002", manager_id="9999")
    acme.day("2026-11-23", rows)
    found = csv.DictReader(io.StringIO(typed(acme, "issue", "show", "manager_missing", "--format", "csv")))
    assert [row["Employee number"] for row in found] == ["0001", "0002"]
    typed(acme, "issue", "show", "H-1", "--format", "xlsx", "--out", str(tmp_path / "hr.xlsx"))
    sheet = openpyxl.load_workbook(tmp_path / "hr.xlsx").active
    assert sheet is not None and [cell.value for cell in sheet["A"]] == ["Employee number", "0001", "0002"]
    assert said(acme, "show", "H-1")["issue"]["worker_ids"] == ["0001", "0002"]
    assert "Why it matters" in typed(acme, "issue", "show", "H-1")
    assert "H-1" in typed(acme, "issue", "list")


def doubled() -> list[Row]:
    """An export in which a third of the numbers stand twice."""
    return [*staff(60), *(worker(number, job_title="Other") for number in range(1, 21))]


def test_automatic_is_locked_until_the_blocker_is_waived_by_name(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "automatic"})
    first = acme.day("2026-11-23", doubled())
    assert first.report.locked and not first.did("create")
    waived = said(
        acme, "waive", "doubles_everywhere", "--reason", "two registers", "--until", "2026-11-30", "--owner", "eva"
    )
    assert (waived["issue"]["state"], waived["issue"]["by"]) == ("waived", "eva")
    second = acme.day("2026-11-24", [*doubled(), worker(99)])
    assert not second.report.locked
    late = acme.day("2026-12-01", [*doubled(), worker(98)])
    assert late.report.locked, "a waiver has an end"


def test_a_closed_issue_cannot_be_waived(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", without_email(1))
    acme.day("2026-11-24", without_email())
    with acme.ports() as ports, pytest.raises(JoineryError, match="closed"):
        waive_issue(ports, "H-1", Said(by="eva", why="no", until=date(2027, 1, 1)))


def test_an_issue_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(2))
    with pytest.raises(NotThere, match="no issue 'H-9'"):
        typed(acme, "issue", "show", "H-9")
    assert "No open issues" in typed(acme, "issue", "list")


# ------------------------------------------------------------------------------------------------- kept back


def known(acme: Company) -> set[str]:
    with acme.ports() as ports, ports.database.read() as connection:
        return set(connection.scalars(select(people.c.worker_id)))


def alike() -> list[Row]:
    """Two people with one address, and one whose status nobody knows."""
    rows = changed(staff(4), "0002", work_email="w0001@acme.example")
    return changed(rows, "0003", status="Wobbly")


def test_who_is_kept_back_is_listed_with_the_reason_and_what_happens_otherwise(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", alike())
    kept = json.loads(typed(acme, "quarantine", "list", "--json"))["kept_back"]
    assert [(each["worker_id"], each["check"], each["releasable"]) for each in kept] == [
        ("0001", "duplicate_email", True),
        ("0002", "duplicate_email", True),
        ("0003", "unknown_status", False),
    ]
    assert all(each["since"] and each["what_to_do"] and each["otherwise"] for each in kept)
    assert "3 people are kept back" in typed(acme, "quarantine", "list")
    assert "0002" in typed(acme, "quarantine", "list", "--format", "csv")


def test_somebody_let_go_by_name_is_believed_from_the_next_file_until_the_day(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", alike())
    assert "0001" not in known(acme)
    typed(acme, "quarantine", "release", "0001", "--reason", "the other is wrong", "--until", "2099-01-01")
    acme.day("2026-11-24", [*alike(), worker(9)])
    assert "0001" in known(acme) and "0002" not in known(acme)
    kept = json.loads(typed(acme, "quarantine", "list", "--json"))["kept_back"]
    assert [each["released_until"] for each in kept if each["worker_id"] == "0001"] == ["2099-01-01"]


def test_a_row_with_nothing_to_believe_cannot_be_let_go(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", alike())
    with pytest.raises(NotThere, match="0003 cannot be let go"):
        typed(acme, "quarantine", "release", "0003", "--reason", "x", "--until", "2099-01-01")
    with pytest.raises(NotThere, match="not kept back"):
        typed(acme, "quarantine", "release", "0004", "--reason", "x", "--until", "2099-01-01")


def test_a_corrected_file_is_proved_against_the_issue(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", alike())
    number = issues(acme)["unknown_status"].issue.number
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    for path, rows in ((bad, alike()), (good, changed(alike(), "0003", status="Active"))):
        with path.open("w", newline="") as file:
            out = csv.DictWriter(file, list(rows[0]))
            out.writeheader()
            out.writerows(rows)
    words = ["--config", str(acme.config), "--issue", number, "--json"]
    left = json.loads(CliRunner().invoke(app, ["check", str(bad), *words]).stdout)["files"][0]["groups"]
    gone = CliRunner().invoke(app, ["check", str(good), *words])
    assert [group["check"] for group in left] == ["unknown_status"]
    assert (gone.exit_code, json.loads(gone.stdout)["files"][0]["groups"]) == (0, [])
