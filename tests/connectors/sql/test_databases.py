"""Real databases: what they hold is read exactly, nothing is written to them, and what breaks leaves no rows."""

from __future__ import annotations

import csv
import threading
import time
import tracemalloc
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from joinery.connectors.sql.address import reading_engine
from joinery.connectors.sql.connector import SqlDrop
from joinery.errors import SourceUntrusted
from tests.connectors.sql.hr import drop_of, hr, run

DAY = date(2026, 3, 9)
ONE = "SELECT id FROM people"


def read(drop: SqlDrop) -> list[list[str]]:
    """The one file that comes, as a CSV reader sees it."""
    (file,) = drop.pending()
    drop.verify(file)
    with file.path.open(newline="") as opened:
        return list(csv.reader(opened))


def refused(drop: SqlDrop) -> SourceUntrusted:
    """Why the one file that comes is not believed; it is empty, and stays among the rejected."""
    (file,) = drop.pending()
    taken = drop.take(file)
    with pytest.raises(SourceUntrusted) as caught:
        drop.verify(taken)
    assert drop.reject(taken, {}, DAY).read_bytes() == b""
    assert drop.into.pending() == ()
    return caught.value


TYPES = {
    "sqlite": "d DATE, n NUMERIC(9,2), b BOOLEAN, t TIMESTAMP",
    "postgresql": "d DATE, n NUMERIC(9,2), b BOOLEAN, t TIMESTAMPTZ",
    "mariadb": "d DATE, n NUMERIC(9,2), b BOOLEAN, t DATETIME",
}
SHOWN = {
    "sqlite": ["2026-03-09", "1234.5", "1", "2026-03-09 08:30:00"],
    "postgresql": ["2026-03-09", "1234.50", "true", "2026-03-09 08:30:00+00:00"],
    "mariadb": ["2026-03-09", "1234.50", "1", "2026-03-09 08:30:00"],
}


def test_values_come_as_a_csv_would_show_them(database_url: str, tmp_path: Path) -> None:
    kind = sa.make_url(database_url).get_backend_name()
    with hr(database_url) as connection:
        connection.exec_driver_sql(f"CREATE TABLE people (id VARCHAR(9), name VARCHAR(40), {TYPES[kind]})")
        if kind == "postgresql":
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        insert = sa.text("INSERT INTO people VALUES (:id, :name, '2026-03-09', 1234.50, :b, '2026-03-09 08:30:00')")
        connection.execute(insert, {"id": "000123", "name": 'Zoë "Z", née\nO\'Neil', "b": True})
        connection.execute(sa.text("INSERT INTO people (id, name) VALUES ('7', '')"))
    if kind == "postgresql":
        database_url += "?options=-c%20TimeZone%3DUTC"
    rows = read(drop_of(database_url, tmp_path / "sql", "SELECT * FROM people ORDER BY id"))
    assert rows == [
        ["id", "name", "d", "n", "b", "t"],
        ["000123", 'Zoë "Z", née\nO\'Neil', *SHOWN[kind]],
        ["7", "", "", "", "", ""],
    ]


def test_the_session_refuses_every_write_whatever_the_statement_check_let_through(database_url: str) -> None:
    run(database_url, "CREATE TABLE people (id INTEGER)")
    engine = reading_engine(database_url, timedelta(seconds=10))
    for statement in ("INSERT INTO people VALUES (1)", "DELETE FROM people", "CREATE TABLE other (id INTEGER)"):
        with pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.?only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()
    with hr(database_url) as connection:
        assert sa.inspect(connection).get_table_names() == ["people"]
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar_one() == 0


def test_a_function_that_writes_is_refused_too(postgres_url: str, tmp_path: Path) -> None:
    run(
        postgres_url,
        "CREATE TABLE people (id INTEGER)",
        "CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO people VALUES (1) RETURNING id'",
    )
    assert "read-only transaction" in refused(drop_of(postgres_url, tmp_path / "sql", "SELECT sneak()")).message
    with hr(postgres_url) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar_one() == 0


WRONG = {
    "a table that is not there": ("SELECT id FROM nobody", "nobody"),
    "a mistake in the statement": ("SELECT id FORM people", "(?i)syntax"),
}


@pytest.mark.parametrize(("sql", "said"), WRONG.values(), ids=WRONG)
def test_a_query_that_fails_says_what_the_database_said(database_url: str, tmp_path: Path, sql: str, said: str) -> None:
    run(database_url, "CREATE TABLE people (id INTEGER)")
    error = refused(drop_of(database_url, tmp_path / "sql", sql))
    assert error.data["code"] == "query_failed" and "nobody was touched" in error.message
    with pytest.raises(SourceUntrusted, match=said):
        raise error


def test_two_columns_of_one_name_are_refused(database_url: str, tmp_path: Path) -> None:
    run(database_url, "CREATE TABLE people (id INTEGER)")
    error = refused(drop_of(database_url, tmp_path / "sql", "SELECT id, id FROM people"))
    assert "two columns called id" in error.message and "AS" in error.fix


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n",
    "postgresql": "SELECT pg_sleep(30)::text AS id",
    "mariadb": "SELECT sleep(30) AS id",
}


def test_a_query_that_takes_too_long_is_given_up(database_url: str, tmp_path: Path) -> None:
    slow = SLOW[sa.make_url(database_url).get_backend_name()]
    began = time.monotonic()
    error = refused(drop_of(database_url, tmp_path / "sql", slow, within=timedelta(seconds=1)))
    assert time.monotonic() - began < 10
    assert error.data["code"] in {"query_failed", "query_too_slow"}


