"""Training records become rows of a table, each once, in three kinds of database; corrections as the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from joinery.connectors.sql import RecordTable
from joinery.errors import StopRun, SystemUnreachable
from tests.connectors.sql.hr import hr, run

MADE = (
    "CREATE TABLE training (k VARCHAR(200) PRIMARY KEY, person VARCHAR(20) NOT NULL, done TIMESTAMP NULL, "
    "day DATE, score NUMERIC(9,2), what VARCHAR(20), title VARCHAR(80))"
)
COLUMNS = {
    "k": "record_key",
    "person": "worker_id",
    "done": "completed_at",
    "day": "expires_on",
    "score": "score",
    "what": "action",
    "title": "course_title",
}


def table(url: str, **more: Any) -> RecordTable:
    given: dict[str, Any] = {
        "address": lambda: url,
        "table": "training",
        "columns": COLUMNS,
        "corrections": "new_row",
        "timeout": timedelta(seconds=20),
    }
    return RecordTable(**(given | more))


def record(key: str, **more: str) -> dict[str, str]:
    usual = {
        "record_key": key,
        "worker_id": "000123",
        "completed_at": "2026-02-27T10:30:00+01:00",
        "expires_on": "2028-02-27",
        "score": "91.5",
        "action": "new",
        "course_title": 'Forklift, "heavy"; DROP TABLE training; -- née 漢',
    }
    return usual | more


def rows(url: str) -> list[tuple[str, ...]]:
    with hr(url) as connection:
        found = connection.exec_driver_sql("SELECT k, person, done, day, score, what, title FROM training ORDER BY k")
        return [tuple("" if cell is None else str(cell) for cell in row) for row in found]


def keys(url: str) -> list[str]:
    return [row[0] for row in rows(url)]


def test_a_record_is_a_row_with_its_days_and_numbers_and_nothing_of_it_is_a_statement(database_url: str) -> None:
    run(database_url, MADE)
    table(database_url).write([record("a"), record("b", score="", expires_on="")])
    first, second = rows(database_url)
    assert first[:2] == ("a", "000123") and first[5:] == ("new", record("a")["course_title"])
    assert first[2].startswith("2026-02-27 09:30:00"), "moments are in UTC"
    assert first[3] == "2028-02-27" and float(first[4]) == 91.5
    assert second[3:5] == ("", "")


def test_what_is_there_is_not_written_again(database_url: str) -> None:
    run(database_url, MADE)
    table(database_url).write([record("a")])
    table(database_url).write([record("a", score="1"), record("b"), record("b", score="2")])
    assert [(row[0], float(row[4])) for row in rows(database_url)] == [("a", 91.5), ("b", 91.5)]


def test_without_a_unique_key_there_is_still_one_row(database_url: str) -> None:
    run(database_url, MADE.replace(" PRIMARY KEY", ""))
    for _ in range(3):
        table(database_url).write([record("a"), record("b")])
    assert keys(database_url) == ["a", "b"]


def test_a_correction_is_written_over_where_that_is_wanted(database_url: str) -> None:
    run(database_url, MADE)
    update = table(database_url, corrections="update")
    update.write([record("a"), record("b")])
    update.write([record("a", score="40", action="update"), record("b", action="revoke")])
    assert [(row[0], float(row[4]), row[5]) for row in rows(database_url)] == [
        ("a", 40, "update"),
        ("b", 91.5, "revoke"),
    ]


def test_a_batch_of_which_no_row_is_taken_leaves_none_and_tells_no_value(database_url: str) -> None:
    run(database_url, MADE.replace("what VARCHAR(20)", "what VARCHAR(20) CHECK (what <> 'odd')"))
    with pytest.raises(StopRun, match="nothing is lost") as caught:
        table(database_url).write([record("a", action="odd"), record("b", action="odd", worker_id="777")])
    assert keys(database_url) == []
    assert "777" not in caught.value.message and "odd" not in caught.value.message


def test_what_a_column_cannot_hold_is_named_without_its_value(database_url: str) -> None:
    run(database_url, MADE)
    refused = table(database_url).write([record("a"), record("b", score="excellent"), record("c")])
    assert refused == {1: "its score does not fit the column score"}
    assert keys(database_url) == ["a", "c"]


def test_a_row_that_the_database_refuses_is_left_out_by_itself(database_url: str) -> None:
    run(database_url, MADE.replace("title VARCHAR(80)", "title VARCHAR(80), CHECK (person <> '0666')"))
    refused = table(database_url).write([record("a"), record("b", worker_id="0666"), record("c")])
    assert list(refused) == [1] and refused[1].startswith("HR's database refuses it") and "0666" not in refused[1]
    assert keys(database_url) == ["a", "c"]
    assert table(database_url).write([record("a"), record("b", worker_id="0667")]) == {}
    assert keys(database_url) == ["a", "b", "c"]


def test_a_table_that_holds_none_of_several_is_not_about_single_records(database_url: str) -> None:
    run(database_url, MADE)
    with pytest.raises(StopRun, match="None of 2 training records fits the table training: its score") as caught:
        table(database_url).write([record("a", score="good"), record("b", score="excellent")])
    assert "excellent" not in str(caught.value) and keys(database_url) == []


WRONG = {
    "another table": ({"table": "nothing"}, "There is no table nothing"),
    "a column that is not there": ({"columns": COLUMNS | {"job": "job_title"}}, "has no column job"),
}


@pytest.mark.parametrize(("given", "said"), WRONG.values(), ids=WRONG)
def test_a_table_that_is_not_as_told_is_said(database_url: str, given: dict[str, Any], said: str) -> None:
    run(database_url, MADE)
    with pytest.raises(StopRun, match=said):
        table(database_url, **given).write([record("a") | {"job_title": "Clerk"}])


def test_a_table_in_a_schema_of_its_own(postgres_url: str) -> None:
    run(postgres_url, "CREATE SCHEMA hr", MADE.replace("training", "hr.training"))
    table(postgres_url, table="hr.training").write([record("a")])
    with hr(postgres_url) as connection:
        assert connection.exec_driver_sql("SELECT k FROM hr.training").scalar_one() == "a"


def test_moments_with_a_zone_stay_the_moment(postgres_url: str) -> None:
    run(postgres_url, MADE.replace("TIMESTAMP NULL", "TIMESTAMPTZ"))
    table(postgres_url).write([record("a")])
    with hr(postgres_url) as connection:
        at = connection.execute(sa.text("SELECT done AT TIME ZONE 'UTC' FROM training")).scalar_one()
    assert at.isoformat() == "2026-02-27T09:30:00"


def test_a_database_that_is_not_there_is_said_without_its_address(tmp_path: Any) -> None:
    with pytest.raises(SystemUnreachable, match="did not take the training records") as caught:
        table(f"sqlite:///{tmp_path}/secret-place.db").write([record("a")])
    assert "secret-place" not in caught.value.message
