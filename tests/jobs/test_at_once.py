"""An end of access begins in the process that heard of it, at once; what it leaves behind goes with its life."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from joinery.core.model.ids import PlanId
from joinery.core.model.operation import ActionClass
from joinery.errors import StopRun
from joinery.jobs import dbos, pace
from joinery.jobs.api import Retry
from joinery.jobs.engine import Applier
from joinery.jobs.node import DEAD_AFTER, Node, Share, _Seen
from joinery.jobs.pace import Pace
from joinery.kit.contract import Capabilities
from joinery.store.database import Database
from joinery.store.nodes import NodeRow
from tests.jobs.world import (
    Lms,
    add_links,
    add_plan,
    leaver,
    lines_of,
    make_store,
    parts_of,
    person,
)


@contextmanager
def engine(store: Database, folder: Path, lms: Lms) -> Iterator[Applier]:
    made = Applier(parts_of(store, lms, folder, retry=Retry(tries=3, first=0.01, longest=0.02)))
    try:
        yield made
    finally:
        made.close()


def end_access(store: Database, number: int) -> PlanId:
    add_links(store, [number])
    return add_plan(store, leaver(number), plan_id=f"P-{number}", urgent=frozenset({person(number)}))


def test_an_end_of_access_waits_for_no_poll_of_the_queue(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dbos, "POLL", 20.0)
    lms = Lms().with_accounts([1, 2])
    with engine(store, tmp_path, lms) as made:
        made.warm()
        time.sleep(0.3)  # the queues are asked once right after the launch
        for number in (1, 2):
            plan, began = end_access(store, number), time.monotonic()
            assert made.apply(plan).done == 1
            assert time.monotonic() - began < 8, "it was the queue that brought it"
    assert len(lms.effects) == 2
    assert all("#" in line.owner for line in lines_of(store, "P-1")), "claimed under a token, like any other job"


def test_a_node_that_may_not_call_yet_leaves_it_to_the_others(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer has no part of what the target allows: whoever is there already is quicker."""
    started: list[bool] = []
    with engine(store, tmp_path, Lms().with_accounts([1])) as made:
        made.warm()
        share = Share(nodes=2, rank=1, ready=False)
        monkeypatch.setattr(made._node, "share", lambda: share)
        runtime = made._runtime
        monkeypatch.setattr(runtime, "start", lambda _name, _jobs, *, at_once: started.append(at_once))

        def apply() -> None:
            with suppress(StopRun):  # closed below, with the job still in the queue
                made.apply(end_access(store, 1))

        caller = threading.Thread(target=apply)
        caller.start()
        while not started:
            time.sleep(0.01)
        made.close()
        caller.join(20)
    assert started == [False]


def test_jobs_that_began_at_once_are_forgotten_at_the_next_start(tmp_path: Path) -> None:
    store = make_store(f"sqlite:///{tmp_path / 'store.db'}")
    lms = Lms().with_accounts([1, 2])
    with engine(store, tmp_path, lms) as made:
        made.apply(end_access(store, 1))
    assert kept(tmp_path) == ["P-1/0/1/1"]
    with engine(store, tmp_path, lms) as made:
        made.apply(end_access(store, 2))
    assert kept(tmp_path) == ["P-2/0/1/1"]
    store.close()


def kept(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "engine.db") as db:
        return [row[0] for row in db.execute("SELECT workflow_uuid FROM workflow_status ORDER BY 1")]


@pytest.mark.parametrize("urgent", [True, False])
def test_a_job_that_is_passed_on_is_not_taken_from_whoever_takes_it_up(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, urgent: bool
) -> None:
    """More nodes than calls, and the driver is one too many: it waits for the others instead of fencing them."""
    lms = Lms(Capabilities(actions=frozenset(ActionClass), concurrency=1)).with_accounts([1])
    add_links(store, [1])
    plan = add_plan(store, leaver(1), urgent=frozenset({person(1)}) if urgent else frozenset())
    with engine(store, tmp_path, lms) as made:
        made.warm()
        surplus_until = time.monotonic() + 1.5
        monkeypatch.setattr(made._node, "share", lambda: Share(nodes=2, rank=int(time.monotonic() < surplus_until)))
        assert made.apply(plan).done == 1
    assert [line.attempt for line in lines_of(store)] == [1]


def test_whoever_was_there_first_keeps_their_part_of_the_calls(store: Database) -> None:
    node = Node(store, connection="c", target="t", kind="run", slot="s")
    row = NodeRow(id="", slot="", connection="c", kind="worker", host="h", pid=1, started_at="")
    hours = {"zz": "2026-11-30T05", "aa": "2026-11-30T07", "dead": "2026-11-30T01"}
    node._row = replace(row, id=node.id, started_at="2026-11-30T06")
    rows = tuple(
        replace(row, id=name, started_at=at, silent=DEAD_AFTER * (name == "dead")) for name, at in hours.items()
    )
    node._seen = _Seen(rows=(*rows, node._row))
    assert node.share() == Share(nodes=3, rank=1)
    node._store.close()


def test_whoever_has_no_call_does_not_wait_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_LOOK", 0.01)
    shares = [Share(nodes=2, rank=1, ready=False)] * 5 + [Share(nodes=2, rank=1)] * 5

    async def story(over: bool = False) -> None:
        one = Capabilities(actions=frozenset(ActionClass), concurrency=1)
        mine = Pace(one, share=lambda: shares.pop(0) if len(shares) > 1 else shares[0])
        async with asyncio.timeout(20), mine.turn(urgent=False, over=lambda: over):
            raise AssertionError("the only call is another's")

    for over in (False, True):
        with pytest.raises(pace.NoTurn):
            asyncio.run(story(over))
