"""What goes wrong between HR and a learning system, and what must not come of it. One story each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from joinery.errors import AsOfRefused, RunLocked, SystemUnreachable
from joinery.flows import pull as pulling
from joinery.flows.sync import sync
from tests.mail import post_office
from tests.stories.company import COLUMNS, Company, Row, changed, moment, staff, without, worker

MAIL = {"enabled": True, "from": "learning@acme.example", "host": "localhost", "port": 9, "security": "none"}
LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    return Company(tmp_path)


def company(tmp_path: Path, people: int, **settings: object) -> tuple[Company, list[Row]]:
    """A company whose people all have accounts since yesterday."""
    acme, rows = Company(tmp_path, settings=dict(settings)), staff(people)
    acme.day("2026-11-23", rows)
    assert len(acme.who_is("active")) == people
    return acme, rows


def csv_text(rows: list[Row]) -> str:
    return "\n".join([",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)]) + "\n"


# ---------------------------------------------------------------- files that are not what they seem


def renamed(rows: list[Row]) -> str:
    return csv_text(rows).replace("work_email", "mail address", 1)


BROKEN: dict[str, Callable[[list[Row]], str]] = {
    "a column under another name": renamed,
    "half the people": lambda rows: csv_text(rows[::2]),
    "a status column gone blank": lambda rows: csv_text([row | {"status": ""} for row in rows]),
    "other people entirely": lambda rows: csv_text(staff(len(rows), first=5000)),
}


@pytest.mark.parametrize("leavers_are", ["status", "absent", "both"])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_not_believed_touches_nobody(
    tmp_path: Path, broken: Callable[[list[Row]], str], leavers_are: str
) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": leavers_are, "trust": {"floor": 20}}), staff(40)
    acme.day("2026-11-23", rows)
    acme.drop_text(broken(rows))
    night = acme.day("2026-11-24")
    assert night.exit_code in {4, 5}
    assert night.report.pulled.stopped
    assert night.stored == ()
    assert len(acme.who_is("active")) == 40
    assert acme.events() == []
    # the next good file is read as if nothing had happened
    assert acme.day("2026-11-25", changed(rows, "0007", job_title="Head")).lines == ["0007 update done"]


def test_a_file_with_a_manifest_is_not_believed_when_rows_are_missing(tmp_path: Path) -> None:
    acme = Company(tmp_path, people={"ready_when": "marker", "leavers_are": "absent"})
    rows = staff(20)
    for name, told in (("a.csv", rows), ("b.csv", rows[:10])):
        path = acme.drop(told, name=name)
        path.with_name(f"{name}.done").write_text(json.dumps({"rows": 20}), encoding="utf-8")
        night = acme.day("2026-11-24")
    assert night.files == {"b.csv": "rejected"}
    assert len(acme.who_is("active")) == 20


def test_a_file_whose_upload_has_not_ended_is_not_read(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    acme.drop(rows[:2], name="people_9999.csv.part")
    assert acme.day("2026-11-24").files == {}


def test_a_file_that_speaks_of_an_earlier_day_is_held(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)
    acme.day("2026-11-24", rows, name="hr_acme_full_20261124T050000Z.csv")
    older = changed(rows, "0001", job_title="What she was last week")
    night = acme.day("2026-11-25", older, name="hr_acme_full_20261120T050000Z.csv")
    assert night.files == {"hr_acme_full_20261120T050000Z.csv": "held"}
    assert "older_than_last" in night.checks
    assert night.stored == ()
    assert acme.person("0001").worker.job_title == "Clerk"


def test_the_same_content_again_is_ignored_and_the_dates_still_fire(tmp_path: Path) -> None:
    rows = [*staff(3), worker(4, hire_date="2026-11-25")]
    acme = Company(tmp_path)
    acme.day("2026-11-24", rows)
    assert "0004" not in acme.accounts()
    night = acme.day("2026-11-25", rows)
    assert list(night.files.values()) == ["same"]
    assert night.lines == ["0004 create done"]


def test_a_shuffled_file_changes_nothing(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 30)
    night = acme.day("2026-11-24", rows[::-1])
    assert (night.exit_code, night.stored) == (0, ())


# ---------------------------------------------------------------- absence


def test_where_files_hold_active_people_only_one_who_is_not_there_loses_access_tonight(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(30)
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", without(rows, "0013"))
    assert night.lines == ["0013 suspend done"]
    assert acme.events() == ["0013 leaver 2026-11-24"]
    assert acme.accounts()["0013"] == "suspended"


def test_where_files_hold_active_people_only_half_of_them_gone_touches_nobody(tmp_path: Path) -> None:
    """Below the floor of the gate it is the guard that stands in the way."""
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(40)
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", rows[:20])
    assert len(acme.who_is("active")) == 40
    assert night.did("suspend") == []
    assert len(night.did("suspend", "held")) in {0, 20}


def test_absence_alone_never_rides_in_the_lane(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}, settings={"mode": "approve"}), staff(20)
    acme.approve(acme.day("2026-11-23", rows).plan)
    night = acme.day("2026-11-24", without(rows, "0001"))
    assert night.lines == ["0001 suspend waiting"]
    assert acme.accounts()["0001"] == "active"


def test_where_leavers_are_told_an_absent_person_is_archived_after_three_good_files(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    for number, day in enumerate(("2026-11-24", "2026-11-25"), start=1):
        night = acme.day(day, changed(without(rows, "0005"), "0001", job_title=f"Title {number}"))
        assert "0005 archive done" not in night.lines
        assert acme.accounts()["0005"] == "active"
    night = acme.day("2026-11-26", changed(without(rows, "0005"), "0001", job_title="Title 3"))
    assert acme.accounts()["0005"] == "archived"
    assert acme.events("0005") == ["0005 missing 2026-11-24"]
    back = acme.day("2026-11-27", rows)
    assert "0005 restore done" in back.lines
    assert acme.events("0005") == ["0005 missing 2026-11-24", "0005 returned 2026-11-27"]


def test_somebody_missing_whose_row_is_back_and_bad_is_not_missing_any_longer_than_that(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    acme.day("2026-11-24", without(rows, "0005"))
    for number, day in enumerate(("2026-11-25", "2026-11-26", "2026-11-27")):
        acme.day(day, changed(changed(rows, "0005", hire_date="no day"), "0001", job_title=f"Title {number}"))
    assert acme.accounts()["0005"] == "active"
    acme.day("2026-11-28", rows)
    assert acme.events("0005") == ["0005 missing 2026-11-24", "0005 returned 2026-11-28"]


def test_the_same_file_again_does_not_count_as_another_good_file_without_them(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    for day in ("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"):
        acme.day(day, without(rows, "0005"))
    assert acme.accounts()["0005"] == "active"


def test_a_file_of_changes_says_nothing_about_those_it_does_not_name(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"content": "changes"}), staff(300)
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", [rows[6] | {"job_title": "Head"}])
    assert list(night.files.values()) == ["accepted"]
    assert night.lines == ["0007 update done"]
    assert len(acme.who_is("active")) == 300
    assert acme.day("2026-11-25", [rows[8] | LEFT]).lines == ["0009 suspend done"]


def test_a_file_that_calls_itself_changes_is_not_taken_for_everybody(tmp_path: Path) -> None:
    """By its name, in a source that otherwise sends everybody."""
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(30)
    acme.day("2026-11-23", rows, name="hr_acme_full_20261123T050000Z.csv")
    night = acme.day("2026-11-24", [rows[6] | {"job_title": "Head"}], name="hr_acme_changes_20261124T050000Z.csv")
    assert night.lines == ["0007 update done"]
    assert acme.events(kinds=["leaver", "missing"]) == []


# ---------------------------------------------------------------- one bad row


BAD_ROWS = {
    "a date that does not exist": {"hire_date": "31/02/2026"},
    "a status nobody knows": {"status": "Zombie"},
}


@pytest.mark.parametrize("bad", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_one_bad_row_harms_nobody_else_and_stays_pending_until_it_is_right(tmp_path: Path, bad: dict[str, str]) -> None:
    acme, rows = company(tmp_path, 50)
    worse = changed(changed(rows, "0001", job_title="Head"), "0002", job_title="Never seen", **bad)
    night = acme.day("2026-11-24", [*worse, worker(51)])
    assert night.lines == ["0001 update done", "0051 create done"]
    assert night.exit_code == 4
    assert acme.person("0002").worker.job_title == "Clerk"
    assert any(found.endswith(" 0002") for found in acme.findings())
    # the same bad row again, other people changed: still pending, still nobody harmed
    again = acme.day("2026-11-25", [*changed(worse, "0003", job_title="Chief"), worker(51)])
    assert again.lines == ["0003 update done"]
    assert any(found.endswith(" 0002") for found in acme.findings())
    # right at last
    right = acme.day("2026-11-26", changed([*worse, worker(51)], "0002", **rows[1] | {"job_title": "Lead"}))
    assert "0002 update done" in right.lines
    assert not any(found.endswith(" 0002") for found in acme.findings())


def test_the_dates_of_somebody_with_a_bad_row_still_fire(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), [*staff(5), worker(6, termination_date="2026-11-25")]
    acme.day("2026-11-23", rows)
    broken = changed(rows, "0006", hire_date="not a day")
    assert acme.day("2026-11-24", broken).lines == []
    assert acme.day("2026-11-26", changed(broken, "0001", job_title="Head")).lines == [
        "0001 update done",
        "0006 suspend done",
    ]


@pytest.mark.parametrize(
    "also",
    [{"work_email": "not an address"}, {"hire_date": "not a day"}, {"termination_date": "soon"}],
    ids=["with an address that is none", "with a hire date that is none", "with an end date that is none"],
)
def test_a_bad_row_that_says_terminated_still_ends_access(tmp_path: Path, also: dict[str, str]) -> None:
    acme, rows = company(tmp_path, 20)
    night = acme.day("2026-11-24", changed(rows, "0002", **LEFT | also))
    assert "0002 suspend done" in night.lines


def test_whoever_a_bad_row_put_out_is_in_again_when_it_is_as_it_was_before(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(4))
    acme.day("2026-11-24", changed(staff(4), "0001", status="Terminated", hire_date="no day"))
    assert acme.account("0001").state == "suspended"
    acme.day("2026-11-25", staff(4))
    assert acme.account("0001").state == "active"
    # once is enough
    assert acme.day("2026-11-26", staff(4)[::-1]).report.pulled.files[0].counts["unchanged"] == 4


def test_an_unknown_status_with_an_end_date_already_past_ends_access(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    night = acme.day("2026-11-24", changed(rows, "0002", status="Zombie", termination_date="2026-11-20"))
    assert "0002 suspend done" in night.lines


def test_an_unknown_status_alone_ends_nobodys_access(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    night = acme.day("2026-11-24", changed(rows, "0002", status="Zombie"))
    assert night.lines == []
    assert acme.accounts()["0002"] == "active"


def test_an_employee_number_that_stands_twice_is_left_alone(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    twice = [*changed(rows, "0002", job_title="Head"), worker(2, given_name="Another", **LEFT)]
    night = acme.day("2026-11-24", changed(twice, "0003", job_title="Chief"))
    assert night.lines == ["0003 update done"]
    assert night.exit_code == 4
    assert acme.accounts()["0002"] == "active"
    assert acme.events(kinds=["missing", "leaver"]) == []


def test_a_newcomer_whose_number_stands_twice_gets_no_account(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    night = acme.day(
        "2026-11-24", [*rows, worker(77, work_email="a@acme.example"), worker(77, work_email="b@acme.example")]
    )
    assert night.did("create") == []
    assert "0077" not in acme.accounts()


# ---------------------------------------------------------------- edits that mean more than they seem


def test_a_mapping_edit_that_changes_everybody_waits_for_somebody(tmp_path: Path) -> None:
    acme, _ = company(tmp_path, 150)
    acme.write_settings(map={"department": {"values": {"Sales": "Verkauf"}}})
    night = acme.day("2026-11-24")
    assert night.tripped == ["update"]
    assert night.did("update") == []


def test_a_rename_of_every_address_waits_and_people_of_the_same_night_pass(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 100)
    moved = [row | {"work_email": row["work_email"].replace("@", ".x@")} for row in rows]
    night = acme.day("2026-11-24", [*changed(moved, "0009", **LEFT), worker(101)])
    assert night.tripped == ["email_change"]
    assert night.did("update") == []
    assert (night.did("create"), night.did("suspend")) == (["0101"], ["0009"])


def test_a_guard_holds_its_class_in_one_place_only(tmp_path: Path) -> None:
    rows = [*staff(20, location="Lille"), *staff(400, first=21, location="Lyon")]
    acme = Company(tmp_path, settings={"guards": {"suspend": {"share": "50%"}}, "kill_switch": {"per_hour": 0}})
    acme.day("2026-11-23", rows)
    gone = [row | LEFT if row["worker_id"] <= "0012" or row["worker_id"] == "0100" else row for row in rows]
    night = acme.day("2026-11-24", gone)
    assert night.tripped == ["suspend location=Lille"]
    assert night.did("suspend") == ["0100"]
    assert len(night.did("suspend", "held")) == 12


def test_the_kill_switch_lane_passes_through_a_held_mass_change(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 120)
    acme.write_settings(include=[{"where": {"department": "Nobody"}}])
    gone = [row | LEFT if row["worker_id"] in {"0003", "0004"} else row for row in rows]
    night = acme.day("2026-11-24", gone)
    assert "archive" in night.tripped
    assert night.did("suspend") == ["0003", "0004"]
    assert night.did("archive") == []
    assert acme.who_is("suspended") == {"0003", "0004"}


def test_more_terminations_than_the_lane_takes_wait_for_the_guards(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 120)
    gone = [row | LEFT if row["worker_id"] <= "0011" else row for row in rows]
    night = acme.day("2026-11-24", gone)
    assert night.tripped == ["suspend"]
    assert night.did("suspend") == []
    assert len(night.did("suspend", "held")) == 11
    assert acme.who_is("suspended") == set()
    # somebody looks at it and says that it is right
    plan = acme.look("2026-11-24T13:00")
    assert plan is not None
    acme.approve(plan.plan, override="the shop in Lille closes")
    assert len(acme.who_is("suspended")) == 11
    assert acme.day("2026-11-25").lines == []


def test_exactly_as_many_terminations_as_the_lane_takes_ride(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 120)
    gone = [row | LEFT if row["worker_id"] <= "0010" else row for row in rows]
    night = acme.day("2026-11-24", gone)
    assert len(night.did("suspend")) == 10
    later = [row | LEFT if row["worker_id"] <= "0012" else row for row in rows]
    within_the_hour = acme.day("2026-11-24T12:30", later)
    assert {str(s.line.lane) for s in within_the_hour.stored} == {"normal"}


def test_terminations_in_a_held_file_do_not_ride(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 240)
    night = acme.day("2026-11-24", changed(rows, "0001", **LEFT)[:100])
    assert list(night.files.values()) == ["held"]
    assert acme.who_is("suspended") == set()


# ---------------------------------------------------------------- who is who


def test_new_numbers_with_the_former_ones_given_suspend_nobody(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    anew = [row | {"worker_id": f"N{row['worker_id']}", "previous_id": row["worker_id"]} for row in rows]
    night = acme.day("2026-11-24", anew)
    assert night.did("suspend") == night.did("archive") == night.did("create") == []
    assert acme.who_is("active") == {f"N{number:04}" for number in range(1, 21)}
    assert len(acme.raw_accounts()) == 20
    assert set(acme.events("N0001")) == {"N0001 rekeyed 2026-11-24 worker_id: 0001 -> N0001"}
    assert acme.day("2026-11-25", changed(anew, "N0002", job_title="Head")).lines == ["N0002 update done"]


def test_a_new_number_beside_the_terminated_old_record_suspends_nobody(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 20)
    both = [*changed(rows, "0003", **LEFT), worker("E3", previous_id="0003", work_email=rows[2]["work_email"])]
    night = acme.day("2026-11-25", both)
    assert night.did("suspend") == night.did("create") == []
    assert acme.accounts()["E3"] == "active"
    assert len(acme.raw_accounts()) == 20


def test_a_newcomer_with_the_address_of_somebody_who_left_is_held_and_the_old_account_stays_closed(
    tmp_path: Path,
) -> None:
    acme, rows = company(tmp_path, 20)
    gone = changed(rows, "0002", **LEFT)
    acme.day("2026-11-25", gone)
    assert acme.accounts()["0002"] == "suspended"
    night = acme.day("2026-11-26", [*gone, worker("N1", work_email=rows[1]["work_email"])])
    assert night.lines == ["N1 create held"]
    assert "belongs to account" in night.why_held("N1")
    assert acme.accounts()["0002"] == "suspended"
    assert len(acme.raw_accounts()) == 20
    # HR gives the newcomer an address of their own
    assert acme.day("2026-11-27", [*gone, worker("N1")]).lines == ["N1 create done"]


def test_an_account_that_was_there_with_the_same_address_and_another_number_is_left_alone(tmp_path: Path) -> None:
    from joinery.core.model.account import Account
    from joinery.core.model.ids import AccountId

    acme = Company(tmp_path)
    attributes = {"email": "w0001@acme.example", "worker_id": "9999"}
    acme.lms().edit(Account(id=AccountId(""), attributes=attributes))
    before = acme.account("9999")
    night = acme.day("2026-11-24", staff(3))
    assert night.lines == ["0001 create held", "0002 create done", "0003 create done"]
    assert acme.account("9999") == before


def test_an_account_that_was_there_with_the_same_address_waits_for_somebody_to_confirm(tmp_path: Path) -> None:
    from joinery.core.model.account import Account
    from joinery.core.model.ids import AccountId

    acme = Company(tmp_path)
    acme.lms().edit(Account(id=AccountId(""), attributes={"email": "w0001@acme.example"}))
    night = acme.day("2026-11-24", staff(2))
    assert night.did("link", "held") == ["0001"]
    assert night.did("create") == ["0002"]
    assert len(acme.raw_accounts()) == 2


def test_an_account_that_was_there_with_the_same_number_is_theirs(tmp_path: Path) -> None:
    from joinery.core.model.account import Account
    from joinery.core.model.ids import AccountId

    acme = Company(tmp_path)
    acme.lms().edit(Account(id=AccountId(""), attributes={"email": "old@acme.example", "worker_id": "0001"}))
    night = acme.day("2026-11-24", staff(2))
    assert night.did("link") == ["0001"]
    assert len(acme.raw_accounts()) == 2
    assert acme.account("0001").email == "w0001@acme.example"


def test_accounts_that_no_hr_record_vouches_for_are_never_touched(tmp_path: Path) -> None:
    from joinery.core.model.account import Account
    from joinery.core.model.ids import AccountId

    acme = Company(tmp_path)
    acme.lms().edit(Account(id=AccountId(""), attributes={"email": "trainer@else.example"}))
    orphan = acme.raw_accounts()[0]
    rows = staff(5)
    acme.day("2026-11-24", rows)
    acme.day("2026-11-25", changed(rows, "0001", **LEFT))
    assert acme.raw_accounts()[0] == orphan


def test_a_new_address_is_an_update_and_never_a_second_account(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    night = acme.day("2026-11-24", changed(rows, "0001", work_email="married@acme.example"))
    assert night.lines == ["0001 update done"]
    assert len(acme.raw_accounts()) == 5


def test_two_people_who_swap_addresses_end_with_the_right_ones(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    one, two = rows[0]["work_email"], rows[1]["work_email"]
    swapped = changed(changed(rows, "0001", work_email=two), "0002", work_email=one)
    night = acme.day("2026-11-24", swapped)
    assert night.exit_code == 0
    assert [acme.account(who).attributes["email"] for who in ("0001", "0002")] == [two, one]
    assert len(acme.raw_accounts()) == 5
    assert all(account.state == "active" for account in acme.raw_accounts())


# ---------------------------------------------------------------- dates


def test_an_old_end_date_of_somebody_active_is_a_finding_and_no_leaver(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    night = acme.day("2026-11-24", changed(rows, "0001", termination_date="2025-03-31"))
    assert night.lines == []
    assert "stale_end_date 0001" in acme.findings()
    assert acme.accounts()["0001"] == "active"


def test_somebody_who_comes_back_gets_the_same_account_and_the_forgotten_end_date_does_nothing(
    tmp_path: Path,
) -> None:
    acme, rows = company(tmp_path, 5)
    acme.day("2026-11-25", changed(rows, "0001", **LEFT))
    assert acme.accounts()["0001"] == "suspended"
    back = changed(rows, "0001", hire_date="2027-02-01", termination_date="2026-11-24")
    night = acme.day("2027-02-01", back)
    assert night.lines[0] == "0001 restore done"
    assert acme.events("0001") == ["0001 leaver 2026-11-24", "0001 rehire 2027-02-01"]
    assert acme.day("2027-02-02", changed(back, "0002", job_title="Head")).lines == ["0002 update done"]
    assert acme.accounts()["0001"] == "active"


def test_a_termination_taken_back_before_it_fires_does_nothing(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    acme.day("2026-11-24", changed(rows, "0001", termination_date="2026-11-30"))
    acme.day("2026-11-25", rows)
    assert acme.day("2026-12-05").lines == []
    assert acme.events("0001") == []


def test_a_prehire_who_vanishes_never_gets_an_account(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    rows = staff(5)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", [*rows, worker(9, status="Pre-hire", hire_date="2026-12-01")])
    acme.day("2026-11-25", rows)
    assert acme.day("2026-12-02").lines == []
    assert acme.events("0009") == ["0009 prehire 2026-12-01", "0009 no_show 2026-12-01"]


# ---------------------------------------------------------------- runs


def test_a_second_run_does_nothing_and_sends_nothing(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme = Company(tmp_path, settings={"mail": MAIL | {"first_load": "send", "port": office.port}})
        rows = staff(3)
        first = acme.day("2026-11-24", rows)
        assert first.did("mail") == ["0001", "0002", "0003"]
        assert len(office.received) == 3
        assert acme.mails() == {"sent": 3}
        second = acme.day("2026-11-24T13:00", rows)
        assert (second.stored, second.exit_code) == ((), 0)
        third = acme.day("2026-11-24T14:00", rows[::-1])
        assert third.did("mail") == []
    assert len(office.received) == 3


def test_a_mail_server_that_is_down_stops_nothing_else_and_the_mail_leaves_later(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mail": MAIL | {"first_load": "send"}})
    with pytest.raises(SystemUnreachable):
        acme.day("2026-11-24", staff(3))
    assert len(acme.who_is("active")) == 3
    with post_office.opened() as office:
        acme.write_settings(mail=MAIL | {"first_load": "send", "port": office.port})
        assert acme.day("2026-11-24T13:00").report.mail["sent"] == 3
        acme.day("2026-11-24T14:00")
    assert len(office.received) == 3


def test_a_first_load_is_silent_by_default(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mail": MAIL})
    assert acme.day("2026-11-24T03:00", staff(3)).did("mail") == []
    assert acme.day("2026-11-25T03:00", [*staff(3), worker(4, hire_date="2026-11-25")]).did("mail") == ["0004"]
    assert sum(acme.mails().values()) == 1


def test_a_run_killed_between_accepting_and_putting_the_file_away_reads_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, rows = company(tmp_path, 5)

    class Killed(BaseException):
        """Nothing in the program expects it."""

    def killed(*_args: object, **_named: object) -> None:
        raise Killed

    acme.drop(changed(rows, "0001", **LEFT), name="people_9999.csv")
    with monkeypatch.context() as patched:
        patched.setattr("joinery.connectors.file.connector.FolderDrop.accept", killed)
        with pytest.raises(Killed), acme.open("2026-11-24") as it:
            sync(it.ports, moment("2026-11-24"))
    assert acme.events() == ["0001 leaver 2026-11-24"]
    assert acme.accounts()["0001"] == "active"
    night = acme.day("2026-11-25")
    assert night.files == {"people_9999.csv": "same"}
    assert night.lines == ["0001 suspend done"]
    assert acme.events() == ["0001 leaver 2026-11-24"]
    assert "people_9999.csv" in acme.arrived("accepted")


def test_a_run_killed_before_accepting_reads_the_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acme, rows = company(tmp_path, 5)

    class Killed(BaseException):
        """Nothing in the program expects it."""

    def killed(*_args: object, **_named: object) -> None:
        raise Killed

    acme.drop(changed(rows, "0001", **LEFT), name="people_9999.csv")
    with monkeypatch.context() as patched:
        patched.setattr(pulling, "record_snapshot", killed)
        with pytest.raises(Killed), acme.open("2026-11-24") as it:
            sync(it.ports, moment("2026-11-24"))
    assert acme.events() == []
    night = acme.day("2026-11-25")
    assert (night.files, night.lines) == ({"people_9999.csv": "accepted"}, ["0001 suspend done"])


HOLDER = """
import sys
from datetime import UTC, datetime
from joinery.store.connections import only_run
from joinery.store.database import Database
database = Database(sys.argv[1])
with only_run(database, "main", lambda: datetime.now(UTC)):
    print("held", flush=True)
    sys.stdin.readline()
