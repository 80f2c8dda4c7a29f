"""`joinery why` about today: who, where the values come from, employment, scope, account.

Rule: every story lets the company live through the nightly run; what is asked is never prepared by hand.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.errors import NotThere
from tests.stories.asking import LEFT, ask, ruled, said, version
from tests.stories.company import FIELDS, Company, changed, staff, without, worker

# -------------------------------------------------------------------------------------------------- the simple case


def test_an_ordinary_person_is_told_of_in_a_few_lines(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(5))
    answer = ask(acme, "0001")
    assert (answer.worker_id, answer.name, answer.tense) == ("0001", "Given0001 Family0001", "now")
    assert answer.said == (
        "At work since 2020-01-15.",
        "As in HR's file people_0001.csv (hris); the same since 2026-11-23.",
        f"Account {acme.account('0001').id} (made by Joinery, 2026-11-23, P-1): can sign in.",
        f"Has course:SAFETY because rule Lille safety (version {version(acme)}) matches since 2026-11-23: "
        'location is "Lille" (from hris).',
        "Assigned on 2026-11-23, due on 2026-12-23.",
        "Nothing: everything is as it should be.",
    )


@pytest.mark.parametrize("typed", ["0001", " 0001 ", "w0001@acme.example", "W0001@ACME.example"])
def test_somebody_is_found_by(tmp_path: Path, typed: str) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(2))
    assert ask(acme, typed).worker_id == "0001"


def test_nobody_found_names_the_nearest_numbers(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(2))
    with pytest.raises(NotThere, match="nobody '00001' here") as refused:
        ask(acme, "00001")
    assert "0001" in refused.value.fix


def test_a_former_number_still_finds_the_person(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", [*staff(3), worker("C-9", employment_type="Contractor")])
    acme.day("2026-11-24", [*staff(3), worker(4, previous_id="C-9", given_name="GivenC-9", family_name="FamilyC-9")])
    answer = ask(acme, "C-9")
    assert answer.worker_id == "0004"
    assert "HR changed the number from C-9 to 0004" in said(answer, "facts")


# ------------------------------------------------------------------------------------------------------- 1. facts


def test_a_change_is_told_with_its_day_its_values_and_its_file(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-25", changed(staff(3), "0001", job_title="Head", department="Sales West"))
    assert ask(acme, "0001").part("facts").said == (
        "As in HR's file people_0002.csv (hris); the same since 2026-11-25.",
        "On 2026-11-25 HR changed job_title from Clerk to Head; department from Sales to Sales West.",
    )


def test_a_changed_name_is_told_without_the_former_one_nor_the_address_that_holds_it(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    rows = [worker(1, family_name="Formerly", work_email="ann.formerly@acme.example"), *staff(3, 2)]
    acme.approve(acme.day("2026-11-23", rows).plan)
    acme.day("2026-11-24", changed(rows, "0001", family_name="Nowly", work_email="ann.nowly@acme.example"))
    for at in ("", "2026-11-23T13:00", "2026-12-24"):
        answer = ask(acme, "0001", at, confidential=True)
        assert "formerly" not in repr(answer).lower()
    assert "HR changed family_name; work_email." in said(ask(acme, "0001"), "facts")


def test_what_keeps_somebody_back_is_told_with_what_to_do(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-24", changed(staff(5), "0001", status="Zzz", job_title="Head"))
    answer = ask(acme, "0001")
    assert "Last good values from hris (file people_0001.csv), 2026-11-23." in said(answer, "facts")
    assert "Kept back at the last good values: The status 'Zzz' is not understood" in said(answer, "facts")
    assert "To do: Say in the settings what it means" in said(answer, "facts")


def test_somebody_whose_row_was_never_good_enough_is_told_of_although_nobody_is_known(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-24", [*staff(5), worker(6, work_email="w0001@acme.example")])
    answer = ask(acme, "0006")
    assert answer.said[0] == "In HR's file, but never taken over: so there is no account."
    assert answer.said[1].startswith("Kept back")


def test_two_people_with_one_number_are_told_apart_instead_of_told_of(tmp_path: Path) -> None:
    fields = FIELDS | {"legal_entity": "employment_type", "source_id": "job_title"}
    acme = Company(tmp_path, people={"fields": {k: v for k, v in fields.items() if k != "job_title"}})
    first, second = worker(7, job_title="a-7", employment_type="A"), worker(7, job_title="b-7", employment_type="B")
    acme.day("2026-11-23", [first, worker(1)])
    acme.day("2026-11-24", [second | {"work_email": "other@acme.example"}, worker(1)])
    with pytest.raises(NotThere, match="2 people have this number"):
        ask(acme, "0007")
    assert ask(acme, "B/0007").about["source_id"] == "b-7"


def test_another_manager_than_hr_names_is_told(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    rows = [worker(1), worker(2, manager_id="0001"), worker(3, manager_id="0002")]
    acme.day("2026-11-23", rows)
    acme.day("2026-11-25", changed(rows, "0002", **LEFT))
    expected = "HR names 0002 as manager, who is not at work; 0001, the next one up, is written."
    assert expected in ask(acme, "0003").said


def test_a_code_that_is_in_no_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("code,value\nLIL,Lille\n")
    acme = Company(tmp_path, settings={"map": {"location": {"table": "places.csv"}}})
    acme.day("2026-11-23", [*staff(3, location="LIL"), worker(4, location="OSA")])
    expected = "The table for location has no word for 'OSA': the account keeps what it has until it does."
    assert expected in ask(acme, "0004").said
    assert "has no word" not in said(ask(acme, "0001"))


# ---------------------------------------------------------------------------------------------- 2. stage and events

STAGES: dict[str, tuple[dict[str, str], str, str]] = {
    "at work": ({}, "2026-11-24", "At work since 2020-01-15."),
    "to start": (
        {"hire_date": "2026-12-01", "status": "Active"},
        "2026-11-24",
        "Not at work yet: starts 2026-12-01.",
    ),
    "on leave": ({"status": "Leave"}, "2026-11-24", "On leave, since 2026-11-24 or earlier; due dates stand still."),
    "left": (LEFT, "2026-11-25", "Left: the employment ended on 2026-11-24. | To be archived on 2027-02-22."),
    "long gone": (
        {"status": "Terminated", "termination_date": "2026-01-31"},
        "2026-11-24",
        "Left: the employment ended on 2026-01-31.",
    ),
    "announced and cancelled": (
        {"status": "Rescinded", "hire_date": "2026-12-01"},
        "2026-11-24",
        "Was announced and never started.",
    ),
}


@pytest.mark.parametrize(("values", "day", "expected"), STAGES.values(), ids=STAGES.keys())
def test_the_stage_of_somebody(tmp_path: Path, values: dict[str, str], day: str, expected: str) -> None:
    words = {"Leave": "leave", "Rescinded": "rescinded", "Terminated": "terminated", "Active": "active"}
    acme = Company(tmp_path, people={"statuses": words})
    start = {"hire_date": "2026-12-01"} if values.get("hire_date") else {}
    acme.day("2026-11-23", [*staff(5), worker(6, **start)])
    acme.day(day, [*staff(5), worker(6, **values)])
    assert said(ask(acme, "0006"), "employment") == expected


def test_somebody_who_came_back_is_told_so(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-25", changed(rows, "0001", **LEFT))
    acme.day("2026-12-01", changed(rows, "0001", hire_date="2026-12-01"))
    expected = "At work since 2026-12-01, back after an employment that ended on 2026-11-24."
    assert said(ask(acme, "0001"), "employment") == expected


def test_somebody_missing_from_the_file_is_told_so(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(8)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", without(rows, "0001"))
    told = said(ask(acme, "0001"))
    assert "Missing from HR's file once, since 2026-11-24: kept as they are, and archived after 3 times." in told
    assert "Last good values from hris (file people_0001.csv)" in told
    for day in ("2026-11-25", "2026-11-26"):
        acme.day(day, without(changed(rows, "0002", job_title=day), "0001"))
    told = said(ask(acme, "0001"))
    assert "Missing from HR's file 3 times in a row, since 2026-11-24: archived." in told
    assert "Cause: missing from 3 good files" in told


# ------------------------------------------------------------------------------------------------------- 3. scope

SCOPES = {
    "in scope, and by what": ({"department": "Sales"}, 'In scope: department is "Sales".'),
    "out of scope, and the nearest failing condition": (
        {"department": "Farm"},
        'Not in scope: not included: department is "Farm", not "Sales".',
    ),
    "out of scope by an exclusion": (
        {"department": "Sales", "employment_type": "Intern"},
        'Not in scope: excluded: employment_type is "Intern".',
    ),
    "not to be told": (
        {"department": ""},
        "In or out of scope cannot be told, so nothing is written: department is not known.",
    ),
}


@pytest.mark.parametrize(("values", "expected"), SCOPES.values(), ids=SCOPES.keys())
def test_scope(tmp_path: Path, values: dict[str, str], expected: str) -> None:
    include = [{"where": 'department == "Sales"'}, {"where": 'department == "Shop" and country == "FR"'}]
    acme = Company(
        tmp_path, settings={"include": include, "exclude": [{"where": 'employment_type == "Intern"'}], "guards": "off"}
    )
    acme.day("2026-11-23", [*staff(3), worker(4, **values)])
    assert said(ask(acme, "0004"), "scope") == expected


# ------------------------------------------------------------------------------------------------------ 4. account


def existing(acme: Company, **attributes: str) -> None:
    """An account that was there before Joinery came."""
    acme.lms().edit(Account(id=AccountId(""), attributes=attributes))


def test_an_account_recognised_by_its_number(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    existing(acme, worker_id="0001")
    acme.day("2026-11-23", staff(3))
    account = acme.account("0001").id
    expected = f"Account {account} (recognised by the employee number, 2026-11-23, P-1): can sign in."
    assert said(ask(acme, "0001"), "account") == expected


def test_an_account_with_the_same_address_waits_for_a_yes(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    existing(acme, email="w0001@acme.example")
    acme.day("2026-11-23", staff(3))
    told = said(ask(acme, "0001"))
    assert re.search(r"None linked yet: account \S+ has the same email; see below\.", told)
    assert "because same email: a person must confirm that it is theirs" in told


def test_a_disputed_account_says_why(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    existing(acme, worker_id="0001")
    existing(acme, email="w0001@acme.example")
    acme.day("2026-11-23", staff(3))
    told = said(ask(acme, "0001"), "account")
    assert told.startswith("None, because it is disputed: employee ID and e-mail point at two accounts.")


def test_somebody_to_start_has_none_yet(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"triggers": {"hire": {"days_before": 7}}})
    acme.day("2026-11-23", [*staff(3), worker(4, hire_date="2026-12-15")])
    assert said(ask(acme, "0004"), "account") == "None yet: starts 2026-12-15; it is made 7 days before."


def test_somebody_who_left_before_there_was_an_account_gets_none(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", [*staff(3), worker(4, status="Terminated", termination_date="2026-05-01")])
    assert said(ask(acme, "0004"), "account").startswith("None, and none is made: left")


def test_somebody_without_an_address_is_told_so(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    acme.day("2026-11-23", [*staff(3), worker(4, work_email="")])
    told = said(ask(acme, "0004"), "account")
    assert told == "None yet; one is to be made, see below. HR gives no e-mail, so it is made without one."


def test_a_protected_account_is_told_so(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.lms().edit(Account(id=AccountId(""), attributes={"worker_id": "0001"}, roles=("administrator",)))
    acme.day("2026-11-23", staff(3))
    assert "Protected (an administrator, or on the list)" in said(ask(acme, "0001"), "account")


def test_the_sign_in_mail_is_told(tmp_path: Path) -> None:
    mail = {"enabled": True, "from": "Acme <a@acme.example>", "host": "127.0.0.1", "port": 9, "security": "none"}
    acme = Company(tmp_path, settings={"mail": mail})
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-24T03:00", [*staff(3), worker(4, hire_date="2026-11-24")])
    assert "Sign-in mail: to be sent on 2026-11-24." in ask(acme, "0004").said


def test_a_leaver_has_a_suspended_account_and_the_cause(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0001", **LEFT))
    told = said(ask(acme, "0001"), "account")
    assert told.endswith("suspended: cannot sign in, everything is kept. | Cause: left, end date 2026-11-24.")


def test_access_ended_by_hand_names_who_and_when_and_the_reason_only_in_confidence(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.end_access("0001", reason="stole the cake")
    answer = ask(acme, "0001")
    assert "ana ended access by hand on 2026-11-23; it stays ended until released." in said(answer, "account")
    assert "cake" not in repr(answer)
    assert "Confidential reason: stole the cake." in said(ask(acme, "0001", confidential=True), "account")
