"""`kill -9` at any instant: nothing lost, nothing doubled in effect, every line ends exactly once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from joinery.core.model.operation import Operation
from joinery.store.database import Database
from tests.jobs.killed_child import connect
from tests.jobs.world import CONNECTION, add_links, add_plan, joiner, leaver, lines_of, make_store, mover, states
from tests.support.forked import Started

ROOT = Path(__file__).resolve().parents[2]


class _Child(Started):
    """Does not outlive a test that failed: one that was frozen would never end."""

    def __exit__(self, kind: type[BaseException] | None, *more: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, *more)


@dataclass
class Killing:
    """One plan, applied by a child process that is killed again and again."""

    url: str
    folder: Path
    random: random.Random
    people: int = 60
    latency: float = 0.004
    kills: int = 0
    lives: list[int] = field(default_factory=list)

    def prepare(self) -> Database:
        self.folder.mkdir(parents=True, exist_ok=True)
        database = make_store(self.url)
        with database.write() as tx:
            for table in ("plan_lines", "plans", "links", "accounts"):
                tx.exec_driver_sql(f"DELETE FROM {table}")
        veterans = range(100_000, 100_000 + self.people)
        operations: list[Operation] = [op for n in range(self.people) for op in joiner(n)]
        operations += [op for n in veterans for op in (*mover(n), *leaver(n))]
        add_plan(database, operations, size=20)
        add_links(database, veterans)
        self.total = len(operations)
        lms = connect(self.lms)
        for n in veterans:
            body = (
                f'{{"attributes":{{}},"enrolments":[],"external_id":"p-{n:06}","groups":[],"id":"a-{n:06}",'
                '"roles":[],"state":"active","version":""}'
            )
            lms.execute("INSERT INTO accounts VALUES (?, ?, ?)", (f"a-{n:06}", f"p-{n:06}", body))
        lms.close()
        return database

    @property
    def lms(self) -> Path:
        return self.folder / "lms.db"

    def child(self, plan_id: str = "P-1", connection: str = CONNECTION, **environment: str) -> subprocess.Popen[bytes]:
        arguments = [self.url, str(self.folder / "state"), str(self.lms), plan_id, str(self.latency), connection]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **environment}
        return _Child(
            ["-m", "tests.jobs.killed_child", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, kills: int) -> None:
        """Kill `kills` times, at instants spread over the work, then let it finish."""
        lms = connect(self.lms)
        try:
            while self.kills < kills and self._one_life(lms, kills - self.kills):
                pass
        finally:
            lms.close()
        with self.child() as last:
            output, _ = last.communicate(timeout=120)
        assert last.returncode == 0, output.decode()
        assert output == b"", "the engine chatters on the terminal"

    def _one_life(self, lms: sqlite3.Connection, left: int) -> bool:
        """False when the child was done before it could be killed."""
        before = _count(lms, "calls")
        share = max(2, 2 * (self.total - before) // (left + 1))
        goal = before + self.random.randint(0, share)
        with self.child() as child:
            # now and then at a random instant of the start instead: import, launch, first claim
            deadline = time.monotonic() + (self.random.uniform(0.2, 1.5) if self.random.random() < 0.2 else 30)
            while child.poll() is None and time.monotonic() < deadline and _count(lms, "calls") < goal:
                time.sleep(0.002)
            time.sleep(self.random.uniform(0, 0.01))
            if child.poll() is not None:
                assert child.returncode == 0, child.stdout.read().decode() if child.stdout else ""
                return False
            child.send_signal(signal.SIGKILL)
            child.wait()
        self.kills += 1
        self.lives.append(_count(lms, "calls") - before)
        return True


def _count(lms: sqlite3.Connection, table: str) -> int:
    return int(lms.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def judge(killing: Killing, database: Database, *, in_the_air: int = 0) -> dict[str, int]:
    """The figures; raises when anything was lost or doubled. `in_the_air`: calls that nobody could take back."""
    lines = lines_of(database)
    lms = connect(killing.lms)
    try:
        figures = {table: _count(lms, table) for table in ("calls", "effects", "duplicates")}
        effects = {key for (key,) in lms.execute("SELECT key FROM effects WHERE key LIKE 'P-1/%'")}
    finally:
        lms.close()
    assert Counter(line.state for line in lines) == {"done": killing.total}
    assert effects == {f"P-1/{line.seq}" for line in lines}, "lost"
    assert figures["duplicates"] <= in_the_air, "doubled"
    assert all(line.ended_at and line.sent_at and line.attempt >= 1 for line in lines)
    with database.read() as tx:
        linked = "SELECT count(*) FROM links WHERE account_id < 'a-2'"
        assert tx.exec_driver_sql(linked).scalar_one() == 2 * killing.people
    return figures | {"kills": killing.kills, "repeated calls": figures["calls"] - killing.total}


def _kill(url: str, folder: Path, seed: int, kills: int, people: int = 60) -> dict[str, int]:
    killing = Killing(url=url, folder=folder, random=random.Random(seed), people=people)
    database = killing.prepare()
    try:
        killing.run(kills)
        return judge(killing, database)
    finally:
        database.close()


def test_eight_kills_on_sqlite_lose_and_double_nothing(tmp_path: Path) -> None:
    figures = _kill(f"sqlite:///{tmp_path / 'joinery.db'}", tmp_path, seed=8, kills=8)
    assert figures["kills"] >= 5


def test_three_kills_on_postgresql_lose_and_double_nothing(tmp_path: Path, postgres_url: str) -> None:
    figures = _kill(postgres_url, tmp_path, seed=3, kills=3)
    assert figures["kills"] >= 2


def test_two_connections_of_one_store_are_applied_side_by_side_and_one_is_killed(
    tmp_path: Path, store_url: str
) -> None:
    killing = Killing(url=store_url, folder=tmp_path, random=random.Random(1), people=40)
    database = killing.prepare()
    others = range(200_000, 200_040)
    add_plan(database, [op for n in others for op in joiner(n)], plan_id="P-2", size=20, connection="second")
    with killing.child() as doomed, killing.child("P-2", "second") as other:
        lms = connect(killing.lms)
        while _count(lms, "calls") < 40 and doomed.poll() is None:
            time.sleep(0.002)
        lms.close()
        doomed.kill()
        output, _ = other.communicate(timeout=60)
        assert (other.returncode, output) == (0, b"")
    with killing.child() as again:
        assert again.wait(60) == 0
    assert states(database, "P-1") == {"done": killing.total}
    assert states(database, "P-2") == {"done": 160}
    lms = connect(killing.lms)
    assert _count(lms, "duplicates") == 0
    lms.close()
    database.close()


def test_a_process_that_was_frozen_in_a_call_sends_and_writes_nothing_more_when_it_wakes_up(
    tmp_path: Path, store_url: str
) -> None:
    killing = Killing(url=store_url, folder=tmp_path, random=random.Random(2), people=40, latency=0.002)
    database = killing.prepare()
    with killing.child(FREEZES_AFTER="50") as zombie:
        zombie.stopped()
        frozen_at = time.monotonic()
        with killing.child() as successor:
            output, _ = successor.communicate(timeout=60)
        assert (successor.returncode, output) == (0, b"")
        before = lines_of(database)
        time.sleep(max(0.0, 1.1 - (time.monotonic() - frozen_at)))
        zombie.send_signal(signal.SIGCONT)
        output, _ = zombie.communicate(timeout=60)
        assert (zombie.returncode, output) == (0, b"")
    assert lines_of(database) == before
    # three calls at one time: one stood still after its effect, the others may have been on their way
    judge(killing, database, in_the_air=2)
    database.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills_on_sqlite_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    figures = _kill(f"sqlite:///{tmp_path / 'joinery.db'}", tmp_path, seed=seed, kills=22, people=150)
    print(figures)
    assert figures["kills"] >= 20


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_forty_kills_on_postgresql_lose_and_double_nothing(tmp_path: Path, postgres_url: str, seed: int) -> None:
    figures = _kill(postgres_url, tmp_path, seed=100 + seed, kills=12, people=150)
    print(figures)
    assert figures["kills"] >= 10
