"""People come from HR's database: each run asks it, and what it answers goes the way of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.connectors.sql.hr import hr, run
from tests.stories.company import COLUMNS, Company, Row, changed, staff, without, worker

CHANGED = datetime(2026, 11, 1, 8)


class Database:
    """HR's table; `put` inserts or replaces rows, each with the moment it was changed at."""

    def __init__(self, url: str) -> None:
        self.url = url
        stamp = "TIMESTAMP" if url.startswith("postgresql") else "DATETIME"
        run(url, f"CREATE TABLE people ({', '.join(f'{c} VARCHAR(60)' for c in COLUMNS)}, changed_at {stamp} NULL)")

    def put(self, rows: list[Row], at: datetime = CHANGED) -> None:
        with hr(self.url) as tx:
            tx.execute(sa.text("DELETE FROM people WHERE worker_id = :id"), [{"id": row["worker_id"]} for row in rows])
            values = ", ".join(f":{c}" for c in (*COLUMNS, "changed_at"))
            tx.execute(sa.text(f"INSERT INTO people VALUES ({values})"), [{**row, "changed_at": at} for row in rows])

    def remove(self, *who: str) -> None:
        with hr(self.url) as tx:
            tx.execute(sa.text("DELETE FROM people WHERE worker_id = :id"), [{"id": one} for one in who])


@pytest.fixture
def database(database_url: str) -> Database:
    return Database(database_url)


def company(tmp_path: Path, url: str, **people: Any) -> Company:
    """A company whose people are in that database."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "hr.url").write_text(url)
    source = {"from": "sql", "url": {"file": "hr.url"}, "query": "SELECT * FROM people"} | people
    return Company(folder=tmp_path / "acme", people=source)


def test_a_joiner_a_mover_and_a_leaver_come_from_the_database(database: Database, tmp_path: Path) -> None:
    database.put(staff(3))
    acme = company(tmp_path, database.url)
    assert acme.day("2026-11-02").did("create") == ["0001", "0002", "0003"]
    assert acme.day("2026-11-03").lines == []
    database.put([worker(1, job_title="Boss"), worker(2, status="Terminated"), worker("000004")])
    night = acme.day("2026-11-04")
    assert (night.did("update"), night.did("suspend"), night.did("create")) == (["0001"], ["0002"], ["000004"])
    assert acme.account("000004").worker_id == "000004"


def test_what_was_read_is_kept_as_evidence_and_goes_with_the_other_files(database: Database, tmp_path: Path) -> None:
    database.put(staff(2))
    acme = company(tmp_path, database.url, archive="./evidence")
    acme.day("2026-11-02")
    (kept,) = (acme.folder / "evidence" / "accepted" / "2026-11-02").glob("hris_*Z.csv")
    assert kept.read_text().startswith("worker_id,")
    assert json.loads(kept.with_name(kept.name + ".report.json").read_text())["rows"] == 2
    database.remove("0001", "0002")
    acme.day("2027-01-02")
    assert not kept.exists(), "raw files are kept for 30 days"


BROKEN: dict[str, Callable[[Database, Path], object]] = {
    "the database is not there": lambda d, acme: (acme / "hr.url").write_text("postgresql://a@127.0.0.1:9/x"),
    "the table is gone": lambda d, acme: run(d.url, "DROP TABLE people"),
    "the table is empty": lambda d, acme: run(d.url, "DELETE FROM people"),
    "a column is gone": lambda d, acme: run(d.url, "ALTER TABLE people DROP COLUMN hire_date"),
    "the secret is gone": lambda d, acme: (acme / "hr.url").unlink(),
}


@pytest.mark.parametrize("breaks", BROKEN.values(), ids=BROKEN)
def test_when_it_breaks_nobody_leaves_and_the_dates_that_are_known_fire_all_the_same(
    database: Database, tmp_path: Path, breaks: Callable[[Database, Path], object]
) -> None:
    database.put([*staff(4), worker(5, termination_date="2026-11-10")])
    acme = company(tmp_path, database.url, leavers_are="both")
    acme.day("2026-11-02")
    breaks(database, acme.folder)
    night = acme.day("2026-11-12")
    assert night.did("suspend") == ["0005"]
    assert acme.who_is("active") == {"0001", "0002", "0003", "0004"}
    assert set(night.files.values()) <= {"held", "rejected"} and night.checks
    assert night.exit_code == 4


def test_a_row_that_is_gone_is_somebody_who_is_absent(database: Database, tmp_path: Path) -> None:
    database.put(staff(5))
    acme = company(tmp_path, database.url, leavers_are="absent")
    acme.day("2026-11-02")
    database.remove("0003")
    assert acme.day("2026-11-03").did("suspend") == ["0003"]


# ------------------------------------------------------------------ changes only


class Clock:
    """Ten to nine on that morning, and as much later as a test says."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 2, 8, 50, tzinfo=UTC)

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr("joinery.app.clock.now", lambda: made.at)
    yield made


def hourly(tmp_path: Path, database: Database, **watermark: Any) -> Company:
    rule = {"column": "changed_at", "overlap": "10 minutes", "full_every": "1 day"} | watermark
    return company(tmp_path, database.url, leavers_are="absent", watermark=rule)


