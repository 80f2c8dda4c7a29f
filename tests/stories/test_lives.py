"""Lives that do not fit a row: leave, notice, no-shows, moved dates, seasons, death. Told day by day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from tests.mail import post_office
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff, without, worker

MAIL = {"enabled": True, "from": "learning@acme.example", "host": "localhost", "port": 9, "security": "none"}
FIRE = [{"name": "Fire safety", "give": ["FIRE"], "due": "30 days", "applies_to": "everyone"}]
LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
ALL = (*COLUMNS, "leave_end_date")
WITH_LEAVE_END = {"fields": FIELDS | {"leave_end_date": "leave_end_date"}}


def company(tmp_path: Path, people: int = 5, **more: dict[str, object]) -> tuple[Company, list[Row]]:
    """A company whose people all have accounts since Monday, 23 November."""
    acme, rows = Company(tmp_path, **more), staff(people)  # type: ignore[arg-type]
    acme.day("2026-11-23", rows)
    return acme, rows


# ---------------------------------------------------------------- leave


def test_on_leave_nothing_in_the_learning_system_becomes_overdue_and_the_days_come_back(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, settings={"learning_rules": FIRE})
    due = acme.assigned("0002")["course:FIRE"]
    night = acme.day("2026-12-03", changed(rows, "0002", status="Maternity leave"))
    assert night.lines == ["0002 assign done"]
    assert acme.assigned("0002")["course:FIRE"] == "None", "while the time stands still there is no due date there"
    assert acme.accounts()["0002"] == "active"
    assert acme.person("0002").worker.status_text == "leave", "why somebody is away is not kept"
    assert acme.day("2027-06-01", changed(rows, "0002", status="On leave")).lines == []
    acme.day("2027-06-03", rows)
    back = acme.assigned("0002")["course:FIRE"]
    assert due < "2027-06-03" < back == "2027-06-23", "20 days were left"


def test_a_leave_ends_after_its_last_day_without_another_file(tmp_path: Path) -> None:
    rows = [row | {"leave_end_date": ""} for row in staff(5)]
    acme = Company(tmp_path, people=WITH_LEAVE_END, settings={"triggers": {"leave": {"access": "suspend"}}})
    acme.day("2026-11-23", rows, columns=ALL)
    away = changed(rows, "0002", status="On leave", leave_end_date="2026-11-30")
    assert acme.day("2026-11-24", away, columns=ALL).lines == ["0002 suspend done"]
    assert acme.day("2026-11-30").lines == []
    assert acme.day("2026-12-01").lines == ["0002 restore done"]
    assert acme.events("0002") == ["0002 leave 2026-11-24", "0002 return 2026-12-01"]
    # HR's word lags behind: the same leave does not begin again
    assert acme.day("2026-12-02", changed(away, "0001", job_title="Head"), columns=ALL).lines == ["0001 update done"]
    assert "leave_over 0002" in acme.findings() or acme.accounts()["0002"] == "active"


def test_a_leave_that_ended_long_ago_by_its_date_goes_on_while_hr_says_so(tmp_path: Path) -> None:
    rows = [row | {"leave_end_date": ""} for row in staff(5)]
    acme = Company(tmp_path, people=WITH_LEAVE_END)
    acme.day("2026-11-23", rows, columns=ALL)
    stale = changed(rows, "0002", status="On leave", leave_end_date="2026-03-31")
    acme.day("2026-11-24", stale, columns=ALL)
    assert acme.events("0002") == ["0002 leave 2026-11-24"]
    assert "leave_over 0002" in acme.findings()


def test_garden_leave_suspends_is_no_leaver_and_pauses_duties(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, settings={"learning_rules": FIRE})
    night = acme.day("2026-11-24", changed(rows, "0002", status="Garden leave", termination_date="2027-01-31"))
    assert night.lines == ["0002 suspend done"]
    assert acme.events("0002") == ["0002 leave 2026-11-24"]
    acme.day("2027-02-01")
    assert acme.events("0002") == ["0002 leave 2026-11-24", "0002 leaver 2027-01-31"]
    assert acme.accounts()["0002"] == "suspended"


def test_notice_keeps_access_until_the_end(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    notice = changed(rows, "0002", status="On notice", termination_date="2026-12-31")
    assert acme.day("2026-11-24", notice).lines == []
    assert acme.day("2026-12-31").lines == []
    assert acme.day("2027-01-01").lines == ["0002 suspend done"]
    assert acme.events("0002") == ["0002 leaver 2026-12-31"]


# ---------------------------------------------------------------- starts that do not take place, and dates that move


def starter(**values: str) -> Row:
    return worker(9, status="Pre-hire", hire_date="2026-12-01", **values)


EARLY = {"triggers": {"hire": {"days_before": 7}}}


@pytest.mark.parametrize(
    "came_not",
    [
        pytest.param(None, id="vanishes"),
        pytest.param({"status": "Hire rescinded"}, id="is taken back"),
        pytest.param({"termination_date": "2026-12-01"}, id="ends on the first day"),
        pytest.param({"termination_date": "2026-11-30"}, id="ends before the first day"),
    ],
)
def test_a_start_that(tmp_path: Path, came_not: dict[str, str] | None) -> None:
    """No-show before the account was made: cancelled. After it: suspended and archived."""
    for made in (False, True):
        acme, rows = company(tmp_path / str(made), settings=EARLY)  # type: ignore[arg-type]
        day = "2026-11-25" if made else "2026-11-23"
        acme.day(day, [*rows, starter()])
        assert ("0009" in acme.accounts()) is made
        later = without([*rows, starter()], "0009") if came_not is None else [*rows, starter() | came_not]
        acme.day("2026-11-26", changed(later, "0001", job_title="Head"))
        acme.day("2026-12-02", changed(later, "0001", job_title="Chief"))
        assert acme.accounts().get("0009") == ("archived" if made else None)
        assert acme.events("0009", kinds=["joiner", "leaver"]) == []
        assert acme.events("0009", kinds=["no_show"]) == ["0009 no_show 2026-12-01"]


def test_nobody_came_and_hr_says_so_a_day_late_the_seat_is_free_at_once(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-12-01", [*rows, starter()])
    assert acme.accounts()["0009"] == "active"
    came_not = starter() | {"status": "Terminated", "termination_date": "2026-12-01"}
    assert acme.day("2026-12-02", [*rows, came_not]).lines == ["0009 suspend done", "0009 archive done"]


def test_somebody_who_did_not_come_and_comes_after_all_has_the_same_account(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme, rows = company(tmp_path, settings=EARLY | {"mail": MAIL | {"port": office.port}})
        acme.day("2026-11-25", [*rows, starter()])
        acme.day("2026-11-26", rows)
        assert acme.accounts()["0009"] == "archived"
        night = acme.day("2026-12-07", [*rows, starter() | {"hire_date": "2026-12-07"}])
        assert night.lines == ["0009 restore done", "0009 mail done"]
    assert len(office.received) == 1


def test_a_moved_start_moves_the_account_and_its_mail(tmp_path: Path) -> None:
    with post_office.opened() as office:
        settings = EARLY | {"mail": MAIL | {"port": office.port}}
        acme, rows = company(tmp_path, settings=settings)  # type: ignore[arg-type]
        acme.day("2026-11-24", [*rows, starter()])
        later = starter() | {"hire_date": "2026-12-15"}
        assert acme.day("2026-11-30", [*rows, later]).lines == []
        acme.day("2026-12-01")
        assert office.received == []
        acme.day("2026-12-15")
        assert len(office.received) == 1
    assert acme.events("0009")[:2] == [
        "0009 prehire 2026-12-01",
        "0009 mover 2026-11-30 hire_date: 2026-12-01 -> 2026-12-15",
    ]


def test_a_moved_end_moves_the_suspension(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-24", changed(rows, "0002", termination_date="2026-11-30"))
    acme.day("2026-11-25", changed(rows, "0002", termination_date="2026-12-15"))
    assert acme.day("2026-12-01").lines == []
    assert acme.day("2026-12-16").lines == ["0002 suspend done"]


def test_a_termination_taken_back_after_it_fired_gives_everything_back_and_mails_nobody(tmp_path: Path) -> None:
    settings = {"learning_rules": FIRE, "triggers": {"rehire": {"onboarding_again_after": "1 day"}}, "mail": MAIL}
    acme, rows = company(tmp_path, settings=settings, learning={"groups_from": ["department"]})  # type: ignore[arg-type]
    before = acme.account("0002")
    acme.day("2026-11-25", changed(rows, "0002", **LEFT))
    assert acme.accounts()["0002"] == "suspended"
    assert acme.day("2026-11-27", rows).lines == ["0002 restore done"]
    after = acme.account("0002")
    assert (after.groups, after.enrolments) == (before.groups, before.enrolments)


def test_a_rehire_has_a_mail_of_their_own_and_only_one(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme, rows = company(tmp_path, settings={"mail": MAIL | {"port": office.port}})
        acme.day("2026-12-01", [*rows, starter()])
        acme.day("2027-03-02", [*rows, starter() | {"status": "Terminated", "termination_date": "2027-03-01"}])
        assert len(office.received) == 1
        again = [*rows, starter() | {"status": "Active", "hire_date": "2027-05-03"}]
        acme.day("2027-05-03", again)
        assert len(office.received) == 2
        acme.day("2027-05-10", changed(again, "0009", status="On leave", leave_class="suspend"))
        assert acme.day("2027-06-10", again).lines == ["0009 restore done"], "back from leave is no new way in"
    assert len(office.received) == 2


def test_a_mail_is_not_written_in_the_name_of_a_manager_who_died(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme, rows = company(tmp_path, settings={"mail": MAIL | {"port": office.port}})
        told = changed(changed(rows, "0001", status="Deceased"), "0003", given_name="Ngozi", family_name="Above")
        told = changed(told, "0001", manager_id="0003")
        acme.day("2026-11-30", told)
        acme.day("2026-12-01", [*told, starter(manager_id="0001")])
    (letter,) = office.received
    said = letter.as_string()
    assert "Given0001" not in said
    assert "Ngozi Above" in said


# ---------------------------------------------------------------- coming back


def test_a_seasonal_worker_frees_the_seat_and_comes_back_whole(tmp_path: Path) -> None:
    season = {"learning_rules": FIRE, "triggers": {"seasonal": {"employment_types": ["Seasonal"]}}}
    acme = Company(tmp_path, settings=season, learning={"groups_from": ["department"], "seats": 6})
    rows = [*staff(3), worker(9, employment_type="Seasonal", hire_date="2026-06-01", termination_date="2026-09-30")]
    acme.day("2026-06-01", rows)
    acme.completes("0009", "FIRE", "2026-06-03")
    acme.day("2026-06-04")
    whole = acme.account("0009")
    assert acme.day("2026-10-01").lines == ["0009 suspend done", "0009 archive done"]
    again = changed(rows, "0009", hire_date="2027-06-01", termination_date="2027-09-30")
    night = acme.day("2027-06-01", again)
    assert "0009 restore done" in night.lines
    assert not night.did("assign"), "nothing finished is assigned again"
    back = acme.account("0009")
    assert (back.id, back.groups) == (whole.id, whole.groups)
    assert back.enrolments["course:FIRE"].state == "completed"
    assert acme.day("2027-10-01").lines == ["0009 suspend done", "0009 archive done"]


def test_a_leaver_is_archived_after_90_days_and_restored_whole(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, settings={"learning_rules": FIRE}, learning={"groups_from": ["department"]})
    whole = acme.account("0002")
    acme.day("2026-11-25", changed(rows, "0002", **LEFT))
    assert acme.day("2027-02-21").lines == []
    assert acme.day("2027-02-22").lines == ["0002 archive done"], "24 November and 90 days"
    night = acme.day("2027-03-01", changed(rows, "0002", hire_date="2027-03-01"))
    assert "0002 restore done" in night.lines
    back = acme.account("0002")
    assert (back.id, back.groups) == (whole.id, whole.groups)
    assert back.enrolments.keys() == whole.enrolments.keys()


@pytest.mark.parametrize(("policy", "given"), [("never", []), ("180 days", ["0009"]), ("900 days", [])])
def test_onboarding_again_only_by_policy(tmp_path: Path, policy: str, given: list[str]) -> None:
    welcome = [{"name": "Welcome", "when": "hire_date >= go_live", "give": ["WELCOME"], "due": "14 days"}]
    again = {"rehire": {"onboarding_again_after": policy}}
    acme, rows = company(tmp_path, settings={"learning_rules": welcome, "triggers": again})
    acme.day("2026-12-01", [*rows, starter()])
    acme.completes("0009", "WELCOME", "2026-12-04")
    acme.day("2026-12-05")
    acme.day("2027-02-01", [*rows, starter() | {"status": "Terminated", "termination_date": "2027-01-31"}])
    night = acme.day("2028-06-01", [*rows, starter() | {"status": "Active", "hire_date": "2028-06-01"}])
    assert night.did("restore") == ["0009"]
    assert night.did("assign") == given


# ---------------------------------------------------------------- death


def test_of_somebody_who_died_nothing_is_sent_to_anybody(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme, rows = company(tmp_path, settings=EARLY | {"mail": MAIL | {"port": office.port}})
        acme.day("2026-11-25", [*rows, starter()])
        assert acme.mails() == {"planned": 1}
        told = changed([*rows, starter()], "0009", status="Deceased")
        acme.day("2026-11-26", told)
        acme.day("2026-12-02", changed(told, "0002", status="Deceased"))
        assert acme.person("0009").standing.deceased
        assert acme.accounts()["0009"] != "active"
        assert acme.accounts()["0002"] == "suspended"
    assert office.received == []
    assert "planned" not in acme.mails()


# ---------------------------------------------------------------- archived people, as an auditor sees them


def test_an_auditor_reads_the_transcript_of_an_archived_leaver_without_opening_the_account(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, settings={"learning_rules": FIRE})
    acme.completes("0002", "FIRE", "2026-11-25")
    acme.day("2026-11-26")
    gone = changed(rows, "0002", department="Marketing", status="Terminated", termination_date="2026-11-30")
    acme.day("2026-12-01", gone)
    acme.day("2027-06-01")
    before = acme.account("0002")
    assert before.state == "archived"

    def typed(*words: str) -> dict[str, Any]:
        done = CliRunner().invoke(app, [*words, "--json", "--config", str(acme.config)])
        assert done.exit_code == 0, done.output
        answer: dict[str, Any] = json.loads(done.output)
        return answer

    (row,) = typed("person", "transcript", "0002")["rows"]
    assert (row["course"], row["department"], row["result"]) == ("FIRE", "Sales", "passed")
    assert [row["worker_id"] for row in typed("accounts", "--archived")["rows"]] == ["0002"]
    assert acme.account("0002") == before


# ---------------------------------------------------------------- zones, and settings about dates


def test_the_place_of_work_gives_the_zone_where_the_record_names_none(tmp_path: Path) -> None:
    zones = {"company": {"name": "Acme", "time_zone": "UTC", "location_zones": {"Melbourne": "Australia/Melbourne"}}}
    acme, rows = company(tmp_path, settings=zones)  # type: ignore[arg-type]
    there = {"location": "melbourne ", "status": "Active", "hire_date": "2026-12-01"}
    acme.day("2026-11-30T12:59", [*rows, worker(9, **there), worker(10, hire_date="2026-12-01")])
    assert {"0009", "0010"} & acme.accounts().keys() == set()
    assert acme.day("2026-11-30T13:00").lines == ["0009 create done"], "midnight in Melbourne"
    assert acme.day("2026-12-01T00:00").lines == ["0010 create done"]


def test_a_changed_setting_about_dates_moves_the_dates_of_everybody_without_a_file(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-24", [*changed(rows, "0002", termination_date="2026-11-30"), starter()])
    assert acme.day("2026-11-25").lines == []
    acme.write_settings(triggers={"hire": {"days_before": 7}, "leaver": {"suspend": "at_once"}})
    assert acme.day("2026-11-26").lines == ["0009 create done"], "seven days before the first"
    assert acme.day("2026-11-29").lines == []
    assert acme.day("2026-11-30T00:00").lines == ["0002 suspend done"], "with the last day itself"


# ---------------------------------------------------------------- what is not told


def test_an_announced_end_is_told_nowhere_unless_it_is_asked_for(tmp_path: Path) -> None:
    """Not in a rehearsal, not beside the account, not in an answer, not in a list, not in the learning system."""
    acme, rows = company(tmp_path)
    ends = "2031-12-31"
    acme.day("2026-11-24", changed(rows, "0002", status="On notice", termination_date=ends))
    asked = [
        ["plan", "--as-of", "2032-01-05", "--json"], ["plan", "list"], ["person", "show", "0002"], ["why", "0002"],
        ["why", "0002", "--as-of", "2032-01-05"], ["accounts"], ["status"], ["issue", "list"], ["person", "decided"],
        ["events", "--from", "2020-01-01", "--to", "2032-12-31"],
    ]  # fmt: skip
    for words in asked:
        said = CliRunner().invoke(app, [*words, "--config", str(acme.config)]).output.lower()
        assert not [word for word in (ends, "notice", "suspend", "leaver") if word in said], (words, said)
    assert ends not in (acme.folder / "lms.json").read_text(encoding="utf-8")
    told = CliRunner().invoke(app, ["plan", "--as-of", "2032-01-05", "--confidential", "--config", str(acme.config)])
    assert "1 suspend" in told.output