database.close()
"""


def test_a_second_run_at_the_same_time_stops_with_8(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 3)
    with acme.ports() as ports:
        url = ports.database.url.render_as_string()
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDER, url], stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunLocked) as stopped:
            acme.day("2026-11-24", changed(rows, "0001", **LEFT))
        other.communicate("go\n")
    assert stopped.value.exit_code == 8
    assert acme.accounts()["0001"] == "active"
    assert acme.day("2026-11-24").lines == ["0001 suspend done"]


def test_a_run_for_a_moment_before_the_last_one_is_refused(tmp_path: Path) -> None:
    acme = Company(tmp_path, learning={"simulation": False})
    rows = staff(3)
    acme.day("2020-11-24", rows)
    with pytest.raises(AsOfRefused) as refused:
        acme.day("2020-11-23", changed(rows, "0001", **LEFT))
    assert refused.value.exit_code == 2
    assert (acme.folder / "inbox" / "people_0002.csv").exists()
    assert acme.who_is("suspended") == set()


def test_a_run_for_a_moment_that_has_not_come_is_refused(tmp_path: Path) -> None:
    acme = Company(tmp_path, learning={"simulation": False})
    with pytest.raises(AsOfRefused):
        acme.day("2999-01-01", staff(3))


# ---------------------------------------------------------------- undo


def test_undo_restores_and_is_not_redone_until_the_fact_changes(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    wrong = changed(changed(rows, "0001", **LEFT), "0002", job_title="Wrong")
    night = acme.day("2026-11-25", wrong)
    assert sorted(night.lines) == ["0001 suspend done", "0002 update done"]
    acme.undo(night.plan, "2026-11-25T13:00")
    assert acme.accounts()["0001"] == "active"
    assert acme.account("0002").attributes["job_title"] == "Clerk"
    # the export still says the same: it is not done again
    again = acme.day("2026-11-26", changed(wrong, "0003", job_title="Head"))
    assert again.lines == ["0003 update done"]
    # new facts about the same people count
    new = changed(changed(wrong, "0002", job_title="Right"), "0003", job_title="Head")
    assert acme.day("2026-11-27", new).lines == ["0002 update done"]


def test_undo_of_a_creation_archives_and_does_not_delete(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    night = acme.day("2026-11-24", [*rows, worker(6)])
    acme.undo(night.plan, "2026-11-24T13:00")
    assert acme.accounts()["0006"] == "archived"
    assert acme.day("2026-11-25", changed([*rows, worker(6)], "0001", job_title="Head")).lines == ["0001 update done"]


def test_undo_leaves_alone_what_somebody_changed_since(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    night = acme.day("2026-11-24", changed(rows, "0001", job_title="Wrong"))
    account = acme.account("0001")
    acme.lms().edit_with(account.id, attributes={**account.attributes, "job_title": "By hand"})
    undone = acme.undo(night.plan, "2026-11-24T13:00")
    assert undone is not None
    assert undone.states == {"skipped": 1}
    assert acme.account("0001").attributes["job_title"] == "By hand"


# ---------------------------------------------------------------- modes


def test_observing_writes_nothing_and_the_events_are_there(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"mode": "observe"}), staff(5)
    night = acme.day("2026-11-24", rows)
    assert (night.exit_code, acme.raw_accounts()) == (0, [])
    assert night.did("create", "waiting") == [row["worker_id"] for row in rows]
    acme.day("2026-11-25", changed(rows, "0001", **LEFT))
    assert acme.events() == ["0001 leaver 2026-11-24"]
    assert acme.raw_accounts() == []


def test_observing_does_not_even_end_the_access_of_somebody_who_was_fired(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, 5)
    acme.write_settings(mode="observe")
    acme.day("2026-11-25", changed(rows, "0001", **LEFT))
    assert acme.accounts()["0001"] == "active"


def test_approving_waits_and_a_single_termination_does_not(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"mode": "approve"}), staff(20)
    first = acme.day("2026-11-23", rows)
    assert (first.exit_code, acme.raw_accounts()) == (5, [])
    acme.approve(first.plan)
    assert len(acme.who_is("active")) == 20
    night = acme.day("2026-11-24T23:59", changed(changed(rows, "0001", **LEFT), "0002", job_title="Head"))
    assert night.did("suspend") == ["0001"]
    assert night.did("update", "waiting") == ["0002"]
    assert acme.accounts()["0001"] == "suspended"
    acme.approve(night.plan)
    assert acme.account("0002").attributes["job_title"] == "Head"


def test_only_the_classes_that_are_automatic_go_by_themselves(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve", "modes": {"update": "automatic"}})
    rows = staff(5)
    acme.approve(acme.day("2026-11-23", rows).plan)
    night = acme.day("2026-11-24", [*changed(rows, "0001", job_title="Head"), worker(6)])
    assert (night.did("update"), night.did("create", "waiting")) == (["0001"], ["0006"])


def test_a_plan_that_a_newer_one_replaced_can_no_longer_be_approved(tmp_path: Path) -> None:
    from joinery.errors import PlanChanged

    acme = Company(tmp_path, settings={"mode": "approve"})
    rows = staff(3)
    old = acme.day("2026-11-23", rows)
    new = acme.day("2026-11-24", changed(rows, "0001", job_title="Head"))
    with pytest.raises(PlanChanged):
        acme.approve(old.plan)
    acme.approve(new.plan)
    assert acme.account("0001").attributes["job_title"] == "Head"
