"""What was pushed and what HR's next files say: a newer file counts, also by a row that is what it was before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from joinery.flows.push import News, tell
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, moment, staff, worker

GONE = {"status": "Terminated"}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    company = Company(tmp_path)
    night(company, "2026-11-23T05:00", staff(4))
    return company


def night(acme: Company, at: str, rows: list[Row], *, written: str = "") -> list[str]:
    """The run at this moment, with HR's full file; `written`: the moment in its name."""
    acme.clock = lambda: moment(at)
    name = f"hr_employees_full_{written}Z.csv" if written else ""
    return acme.day(at, rows, name=name).lines


def push(acme: Company, at: str, who: str, **fields: str) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    acme.clock = lambda: now
    with acme.open(at) as it:
        (source,) = it.ports.sources.values()
        news = News(door="push", name=f"n{at}", records=[{**fields, "worker_id": who}], received_at=now)
        tell(it.ports, source, news)


def test_a_file_written_before_the_push_takes_nothing_back(acme: Company) -> None:
    push(acme, "2026-11-24T03:00", "0002", **GONE)
    assert acme.accounts()["0002"] == "suspended"
    assert night(acme, "2026-11-24T05:00", staff(4), written="20261124T020000") == []
    assert acme.accounts()["0002"] == "suspended"


def test_a_file_that_does_not_say_when_it_was_written_takes_nothing_back_within_a_day(acme: Company) -> None:
    push(acme, "2026-11-24T03:00", "0002", **GONE)
    assert night(acme, "2026-11-24T05:00", changed(staff(4), "0001", job_title="Head")) == ["0001 update done"]
    assert acme.accounts()["0002"] == "suspended"
    assert night(acme, "2026-11-25T05:00", staff(4)) == ["0001 update done", "0002 restore done"]


def test_a_newer_file_gives_access_back_that_was_ended_by_mistake(acme: Company) -> None:
    push(acme, "2026-11-24T03:00", "0002", **GONE)
    lines = night(acme, "2026-11-24T05:00", staff(4), written="20261124T040000")
    assert lines == ["0002 restore done"]
    assert night(acme, "2026-11-25T05:00", staff(4), written="20261125T040000") == []


@pytest.mark.parametrize("rows", ["the same bytes", "another row changed"])
def test_an_access_that_was_opened_by_mistake_ends_with_the_next_file_that_tells_of_the_end(
    acme: Company, rows: str
) -> None:
    gone = changed(staff(4), "0002", **GONE)
    night(acme, "2026-11-24T05:00", gone, written="20261124T040000")
    assert acme.accounts()["0002"] == "suspended"
    push(acme, "2026-11-24T10:00", "0002", status="Active")
    acme.clock = lambda: moment("2026-11-24T11:00")
    acme.day("2026-11-24T11:00")
    assert acme.accounts()["0002"] == "active"
    more = {"job_title": "Head"} if rows == "another row changed" else {}
    night(acme, "2026-11-25T05:00", changed(gone, "0001", **more), written="20261125T040000")
    assert acme.accounts()["0002"] == "suspended"


def test_somebody_of_whom_nothing_was_pushed_is_not_looked_at(acme: Company) -> None:
    push(acme, "2026-11-24T03:00", "0002", job_title="Head")
    acme.clock = lambda: moment("2026-11-26T05:00")
    first = acme.day("2026-11-26T05:00", staff(4)).report.pulled.files[0]
    assert (first.counts["changed"], first.counts["unchanged"]) == (1, 3)
    assert acme.person("0002").worker.job_title == "Clerk"
    acme.clock = lambda: moment("2026-11-27T05:00") + timedelta(hours=1)
    assert acme.day("2026-11-27T06:00", staff(4)).report.pulled.files[0].state == "same"


def test_a_push_that_a_file_confirms_changes_nothing(acme: Company) -> None:
    push(acme, "2026-11-24T03:00", "0002", **GONE)
    assert night(acme, "2026-11-25T05:00", changed(staff(4), "0002", **GONE), written="20261125T040000") == []
    assert [event for event in acme.events("0002") if "leaver" in event] == ["0002 leaver 2026-11-24"]


def test_a_row_that_changed_in_a_file_written_before_the_push_takes_back_nothing_of_it(acme: Company) -> None:
    """HR's file of two o'clock has another title; at three somebody says that they were fired."""
    night(acme, "2026-11-24T05:00", changed(staff(4), "0001", job_title="Head"), written="20261124T040000")
    push(acme, "2026-11-25T03:00", "0002", **GONE)
    moved = changed(staff(4), "0002", job_title="Chief")
    night(acme, "2026-11-25T05:00", moved, written="20261125T020000")
    assert acme.accounts()["0002"] == "suspended"
    assert acme.person("0002").worker.job_title == "Chief", "of which nobody said anything newer"
    night(acme, "2026-11-26T05:00", moved, written="20261126T040000")
    assert acme.accounts()["0002"] == "active", "HR's newer word"


