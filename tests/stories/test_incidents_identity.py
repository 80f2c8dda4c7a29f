"""Public incidents in which a system took people for others, each by the name under which it is known.

What happened elsewhere stands above each test; the sources are in the project's list of incidents.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from tests.mail import post_office
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, moment, staff, without, worker
from tests.stories.test_identity import asked, say_same

LEFT = {"status": "Terminated", "termination_date": "2026-11-23"}
MAIL = {"enabled": True, "from": "learning@acme.example", "host": "localhost", "security": "none", "first_load": "send"}


def rekeyed(rows: list[Row], *, with_former: bool) -> list[Row]:
    return [row | {"worker_id": f"N{row['worker_id']}", "previous_id": row["worker_id"] * with_former} for row in rows]


# A gradebook patch changed the IDs of 370 schools in one night; courses were orphaned, and every school was told that
# its people had left and others had come.


@pytest.mark.parametrize("leavers_are", ["status", "absent", "both"])
def test_re_keyed_ids_of_everybody_with_the_former_numbers_change_numbers_and_nothing_else(
    tmp_path: Path, leavers_are: str
) -> None:
    people = {"leavers_are": leavers_are}
    acme, rows = Company(tmp_path, people=people, settings={"guards": "off"}), staff(150)
    acme.day("2026-11-23", rows)
    before = {account.external_id: account.id for account in acme.raw_accounts()}
    night = acme.day("2026-11-24", rekeyed(rows, with_former=True))
    assert {line.split()[1] for line in night.lines} == {"update"}
    assert {account.external_id: account.id for account in acme.raw_accounts()} == before
    assert set(acme.accounts()) == {f"N{row['worker_id']}" for row in rows}
    assert acme.events(kinds=["leaver", "joiner", "rehire", "missing"]) == []
    assert len(acme.events(kinds=["rekeyed"])) == 150
    assert acme.day("2026-11-25", changed(rekeyed(rows, with_former=True), "N0001", job_title="Head")).lines == [
        "N0001 update done"
    ]


@pytest.mark.parametrize("leavers_are", ["status", "absent", "both"])
def test_re_keyed_ids_of_everybody_without_the_former_numbers_touch_nobody(tmp_path: Path, leavers_are: str) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": leavers_are}), staff(250)
    acme.day("2026-11-23", rows)
    night = acme.day("2026-11-24", rekeyed(rows, with_former=False))
    assert list(night.files.values()) == ["held"]
    assert "ids_changed" in night.checks
    assert len(acme.who_is("active")) == 250


# Totara HR Import ran suspensions before updates: whoever had a new number was suspended first and then refused as a
# duplicate.


def test_re_keyed_people_are_recognised_before_anybody_is_taken_for_a_leaver(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, people={"leavers_are": "absent"}), staff(30)
    acme.day("2026-11-23", rows)
    # one has a new number, one really left: in one file, in this order and in the other
    mixed = [*rekeyed(rows[:1], with_former=True), *rows[2:]]
    night = acme.day("2026-11-24", mixed[::-1])
    assert night.did("suspend") == ["0002"]
    assert acme.accounts()["N0001"] == "active"
    assert len(acme.raw_accounts()) == 30


# Okta deactivates and re-activates a contractor who becomes an employee; customers feared for roles downstream.


def test_contractor_to_employee_is_no_deactivation_at_any_moment(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    kim = {"given_name": "Kim", "family_name": "Li", "work_email": "kim@acme.example"}
    contractor = worker("C1", **kim, termination_date="2026-11-27", employment_type="Contractor")
    acme.day("2026-11-20", [*rows, contractor])
    account = acme.account("C1")
    acme.lms().edit_with(account.id, groups=frozenset({"Beta testers"}))
    employee = worker("E1", **kim, previous_id="C1", hire_date="2026-11-30", status="Pre-hire")
    states = []
    acme.drop([*rows, contractor, employee])
    for hour in range(0, 24 * 8, 6):
        at = f"2026-11-{24 + hour // 24:02}T{hour % 24:02}:00" if hour < 24 * 7 else "2026-12-01T00:00"
        night = acme.day(at)
        states.append(acme.lms().world.accounts[account.id].state)
        assert not [line for line in night.lines if "suspend" in line or "archive" in line or "restore" in line]
    assert {str(state) for state in states} == {"active"}
    assert acme.account("E1").groups == {"Beta testers"}
    assert acme.account("E1").id == account.id


# SuccessFactors carried the old end date into the merged record and locked the rehire out; Docebo's merge lost learning
# plans and archived enrolments.


def test_rehire_merge_keeps_plans_and_completions_and_not_the_old_end_date(tmp_path: Path) -> None:
    rules = [{"name": name, "give": [name], "due": "90 days"} for name in ("FIRE", "PRIVACY")]
    acme, rows = Company(tmp_path, settings={"learning_rules": rules}), staff(5)
    kim = {"given_name": "Kim", "family_name": "Li", "work_email": "kim@acme.example", "hire_date": "2026-01-05"}
    acme.day("2026-01-05", [*rows, worker("A1", **kim)])
    acme.completes("A1", "FIRE", "2026-02-01")
    plan = dict(acme.assigned("A1"))
    acme.day("2026-06-01", [*rows, worker("A1", **kim | {"status": "Terminated", "termination_date": "2026-05-31"})])
    assert acme.accounts()["A1"] == "suspended"
    # the new record has a new number, and HR left the old end date in it
    again = kim | {"hire_date": "2026-11-02", "termination_date": "2026-05-31", "previous_id": "A1"}
    night = acme.day("2026-11-02", [*rows, worker("B1", **again)])
    assert "B1 restore done" in night.lines
    account = acme.account("B1")
    assert str(account.state) == "active"
    assert acme.assigned("B1").keys() == plan.keys()
    assert account.enrolments["course:FIRE"].state == "completed"
    assert not [s for s in night.stored if "FIRE" in str(s.line.operation)], "what was finished is not given again"
    assert acme.day("2026-11-03").did("suspend") == []


def test_rehire_merge_said_by_a_human_keeps_them_too(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"learning_rules": [{"name": "FIRE", "give": ["FIRE"], "due": "90 days"}]})
    rows = staff(5)
    acme.day("2026-01-05", [*rows, worker("A1", work_email="kim@acme.example", hire_date="2026-01-05")])
    acme.completes("A1", "FIRE", "2026-02-01")
    acme.day(
        "2026-06-01", [*rows, worker("A1", work_email="kim@acme.example", **LEFT | {"termination_date": "2026-05-31"})]
    )
    account = acme.account("A1").id
    back = [*rows, worker("B1", work_email="kim@acme.example", hire_date="2026-11-02")]
    assert acme.day("2026-11-02", back).did("create", "held") == ["B1"]
    say_same(acme, "B1", "A1")
    acme.day("2026-11-03")
    assert acme.account("B1").id == account
    assert acme.account("B1").enrolments["course:FIRE"].state == "completed"


# TalentLMS re-activates whoever has the e-mail: the newcomer signed in to the predecessor's account and saw their data.


@pytest.mark.parametrize("state", ["suspended", "archived"])
def test_same_e_mail_with_another_id_never_opens_the_predecessors_account(tmp_path: Path, state: str) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-20", rows)
    acme.day("2026-11-24", changed(rows, "0002", **LEFT))
    if state == "archived":
        acme.day("2027-03-01")
    else:
        acme.write_settings(triggers={"leaver": {"archive_after": "never"}})
    before = acme.account("0002")
    assert str(before.state) == state
    newcomer = worker(77, work_email=rows[1]["work_email"], hire_date="2027-03-02")
    for day in ("2027-03-02", "2027-03-03", "2027-03-04"):
        night = acme.day(day, [*without(rows, "0002"), newcomer | {"job_title": f"Clerk {day}"}])
        assert night.did("create", "held") == ["0077"]
        assert night.did("link") == night.did("restore") == []
    assert acme.account("0002") == before


def test_same_e_mail_with_another_id_in_a_learning_system_that_was_there_before(tmp_path: Path) -> None:
    lms = MemoryTarget()
    there = {"email": "w0001@acme.example", "worker_id": "8888", "given_name": "Somebody"}
    lms.edit(Account(id=AccountId(""), attributes=there))
    acme = Company(tmp_path, memory=lms)
    night = acme.day("2026-11-20", staff(3))
    assert night.did("create", "held") == ["0001"]
    assert "another number" in night.why_held("0001")
    assert dict(acme.account("8888").attributes) == there


# A nightly task pinned its cursor when any record failed: one bad record kept everybody from being updated for weeks.


def test_one_bad_record_blocks_nobody_else_and_waits_until_it_is_right(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(200)
    acme.day("2026-11-20", rows)
    bad = changed(rows, "0013", hire_date="the day after tomorrow", job_title="Head")
    for number, day in enumerate(("2026-11-21", "2026-11-22", "2026-11-23"), start=20):
        bad = changed(bad, f"{number:04}", job_title="Chief")
        assert acme.day(day, bad).lines == [f"{number:04} update done"]
        assert any(found.endswith(" 0013") for found in acme.findings())
        assert acme.account("0013").attributes["job_title"] == "Clerk"
    right = acme.day("2026-11-24", changed(bad, "0013", hire_date="2020-01-15"))
    assert "0013 update done" in right.lines
    assert not any(found.endswith(" 0013") for found in acme.findings())


def test_one_bad_record_among_those_that_continue_others_blocks_none_of_them(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"guards": "off"}), staff(20)
    acme.day("2026-11-20", rows)
    new = rekeyed(rows, with_former=True)
    acme.day("2026-11-21", changed(new, "N0007", hire_date="no day"))
    assert acme.who_is("active") == {row["worker_id"] for row in new if row["worker_id"] != "N0007"} | {"0007"}
    acme.day("2026-11-22", new)
    assert acme.who_is("active") == {row["worker_id"] for row in new}
    assert len(acme.raw_accounts()) == 20


# Fresno 2009: 26,000 accounts were loaded, the load was run again, and people got their passwords over and over.


def test_second_mail_on_re_run_of_a_first_load_is_never_sent(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme, rows = Company(tmp_path, settings={"mail": MAIL | {"port": office.port}, "guards": "off"}), staff(30)
        acme.day("2026-11-20T09:00", rows)
        assert len(office.received) == 30
        for day in ("2026-11-20T10:00", "2026-11-20T11:00", "2026-11-21T09:00"):
            acme.day(day, rows)
        assert len(office.received) == 30
        assert acme.mails() == {"sent": 30}


def test_second_mail_on_re_run_is_not_sent_for_a_new_number_either(tmp_path: Path) -> None:
    with post_office.opened() as office:
        acme, rows = Company(tmp_path, settings={"mail": MAIL | {"port": office.port}, "guards": "off"}), staff(5)
        acme.day("2026-11-20T09:00", rows)
        acme.day("2026-11-21T09:00", rekeyed(rows, with_former=True))
        acme.day("2026-11-22T09:00")
        assert len(office.received) == 5


# A name is nobody's identity: look-alikes were merged by name in several products.


def test_people_of_one_name_are_never_joined_by_it(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(3)
    kim = {"given_name": "Kim", "family_name": "Li"}
    acme.day("2026-11-20", [*rows, worker("A1", **kim, termination_date="2026-11-23")])
    night = acme.day("2026-11-24", [*rows, worker("B1", **kim, hire_date="2026-11-24")])
    assert night.did("create") == ["B1"]
    assert night.did("suspend") == ["A1"]
    assert asked(acme) == []


# Docebo and others made a second person of everybody whose address changed with the company's domain.


def test_a_change_of_domain_for_everybody_makes_nobody_twice(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"guards": "off"}), staff(60)
    acme.day("2026-11-20", rows)
    moved = [row | {"work_email": row["work_email"].replace("acme.example", "new.example")} for row in rows]
    night = acme.day("2026-11-21", moved)
    assert {line.split()[1] for line in night.lines} == {"update"}
    assert len(acme.raw_accounts()) == 60


def test_columns_of_identity_are_text_from_the_file_to_the_learning_system(tmp_path: Path) -> None:
    fields = FIELDS | {"source_id": "source_id"}
    acme = Company(tmp_path, people={"fields": fields})
    rows = [row | {"source_id": f"00{row['worker_id']}"} for row in staff(3)]
    acme.day(str(moment("2026-11-20").date()), rows, columns=(*COLUMNS, "source_id"))
    assert acme.person("0001").worker.source_id == "000001"
    # the employee number changes, the source's own key does not
    renumbered = [rows[0] | {"worker_id": "A-1"}, *rows[1:]]
    night = acme.day("2026-11-21", renumbered, columns=(*COLUMNS, "source_id"))
    assert night.lines == ["A-1 update done"]
    assert acme.events(kinds=["rekeyed"]) == ["A-1 rekeyed 2026-11-21 worker_id: 0001 -> A-1"]
