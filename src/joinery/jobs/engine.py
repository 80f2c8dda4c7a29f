"""Drives plans of one connection to their end: assign a phase, start its jobs, wait, assign what is left or comes next.

Rule: nothing here is durable. After a crash the ledger says what is owed, and driving starts again from there; a job
that this process did not start in this life is ignored.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

# The runtime imports it, later and beside threads that make statements; whoever binds a value while it is half
# imported fails (seen 2026-11-29, SQLAlchemy 2.0). So it is here, before there is a second thread.
import sqlalchemy.orm  # noqa: F401

from joinery.core.model.ids import PlanId
from joinery.errors import JoineryError, StopRun, StoreTrouble
from joinery.jobs.chunk import Work, run_chunk
from joinery.jobs.contract import Performer, Progress, Retry, Tally
from joinery.jobs.driver import Driver
from joinery.jobs.ledger import Ledger
from joinery.jobs.lines import Job
from joinery.jobs.node import Node
from joinery.jobs.pace import Pace
from joinery.jobs.slot import Slot
from joinery.kit.calling import for_plan
from joinery.kit.contract import Target
from joinery.store.database import Database

#: how often `apply` reports, in seconds
REPORT_EVERY = 0.5
#: how long `close` waits for calls under way before it cancels them, in seconds
GRACE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an engine is put together from; see `api.open_engine`."""

    database: Database
    target: Callable[[], Target]
    mailer: Performer | None
    clock: Callable[[], datetime]
    name: str
    state_dir: Path
    #: under which its pauses and failures are known; the connection's name when empty
    target_name: str = ""
    retry: Retry = field(default_factory=Retry)


