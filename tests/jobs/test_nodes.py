"""Several processes on one store: they share the work, and take over what a dead or frozen one had in its hands."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from joinery.store.database import Database
from joinery.store.tables import nodes
from tests.jobs.killed_child import connect
from tests.jobs.test_kill import ROOT, Killing, judge
from tests.jobs.world import lines_of
from tests.support.delays import delays
from tests.support.forked import Started


@dataclass
class Fleet:
    """Nodes over one plan of 360 lines; on PostgreSQL each has a folder of its own, as on machines of their own."""

    killing: Killing
    database: Database
    stack: ExitStack
    hurry: str = "1"
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, folder: str, what: str = "worker", **environment: str) -> subprocess.Popen[str]:
        k = self.killing
        if self.database.embedded:
            folder = "state"  # one machine, one folder; each process finds a slot of its own
        arguments = [k.url, str(k.folder / folder), str(k.lms), str(k.latency), what]
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "HURRY": self.hurry,
            **environment,
        }
        child = Started(
            ["-m", "tests.jobs.node_child", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(child)
        return child

    def worker(self, folder: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
        """A worker that is ready, and the ID of its node."""
        child = self.start(folder, **environment)
        assert child.stdout is not None
        said = child.stdout.readline().strip()
        assert len(said) == 12, said + child.stdout.read()
        return child, said

    def server(self, folder: str = "one", **environment: str) -> str:
        """The ID of a process that only applies plans of its own: ends of access."""
        before = self.living()
        self.start(folder, "lane", **environment)
        deadline = time.monotonic() + 60
        while not (new := self.living() - before):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return new.pop()

    def until(self, effects: int) -> None:
        """Wait until so many lines took effect."""
        lms = connect(self.killing.lms)
        try:
            deadline = time.monotonic() + 60
            while lms.execute("SELECT count(*) FROM effects").fetchone()[0] < effects:
                assert time.monotonic() < deadline
                time.sleep(0.005)
        finally:
            lms.close()

    def end(self, child: subprocess.Popen[str], timeout: float = 90) -> None:
        """A driver comes to its end by itself, a worker when it is told to."""
        child.terminate() if child.args[-1] == "worker" else None  # type: ignore[index]
        output, _ = child.communicate(timeout=timeout)
        assert (child.returncode, output) == (0, "")

    def hands(self) -> set[str]:
        """The nodes that ended lines."""
        return {line.owner.partition("#")[2].partition(".")[0] for line in lines_of(self.database)}

    def living(self) -> set[str]:
        with self.database.read() as tx:
            return set(tx.execute(select(nodes.c.id)).scalars())

    def judge(self, *, in_the_air: int = 0) -> dict[str, int]:
        return judge(self.killing, self.database, in_the_air=in_the_air)


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.long)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """One machine with several processes on SQLite is the seldom case: here one test shows it, `--all` every one."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def fleet(tmp_path: Path, store_url: str) -> Iterator[Fleet]:
    killing = Killing(url=store_url, folder=tmp_path, random=random.Random(5), people=60, latency=0.03)
    database = killing.prepare()
    with ExitStack() as stack:
        made = Fleet(killing, database, stack)
        try:
            yield made
        finally:
            for child in made.started:
                child.kill()
                child.communicate()
            database.close()


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_three_nodes_share_one_plan_and_leave_no_trace(fleet: Fleet) -> None:
    (one, first), (two, second) = fleet.worker("one"), fleet.worker("two")
    fleet.end(fleet.start("driver", "P-1"))
    fleet.judge()
    assert {first, second} < fleet.hands(), "each had a part, the driver too"
    fleet.end(one)
    fleet.end(two)
    assert fleet.living() == set()


def test_a_process_that_only_serves_takes_up_what_a_run_gives_out(fleet: Fleet) -> None:
    """It listens to the same queues: what it took from them and left alone, nobody did."""
    server = fleet.server()
    fleet.end(fleet.start("driver", "P-1"))
    fleet.judge()
    assert server in fleet.hands()


def test_where_one_call_at_a_time_is_allowed_a_run_beside_others_comes_to_its_end(fleet: Fleet) -> None:
    """Nobody holds jobs in their hands while the only call is another's."""
    fleet.killing.latency = 0.005
    for folder in ("one", "two"):
        fleet.server(folder, CALLS_AT_ONCE="1")
    fleet.end(fleet.start("driver", "P-1", CALLS_AT_ONCE="1"), timeout=60)
    fleet.judge()


def test_a_worker_that_is_killed_for_good_is_replaced_by_the_others_in_seconds(fleet: Fleet) -> None:
    (doomed, dead), (other, alive) = fleet.worker("one"), fleet.worker("two")
    driver = fleet.start("driver", "P-1")
    fleet.until(60)
    doomed.kill()
    fleet.end(driver)
    fleet.judge()
    assert alive in fleet.hands()
    assert dead in fleet.living(), "nobody needs to bury it"
    fleet.end(other)


def test_a_worker_that_is_restarted_in_its_place_buries_its_former_life_at_once(fleet: Fleet) -> None:
    doomed, dead = fleet.worker("one")
    driver = fleet.start("driver", "P-1")
    fleet.until(60)
    doomed.kill()
    doomed.wait()
    again, alive = fleet.worker("one")
    assert dead not in fleet.living() and alive in fleet.living()
    fleet.end(driver)
    fleet.judge()
    fleet.end(again)


def test_a_driver_that_is_killed_and_started_again_leaves_alone_what_a_living_worker_has(fleet: Fleet) -> None:
    worker, alive = fleet.worker("one")
    doomed = fleet.start("driver", "P-1")
    fleet.until(60)
    doomed.kill()
    doomed.wait()
    fleet.end(fleet.start("driver", "P-1"))
    fleet.judge()
    assert alive in fleet.hands()
    fleet.end(worker)


def test_a_worker_frozen_in_a_call_is_replaced_and_writes_nothing_when_it_wakes_up(fleet: Fleet) -> None:
    zombie, _ = fleet.worker("one", FREEZES_AFTER="60")
    driver = fleet.start("driver", "P-1")
    zombie.stopped()
    fleet.end(driver)
    before = lines_of(fleet.database)
    zombie.send_signal(signal.SIGCONT)
    time.sleep(1.5)
    assert lines_of(fleet.database) == before
    fleet.end(zombie)
    # two calls at one time are its part: one stood still after its effect, the other may have been on its way
    fleet.judge(in_the_air=1)


def test_the_stop_of_a_worker_in_the_middle_gives_its_jobs_back_at_once(fleet: Fleet) -> None:
    worker, _ = fleet.worker("one")
    driver = fleet.start("driver", "P-1")
    fleet.until(60)
    began = time.monotonic()
    with delays() as late:
        fleet.end(worker)
    # a machine that is busy with something else is late for everybody
    assert time.monotonic() - began < 15 + 20 * max(late)
    fleet.end(driver)
    fleet.judge()
