"""Changes that come late, in the wrong order, or about the past: what counts, and that both times are kept."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from joinery.store.tables import facts
from tests.stories.company import COLUMNS, FIELDS, Company, Row, changed, staff

ALL = (*COLUMNS, "changed_at", "effective_date")
TIMES = {"fields": FIELDS | {"changed_at": "changed_at", "effective_date": "effective_date"}, "content": "changes"}
LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}


def company(tmp_path: Path, **people: object) -> tuple[Company, list[Row]]:
    acme = Company(tmp_path, people=TIMES | people)
    rows = [row | {"changed_at": "2026-11-23T06:00Z", "effective_date": ""} for row in staff(5)]
    acme.day("2026-11-23", rows, columns=ALL)
    return acme, rows


def of(rows: list[Row], who: str, at: str, **values: str) -> list[Row]:
    """One changed record, as HR wrote it at that time."""
    return [row | {"changed_at": f"2026-11-24T{at}Z"} | values for row in rows if row["worker_id"] == who]


def test_older_changes_do_not_overwrite_newer_ones(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    acme.day("2026-11-24", of(rows, "0002", "10:00", job_title="Head"), columns=ALL)
    night = acme.day("2026-11-25", of(rows, "0002", "09:00", job_title="Deputy"), columns=ALL)
    assert (night.lines, list(night.files.values())) == ([], ["accepted"])
    assert acme.person("0002").worker.job_title == "Head"
    # what was old then may be true again later
    acme.day("2026-11-26", of(rows, "0002", "11:00", job_title="Deputy"), columns=ALL)
    assert acme.person("0002").worker.job_title == "Deputy"


def test_an_older_record_brings_what_nothing_newer_is_known_of(tmp_path: Path) -> None:
    """The end came at noon in a file of ends; the move of ten o'clock arrives after it."""
    people = {"fields": {}, "hr_system": "workday"}
    acme, rows = company(tmp_path, **people)
    ends = ("worker_id", "status", "termination_date", "changed_at")
    acme.day("2026-11-24", of(rows, "0002", "12:00", **LEFT), columns=ends)
    assert acme.person("0002").worker.job_title == "Clerk", "what a file does not hold stays as it was"
    night = acme.day("2026-11-25", of(rows, "0002", "10:00", job_title="Head", status="Active"), columns=ALL)
    person = acme.person("0002")
    assert (person.worker.job_title, person.worker.status_text) == ("Head", "Terminated")
    assert acme.accounts()["0002"] == "suspended"
    assert night.did("restore") == []


def test_a_files_own_time_counts_where_records_have_none(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    rows = staff(5)
    acme.day("2026-11-23", rows, name="hr_acme_full_20261123T050000Z.csv")
    head, deputy = changed(rows, "0002", job_title="Head")[1:2], changed(rows, "0002", job_title="Deputy")[1:2]
    acme.day("2026-11-24", head, name="hr_acme_changes_20261124T100000Z.csv")
    late = acme.day("2026-11-25", deputy, name="hr_acme_changes_20261124T090000Z.csv")
    assert list(late.files.values()) == ["accepted"]
    assert acme.person("0002").worker.job_title == "Head"
    older = acme.day("2026-11-26", rows, name="hr_acme_full_20261123T090000Z.csv")
    assert list(older.files.values()) == ["held"], "an older file of everybody is held"


def test_a_correction_of_the_past_keeps_both_times_and_takes_nothing_away(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    corrected = of(rows, "0002", "10:00", job_title="Head", effective_date="2026-10-01")
    acme.day("2026-11-24", corrected, columns=ALL)
    assert acme.events("0002") == ["0002 mover 2026-10-01 job_title: Clerk -> Head"]
    with acme.ports() as ports, ports.database.read() as connection:
        mine = facts.c.person_key == acme.person("0002").key, facts.c.attribute == "job_title"
        known = [
            (row.value, row.effective_from, row.known_from[:10], row.known_to[:10])
            for row in connection.execute(select(facts).where(*mine).order_by(facts.c.id))
        ]
    assert known == [("Clerk", "2026-11-23", "2026-11-23", "2026-11-24"), ("Head", "2026-10-01", "2026-11-24", "")]
