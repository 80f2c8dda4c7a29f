"""What is remembered per connection, the lock, short numbers and runs, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from joinery.core.model.codec import instant_text
from joinery.errors import RunLocked
from joinery.store.connections import (
    ConnectionState,
    at_work,
    end_run,
    last_runs,
    load_state,
    next_number,
    only_run,
    save_state,
    start_run,
)
from joinery.store.database import Database
from joinery.store.nodes import epoch
from joinery.store.tables import locks
from tests.conftest import ROOT
from tests.store.acme import HOUR, NOW, opened

HERE = socket.gethostname()


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def now() -> datetime:
    return NOW


def holders(store: Database) -> list[tuple[str, str, int]]:
    with store.read() as tx:
        return [(row.name, row.host, row.pid) for row in tx.execute(select(locks).order_by(locks.c.name))]


def put_lock(store: Database, *, pid: int, host: str = HERE, silent: float = 0.0) -> None:
    row = {"name": "acme", "owner": "somebody", "host": host, "pid": pid, "heartbeat_at": instant_text(NOW)}
    with store.write() as tx:
        tx.execute(insert(locks).values(**row, beat_at=epoch(tx) - silent))


def test_the_lock_is_held_and_given_back(store: Database) -> None:
    with only_run(store, "acme", now):
        assert holders(store) == [("acme", HERE, os.getpid())]
        with store.read() as tx:
            assert at_work(tx, "acme") == {
                "pid": os.getpid(),
                "host": HERE,
                "heartbeat_at": "2026-03-02T05:00:00.000000Z",
            }
    assert holders(store) == []
    with store.read() as tx:
        assert at_work(tx, "acme") is None


def test_the_lock_is_given_back_also_after_a_failure(store: Database) -> None:
    with pytest.raises(ZeroDivisionError), only_run(store, "acme", now):
        raise ZeroDivisionError
    assert holders(store) == []


def test_a_second_run_of_the_same_process_is_refused_too(store: Database) -> None:
    with only_run(store, "acme", now):
        with pytest.raises(RunLocked, match="nothing was done") as refused, only_run(store, "acme", now):
            pytest.fail("two runs at once")
        assert refused.value.data == {"pid": os.getpid(), "host": HERE}
        assert holders(store) == [("acme", HERE, os.getpid())]
        with only_run(store, "another", now):
            assert len(holders(store)) == 2


def test_a_heartbeat_is_written_for_the_own_lock(store: Database) -> None:
    times = iter([NOW, NOW + HOUR])
    with only_run(store, "acme", lambda: next(times)) as heartbeat:
        heartbeat()
        with store.read() as tx:
            assert tx.scalar(select(locks.c.heartbeat_at)) == "2026-03-02T06:00:00.000000Z"


CHILD = """
import sys
from datetime import UTC, datetime
from joinery.store.connections import only_run
from joinery.store.database import Database
from joinery.store.nodes import epoch

