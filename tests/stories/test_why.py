"""`joinery why`: who, where from, stage, scope, account, training, what is to do; at other moments; in confidence.

Rule: every story lets the company live through the nightly run; what is asked is never prepared by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId, RequirementKey
from joinery.core.planning.wording import said as worded
from joinery.errors import NotThere
from joinery.flows.person import Word, decide_about
from joinery.flows.side_by_side import side_by_side
from joinery.flows.why import Answer, why
from joinery.store.tables import metadata
from tests.stories.company import FIELDS, Company, Night, changed, moment, staff, without, worker

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
SAFETY = {"name": "Lille safety", "when": 'location == "Lille"', "give": "SAFETY", "due": "30 days"}
LEADING = {"name": "Leading", "when": 'job_title == "Head" and country == "FR"', "give": "LEADING"}


def ruled(folder: Path, **how: Any) -> Company:
    """A company that gives SAFETY in Lille, and LEADING to heads in France."""
    settings = {"learning_rules": [SAFETY, LEADING], "go_live": "2026-11-01"} | how.pop("settings", {})
    return Company(folder, settings=settings, **how)


def ask(acme: Company, who: str, as_of: str = "", **how: Any) -> Answer:
    """The answer, as the command would ask for it."""
    with acme.open(as_of or None) as it:
        return why(it.ports, who, as_of=moment(as_of) if as_of else None, **how)


def said(answer: Answer, part: str = "") -> str:
    return " | ".join(answer.part(part).said if part else answer.said)


def everything(acme: Company) -> dict[str, list[Any]]:
    """Every row of every table."""
    with acme.ports() as ports, ports.database.read() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}


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


def version(acme: Company, name: str = "Lille safety") -> str:
    with acme.ports() as ports:
        return next(rule.version for rule in ports.policy.rules if rule.name == name)


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


# ----------------------------------------------------------------------------------------------------- 5. training


def test_a_course_given_by_a_changed_value_names_the_value_its_file_and_the_day(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0001", job_title="Head", country="FR"))
    told = said(ask(acme, "0001", course="LEADING"))
    assert (
        'job_title is "Head" (from hris, changed 2026-11-25), country is "FR" (from hris, changed 2026-11-25)' in told
    )


WHY_NOT = {
    "one condition fails": ({"job_title": "Head", "country": "DE"}, 'does not match: country is "DE", not "FR".'),
    "both conditions fail": (
        {"country": "DE"},
        'does not match: job_title is "Clerk", not "Head", country is "DE", not "FR".',
    ),
    "a value is not known": ({"job_title": "Head"}, "cannot be told: country is not known."),
}


@pytest.mark.parametrize(("values", "expected"), WHY_NOT.values(), ids=WHY_NOT.keys())
def test_why_not(tmp_path: Path, values: dict[str, str], expected: str) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", [*staff(3), worker(4, **values)])
    answer = ask(acme, "0004", course="leading")
    assert answer.said == (f"Rule Leading (version {version(acme, 'Leading')}) {expected}",)
    assert answer.parts[0].data["has"] is False


def test_a_mistyped_course_suggests_the_near_ones(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    assert ask(acme, "0001", course="SAFTEY").said == (
        "No rule gives course:SAFTEY.",
        "Did you mean course:SAFETY?",
    )


def test_a_course_that_was_given_in_the_learning_system_itself_is_told_so(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    other = Enrolment(requirement=RequirementKey("course:YOGA"))
    acme.lms().edit(
        Account(id=AccountId(""), attributes={"worker_id": "0001"}, enrolments={other.key: other}),
    )
    acme.day("2026-11-23", staff(3))
    told = said(ask(acme, "0001", course="YOGA"))
    assert "The learning system has it (assigned); it did not come from Joinery." in told


def test_a_finished_course_says_when_and_who_had_asked_for_it(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.completes("0001", "SAFETY", "2026-11-24")
    acme.day("2026-11-25")
    acme.day("2026-11-26", staff(3))
    assert ask(acme, "0001", course="SAFETY").said == (
        "course:SAFETY was completed on 2026-11-24; asked for by rule Lille safety.",
    )
    assert "Done: course:SAFETY (2026-11-24)." in said(ask(acme, "0001"), "learning")


def by_hand(acme: Company, kind: str, who: str, course: str, reason: str) -> None:
    with acme.ports() as ports:
        decide_about(ports, who, kind, course, Word(owner="ana", reason=reason, until=moment("2027-03-31").date()))


def test_an_exemption_names_its_owner_and_end_and_the_reason_only_in_confidence(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    by_hand(acme, "exemption", "0001", "SAFETY", "bad back")
    acme.day("2026-11-24")
    assert ask(acme, "0001", course="SAFETY").said[1].endswith("asks for it; the exemption outweighs that.")
    for how in ({}, {"course": "SAFETY"}):
        answer = ask(acme, "0001", **how)
        assert "ana decided on an exemption from course:SAFETY until 2027-03-31." in said(answer, "learning")
        assert "bad back" not in repr(answer)
        assert "bad back" in repr(ask(acme, "0001", confidential=True, **how))


def test_an_assignment_by_hand_names_who_and_the_reason_only_in_confidence(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    by_hand(acme, "manual", "0001", "FIRST-AID", "after the accident")
    acme.day("2026-11-24")
    answer = ask(acme, "0001", course="FIRST-AID")
    assert "Has course:FIRST-AID because ana assigned it by hand." in answer.said
    assert "accident" not in repr(answer)
    assert "accident" in said(ask(acme, "0001", course="FIRST-AID", confidential=True))


def test_a_course_that_is_asked_for_and_not_given_yet_names_the_plan_it_waits_in(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    acme.approve(acme.day("2026-11-23", staff(3)).plan)
    by_hand(acme, "manual", "0001", "YOGA", "x")
    acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    answer = ask(acme, "0001", course="YOGA")
    assert said(answer) == (
        "Has course:YOGA because ana assigned it by hand. | In P-2, not done: assign YOGA. | P-2 waits for approval."
    )


OVERDUE: dict[str, tuple[dict[str, str], dict[str, str], bool]] = {
    "an ordinary person": ({}, {}, True),
    "somebody on leave": ({}, {"status": "Leave"}, False),
    "whoever should, and need not": ({"kind": "recommended"}, {}, False),
}


@pytest.mark.parametrize(("rule", "values", "overdue"), OVERDUE.values(), ids=OVERDUE.keys())
def test_an_unfinished_course_is_overdue_for(
    tmp_path: Path, rule: dict[str, str], values: dict[str, str], overdue: bool
) -> None:
    words = {"Leave": "leave", "Active": "active"}
    acme = ruled(tmp_path, settings={"learning_rules": [SAFETY | rule]}, people={"statuses": words})
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-25", changed(staff(3), "0001", **values) if values else None)
    acme.day("2027-01-15")
    assert ("course:SAFETY is overdue." in ask(acme, "0001").said) is overdue


def test_a_leaver_is_given_nothing_new(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", [*staff(3), worker(4, status="Terminated", termination_date="2026-05-01")])
    assert ask(acme, "0004", course="SAFETY").said[0] == "They have left: nothing new is given."


# -------------------------------------------------------------------------------------------- 6. should be and is


def test_a_line_that_waits_for_approval_names_its_plan(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "approve"})
    acme.approve(acme.day("2026-11-23", staff(3)).plan)
    acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    assert said(ask(acme, "0001"), "plan") == "In P-2, not done: job_title: Clerk -> Head. | P-2 waits for approval."


def test_a_line_held_by_a_guard_names_the_guard(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, settings={"guards": {"manager_change": {"most": 5}}}), staff(30)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-24", [row | {"manager_id": "0001"} if row["worker_id"] != "0001" else row for row in rows])
    told = said(ask(acme, "0002"), "plan")
    assert told.startswith("Held in P-2: manager_id: nothing -> 0001, because 29 ")


def test_in_observe_mode_nothing_happens_by_itself(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"mode": "observe"})
    acme.day("2026-11-23", staff(3))
    with acme.ports() as ports:
        decide_about(ports, "0001", "manual", "FIRST-AID", Word(owner="ana", reason="x"))
    told = said(ask(acme, "0001"), "plan")
    assert "In P-1, not done: make an account for w0001@acme.example." in told
    assert "P-1 is only shown, because the mode is observe." in told
    assert "Next plan: assign FIRST-AID. Cause: assigned by hand by ana. It is only shown" in told


def test_what_an_undo_took_back_is_told_as_left_so(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    night = acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    acme.undo(night.plan, "2026-11-24T13:00")
    expected = "Taken back by an undo, and left so until HR or a rule changes it: job_title."
    assert said(ask(acme, "0001"), "plan") == expected
    with acme.ports() as ports:
        rows = {row[0]: row[1:] for row in side_by_side(ports, "0001").rows}
    assert rows["job_title"] == ("Head", "Head", "Clerk", "undone")


def planned(night: Night | None, who: str) -> list[str]:
    roles = " and take administrator roles away"
    return [
        worded(s.line.operation).removesuffix(roles) for s in (night.stored if night else ()) if s.line.worker_id == who
    ]


def _exempts(acme: Company) -> None:
    by_hand(acme, "exemption", "0001", "SAFETY", "x")


def _assigns(acme: Company) -> None:
    by_hand(acme, "manual", "0001", "FIRST-AID", "x")


def _new_rule(acme: Company) -> None:
    acme.write_settings(learning_rules=[SAFETY, LEADING, {"name": "All", "give": "ALL"}])


def _ends(acme: Company) -> None:
    acme.day("2026-11-24", changed(staff(4), "0001", termination_date="2026-11-24"))


CHANGES: dict[str, Callable[[Company], None]] = {
    "nothing happened": lambda acme: None,
    "somebody exempted them": _exempts,
    "somebody assigned a course": _assigns,
    "a rule is new": _new_rule,
    "their last day has passed since": _ends,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_said_of_the_next_plan_is_what_the_next_plan_does_when(
    tmp_path: Path, change: Callable[[Company], None]
) -> None:
    clock = {"now": moment("2026-11-24T13:00")}
    real = {"simulation": False}
    acme = ruled(tmp_path, learning=real, clock=lambda: clock["now"])
    acme.day("2026-11-24T11:00", staff(4))
    change(acme)
    clock["now"] = moment("2026-11-25T12:00")
    foretold = [line["what"] for line in ask(acme, "0001").part("plan").data["next"]]
    assert foretold == planned(acme.look("2026-11-25"), "0001")
    if change is not CHANGES["nothing happened"]:
        assert foretold


# ----------------------------------------------------------------------------------------------- 7. other moments


AHEAD = {
    "a starter": {"hire_date": "2026-12-01"},
    "a starter in Auckland": {"hire_date": "2026-12-02", "time_zone": "Pacific/Auckland"},
    "a leaver": {"termination_date": "2026-12-31"},
    "somebody on a fixed term": {"hire_date": "2026-12-01", "termination_date": "2026-12-31"},
    "an ordinary person": {},
}


@pytest.mark.parametrize("values", AHEAD.values(), ids=AHEAD.keys())
def test_a_look_ahead_tells_what_then_comes_true_for(tmp_path: Path, values: dict[str, str]) -> None:
    """… word for word: first it is foretold, then the same days are lived."""
    acme = ruled(tmp_path, settings={"guards": "off"})
    rows = [*staff(3), worker(4, **values)]
    acme.day("2026-11-24", rows)
    days = ("2026-12-01T12:00", "2026-12-02T12:00", "2027-01-15T12:00", "2027-04-15T12:00")
    foretold = {day: ask(acme, "0004", day, confidential=True) for day in days}
    for day in ("2026-11-25", *sorted({*days, "2026-12-03", "2026-12-30", "2027-01-01"})):
        acme.day(day)
        if day in foretold:
            came = ask(acme, "0004", confidential=True)
            for part in ("employment", "learning"):
                assert said(foretold[day], part).replace(" then, unless it is done.", ".") == said(came, part)
            ahead, now = (answer.part("account").data for answer in (foretold[day], came))
            assert (ahead["state"], ahead["wanted"]) == (now["state"], now["wanted"])


def test_a_look_ahead_tells_day_by_day_what_happens_until_then(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-24", [*staff(3), worker(4, hire_date="2026-12-01")])
    answer = ask(acme, "0004", "2027-01-15")
    assert answer.tense == "future"
    assert said(answer, "until") == "2026-12-01: make an account for w0004@acme.example; assign SAFETY, due 2026-12-31."
    assert "An account, made by then: can sign in." in answer.said
    assert "course:SAFETY is overdue then, unless it is done." in answer.said


def test_a_look_back_tells_what_was_known_and_done_then(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0001", job_title="Head", country="FR"))
    acme.day("2026-11-27", changed(staff(5), "0001", job_title="Head", country="FR", location="Paris", **LEFT))
    answer = ask(acme, "0001", "2026-11-24")
    assert answer.tense == "past"
    assert "job_title Clerk, location Lille" in said(answer, "facts")
    assert said(answer, "account") == "Made on 2026-11-23 (P-1)."
    assert "Had course:SAFETY, assigned on 2026-11-23" in said(answer, "learning")
    assert "LEADING" not in said(answer)
    assert "LEADING" in said(ask(acme, "0001", "2026-11-26"), "learning")
    now = ask(acme, "0001", "2026-11-27T11:59")
    assert said(now, "account") == "Made on 2026-11-23 (P-1)."


def test_a_look_back_says_what_was_not_kept(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.day("2026-11-25", changed(staff(3), "0001", job_title="Head"))
    assert "The rules and settings of that day" in said(ask(acme, "0001", "2026-11-24"), "not_kept")


def test_a_look_back_before_hr_told_of_somebody_finds_nobody(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    told = said(ask(acme, "0001", "2026-11-20"))
    assert told == "Nobody was known under this number then; HR's first word came on 2026-11-23."


def test_the_stage_of_then_follows_the_events(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)
    acme.day("2026-11-20", rows)
    acme.day("2026-11-23", [*rows, worker(6, hire_date="2026-11-24")])
    acme.day("2026-11-24")
    acme.day(
        "2026-11-26", [*rows, worker(6, status="Terminated", hire_date="2026-11-24", termination_date="2026-11-25")]
    )
    told = {day: said(ask(acme, "0006", day), "employment") for day in ("2026-11-23T13:00", "2026-11-24", "2026-11-25")}
    assert told == {
        "2026-11-23T13:00": "Not at work yet: announced, to start on 2026-11-24.",
        "2026-11-24": "At work since 2026-11-24.",
        "2026-11-25": "At work since 2026-11-24.",
    }


EVENTLESS = {
    "stays": ({}, "At work"),
    "leaves later": (LEFT, "At work"),
    "had left": ({"status": "Terminated", "termination_date": "2026-01-31"}, "Gone"),
    "is to start": ({"hire_date": "2026-12-24"}, "Not at work yet"),
}


@pytest.mark.parametrize(("values", "expected"), EVENTLESS.values(), ids=EVENTLESS.keys())
def test_before_any_event_the_first_file_tells_the_stage_of_somebody_who(
    tmp_path: Path, values: dict[str, str], expected: str
) -> None:
    acme = Company(tmp_path)
    first = {} if values is LEFT else values
    acme.day("2026-11-20", [*staff(3), worker(4, **first)])
    acme.day("2026-11-25", [*staff(3), worker(4, **values)])
    assert said(ask(acme, "0004", "2026-11-21"), "employment") == f"{expected}, since HR's first file or longer."


# ------------------------------------------------------------------------------------------------- in confidence

ANNOUNCED = {
    "an end date": {"termination_date": "2026-12-31"},
    "an end date and the status": {"termination_date": "2026-12-31", "status": "Terminated"},
    "notice": {"termination_date": "2026-12-31", "status": "Notice"},
    "an end years ahead": {"termination_date": "2031-12-31"},
}


def alike(answer: Answer) -> str:
    """Everything in an answer but who it is about."""
    return re.sub(r"000[45]|'key': '[^']*'|'id': '[^']*'|Account \S+", "…", repr(answer))


@pytest.mark.parametrize("at", ["", "2026-11-25T11:00", "2026-12-15", "2027-01-15", "2032-02-02"])
@pytest.mark.parametrize("values", ANNOUNCED.values(), ids=ANNOUNCED.keys())
def test_the_answer_about_somebody_whose_end_is_announced_is_that_about_anybody_else(
    tmp_path: Path, values: dict[str, str], at: str
) -> None:
    words = {"Notice": "notice", "Terminated": "terminated", "Active": "active"}
    acme = ruled(tmp_path, people={"statuses": words})
    rows = staff(8)
    acme.day("2026-11-23", rows)
    acme.day("2026-11-25", changed(rows, "0004", **values))
    announced, other = (ask(acme, who, at) for who in ("0004", "0005"))
    assert alike(announced) == alike(other)
    assert values["termination_date"] not in repr(announced)


def test_in_confidence_an_announced_end_is_told_and_counts(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(5))
    acme.day("2026-11-25", changed(staff(5), "0004", termination_date="2026-12-31"))
    assert "Confidential: HR has announced an end on 2026-12-31." in said(ask(acme, "0004", confidential=True))
    then = ask(acme, "0004", "2027-01-15", confidential=True)
    assert said(then, "employment").startswith("Left: the employment ended on 2026-12-31.")
    assert "2027-01-01: end access" in said(then, "until")


def test_a_managers_announced_end_shows_in_nobodys_look_ahead(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    rows = [worker(1), worker(2, manager_id="0001", termination_date="2026-12-31"), worker(3, manager_id="0002")]
    acme.day("2026-11-23", rows)
    assert said(ask(acme, "0003", "2027-01-15"), "until") == "Nothing changes."
    assert "manager_id: 0002 -> 0001" in said(ask(acme, "0003", "2027-01-15", confidential=True), "until")


# ----------------------------------------------------------------------------------------------- nothing is written


@pytest.mark.parametrize("at", ["", "2026-11-24", "2027-06-01"], ids=["now", "a past day", "a day to come"])
def test_why_writes_nothing_of(tmp_path: Path, at: str) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-23", staff(3))
    acme.day(
        "2026-11-25", [*changed(staff(3), "0001", termination_date="2026-12-31"), worker(4, hire_date="2026-12-01")]
    )
    accounts, before = acme.raw_accounts(), everything(acme)
    for who in ("0001", "0002", "0004"):
        ask(acme, who, at)
        ask(acme, who, at, course="SAFETY", confidential=True)
    assert everything(acme) == before
    assert acme.raw_accounts() == accounts


def test_somebody_whose_date_has_come_since_the_last_run_is_decided_and_nothing_is_kept(tmp_path: Path) -> None:
    clock = {"now": moment("2026-11-24T13:00")}
    acme = Company(tmp_path, learning={"simulation": False}, clock=lambda: clock["now"])
    acme.day("2026-11-24T11:00", [*staff(3), worker(4, hire_date="2026-11-25")])
    clock["now"] = moment("2026-11-25T12:00")
    before = everything(acme)
    answer = ask(acme, "0004")
    assert answer.said[0] == "At work since 2026-11-25."
    assert "Next plan: make an account for w0004@acme.example." in said(answer, "plan")
    assert everything(acme) == before
    assert AccountState.ACTIVE == answer.part("account").data["wanted"]


def test_a_look_ahead_on(tmp_path: Path, store_url: str) -> None:
    (tmp_path / "store.url").write_text(store_url)
    url = store_url if store_url.startswith("sqlite") else {"file": str(tmp_path / "store.url")}
    acme = ruled(tmp_path, settings={"store": {"url": url}})
    acme.day("2026-11-24", [*staff(3), worker(4, hire_date="2026-12-01", termination_date="2026-12-31")])
    before = everything(acme)
    answer = ask(acme, "0004", "2027-01-15", confidential=True)
    assert said(answer, "until").split(" | ") == [
        "2026-12-01: make an account for w0004@acme.example; assign SAFETY, due 2026-12-31.",
        "2027-01-01: end access.",
    ]
    assert said(ask(acme, "0001", "2026-11-24T11:00")) != said(ask(acme, "0001"))
    assert everything(acme) == before


def test_why_answers_while_a_run_is_writing(tmp_path: Path) -> None:
    acme = ruled(tmp_path)
    acme.day("2026-11-24", staff(3))
    with acme.ports() as busy, busy.database.write() as connection:
        connection.execute(select(1))
        assert ask(acme, "0001").said[0] == "At work since 2020-01-15."