def kept(acme: Company) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((acme.folder / ".joinery" / "sql" / "main-hris" / "watermark.json").read_text())
    return found


def rows_of(acme: Company) -> int:
    """Rows of the newest answer."""
    newest = max((acme.folder / ".joinery" / "sql").rglob("hris_*Z.csv"), key=lambda path: path.stat().st_mtime_ns)
    return len(newest.read_text().splitlines()) - 1


def test_after_the_first_reading_only_changes_are_read_and_nobody_is_gone_for_that(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    database.put(staff(5))
    acme = hourly(tmp_path, database)
    acme.day("2026-11-02")
    assert kept(acme)["watermark"]["value"] in {"2026-11-01T08:00:00", "2026-11-01 08:00:00"}
    clock.later(hours=1)
    database.put([worker(2, job_title="Boss")], at=datetime(2026, 11, 2, 9, 30))
    night = acme.day("2026-11-02T13:00")
    assert night.did("update") == ["0002"] and night.did("suspend") == []
    clock.later(hours=1)
    database.put([worker(3, job_title="Boss")], at=datetime(2026, 11, 2, 9, 35))
    assert acme.day("2026-11-02T14:00").did("update") == ["0003"]
    assert rows_of(acme) == 2, "those who have not changed are not read"


def test_a_row_committed_late_is_caught_by_the_overlap_and_seen_twice_does_no_harm(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    database.put(staff(3))
    acme = hourly(tmp_path, database)
    database.put([worker(1, job_title="Boss")], at=datetime(2026, 11, 2, 8, 30))
    acme.day("2026-11-02")
    clock.later(hours=1)
    # stamped before the highest stamp that was seen, committed after it
    database.put([worker(2, job_title="Boss")], at=datetime(2026, 11, 2, 8, 25))
    night = acme.day("2026-11-02T13:00")
    assert night.did("update") == ["0002"] and rows_of(acme) == 2


def test_rows_without_a_stamp_are_read_each_time(database: Database, tmp_path: Path, clock: Clock) -> None:
    database.put(staff(3))
    acme = hourly(tmp_path, database)
    acme.day("2026-11-02")
    clock.later(hours=1)
    database.put([worker(2, job_title="Boss")], at=None)  # type: ignore[arg-type]
    assert acme.day("2026-11-02T13:00").did("update") == ["0002"]


def test_once_a_day_everybody_is_read_and_then_it_shows_who_is_gone(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    database.put(staff(5))
    acme = hourly(tmp_path, database)
    acme.day("2026-11-02")
    database.remove("0004")
    clock.later(hours=23)
    assert acme.day("2026-11-03T11:00").did("suspend") == []
    clock.later(hours=2)
    assert acme.day("2026-11-03T13:00").did("suspend") == ["0004"]


def test_the_watermark_stays_where_it_is_until_an_answer_is_accepted(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    database.put(staff(3))
    acme = hourly(tmp_path, database)
    acme.day("2026-11-02")
    before = kept(acme)
    clock.later(hours=1)
    database.put([worker(2, job_title="Boss")], at=datetime(2026, 11, 2, 9, 30))
    good = (acme.folder / "hr.url").read_text()
    (acme.folder / "hr.url").write_text("postgresql://a@127.0.0.1:9/x")
    acme.day("2026-11-02T13:00")
    assert kept(acme) == before
    (acme.folder / "hr.url").write_text(good)
    clock.later(hours=1)
    assert acme.day("2026-11-02T14:00").did("update") == ["0002"]
    assert kept(acme) != before


def test_a_number_that_grows_can_be_the_watermark(database: Database, tmp_path: Path, clock: Clock) -> None:
    database.put(staff(3))
    run(database.url, "ALTER TABLE people ADD COLUMN version INTEGER", "UPDATE people SET version = 100")
    acme = hourly(tmp_path, database, column="version", overlap="5")
    acme.day("2026-11-02")
    clock.later(hours=1)
    run(database.url, "UPDATE people SET version = 101, job_title = 'Boss' WHERE worker_id = '0002'")
    run(database.url, "UPDATE people SET version = 90 WHERE worker_id = '0001'")
    assert acme.day("2026-11-02T13:00").did("update") == ["0002"]
    assert rows_of(acme) == 2 and kept(acme)["watermark"] == {"kind": "int", "value": "101"}


def test_a_query_of_its_own_can_say_what_changed(database: Database, tmp_path: Path, clock: Clock) -> None:
    database.put(staff(3))
    acme = hourly(tmp_path, database, changes="SELECT * FROM people WHERE changed_at > :watermark AND job_title <> 'X'")
    acme.day("2026-11-02")
    clock.later(hours=1)
    database.put(changed(staff(3), "0002", job_title="Boss"), at=datetime(2026, 11, 2, 9, 30))
    database.put(changed(without(staff(3), "0001", "0002"), "0003", job_title="X"), at=datetime(2026, 11, 2, 9, 30))
    assert acme.day("2026-11-02T13:00").did("update") == ["0002"]