with only_run(Database(sys.argv[1]), "acme", lambda: datetime(2026, 3, 2, 5, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_living_process_keeps_its_lock_and_a_killed_one_loses_it(store: Database, store_url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, store_url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "held\n"
            later = NOW + timedelta(days=1)
            with pytest.raises(RunLocked) as refused, only_run(store, "acme", lambda: later):
                pytest.fail("the child is alive, whatever its heartbeat")
            assert refused.value.data == {"pid": child.pid, "host": HERE}
            assert refused.value.exit_code == 8
        finally:
            child.kill()
        child.wait()
        assert holders(store) == [("acme", HERE, child.pid)], "killed: nobody gave it back"
        with store.read() as tx:
            assert at_work(tx, "acme") is None
        with only_run(store, "acme", now):
            assert holders(store) == [("acme", HERE, os.getpid())]


TAKEN = [
    ("ours, from an earlier life: a container starts with the same number again", HERE, os.getpid(), 0, True),
    ("another machine's, heard of a moment ago, by the database's clock", "elsewhere", 1, 25, False),
    ("another machine's, silent for longer", "elsewhere", 1, 31, True),
    ("of a process of this machine that lives", HERE, os.getppid(), 9999, False),
    ("another machine's, written in times to come, by a clock that was wrong", "elsewhere", 1, -3600, True),
]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever seems dead is watched for a moment only."""
    monkeypatch.setattr("joinery.store.connections.WATCH", 0.2)


@pytest.mark.parametrize("jump", [3600, -3600], ids=["an hour on", "an hour back"])
def test_a_clock_that_jumps_takes_no_lock_from_somebody_who_lives(jump: int, store: Database) -> None:
    put_lock(store, pid=1, host="elsewhere", silent=jump)
    over = Event()

    def lives() -> None:
        while not over.wait(0.03):
            with store.write() as tx:
                tx.execute(update(locks).values(beat_at=epoch(tx)))

    with ThreadPoolExecutor(1) as threads:
        threads.submit(lives)
        try:
            with pytest.raises(RunLocked), only_run(store, "acme", now):
                pass
        finally:
            over.set()
    assert [(name, host) for name, host, _ in holders(store)] == [("acme", "elsewhere")]


@pytest.mark.parametrize(("host", "pid", "silent", "taken"), [pytest.param(*c[1:], id=c[0]) for c in TAKEN])
def test_whose_lock_is_taken_over(host: str, pid: int, silent: int, taken: bool, store: Database) -> None:
    put_lock(store, pid=pid, host=host, silent=silent)
    with store.read() as tx:
        assert (at_work(tx, "acme") is None) is taken
    with ExitStack() as stack:
        if not taken:
            stack.enter_context(pytest.raises(RunLocked))
        stack.enter_context(only_run(store, "acme", now))
        assert holders(store) == [("acme", HERE, os.getpid())]
    assert len(holders(store)) == (0 if taken else 1)


@pytest.mark.parametrize("dead", [False, True], ids=["nobody had it", "a dead one had it"])
def test_of_many_at_once_one_has_it(dead: bool, store: Database) -> None:
    if dead:
        put_lock(store, pid=1, host="elsewhere", silent=3600)

    def try_it(_: int) -> Any:
        stack = ExitStack()
        try:
            stack.enter_context(only_run(store, "acme", now))
        except RunLocked:
            return None
        return stack

    with ThreadPoolExecutor(8) as threads:
        held = [stack for stack in threads.map(try_it, range(8)) if stack is not None]
    assert len(held) == 1
    held[0].close()
    assert holders(store) == []


# --- numbers, memory, runs ---


def test_short_numbers_count_per_kind(store: Database) -> None:
    with store.write() as tx:
        assert [next_number(tx, kind) for kind in ("P", "P", "R", "P")] == ["P-1", "P-2", "R-1", "P-3"]


def test_a_number_of_what_was_rolled_back_is_given_again_and_never_twice(store: Database) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        next_number(tx, "P")
        raise ZeroDivisionError
    with store.write() as tx:
        assert next_number(tx, "P") == "P-1"


def test_eight_at_once_get_eight_numbers(store: Database) -> None:
    def draw(_: int) -> str:
        with store.write() as tx:
            return next_number(tx, "P")

    with ThreadPoolExecutor(8) as threads:
        numbers = set(threads.map(draw, range(24)))
    assert numbers == {f"P-{n}" for n in range(1, 25)}


def test_what_is_remembered_comes_back(store: Database) -> None:
    state = ConnectionState(
        go_live=date(2026, 1, 5),
        last_as_of=NOW,
        config_version="abc",
        audited_at=NOW - HOUR,
        extra={"loaded": True, "published": {"R@1": "2026-01-05"}},
    )
    with store.write() as tx:
        assert load_state(tx, "acme") == ConnectionState()
        save_state(tx, "acme", ConnectionState())
        assert load_state(tx, "acme") == ConnectionState()
        save_state(tx, "acme", state)
        assert load_state(tx, "acme") == state
        assert load_state(tx, "another") == ConnectionState()


def test_runs_newest_first(store: Database) -> None:
    with store.write() as tx:
        first = start_run(tx, "acme", "sync", as_of=NOW, now=NOW)
        second = start_run(tx, "acme", "plan", as_of=NOW, now=NOW + HOUR)
        start_run(tx, "another", "sync", as_of=NOW, now=NOW)
        end_run(tx, first, state="done", summary={"plan": "P-1", "events": 3}, now=NOW + HOUR)
        end_run(tx, second, state="failed", summary={}, now=NOW + HOUR)
        shown = [(r["id"], r["kind"], r["state"], r["plan_id"], r["summary"]) for r in last_runs(tx, "acme")]
        assert shown == [
            ("R-2", "plan", "failed", "", {}),
            ("R-1", "sync", "done", "P-1", {"plan": "P-1", "events": 3}),
        ]
        assert [r["id"] for r in last_runs(tx, "acme", limit=1)] == ["R-2"]