def test_the_row_of_before_after_one_of_which_only_a_part_was_older_than_a_push_is_read(acme: Company) -> None:
    """Nothing that was pushed changed anything: nobody remembers that somebody was told of."""
    night(acme, "2026-11-24T05:00", changed(staff(4), "0001", job_title="Head"), written="20261124T040000")
    push(acme, "2026-11-25T03:00", "0002", job_title="Clerk")
    night(acme, "2026-11-25T05:00", changed(staff(4), "0002", **GONE), written="20261125T020000")
    assert acme.accounts()["0002"] == "suspended", "of which nobody said anything newer"
    night(acme, "2026-11-26T05:00", staff(4), written="20261126T040000")
    assert acme.accounts()["0002"] == "active", "HR took it back"


def test_nor_does_one_in_a_file_that_does_not_say_when_it_was_written_within_a_day(acme: Company) -> None:
    push(acme, "2026-11-24T03:00", "0002", **GONE)
    moved = changed(staff(4), "0002", job_title="Chief")
    night(acme, "2026-11-24T05:00", moved)
    assert acme.accounts()["0002"] == "suspended"
    night(acme, "2026-11-25T05:00", changed(moved, "0001", job_title="Head"))
    assert acme.accounts()["0002"] == "active"


def test_a_file_written_before_somebody_was_pushed_does_not_make_them_missing(tmp_path: Path) -> None:
    acme = Company(tmp_path, people={"leavers_are": "absent"})
    night(acme, "2026-11-23T05:00", staff(4), written="20261123T040000")
    push(acme, "2026-11-24T03:00", "0004", status="Active", job_title="Head")
    assert night(acme, "2026-11-24T05:00", staff(3), written="20261124T020000") == ["0004 update done"]
    assert acme.accounts()["0004"] == "active"
    assert night(acme, "2026-11-25T05:00", staff(3), written="20261125T040000") == ["0004 suspend done"]


def test_what_is_pushed_ahead_outlives_a_file_written_before_it(tmp_path: Path) -> None:
    acme = Company(tmp_path, people={"fields": FIELDS | {"effective_date": "effective_date"}})
    columns = (*COLUMNS, "effective_date")

    def file(at: str, written: str, rows: list[Row]) -> None:
        acme.clock = lambda: moment(at)
        acme.day(at, rows, name=f"hr_all_full_{written}Z.csv", columns=columns)

    rows = [row | {"effective_date": ""} for row in staff(4)]
    file("2026-11-23T05:00", "20261123T040000", rows)
    push(acme, "2026-11-24T03:00", "0002", job_title="Head", effective_date="2026-11-26")
    file("2026-11-24T05:00", "20261124T020000", changed(rows, "0002", given_name="Bea"))
    assert acme.account("0002").attributes["job_title"] == "Clerk"
    acme.clock = lambda: moment("2026-11-26T05:00")
    acme.day("2026-11-26T05:00")
    assert acme.account("0002").attributes["job_title"] == "Head"


def test_somebody_whom_only_a_push_told_of_is_missing_from_the_files_that_lack_them(acme: Company) -> None:
    """A hire that was pushed and rescinded, or made up: no file ever had them, and their access must not stay."""
    new = {name: cell for name, cell in worker(9, hire_date="2026-11-24").items() if name != "worker_id"}
    push(acme, "2026-11-24T03:00", "0009", **new)
    night(acme, "2026-11-24T05:00", staff(4), written="20261124T020000")
    assert acme.accounts()["0009"] == "active"
    for day in (25, 26, 27):
        rows = changed(staff(4), "0001", job_title=f"Clerk {day}")
        night(acme, f"2026-11-{day}T05:00", rows, written=f"202611{day}T040000")
        assert acme.accounts()["0009"] == ("active" if day < 27 else "archived")
    night(acme, "2026-11-28T05:00", [*staff(4), worker(9)], written="20261128T040000")
    assert acme.accounts()["0009"] == "active"


@pytest.mark.parametrize("kind", ["full", "changes"])
@pytest.mark.parametrize(
    ("written", "title"),
    [pytest.param("04", "Clerk", id="a newer file"), pytest.param("02", "Head", id="a file from before")],
)
def test_what_was_pushed_for_a_later_day_is_taken_back_by_a_newer_row_that_is_what_it_was(
    tmp_path: Path, kind: str, written: str, title: str
) -> None:
    acme = Company(tmp_path, people={"fields": FIELDS | {"effective_date": "effective_date"}})

    def file(day: str, kind: str, rows: list[Row], hour: str = "04") -> None:
        acme.clock = lambda: moment(f"{day}T05:00")
        name = f"hr_acme_{kind}_{day.replace('-', '')}T{hour}0000Z.csv"
        acme.day(f"{day}T05:00", [*rows, worker(9, given_name=day)], name=name, columns=(*COLUMNS, "effective_date"))

    rows = [row | {"effective_date": ""} for row in staff(4)]
    file("2026-11-23", "full", rows)
    push(acme, "2026-11-24T03:00", "0002", job_title="Head", effective_date="2026-11-25")
    file("2026-11-24", kind, rows, written)
    assert acme.account("0002").attributes["job_title"] == "Clerk"
    file("2026-11-25", "changes", rows[2:])
    assert acme.account("0002").attributes["job_title"] == title
