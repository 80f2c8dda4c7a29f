"""Several rows of one person in files of changes and in pushes, through the real run: never an end lost silently."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from joinery.flows.push import News, Told, tell
from tests.stories.company import Company, Row, changed, staff, worker
from tests.stories.test_changes_ahead import ALL, company, one, title

DAY, NEXT = "2026-11-20", "2026-11-21"
GONE = {"status": "Terminated"}
STRANGER = {"given_name": "Ola", "family_name": "Nord", "work_email": "ola@acme.example"}


def push(acme: Company, at: str, *records: Row) -> Told:
    """HR pushes these records in one message at this moment."""
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    acme.clock = lambda: now
    with acme.open(at) as it:
        (source,) = it.ports.sources.values()
        told = tell(it.ports, source, News(door="webhook", name="m", records=records, received_at=now))
    acme.clock = None
    return told


def test_a_transfer_and_then_a_termination_on_one_day(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    same_day = {"effective_date": DAY}
    told = [
        *one(rows, "0002", department="Legal", **same_day),
        *one(rows, "0002", department="Legal", **GONE, **same_day),
    ]
    night = acme.day(DAY, told, columns=ALL)
    assert (night.exit_code, acme.accounts()["0002"]) == (0, "suspended")
    assert acme.events("0002") == ["0002 leaver 2026-11-20"]
    assert acme.person("0002").worker.department == "Legal"


def test_two_days_in_one_file_whatever_their_order(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    newest_first = [
        *one(rows, "0002", effective_date="2026-11-19", **GONE),
        *one(rows, "0002", effective_date="2026-11-17", department="Legal"),
    ]
    assert acme.day(DAY, newest_first, columns=ALL).exit_code == 0
    assert acme.accounts()["0002"] == "suspended", "it ended after the transfer, and not before"


def test_an_end_that_only_a_place_in_the_file_takes_back_is_held_and_stays_an_issue(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day(DAY, [*one(rows, "0002", **GONE), *one(rows, "0002", job_title="Head")], columns=ALL)
    assert (acme.accounts()["0002"], title(acme)) == ("active", "Clerk")
    assert acme.findings() == {"changes_without_order 0002"}
    assert acme.day(NEXT, one(rows, "0003", job_title="Head"), columns=ALL).exit_code == 0
    assert acme.findings() == {"changes_without_order 0002"}, "news of others solve nothing"
    acme.day("2026-11-22", one(rows, "0002", **GONE), columns=ALL)
    assert (acme.accounts()["0002"], acme.findings()) == ("suspended", {"ended_without_date 0002"})


def test_where_the_order_of_the_file_is_not_that_of_time_nobody_is_ended_by_their_place(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    backwards = [
        *one(rows, "0003", department="Legal", effective_date="2026-11-19"),
        *one(rows, "0003", department="Bar", effective_date="2026-11-18"),
    ]
    unsure = [*one(rows, "0002"), *one(rows, "0002", **GONE)]
    sure = [*one(rows, "0004", **GONE), *one(rows, "0004", job_title="Head", **GONE)]
    acme.day(DAY, [*backwards, *unsure, *sure], columns=ALL)
    assert acme.accounts() == {
        "0001": "active",
        "0002": "active",
        "0003": "active",
        "0004": "suspended",
        "0005": "active",
    }
    assert acme.person("0003").worker.department == "Legal"
    assert acme.findings() >= {"changes_without_order 0002", "changes_without_order 0004"}
    assert title(acme, "0004") == "Clerk", "only the end that both rows tell is believed"


def test_two_people_under_one_number_stay_an_issue_until_one_row_is_clear(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day(DAY, [*one(rows, "0002", **GONE), *one(rows, "0002", **STRANGER)], columns=ALL)
    acme.day(NEXT, one(rows, "0003", job_title="Head"), columns=ALL)
    assert (acme.accounts()["0002"], acme.findings()) == ("active", {"duplicate_worker_id 0002"})
    acme.day("2026-11-22", one(rows, "0002", job_title="Head"), columns=ALL)
    assert (title(acme), acme.findings()) == ("Head", set())


def test_what_an_older_row_says_counts_though_the_newest_is_the_one_of_yesterday(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    for day, name in ((DAY, "Anna"), (NEXT, "Anne")):
        told = [*one(rows, "0002", given_name=name), *one(rows, "0002", given_name="")]
        acme.day(day, told, columns=ALL)
        assert acme.person("0002").worker.given_name == name


@pytest.mark.parametrize("first", ["nobody is odd", "somebody is odd"])
def test_a_file_of_changes_neither_solves_nor_finds_what_it_does_not_show(tmp_path: Path, first: str) -> None:
    acme = Company(tmp_path)
    odd = {"manager_id": "0777"} if first == "somebody is odd" else {}
    rows = changed(staff(5), "0002", **odd)
    acme.day("2026-11-18", rows)
    before = acme.findings()
    assert before == ({"manager_missing 0002"} if odd else set())
    led = one(rows, "0003", manager_id="0001", job_title="Head")
    acme.day(DAY, led, name="hris_employees_changes_20261120T050000Z.csv")
    assert (title(acme, "0003"), acme.findings()) == ("Head", before)


LEFT, BACK = GONE | {"termination_date": "2026-11-15"}, {"hire_date": "2026-11-19", "job_title": "Head"}


@pytest.mark.parametrize("files", [1, 2])
def test_an_end_and_a_return_are_a_leaver_and_a_rehire_and_nobody_is_locked_out(tmp_path: Path, files: int) -> None:
    acme, rows = company(tmp_path)
    told = [*one(rows, "0002", **LEFT), *one(rows, "0002", **BACK), *one(rows, "0003", job_title="Head")]
    if files == 2:
        acme.drop(told[:1], columns=ALL)
        told = told[1:]
    night = acme.day(DAY, told, columns=ALL)
    assert acme.events("0002") == ["0002 leaver 2026-11-15", "0002 rehire 2026-11-19"]
    assert (night.exit_code, night.did("suspend"), acme.accounts()["0002"], title(acme)) == (0, [], "active", "Head")
    standing = acme.person("0002").standing
    assert (str(standing.started_on), str(standing.ended_on)) == ("2026-11-19", "2026-11-15")
    assert acme.day(NEXT).lines == []


def test_a_return_and_an_end_of_somebody_who_had_left_are_a_rehire_and_a_leaver(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-19", one(rows, "0002", **LEFT), columns=ALL)
    again = BACK | {"hire_date": "2026-11-17"}
    ended = again | GONE | {"termination_date": "2026-11-19"}
    night = acme.day(DAY, [*one(rows, "0002", **again), *one(rows, "0002", **ended)], columns=ALL)
    assert (night.did("restore"), acme.accounts()["0002"]) == ([], "suspended")
    told = ["0002 leaver 2026-11-15", "0002 rehire 2026-11-17", "0002 leaver 2026-11-19"]
    assert acme.events("0002") == told


def test_where_the_row_of_the_return_is_bad_the_end_waits_with_it(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day(DAY, [*one(rows, "0002", **LEFT), *one(rows, "0002", **BACK, termination_date="soon")], columns=ALL)
    assert (acme.events("0002"), acme.accounts()["0002"], title(acme)) == ([], "active", "Clerk")


# ---------------------------------------------------------------- pushes


def test_an_end_and_a_return_in_one_push(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = push(acme, "2026-11-20T10:00", *one(rows, "0002", **LEFT), *one(rows, "0002", **BACK))
    assert (told.ended, told.events) == ((), {"leaver": 1, "rehire": 1})
    assert acme.accounts()["0002"] == "active"


def test_the_same_in_one_push(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    told = push(acme, "2026-11-20T10:00", *one(rows, "0002", department="Legal"), *one(rows, "0002", **GONE))
    assert (told.ended, acme.accounts()["0002"]) == (("0002",), "suspended")
    held = push(acme, "2026-11-20T11:00", *one(rows, "0003", **GONE), *one(rows, "0003"))
    assert (held.ended, acme.accounts()["0003"]) == ((), "active")
    assert "changes_without_order 0003" in acme.findings()
    push(acme, "2026-11-20T12:00", *one(rows, "0003", job_title="Head"))
    assert "changes_without_order 0003" not in acme.findings()


def test_a_pushed_record_of_somebody_else_under_the_same_number_overwrites_nobody(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    push(acme, "2026-11-20T10:00", *one(rows, "0002"), *one(rows, "0002", **STRANGER))
    assert acme.person("0002").worker.family_name == "Family0002"
    assert acme.findings() == {"duplicate_worker_id 0002"}


def test_records_with_other_fields_are_told_in_their_turn(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    who = {"worker_id": "0002"}
    first, second, third = {**who, "job_title": "Head"}, {**who, "department": "Legal"}, {**who, "job_title": "Chief"}
    push(acme, "2026-11-20T10:00", first, *one(rows, "0003", job_title="Head"), second, third)
    person = acme.person("0002").worker
    assert (person.job_title, person.department, acme.person("0003").worker.job_title) == ("Chief", "Legal", "Head")


def test_of_records_with_other_fields_too_an_end_is_not_taken_back_by_its_place(tmp_path: Path) -> None:
    acme, _ = company(tmp_path)
    who = {"worker_id": "0002"}
    told = push(acme, "2026-11-20T10:00", {**who, **GONE}, {**who, "status": "Active", "job_title": "Head"})
    assert (told.ended, acme.accounts()["0002"]) == ((), "active")
    assert acme.findings() == {"changes_without_order 0002"}


def test_a_bad_push_is_an_issue_until_a_right_one_names_the_same_field(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    push(acme, "2026-11-20T10:00", *one(rows, "0002", hire_date="the 31st"))
    assert acme.findings() == {"bad_date 0002"}
    push(acme, "2026-11-20T11:00", {"worker_id": "0002", "job_title": "Head"})
    assert acme.findings() == {"bad_date 0002"}, "of the date nothing was said"
    push(acme, "2026-11-20T12:00", *one(rows, "0002", hire_date="2020-01-31"))
    assert acme.findings() == set()


def test_somebody_unknown_with_rows_that_do_not_agree_is_not_taken_in(tmp_path: Path) -> None:
    acme, _ = company(tmp_path)
    new = worker("0009", changed_at="", effective_date="2026-11-20")
    acme.day(DAY, [new | GONE, new], columns=ALL)
    assert "0009" not in acme.accounts() and acme.findings() == {"changes_without_order 0009"}
