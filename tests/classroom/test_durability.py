"""The database file under stress: two processes at once, kill -9 in the middle, and the speed of a first load."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import StatementError

from joinery_classroom import database, tables
from joinery_classroom.database import open_database
from joinery_classroom.errors import DatabaseTooNew
from tests.classroom.house import House

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from joinery_classroom.batch import run
from joinery_classroom.database import open_database
from joinery_classroom.operations import parse

name, first, batches, size = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
store = open_database(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
for batch in range(batches):
    start = first + batch * size
    asked = [
        parse({"op": "create", "key": f"{name}-{n}", "external_id": f"{name}-{n}", "attributes": {"batch": str(batch)}})
        for n in range(start, start + size)
    ]
    run(store, asked, datetime(2026, 3, 2, tzinfo=UTC))
    print(batch, flush=True)
store.close()
"""


def writer(file: Path, name: str, batches: int, size: int) -> subprocess.Popen[str]:
    arguments = [str(file), name, "0", str(batches), str(size)]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def go(*started: subprocess.Popen[str]) -> None:
    """Waits until every writer has opened the file, then lets all of them begin."""
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == "open\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def counted(file: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_two_processes_open_and_write_the_same_new_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "classroom.sqlite"
    writers = [writer(file, name, batches=30, size=10) for name in ("left", "right")]
    go(*writers)
    for one in writers:
        out, _ = one.communicate(timeout=60)
        assert one.returncode == 0
        assert out.split() == [str(batch) for batch in range(30)]
    assert counted(file, "select count(*), count(distinct id), count(distinct external_id) from accounts") == [
        (600,) * 3
    ]
    assert counted(file, "select count(*) from writes where changed") == [(600,)]
    assert counted(file, "pragma journal_mode") == [("wal",)]
    assert counted(file, "pragma integrity_check") == [("ok",)]


def test_after_kill_nine_every_request_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    file, size = tmp_path / "classroom.sqlite", 200
    answered = 0
    for life in range(4):
        one = writer(file, f"life{life}", batches=10_000, size=size)
        assert one.stdout is not None
        go(one)
        for _ in range(2 + life):
            one.stdout.readline()
        time.sleep(0.007 * life)
        one.send_signal(signal.SIGKILL)
        rest, _ = one.communicate(timeout=30)
        answered += 2 + life + len(rest.split())
        by_batch = "select count(*) from accounts group by substr(external_id, 1, 5), attributes"
        assert {row[0] for row in counted(file, by_batch)} == {size}
    accounts = counted(file, "select count(*) from accounts")[0][0]
    assert counted(file, "select count(*) from writes where changed") == [(accounts,)]
    assert answered * size <= accounts <= (answered + 4) * size
    assert counted(file, "select key from writes where changed group by key having count(*) > 1") == []


def test_asking_again_after_a_crash_doubles_nothing(tmp_path: Path) -> None:
    file = tmp_path / "classroom.sqlite"
    one = writer(file, "p", batches=10_000, size=50)
    assert one.stdout is not None
    go(one)
    for _ in range(3):
        one.stdout.readline()
    one.kill()
    one.communicate(timeout=30)
    made = counted(file, "select count(*) from accounts")[0][0]
    again = writer(file, "p", batches=made // 50 + 2, size=50)
    go(again)
    again.communicate(timeout=60)
    assert counted(file, "select count(*), count(distinct external_id) from accounts") == [(made + 100, made + 100)]
    assert counted(file, "select count(*) from writes where changed") == [(made + 100,)]


def test_a_file_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "classroom.sqlite"
    store = open_database(file)
    with store.writing() as connection:
        connection.execute(update(tables.schema_version).values(version=99))
    store.close()
    with pytest.raises(DatabaseTooNew, match="schema 99"):
        open_database(file)


def test_an_older_file_is_brought_forward_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "classroom.sqlite"
    open_database(file).close()
    steps = {n: (lambda connection, n=n: connection.exec_driver_sql(f"create table step_{n} (x)")) for n in (2, 3)}
    monkeypatch.setattr(tables, "SCHEMA_VERSION", 4)
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    for _ in range(2):
        open_database(file).close()
    assert counted(file, "select version from schema_version") == [(4,)]
    assert counted(file, "select name from sqlite_master where name like 'step%' order by 1") == [
        ("step_2",),
        ("step_3",),
    ]


def test_a_file_from_before_scim_becomes_one_as_it_is_made_now(tmp_path: Path) -> None:
    new, old = tmp_path / "new.sqlite", tmp_path / "old.sqlite"
    open_database(new).close()
    store = open_database(old)
    with store.writing() as connection:
        for table in (tables.scim_users, tables.scim_groups):
            table.drop(connection)
        connection.execute(update(tables.schema_version).values(version=1))
    store.close()
    open_database(old).close()
    made = "select type, name, sql from sqlite_master order by 1, 2"
    assert counted(old, made) == counted(new, made)


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "classroom.sqlite"
    open_database(file).close()

    def half(connection: Connection) -> None:
        connection.exec_driver_sql("create table half (x)")
        raise RuntimeError

    monkeypatch.setattr(tables, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(database, "MIGRATIONS", {2: half})
    with pytest.raises(RuntimeError):
        open_database(file)
    assert counted(file, "select version from schema_version") == [(2,)]
    assert counted(file, "select name from sqlite_master where name = 'half'") == []


def test_an_instant_without_a_zone_is_refused(house: House) -> None:
    with house.store.writing() as connection, pytest.raises(StatementError, match="needs a time zone"):
        connection.execute(insert(tables.failed_tries).values(door="x", at=datetime(2026, 3, 2)))


def test_importing_the_package_does_not_load_the_web(tmp_path: Path) -> None:
    heavy = {"fastapi", "starlette", "typst", "sqlalchemy", "jinja2", "qrcode", "pydantic"}
    code = "import sys, joinery_classroom.app, joinery_classroom.settings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())


def test_opening_an_existing_file_keeps_what_is_in_it(house: House) -> None:
    account = house.hire()
    again = open_database(house.settings.database)
    with again.reading() as connection:
        assert connection.execute(select(tables.accounts.c.id)).scalars().all() == [account]
    again.close()


def test_every_write_is_synced_to_the_disk(house: House) -> None:
    with house.store.reading() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 2
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from accounts where id in ('c-1', 'c-2') or email_key in ('a') or worker_key in ('b')",
        "select * from accounts where seq > 100 order by seq limit 50",
        "select * from members where account_seq between 1 and 5000",
        "select * from assignments where account_seq in (1, 2, 3)",
        "select * from sign_in_tokens where hash = 'x'",
        "select * from completions where certificate_id = 'x'",
    ],
)
def test_what_is_asked_often_never_reads_a_whole_table(house: House, statement: str) -> None:
    plan = counted(house.settings.database, f"explain query plan {statement}")
    assert not [row for row in plan if row[3].startswith("SCAN")], plan


def test_ten_thousand_people_are_made_in_seconds(house: House, record_property: Any) -> None:
    """In batches of 200 through the whole application; the floor is far below what a machine does. Of the
    processor's time, so that it says the same on a busy machine."""
    began = time.process_time()
    for start in range(0, 10_000, 200):
        people = [
            {
                "op": "create",
                "external_id": f"p-{n}",
                "attributes": {"worker_id": str(n), "email": f"p{n}@example.test"},
            }
            for n in range(start, start + 200)
        ]
        assert all(result["changed"] for result in house.ask(*people))
    rate = 10_000 / (time.process_time() - began)
    record_property("creates_per_second", round(rate))
    assert rate > 1500, f"{rate:.0f} creates a second"