def test_rows_that_dribble_in_for_too_long_are_given_up_as_well(postgres_url: str, tmp_path: Path) -> None:
    dribble = LONG["postgresql"]
    error = refused(drop_of(postgres_url, tmp_path / "sql", dribble, within=timedelta(seconds=1)))
    assert error.data["code"] in {"query_failed", "query_too_slow"}


def test_an_answer_with_more_rows_than_allowed_is_refused_whole(database_url: str, tmp_path: Path) -> None:
    run(database_url, "CREATE TABLE people (id INTEGER)", "INSERT INTO people VALUES (1), (2), (3)")
    error = refused(drop_of(database_url, tmp_path / "sql", ONE, most_rows=2))
    assert error.data["code"] == "too_many_rows"
    assert len(read(drop_of(database_url, tmp_path / "other", ONE, most_rows=3))) == 4


#: answers that take their time: a pause every two thousand rows
LONG = {
    "postgresql": "SELECT i AS id, repeat('x', 200) AS filler, CASE WHEN i % 2000 = 0 THEN pg_sleep(0.3) END::text "
    "AS z FROM generate_series(1, 99999) i",
    "mariadb": "SELECT seq AS id, repeat('x', 200) AS filler, IF(seq % 2000 = 0, sleep(0.3), 0) AS z "
    "FROM seq_1_to_99999",
}
OTHERS = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
    "AND datname = current_database()",
    "mariadb": "SELECT concat('KILL ', id) FROM information_schema.processlist WHERE id <> connection_id() "
    "AND db = database()",
}


@pytest.mark.parametrize("kind", LONG)
def test_a_connection_that_is_lost_in_the_middle_leaves_no_rows(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    url = request.getfixturevalue({"postgresql": "postgres_url", "mariadb": "mariadb_url"}[kind])
    drop = drop_of(url, tmp_path / "sql", LONG[kind])
    came: list[int] = []

    def cut_the_line() -> None:
        while not any(part.stat().st_size > 100_000 for part in drop.spool.glob("*.part")):
            time.sleep(0.01)
        came.extend(part.stat().st_size for part in drop.spool.glob("*.part"))
        with hr(url) as connection:
            for (word,) in connection.exec_driver_sql(OTHERS[kind]).all():
                if kind == "mariadb":
                    connection.exec_driver_sql(word)

    thread = threading.Thread(target=cut_the_line)
    thread.start()
    error = refused(drop)
    thread.join()
    assert came and error.data["code"] == "query_failed"


NOT_THERE = {
    "nobody listens": "postgresql://a:{secret}@127.0.0.1:9/hr",
    "no such file": "sqlite:////nowhere/hr.db",
}


@pytest.mark.parametrize("url", NOT_THERE.values(), ids=NOT_THERE)
def test_a_database_that_is_not_there_is_an_issue_and_says_no_secret(url: str, tmp_path: Path) -> None:
    error = refused(drop_of(url.format(secret="hunter2"), tmp_path / "sql", ONE))
    assert error.data["code"] == "query_failed"
    assert "hunter2" not in str(error) + repr(error.data)
    assert not Path("/nowhere").exists()


DRIVERS = {"oracle://a:b@h/x": "joinery[oracle]", "mssql://a:b@h/x": "joinery[sqlserver]"}


@pytest.mark.parametrize(("url", "extra"), DRIVERS.items())
def test_a_missing_driver_gives_the_line_to_type(
    url: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    error = refused(drop_of(url, tmp_path / "sql", ONE))
    assert error.fix == f'Type: pip install "{extra}"'


@pytest.mark.parametrize("url", ["snowflake://a:hunter2@h/x", "hunter2"])
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    error = refused(drop_of(url, tmp_path / "sql", ONE))
    assert "not one" in error.message and "hunter2" not in str(error)


def test_what_a_broken_run_left_unfinished_is_never_read(database_url: str, tmp_path: Path) -> None:
    run(database_url, "CREATE TABLE people (id INTEGER)", "INSERT INTO people VALUES (1)")
    drop = drop_of(database_url, tmp_path / "sql", ONE)
    drop.spool.mkdir(parents=True)
    (drop.spool / "hris_employees_full_20260101T000000Z.csv.part").write_text("id\n9\n")
    (drop.spool / "hris_employees_full_20260101T000000Z.csv.done").write_text("{}")
    assert read(drop) == [["id"], ["1"]]
    assert list(drop.spool.glob("*.part")) == []
    assert (tmp_path / "sql").stat().st_mode & 0o077 == 0, "people's data is for the owner only"


def test_memory_does_not_grow_with_the_answer(database_url: str, tmp_path: Path) -> None:
    run(database_url, "CREATE TABLE many (id INTEGER, filler VARCHAR(200))")
    with hr(database_url) as connection:
        row = sa.text("INSERT INTO many VALUES (:i, :f)")
        connection.execute(row, [{"i": i, "f": "x" * 200} for i in range(30_000)])
    drop = drop_of(database_url, tmp_path / "sql", "SELECT id, filler FROM many")
    tracemalloc.start()
    (file,) = drop.pending()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.path.stat().st_size > 6_000_000
    assert peak < 5_000_000, f"{peak} bytes for an answer of {file.path.stat().st_size}"
