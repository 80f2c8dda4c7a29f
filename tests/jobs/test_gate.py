"""The breaker and the pause: when a target may be called, for this process and for all others."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from joinery.core.model.ids import PlanId
from joinery.core.model.receipt import Receipt
from joinery.errors import StopRun, SystemUnreachable, TryAgain
from joinery.jobs.engine import Applier
from joinery.jobs.gate import FIRST_REST, TRIPS, Gate
from joinery.kit.contract import Order
from joinery.store import target_states
from joinery.store.database import Database
from joinery.store.target_states import state_of
from tests.jobs.world import Lms, add_links, add_plan, mover, parts_of, states

BUSY = TryAgain("busy")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def exchanged(store: Database, *gates: Gate) -> None:
    for gate in gates:
        with store.write() as tx:
            settled = gate.exchange(tx, "lms")
        settled()


def test_failures_in_a_row_open_the_breaker_for_everybody_and_a_success_closes_it(store: Database) -> None:
    clock = Clock()
    mine, other = Gate(clock=clock), Gate(clock=clock)
    for _ in range(TRIPS - 1):
        mine.failed(BUSY)
    mine.worked()
    for _ in range(TRIPS - 1):
        mine.failed(BUSY)
    assert mine.blocked() is None, "never so many in a row"
    mine.failed(BUSY)
    assert isinstance(mine.blocked(), SystemUnreachable), "here at once"
    assert other.blocked() is None
    exchanged(store, mine, other)
    assert isinstance(other.blocked(), SystemUnreachable), "there at the next beat"
    clock.now += FIRST_REST + 1
    assert other.blocked() is None and other.probing
    other.failed(BUSY)
    exchanged(store, other, mine)
    clock.now += FIRST_REST + 1
    assert mine.blocked() is not None, "the second time it is twice as long"
    clock.now += FIRST_REST
    mine.worked()
    exchanged(store, mine, other)
    assert not mine.probing and not other.probing
    with store.read() as tx:
        assert state_of(tx, "lms").tripped == 0


def test_what_could_not_be_written_is_written_the_next_time(store: Database) -> None:
    gate = Gate(clock=Clock())
    for _ in range(TRIPS):
        gate.failed(BUSY)
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        gate.exchange(tx, "lms")
        raise ZeroDivisionError
    exchanged(store, gate)
    with store.read() as tx:
        assert state_of(tx, "lms").tripped == 1


def test_a_wish_for_patience_is_kept_by_everybody(store: Database) -> None:
    clock = Clock()
    mine, other = Gate(clock=clock), Gate(clock=clock)
    mine.rest(20)
    exchanged(store, mine, other)
    assert 19 < other.resumes_in <= 20 and other.blocked() is None
    clock.now += 21
    assert other.resumes_in == 0


def test_a_worker_that_has_to_stop_stops_the_plan_until_it_is_tried_again(store: Database) -> None:
    mine, other = Gate(clock=Clock()), Gate(clock=Clock())
    mine.stop(PlanId("P-1"), StopRun("no credentials"))
    exchanged(store, mine, other)
    stopped = other.blocked(PlanId("P-1"))
    assert stopped is not None and "no credentials" in stopped.message
    assert other.blocked(PlanId("P-2")) is None
    with store.read() as tx:
        assert other.begin(tx, "lms", PlanId("P-1")), "something is to be written"
        assert not mine.begin(tx, "lms", PlanId("P-2"))
    exchanged(store, other, mine)
    assert mine.blocked(PlanId("P-1")) is None


def _engine(store: Database, folder: Path, lms: Lms) -> Applier:
    return Applier(parts_of(store, lms, folder / "state", target_name="lms"))


def _paused(tx: Connection) -> None:
    target_states.pause(tx, "lms", by="ada", reason="upgrade", at="2026-11-24T06:00:00.000000Z")


class _Slow(Lms):
    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        import asyncio

        await asyncio.sleep(0.2)
        async for receipt in super().perform(orders):
            yield receipt


def test_a_pause_in_the_middle_stops_the_plan_and_the_next_apply_goes_on(store: Database, tmp_path: Path) -> None:
    lms = _Slow().with_accounts(range(200))
    add_links(store, range(200))
    plan_id = add_plan(store, [op for n in range(200) for op in mover(n)], size=2)
    engine = _engine(store, tmp_path, lms)
    stopped: list[StopRun] = []

    def apply() -> None:
        try:
            engine.apply(plan_id)
        except StopRun as stop:
            stopped.append(stop)

    caller = threading.Thread(target=apply)
    caller.start()
    while not lms.effects:
        time.sleep(0.01)
    with store.write() as tx:
        _paused(tx)
    caller.join(60)
    assert [stop.message.count("paused by ada") for stop in stopped] == [1]
    left = states(store)
    assert left["planned"] > 0 and set(left) == {"done", "planned"}
    with store.write() as tx:
        target_states.resume(tx, "lms")
    assert engine.apply(plan_id).done == 200
    assert set(lms.effects.values()) == {1}
    engine.close()


class _Down(Lms):
    def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        raise TryAgain("503", after=timedelta(0))


def test_a_target_that_is_down_stops_the_plan_and_throws_no_lines_at_people(store: Database, tmp_path: Path) -> None:
    lms = _Down().with_accounts(range(400))
    add_links(store, range(400))
    plan_id = add_plan(store, [op for n in range(400) for op in mover(n)], size=2)
    engine = _engine(store, tmp_path, lms)
    with pytest.raises(SystemUnreachable, match="again and again"):
        engine.apply(plan_id)
    engine.close()
    assert states(store)["planned"] > 350
    with store.read() as tx:
        assert state_of(tx, "lms").tripped == 1