class Applier:
    """The `Engine` of one connection, over the runtime that this process shares."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ledger = Ledger(parts.database, parts.clock)
        self._lock = threading.Lock()
        self._drivers: dict[PlanId, Driver] = {}
        #: some driver that is over left jobs that nobody has taken up
        self._abandoned = False
        self._runtime: Any = None
        #: for calls of the ledger, by lane: no end of access waits behind a bulk change
        self._threads: dict[bool, ThreadPoolExecutor] = {}
        self._target: Target | None = None
        self._pace: Pace | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._slot: Slot | None = None
        self._node: Node | None = None
        #: stays for jobs of plans that others drive, and leaves in the middle of them
        self._joined = False
        self._busy = 0
        self._closed = False

    def apply(self, plan_id: PlanId, *, progress: Progress | None = None) -> Tally:
        """See `contract.Engine.apply`."""
        if not self._ledger.owed(plan_id):
            return self._ledger.tally(plan_id)
        driver = self._drive(plan_id)
        report = progress or (lambda _done, _total: None)
        while not driver.finished.wait(REPORT_EVERY):
            report(*driver.progress())
        report(*driver.progress())
        if driver.error is not None:
            raise driver.error
        return self._ledger.tally(plan_id)

    def recover(self) -> int:
        """See `contract.Engine.recover`."""
        owing = self._ledger.owing(self._parts.name)
        for plan_id in owing:
            self._drive(plan_id)
        return sum(owing.values())

    def warm(self) -> None:
        """See `contract.Engine.warm`."""
        with self._lock:
            self._launched()

    def join(self, kind: str) -> str:
        """See `contract.Engine.join`."""
        with self._lock:
            self._joined = True
            node = self._enrolled(kind)
            self._launched()
        return node.id

    def enrol(self, kind: str) -> str:
        """See `contract.Engine.enrol`."""
        if (node := self._node) is not None:
            return node.id  # whoever brings news does not wait for the runtime to be launched
        with self._lock:
            return self._enrolled(kind).id

    def living(self) -> frozenset[str] | None:
        """See `contract.Engine.living`."""
        node = self._node
        return node.living() if node is not None else None

    def blocked(self) -> JoineryError | None:
        """See `contract.Engine.blocked`."""
        with self._lock:
            node = self._node
        return node.gate.blocked() if node is not None else None

    def close(self) -> None:
        """See `contract.Engine.close`."""
        with self._lock:
            self._closed = True
            drivers = list(self._drivers.values())
        for driver in drivers:
            driver.stop()
        for driver in drivers:
            driver.finished.wait(GRACE)
        until = time.monotonic() + GRACE
        while self._busy and time.monotonic() < until:
            time.sleep(0.05)
        with self._lock:
            self._release()

    def _drive(self, plan_id: PlanId) -> Driver:
        """The driver of this plan; a new one unless one is at work."""
        with self._lock:
            if self._closed:
                raise StopRun("The engine is closed; nothing was started.")
            driver = self._drivers.get(plan_id)
            if driver is None or driver.finished.is_set():
                node = self._enrolled("run")
                node.begin(plan_id)
                self._forget_finished()
                driver = Driver(plan_id, self._ledger, self._start, node)
                self._drivers[plan_id] = driver
                driver.begin()
            return driver

    def _forget_finished(self) -> None:
        """A process that serves for months drives a plan for every end of access it hears of."""
        over = [plan for plan, driver in self._drivers.items() if driver.finished.is_set()]
        for plan in over:
            self._abandoned |= self._drivers.pop(plan).abandoned

    def _enrolled(self, kind: str) -> Node:
        """This process among the others, from now on."""
        if self._node is None:
            parts = self._parts
            self._slot = Slot(parts.state_dir)
            target = parts.target_name or parts.name
            node = Node(parts.database, connection=parts.name, target=target, kind=kind, slot=self._slot.id)
            node.start(parts.clock())
            self._node = node
        return self._node

    def _start(self, jobs: tuple[Job, ...]) -> None:
        """Hand jobs to the runtime, launching it at the first."""
        if not jobs:
            return
        with self._lock:
            runtime = self._launched()
            node = self._enrolled("run")
        runtime.start(self._parts.name, jobs, at_once=node.share().ready)

    def _launched(self) -> Any:
        if self._runtime is None:
            from joinery.jobs.dbos import Place, acquire  # 0.6 s: only when there is something to do

            node = self._enrolled("run")
            place = Place(state_dir=self._parts.state_dir, node=node.id, alone=not node.others())
            self._threads = {
                False: ThreadPoolExecutor(4, thread_name_prefix="joinery-ledger"),
                True: ThreadPoolExecutor(2, thread_name_prefix="joinery-urgent"),
            }
            self._runtime = acquire(self._parts.database, place, self._parts.name, self._run)
        return self._runtime

    async def _run(self, job: Job) -> None:
        """Run one job; called by the runtime in its event loop. Never raises but on cancellation."""
        driver = self._drivers.get(job.plan_id)
        if driver is not None and driver.finished.is_set() and not driver.gave(job):
            driver = None  # it is driven by somebody else now
        if self._closed or (driver is not None and not driver.begun(job)):
            return
        error: Exception | None = None
        ended: bool | None = False
        passed_on = False
        self._busy += 1
        try:
            work = self._work(job, driver)
            # nobody who is new keeps an end of access, or what is another's, waiting
            patient = driver is not None and not job.urgent
            with for_plan(job.plan_id):
                ended = None if work.pace.surplus(patient=patient) else await run_chunk(job, work)
            if ended is None:
                await self._pass_on(job)
                passed_on = True
        except Exception as raised:  # noqa: BLE001 the driver decides: stop for good, or assign what is left again
            error = raised
        finally:
            self._busy -= 1
            if driver is not None and passed_on:
                driver.passed_on(job)
            elif driver is not None:
                driver.ended(job, error)
            elif not ended and not passed_on:
                self._let_go(job, error)

    async def _pass_on(self, job: Job) -> None:
        """More nodes than the target takes calls: somebody else has to do it."""
        await asyncio.sleep(0.1 if job.urgent else 1.0)
        await self._call(job.urgent, self._runtime.pass_on, self._parts.name, job)

    def _let_go(self, job: Job, error: Exception | None) -> None:
        """Tell whoever drives the plan that we are done with this job, and why."""
        if (node := self._node) is None:
            return
        if isinstance(error, JoineryError) and not isinstance(error, StoreTrouble):
            node.gate.stop(job.plan_id, error)
        node.later(lambda: self._ledger.let_go(job, node.id))

    def _work(self, job: Job, driver: Driver | None) -> Work:
        node = self._node
        assert node is not None  # noqa: S101 jobs come from a runtime, and that is launched by a node
        if self._target is None or self._pace is None:
            self._loop = asyncio.get_running_loop()
            self._target = self._parts.target()
            self._pace = Pace(self._target.capabilities, share=node.share, gate=node.gate)

        def stopped() -> bool:
            leaving = self._closed if driver is None else driver.stopping
            return leaving or node.gate.blocked(job.plan_id) is not None

        return Work(
            ledger=self._ledger,
            call=partial(self._call, job.urgent),
            target=self._target,
            mailer=self._parts.mailer,
            pace=self._pace,
            retry=self._parts.retry,
            finds_by_key=self._target.capabilities.holds_external_id,
            unconfirmed=self._target.capabilities.unconfirmed,
            stopped=stopped,
            ended=driver.count if driver is not None else lambda _lines: None,
            node=node.id,
        )

    async def _call(self, urgent: bool, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads[urgent], function, *args)

    def _release(self) -> None:
        """Give back the target's connections, the runtime, the threads and our place among the nodes, in this order."""
        if self._target is not None and self._loop is not None and self._loop.is_running():
            closing = asyncio.run_coroutine_threadsafe(self._target.close(), self._loop)
            try:
                closing.result(GRACE)
            except (JoineryError, OSError, TimeoutError):
                closing.cancel()
        self._target = self._pace = self._loop = None
        if self._runtime is not None:
            left = self._abandoned or any(driver.abandoned for driver in self._drivers.values())
            abandoned = self._joined or left
            self._runtime.release(self._parts.name, abandoned=abandoned)
            self._runtime = None
        for threads in self._threads.values():
            threads.shutdown(wait=True)
        self._threads = {}
        if self._node is not None:
            self._node.close()
            self._node = None
        if self._slot is not None:
            self._slot.release()
            self._slot = None
