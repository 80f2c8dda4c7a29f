"""The product's ledger and chunk runner without the job engine: the same lines in the same order, in this thread.

For stories and properties that need hundreds of runs; `tests/jobs` proves the real engine, `test_days.py` uses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joinery.core.model.ids import PlanId
from joinery.errors import StopRun
from joinery.jobs.chunk import Work, run_chunk
from joinery.jobs.contract import Performer, Progress, Retry, Tally
from joinery.jobs.ledger import Ledger
from joinery.jobs.pace import Pace
from joinery.kit.calling import for_plan
from joinery.kit.contract import Target
from joinery.store.database import Database


async def at_once(_seconds: float) -> None:
    """Waiting takes no time here; others get their turn."""
    await asyncio.sleep(0)


async def same_thread(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


@dataclass
class InlineEngine:
    """`Engine` for tests. Jobs of a phase run one after the other, phases as the ledger assigns them."""

    database: Database
    target: Callable[[], Target]
    mailer: Performer | None
    clock: Callable[[], datetime]
    retry: Retry = field(default_factory=lambda: Retry(tries=4))

    def warm(self) -> None:
        """As `Engine.warm`."""

    def apply(self, plan_id: PlanId, *, progress: Progress | None = None) -> Tally:
        """As `Engine.apply`."""
        ledger = Ledger(self.database, self.clock)
        asyncio.run(self._apply(ledger, plan_id))
        return ledger.tally(plan_id)

    async def _apply(self, ledger: Ledger, plan_id: PlanId) -> None:
        target = self.target()
        work = Work(
            ledger=ledger,
            call=same_thread,
            target=target,
            mailer=self.mailer,
            pace=Pace(target.capabilities, sleep=self._sleep),
            retry=self.retry,
            finds_by_key=target.capabilities.holds_external_id,
            unconfirmed=target.capabilities.unconfirmed,
            stopped=lambda: False,
            ended=lambda _lines: None,
            sleep=at_once,
            chance=lambda: 0.0,
        )
        try:
            for _ in range(1000):
                jobs = ledger.assign(plan_id)
                if not jobs:
                    return
                for job in jobs:
                    with for_plan(plan_id):
                        await run_chunk(job, work)
            raise StopRun("The plan does not come to an end.")
        finally:
            await target.close()

    @staticmethod
    async def _sleep(_seconds: float) -> None:
        """A pause that the target asked for: jump over it."""
        loop: Any = asyncio.get_running_loop()
        real = loop.time
        loop.time = lambda: real() + _seconds
        await asyncio.sleep(0)

    def enrol(self, kind: str) -> str:
        """The only process there is."""
        return "alone"

    def living(self) -> frozenset[str]:
        """Only we."""
        return frozenset({"alone"})

    def recover(self) -> int:
        """Nothing runs in the background."""
        return 0

    def close(self) -> None:
        """Nothing is held open."""
