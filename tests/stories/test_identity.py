"""One person, many numbers: new ones, old ones, two at a time, and the ones that are somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.errors import MatchRefused
from joinery.flows.person import Word
from joinery.flows.who import open_questions, other_person, same_person
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff, without, worker

ENDED = {"status": "Terminated"}
WORD = Word(owner="ana", reason="HR said so on the telephone")


def contractor(number: str = "C1", **values: str) -> Row:
    """Until Friday 27 November 2026."""
    told = {"work_email": "kim@acme.example", "termination_date": "2026-11-27", "employment_type": "Contractor"}
    return worker(number, **told | values)


def employee(number: str = "E1", **values: str) -> Row:
    """From Monday 30 November 2026."""
    return worker(
        number, **{"work_email": "kim@acme.example", "hire_date": "2026-11-30", "status": "Pre-hire"} | values
    )


def say_same(acme: Company, one: str, two: str) -> None:
    with acme.ports() as ports:
        same_person(ports, one, two, WORD)


def say_other(acme: Company, one: str, two: str) -> None:
    with acme.ports() as ports:
        other_person(ports, one, two, WORD)


def asked(acme: Company) -> list[str]:
    """`E1 C1 probable_same_person`."""
    with acme.ports() as ports:
        return [f"{q.worker_id} {q.other} {q.check}".strip() for q in open_questions(ports)]


def people(acme: Company) -> int:
    """How many people Joinery knows."""
    with acme.ports() as ports, ports.database.read() as connection:
        from joinery.store.people import People

        return sum(People(connection, ports.policy.name).counts().values())


# ----------------------------------------------------------------------------------- with the former number


def test_a_new_number_with_the_former_one_keeps_person_account_and_history(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", rows)
    before = acme.account("0007")
    renumbered = [*without(rows, "0007"), rows[6] | {"worker_id": "9007", "previous_id": "0007"}]
    night = acme.day("2026-11-25", renumbered)
    assert night.lines == ["9007 update done"]
    assert acme.account("9007").id == before.id
    assert acme.events(kinds=["leaver", "joiner", "rehire"]) == []
    assert acme.events(kinds=["rekeyed"]) == ["9007 rekeyed 2026-11-25 worker_id: 0007 -> 9007"]
    assert people(acme) == 10
    assert acme.day("2026-11-26", changed(renumbered, "0001", job_title="Head")).lines == ["0001 update done"]


def test_a_contractor_becomes_an_employee_one_conversion_no_leaver(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*rows, contractor()])
    both = [*rows, contractor(), employee(previous_id="C1")]
    nights = [acme.day("2026-11-25", both), acme.day("2026-11-28"), acme.day("2026-11-30T12:00")]
    assert not [line for night in nights for line in night.lines if "suspend" in line or "create" in line]
    assert acme.events(kinds=["leaver", "rehire"]) == []
    assert acme.events(kinds=["conversion"]) == ["E1 conversion 2026-11-30 employment_type: Contractor -> Permanent"]


def test_a_chain_of_numbers_leads_to_the_first_account(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)
    acme.day("2026-11-20", [*rows, worker("A1", work_email="kim@acme.example")])
    account = acme.account("A1").id
    for day, number, former in (("2026-11-21", "B1", "A1"), ("2026-11-22", "C1", "B1"), ("2026-11-23", "D1", "C1")):
        acme.day(day, [*rows, worker(number, previous_id=former, work_email="kim@acme.example")])
    assert acme.account("D1").id == account
    assert len(acme.raw_accounts()) == 6
    assert acme.who_is("active") == {row["worker_id"] for row in rows} | {"D1"}
    # and the last one leaves
    acme.day("2026-11-24", [*rows, worker("D1", previous_id="C1", work_email="kim@acme.example", **ENDED)])
    assert acme.accounts()["D1"] == "suspended"


def test_a_last_day_that_comes_does_not_wake_the_former_number(tmp_path: Path) -> None:
    """The old row, still "active" when it went, was read once more on the last day of the newest."""
    acme, rows = Company(tmp_path), staff(5)
    mine = {"work_email": "kim@acme.example"}
    acme.day("2026-11-20", [*rows, worker("A1", **mine)])
    second = worker("B1", previous_id="A1", **mine)
    acme.day("2026-11-21", [*rows, second])
    acme.day("2026-11-22", [*rows, second, worker("C1", previous_id="B1", **mine)])
    last = {"termination_date": "2026-11-25"}
    acme.day("2026-11-23", [*rows, second, worker("C1", previous_id="B1", **mine, **last)])
    assert acme.accounts()["C1"] == "active"
    assert acme.day("2026-11-26").did("suspend") == ["C1"]
    assert acme.day("2026-11-27").lines == [] and acme.accounts()["C1"] == "suspended"


def test_a_number_given_back_is_the_same_person_again(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)
    mine = {"work_email": "kim@acme.example", "given_name": "Kim", "family_name": "Li"}
    acme.day("2026-11-20", [*rows, worker("A1", **mine)])
    account = acme.account("A1").id
    acme.day("2026-11-21", [*rows, worker("B1", previous_id="A1", **mine)])
    night = acme.day("2026-11-22", [*rows, worker("A1", previous_id="B1", **mine)])
    assert night.lines == ["A1 update done"]
    assert acme.account("A1").id == account
    assert acme.events(kinds=["leaver", "rehire", "joiner"]) == []
    gone = acme.day("2026-11-23", [*rows, worker("A1", previous_id="B1", **mine | ENDED)])
    assert gone.did("suspend") == ["A1"]


def test_the_former_number_of_somebody_at_work_is_not_taken_from_them(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", rows)
    account = acme.account("0005").id
    night = acme.day("2026-11-25", [*rows, worker(11, previous_id="0005")])
    assert night.did("create", "held") == ["0011"]
    assert "0005 is somebody who is at work" in night.why_held("0011")
    assert asked(acme) == ["0011 0005 previous_id_unclear"]
    assert acme.account("0005").id == account
    say_other(acme, "0011", "0005")
    assert acme.day("2026-11-26").lines == ["0011 create done"]
    assert asked(acme) == []


def test_the_former_number_of_somebody_who_leaves_later_joins_them_then(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", rows)
    account = acme.account("0005").id
    both = [*rows, worker(11, previous_id="0005")]
    acme.day("2026-11-25", both)
    night = acme.day("2026-11-26", without(both, "0005"))
    assert night.did("suspend") == []
    assert acme.account("0011").id == account
    assert people(acme) == 10


def test_two_who_claim_one_former_number_both_wait(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", rows)
    two = [worker(11, previous_id="0005"), worker(12, previous_id="0005")]
    night = acme.day("2026-11-25", [*without(rows, "0005"), *two])
    assert night.did("create", "held") == ["0011", "0012"]
    assert "claimed by 0012 too" in night.why_held("0011")
    account = acme.account("0005").id
    say_same(acme, "0012", "0005")
    acme.day("2026-11-26")
    assert acme.account("0012").id == account
    # the other one still says what cannot be
    assert asked(acme) == ["0011 0012 previous_id_unclear"]
    say_other(acme, "0011", "0012")
    assert acme.day("2026-11-27").lines == ["0011 create done"]


# ------------------------------------------------------------------------- with a key above all employments

BY_PERSON = {"fields": FIELDS | {"person_id": "person_id"}}
WIDE = (*COLUMNS, "person_id")


def test_a_key_above_employments_keeps_the_account_whatever_the_number(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=BY_PERSON)
    rows = [row | {"person_id": f"U{row['worker_id']}"} for row in staff(10)]
    acme.day("2026-11-24", [*rows, contractor(person_id="U77")], columns=WIDE)
    account = acme.account("C1").id
    both = [*rows, contractor(person_id="U77"), employee(person_id="U77")]
    nights = [acme.day("2026-11-25", both, columns=WIDE), acme.day("2026-11-28"), acme.day("2026-11-30")]
    assert not [line for night in nights for line in night.lines if "suspend" in line or "create" in line]
    assert acme.account("E1").id == account
    assert acme.events(kinds=["conversion", "leaver"]) == [
        "E1 conversion 2026-11-30 employment_type: Contractor -> Permanent"
    ]


def test_a_rehire_under_a_new_number_years_later_gets_the_old_account_back(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=BY_PERSON)
    rows = [row | {"person_id": f"U{row['worker_id']}"} for row in staff(5)]
    acme.day("2026-01-10", [*rows, worker("A1", person_id="U9", work_email="kim@acme.example")], columns=WIDE)
    account = acme.account("A1").id
    left = worker("A1", person_id="U9", work_email="kim@acme.example", termination_date="2026-01-31", **ENDED)
    acme.day("2026-02-01", [*rows, left], columns=WIDE)
    acme.day("2026-06-01")
    assert acme.accounts()["A1"] == "archived"
    coming = worker("B1", person_id="U9", hire_date="2026-11-30", status="Pre-hire")
    acme.day("2026-11-20", [*rows, coming], columns=WIDE)
    assert acme.accounts()["A1"] == "archived"
    acme.day("2026-11-30")
    assert acme.account("B1").id == account
    assert acme.accounts()["B1"] == "active"
    assert [e.split()[1] for e in acme.events() if e.split()[0] in {"A1", "B1"}][:1] == ["leaver"]
    assert acme.events(kinds=["rehire"]) == ["B1 rehire 2026-11-30"]


# ---------------------------------------------------------------------------------------------- unconfirmed


def test_without_the_former_number_a_human_says_that_it_is_the_same_person(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*rows, contractor()])
    account = acme.account("C1").id
    acme.day("2026-11-26", [*rows, contractor(), employee()])
    assert asked(acme) == ["E1 C1 probable_same_person"]
    assert "probable_same_person E1" in acme.findings()
    say_same(acme, "E1", "C1")
    nights = [acme.day("2026-11-28"), acme.day("2026-11-30")]
    assert not [line for night in nights for line in night.lines if "suspend" in line or "create" in line]
    assert acme.account("E1").id == account
    assert asked(acme) == []
    assert "probable_same_person E1" not in acme.findings()


def test_not_answered_in_time_access_ends_with_the_old_record_and_comes_back_with_the_answer(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*rows, contractor()])
    account = acme.account("C1").id
    acme.day("2026-11-26", [*rows, contractor(), employee()])
    assert acme.day("2026-11-28").did("suspend") == ["C1"]
    night = acme.day("2026-11-30", [*rows, contractor(), employee(status="Active")])
    assert night.did("create", "held") == ["E1"]
    assert "probably the same person as C1" in night.why_held("E1")
    assert acme.accounts()["C1"] == "suspended"
    say_same(acme, "C1", "E1")
    assert "E1 restore done" in acme.day("2026-12-01").lines
    assert acme.account("E1").id == account
    assert acme.accounts()["E1"] == "active"


def test_a_successor_at_work_without_a_gap_keeps_the_account_open_until_somebody_answers(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*rows, contractor()])
    account = acme.account("C1").id
    both = [*rows, contractor(), employee(hire_date="2026-11-28")]
    acme.day("2026-11-26", both)
    for day in ("2026-11-28", "2026-11-29", "2026-11-30"):
        assert acme.day(day).did("suspend") == []
        assert acme.accounts()["C1"] == "active"
    say_other(acme, "E1", "C1")
    assert acme.day("2026-12-01").did("suspend") == ["C1"]
    assert acme.raw_accounts() and acme.account("C1").id == account


def test_a_successor_who_leaves_too_takes_the_access_along(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(10)
    acme.day("2026-11-24", [*rows, contractor()])
    acme.day("2026-11-26", [*rows, contractor(), employee(hire_date="2026-11-28")])
    acme.day("2026-11-28")
    assert acme.accounts()["C1"] == "active"
    acme.day("2026-12-05", [*rows, contractor(), employee(hire_date="2026-11-28", **ENDED)])
    assert acme.accounts()["C1"] == "suspended"


def test_two_accounts_are_not_made_one_by_an_answer(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(3)
    acme.day("2026-11-24", rows)
    with pytest.raises(MatchRefused, match="both have an account"):
        say_same(acme, "0001", "0002")
    assert acme.day("2026-11-25").lines == []
