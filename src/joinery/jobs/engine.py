"""Drives plans of one connection to their end: assign a phase, start its jobs, wait, assign what is left or comes next.

Rule: nothing here is durable. After a crash the ledger says what is owed, and driving starts again from there; a job
that this process did not start in this life is ignored.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from joinery.core.model.ids import PlanId
from joinery.errors import JoineryError, StopRun
from joinery.jobs.chunk import Work, run_chunk
from joinery.jobs.contract import Performer, Progress, Retry, Tally
from joinery.jobs.driver import Driver
from joinery.jobs.ledger import Ledger
from joinery.jobs.lines import Job
from joinery.jobs.pace import Pace
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
    retry: Retry = field(default_factory=Retry)


class Applier:
    """The `Engine` of one connection, over the runtime that this process shares."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ledger = Ledger(parts.database, parts.clock)
        self._lock = threading.Lock()
        self._drivers: dict[PlanId, Driver] = {}
        self._runtime: Any = None
        self._threads: ThreadPoolExecutor | None = None
        self._target: Target | None = None
        self._pace: Pace | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
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
        self._start(())

    def close(self) -> None:
        """See `contract.Engine.close`."""
        with self._lock:
            self._closed = True
            drivers = list(self._drivers.values())
        for driver in drivers:
            driver.stop()
        for driver in drivers:
            driver.finished.wait(GRACE)
        with self._lock:
            self._release()

    def _drive(self, plan_id: PlanId) -> Driver:
        """The driver of this plan; a new one unless one is at work."""
        with self._lock:
            if self._closed:
                raise StopRun("The engine is closed; nothing was started.")
            driver = self._drivers.get(plan_id)
            if driver is None or driver.finished.is_set():
                driver = Driver(plan_id, self._ledger, self._start)
                self._drivers[plan_id] = driver
                driver.begin()
            return driver

    def _start(self, jobs: tuple[Job, ...]) -> None:
        """Hand jobs to the runtime, launching it at the first."""
        with self._lock:
            if self._runtime is None:
                from joinery.jobs.dbos import acquire  # 0.6 s: only when there is something to do

                self._threads = ThreadPoolExecutor(4, thread_name_prefix="joinery-ledger")
                self._runtime = acquire(self._parts.database, self._parts.state_dir, self._parts.name, self._run)
            runtime = self._runtime
        runtime.start(self._parts.name, jobs)

    async def _run(self, job: Job) -> None:
        """Run one job; called by the runtime in its event loop. Never raises but on cancellation."""
        driver = self._drivers.get(job.plan_id)
        if driver is None or not driver.begun(job):
            return
        error: Exception | None = None
        try:
            await run_chunk(job, self._work(driver))
        except Exception as raised:  # noqa: BLE001 the driver decides: stop for good, or assign what is left again
            error = raised
        finally:
            driver.ended(job, error)

    def _work(self, driver: Driver) -> Work:
        if self._target is None or self._pace is None:
            self._loop = asyncio.get_running_loop()
            self._target = self._parts.target()
            self._pace = Pace(self._target.capabilities)
        return Work(
            ledger=self._ledger,
            call=self._call,
            target=self._target,
            mailer=self._parts.mailer,
            pace=self._pace,
            retry=self._parts.retry,
            finds_by_key=self._target.capabilities.holds_external_id,
            stopped=lambda: driver.stopping,
            ended=driver.count,
        )

    async def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def _release(self) -> None:
        """Give back the target's connections, the runtime and the threads, in this order."""
        if self._target is not None and self._loop is not None and self._loop.is_running():
            closing = asyncio.run_coroutine_threadsafe(self._target.close(), self._loop)
            try:
                closing.result(GRACE)
            except (JoineryError, OSError, TimeoutError):
                closing.cancel()
        self._target = self._pace = self._loop = None
        if self._runtime is not None:
            abandoned = any(driver.abandoned for driver in self._drivers.values())
            self._runtime.release(self._parts.name, abandoned=abandoned)
            self._runtime = None
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None
