"""Connections and transactions behave the same on SQLite and PostgreSQL, as far as the rest relies on it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from joinery.errors import StopRun
from joinery.store.database import Database, to_wal


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    database = Database(store_url)
    with database.write() as tx:
        tx.execute(text("CREATE TABLE counter (value INTEGER NOT NULL)"))
        tx.execute(text("INSERT INTO counter VALUES (0)"))
    yield database
    database.close()


def _value(database: Database) -> int:
    with database.read() as tx:
        return int(tx.execute(text("SELECT value FROM counter")).scalar_one())


def test_a_write_is_kept_when_it_ends_well(database: Database) -> None:
    with database.write() as tx:
        tx.execute(text("UPDATE counter SET value = 7"))
    assert _value(database) == 7


def test_a_write_that_breaks_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as tx:
        tx.execute(text("UPDATE counter SET value = 7"))
        raise RuntimeError
    assert _value(database) == 0


def test_writers_of_one_process_queue_up_for_sqlite_and_do_not_sleep_at_its_door(tmp_path: Path) -> None:
    """However many objects lead to the file: SQLite's own waiting grows to a tenth of a second a time."""
    first, second = (Database(f"sqlite:///{tmp_path / 'store.db'}") for _ in range(2))
    knocked, over = threading.Event(), threading.Event()
    event.listen(second.engine, "begin", lambda _connection: knocked.set())

    def write() -> None:
        with second.write():
            over.set()

    waiting = threading.Thread(target=write)
    with first.write():
        waiting.start()
        assert not knocked.wait(0.2)
    waiting.join(10)
    assert knocked.is_set() and over.is_set()
    first.close()
    second.close()


def test_what_is_written_while_reading_is_rolled_back(database: Database) -> None:
    with database.read() as tx:
        tx.execute(text("UPDATE counter SET value = 7"))
    assert _value(database) == 0


def test_a_reader_sees_the_state_from_before_an_open_write(database: Database) -> None:
    with database.write() as tx:
        tx.execute(text("UPDATE counter SET value = 7"))
        assert _value(database) == 0


def test_two_writers_queue_up_and_neither_is_lost(tmp_path: Path) -> None:
    """SQLite: a write takes the lock at its begin, so that read-then-write never fails half-way."""
    database = Database(f"sqlite:///{tmp_path / 'joinery.db'}")
    with database.write() as tx:
        tx.execute(text("CREATE TABLE counter (value INTEGER NOT NULL)"))
        tx.execute(text("INSERT INTO counter VALUES (0)"))

    def add() -> None:
        for _ in range(20):
            with database.write() as tx:
                value = tx.execute(text("SELECT value FROM counter")).scalar_one()
                time.sleep(0.001)
                tx.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _value(database) == 60
    database.close()


@pytest.mark.parametrize(
    ("pragma", "wanted"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)], ids=lambda v: str(v)
)
def test_sqlite_is_opened_as_the_decision_says(tmp_path: Path, pragma: str, wanted: object) -> None:
    database = Database(f"sqlite:///{tmp_path / 'joinery.db'}")
    with database.read() as tx:
        assert tx.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == wanted
    database.close()


def test_sqlite_is_embedded_and_postgresql_is_not(database: Database) -> None:
    assert database.embedded == (database.engine.dialect.name == "sqlite")


def test_another_kind_of_store_is_refused_with_the_way_out() -> None:
    with pytest.raises(StopRun, match="not known") as refused:
        Database("mysql://localhost/x")
    assert "sqlite" in refused.value.fix


class _Busy:
    """A connection to a new file that others are opening, too: refused so many times."""

    def __init__(self, times: int, code: int) -> None:
        self.times, self.code = times, code

    def execute(self, _statement: str) -> None:
        if self.times:
            self.times -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY])
def test_a_new_file_that_several_open_in_one_instant_is_asked_for_again(code: int) -> None:
    """Seen 2026-11-30: of 900 processes that opened a new store six at a time, 12 stopped at once."""
    connection = _Busy(3, code)
    to_wal(connection)  # type: ignore[arg-type]
    assert connection.times == 0


def test_a_file_that_is_no_store_is_not_asked_for_again() -> None:
    connection = _Busy(3, sqlite3.SQLITE_NOTADB)
    with pytest.raises(sqlite3.OperationalError):
        to_wal(connection)  # type: ignore[arg-type]
    assert connection.times == 2
