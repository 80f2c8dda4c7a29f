"""Abroad with two records: the host record counts, the home record sleeps, and coming back is no new life."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from joinery.cli.main import app
from tests.stories.company import COLUMNS, FIELDS, Company, Row, staff, worker

MORE = ("person_id", "cost_center", "legal_entity")
WIDE = (*COLUMNS, *MORE)
RULES = [
    {"name": "Japan", "when": "country == 'JP'", "give": ["JP-LAW"], "due": "30 days"},
    {"name": "France", "when": "country == 'FR'", "give": ["FR-LAW"], "due": "30 days"},
]
AT_HOME = {
    "person_id": "U9",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "cost_center": "F1",
    "legal_entity": "Acme SA",
    "primary_job": "yes",
}
AWAY = {
    "person_id": "U9",
    "country": "JP",
    "location": "Osaka",
    "time_zone": "Asia/Tokyo",
    "cost_center": "J1",
    "legal_entity": "Acme KK",
    "hire_date": "2026-11-23",
    "work_email": "",
}
LEAVING = {"leaver", "joiner", "rehire", "leave", "return", "missing"}


def told(status: str, *host: Row) -> list[Row]:
    return [*staff(3), worker(9, status=status, **AT_HOME), *host]


def test_the_host_record_counts_abroad_and_the_home_record_again_afterwards(tmp_path: Path) -> None:
    fields = FIELDS | {name: name for name in MORE}
    attributes = {"country": "country", "cost_center": "cost_center", "legal_entity": "legal_entity"}
    people = {"fields": fields, "statuses": {"On assignment": "dormant"}}
    acme = Company(tmp_path, people=people, settings={"learning_rules": RULES}, learning={"attributes": attributes})
    acme.day("2026-11-20", told("Active"), columns=WIDE)
    account = acme.account("0009").id
    # announced: the home record still counts
    acme.day("2026-11-21", told("Active", worker("H9", **AWAY)), columns=WIDE)
    assert acme.account("0009").attributes["cost_center"] == "F1"
    # over there
    acme.day("2026-11-23", told("On assignment", worker("H9", **AWAY)), columns=WIDE)
    person = acme.person("H9")
    assert (person.worker.time_zone, person.worker.location, person.standing.stage) == ("Asia/Tokyo", "Osaka", "active")
    there = acme.account("H9")
    assert (there.id, there.state, there.email) == (account, "active", "w0009@acme.example")
    assert [there.attributes[name] for name in attributes] == ["JP", "J1", "Acme KK"]
    assert "course:JP-LAW" in acme.assigned("H9")
    assert acme.day("2026-11-24", told("On assignment", worker("H9", **AWAY)), columns=WIDE).lines == []
    # the host record ends; HR wakes the home record a day later
    over = worker("H9", **AWAY | {"status": "Terminated", "termination_date": "2027-05-31"})
    assert acme.day("2027-06-01", told("On assignment", over), columns=WIDE).did("suspend") == []
    assert acme.day("2027-06-02", told("Active", over), columns=WIDE).did("suspend") == []
    back = acme.account("0009")
    assert (back.id, back.state, back.attributes["country"]) == (account, "active", "FR")
    lives = [event for event in acme.events(kinds=LEAVING) if event.startswith(("0009", "H9"))]
    assert lives == [], "nobody left, nobody joined, and it was no leave"


def test_a_record_begins_on_its_day_also_when_another_one_changes_on_that_day(tmp_path: Path) -> None:
    """The date of one record is not lost because the file speaks of the other on the same night."""
    acme = Company(tmp_path, people={"fields": FIELDS | {name: name for name in MORE}})
    host = worker("H9", **AWAY | {"termination_date": "2026-11-30"})
    acme.day("2026-11-20", told("Active", host), columns=WIDE)
    acme.day("2026-11-23", [row | {"department": "Legal"} for row in told("Active", host)], columns=WIDE)
    stages = {job.worker.worker_id: job.standing.stage for job in acme.person("0009").jobs}
    assert stages == {"0009": "active", "H9": "active"}
    acme.day("2026-12-01", [row | {"department": "Law"} for row in told("Active")] + [host], columns=WIDE)
    stages = {job.worker.worker_id: job.standing.stage for job in acme.person("0009").jobs}
    assert stages == {"0009": "active", "H9": "left"}


def abroad(tmp_path: Path, *more: dict[str, object]) -> Company:
    """At home since 2020, abroad from 2027-02-01 to 2027-05-31 under a record with days of its own."""
    fields = FIELDS | {name: name for name in MORE}
    people = {"fields": fields, "statuses": {"On assignment": "dormant"}}
    acme = Company(tmp_path, people=people, settings={"learning_rules": [*RULES, *more]})
    acme.day("2026-11-20", told("Active"), columns=WIDE)
    assert acme.assigned("0009") == {"course:FR-LAW": "2026-12-21"}
    there = AWAY | {"hire_date": "2027-02-01", "termination_date": "2027-05-31"}
    acme.day("2027-02-01", told("On assignment", worker("H9", **there)), columns=WIDE)
    return acme


def test_whoever_goes_abroad_is_not_new_and_what_was_overdue_stays_so(tmp_path: Path) -> None:
    new = {"name": "New", "when": "hire_date >= '2026-11-01'", "give": ["ONBOARD"], "due": "10 days"}
    acme = abroad(tmp_path, new)
    # 21 December in Paris ends on the 22nd in Tokyo
    assert acme.assigned("H9") == {"course:FR-LAW": "2026-12-22", "course:JP-LAW": "2027-03-03"}
    assert str(acme.person("H9").worker.hire_date) == "2020-01-15"
    assert not [event for event in acme.events() if "hire_date" in event]


def test_the_end_of_the_host_record_is_no_end_that_anybody_has_announced(tmp_path: Path) -> None:
    acme = abroad(tmp_path)
    assert acme.person("H9").standing.armed_end is None
    asked = ["why", "H9", "--confidential", "--config", str(acme.config)]
    assert "announced an end" not in CliRunner().invoke(app, asked, catch_exceptions=False).stdout
    # it comes to its day without another file: the home record counts, though HR has not woken it yet
    assert acme.day("2027-05-30").lines == []
    assert set(acme.day("2027-06-01").lines) == {"0009 update done"}
    assert (acme.accounts()["0009"], acme.person("0009").worker.country) == ("active", "FR")
    assert not [event for event in acme.events(kinds=LEAVING) if event.startswith(("0009", "H9"))]


def test_on_leave_over_there_is_on_leave(tmp_path: Path) -> None:
    acme = abroad(tmp_path)
    away = worker("H9", **AWAY | {"hire_date": "2027-02-01", "status": "On leave"})
    acme.day("2027-03-01", told("On assignment", away), columns=WIDE)
    assert acme.person("H9").standing.stage == "leave"


def test_a_manager_abroad_leads_by_the_number_of_their_account(tmp_path: Path) -> None:
    """HR goes on naming the home record; whoever is away over there is represented by the next one up."""
    acme = abroad(tmp_path)
    nobody = dict.fromkeys(MORE, "")
    team = [worker(5, manager_id="0009", **nobody), worker(6, manager_id="H9", **nobody)]
    there = AWAY | {"hire_date": "2027-02-01", "manager_id": "0001"}

    def night(day: str, home: str, host: str) -> list[str]:
        acme.day(day, [*told(home, worker("H9", **there | {"status": host})), *team], columns=WIDE)
        return [acme.account(who).attributes.get("manager_id", "") for who in ("0005", "0006")]

    assert night("2027-02-02", "On assignment", "Active") == ["H9", "H9"]
    assert night("2027-02-03", "On assignment", "On leave") == ["0001", "0001"]
    assert night("2027-02-04", "On assignment", "Active") == ["H9", "H9"]
    assert night("2027-02-05", "Active", "Terminated") == ["0009", "0009"]
