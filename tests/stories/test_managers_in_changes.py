"""Managers in files of changes and in pushes: what is odd about them is found, and solved, beside all who are known."""

from __future__ import annotations

from pathlib import Path

from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff, worker
from tests.stories.test_several_rows import push

#: 0003 is above 0002, who is above 0001
ROWS = changed(changed(staff(6), "0001", manager_id="0002"), "0002", manager_id="0003")
CIRCLE = changed(ROWS, "0003", manager_id="0001")


def company(tmp_path: Path, rows: list[Row]) -> Company:
    acme = Company(tmp_path)
    full(acme, "18", rows)
    return acme


def full(acme: Company, day: str, rows: list[Row]) -> set[str]:
    acme.day(f"2026-11-{day}", rows, name=f"hris_employees_full_202611{day}T040000Z.csv")
    return acme.findings()


def news(acme: Company, day: str, *rows: Row) -> set[str]:
    acme.day(f"2026-11-{day}", rows, name=f"hris_employees_changes_202611{day}T040000Z.csv")
    return acme.findings()


def test_a_circle_that_a_file_of_changes_closes_is_an_issue_that_night(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    assert news(acme, "19", CIRCLE[2]) == {"manager_loop 0001"}
    assert news(acme, "20", worker(5, job_title="Head")) == {"manager_loop 0001"}, "others do not solve it"
    assert news(acme, "21", CIRCLE[0] | {"job_title": "Head"}) == {"manager_loop 0001"}, "nor does another title"
    assert news(acme, "22", ROWS[2]) == set()


def test_whoever_is_their_own_manager_is_one_finding(tmp_path: Path) -> None:
    acme = company(tmp_path, changed(ROWS, "0005", manager_id="0005"))
    assert acme.findings() == {"own_manager 0005"}
    assert news(acme, "19", worker(4, manager_id="0004")) == {"own_manager 0004", "own_manager 0005"}
    assert news(acme, "20", worker(4, manager_id="0001")) == {"own_manager 0005"}


def test_a_push_closes_and_opens_a_circle_too(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    push(acme, "2026-11-19T10:00", {"worker_id": "0003", "manager_id": "0001"})
    assert acme.findings() == {"manager_loop 0001"}
    push(acme, "2026-11-19T11:00", {"worker_id": "0003", "manager_id": ""})
    assert acme.findings() == set()


def test_a_manager_whom_nobody_knows_is_told_until_they_come(tmp_path: Path) -> None:
    acme = company(tmp_path, ROWS)
    assert news(acme, "19", worker(4, manager_id="0009"), worker(5, manager_id="0001")) == {"manager_missing 0004"}
    assert news(acme, "20", worker(5, manager_id="0009")) == {"manager_missing 0004"}
    assert news(acme, "21", worker(4, manager_id="0001")) == {"manager_missing 0005"}
    assert news(acme, "22", worker(9, hire_date="2026-11-22")) == set()
    gone = worker(9, hire_date="2026-11-22", status="Terminated", termination_date="2026-11-22")
    assert news(acme, "23", gone) == {"manager_left 0005"}


def test_a_manager_under_a_former_number_is_not_missing(tmp_path: Path) -> None:
    for way in ("previous_id", "source_id"):
        keys = ("source_id",)
        acme = Company(tmp_path / way, people={"fields": FIELDS | {"source_id": "source_id"}})
        rows = [worker(n, manager_id="" if n == 1 else "0001") | {"source_id": f"S{n}"} for n in (1, 2, 3)]
        acme.day("2026-11-18", rows, columns=(*COLUMNS, *keys))
        former = {"previous_id": "0001", "source_id": "S9"} if way == "previous_id" else {}
        boss = rows[0] | {"worker_id": "N001"} | former
        acme.day("2026-11-19", [boss, *rows[1:]], columns=(*COLUMNS, *keys))
        assert acme.findings() == {"manager_renumbered 0002"}, way
        acme.day("2026-11-20", [boss, *(row | {"manager_id": "N001"} for row in rows[1:])], columns=(*COLUMNS, *keys))
        assert acme.findings() == set()
