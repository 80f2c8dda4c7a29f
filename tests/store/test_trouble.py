"""What a store says when it cannot do its work is one of three things, with what it means for whoever asked."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from joinery.cli.messages import foreseen
from joinery.errors import NoRoom, StopRun, StoreFull, StoreTrouble, StoreUnreachable
from joinery.store.database import Database


@pytest.fixture
def small(tmp_path: Path) -> Database:
    """A SQLite store that may not grow any more."""
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    with database.write() as tx:
        tx.execute(text("CREATE TABLE things (what TEXT)"))
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    return database


def test_a_full_disk_is_said_and_nothing_of_the_transaction_stays(small: Database) -> None:
    with pytest.raises(StoreFull, match="no room left where the store is") as caught, small.write() as tx:
        tx.execute(text("INSERT INTO things VALUES ('first')"))
        tx.execute(text("INSERT INTO things VALUES (:what)"), {"what": "x" * 100_000})
    assert "Make room" in caught.value.fix and "What was recorded before is safe" in caught.value.message
    with small.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM things")).scalar() == 0
    with small.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    with small.write() as tx:
        tx.execute(text("INSERT INTO things VALUES (:what)"), {"what": "x" * 100_000})


def test_a_store_that_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    with pytest.raises(StoreTrouble, match="The file of the store cannot be used"):
        with Database(f"sqlite:///{tmp_path / 'store.db'}").read() as tx:
            tx.execute(text("SELECT 1 FROM things"))


def test_a_server_that_is_not_there_and_one_that_ends_a_connection_are_both_away(postgres_url: str) -> None:
    nobody = Database("postgresql+psycopg://postgres:secret-word@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnreachable) as caught, nobody.read():
        pass
    assert "secret-word" not in str(caught.value)
    database = Database(postgres_url)
    with pytest.raises(StoreUnreachable), database.write() as tx:
        pid = tx.execute(text("SELECT pg_backend_pid()")).scalar()
        with database.write() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        tx.execute(text("SELECT 1"))
    with database.read() as tx:
        assert tx.execute(text("SELECT 1")).scalar() == 1
    database.close()


def test_a_mistake_of_ours_is_none_of_them(store_url: str) -> None:
    database = Database(store_url)
    with pytest.raises(DBAPIError) as caught, database.read() as tx:
        tx.execute(text("SELECT 1 FROM nothing_of_this_name"))
    assert foreseen(caught.value) is None
    database.close()


def test_a_full_disk_elsewhere_is_foreseen_by_the_last_door() -> None:
    found = foreseen(OSError(28, "No space left on device", "/out/list.csv"))
    assert isinstance(found, NoRoom) and "/out/list.csv" in found.message
    assert foreseen(OSError(2, "No such file or directory", "/out/list.csv")) is None


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS], ids=errno.errorcode.__getitem__)
def test_a_folder_that_is_not_ours_is_told_by_its_name_and_is_no_mistake_of_joinery(number: int) -> None:
    found = foreseen(OSError(number, os.strerror(number), "/etc/joinery/.joinery"))
    assert isinstance(found, StopRun) and found.exit_code == 6
    assert found.message.startswith("/etc/joinery/.joinery may not be used") and os.strerror(number) in found.message
