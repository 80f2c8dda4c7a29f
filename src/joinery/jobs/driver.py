"""One plan under way in this process: which of its jobs live, how far it is, why it stopped.

Rule: lines are assigned anew only when none of this driver's jobs can still be running with them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from joinery.core.model.ids import PlanId
from joinery.errors import JoineryError, StopRun
from joinery.jobs.ledger import Ledger
from joinery.jobs.lines import Job

#: a started job that the runtime does not run within this time is given up, in seconds
STALLED = 10.0
#: rounds without a single line ending before the driver gives up
ROUNDS = 5
#: pause before lines of a broken job are assigned again, in seconds
BREATH = 0.5


class Driver:
    """Assigns, starts and waits in a thread of its own until nothing is owed or something stops it."""

    def __init__(self, plan_id: PlanId, ledger: Ledger, start: Callable[[tuple[Job, ...]], None]) -> None:
        self.plan_id = plan_id
        self.finished = threading.Event()
        self.error: JoineryError | None = None
        self.stopping = False
        #: jobs were started that nobody has taken up
        self.abandoned = False
        self._ledger = ledger
        self._start = start
        self._change = threading.Condition()
        #: job ID -> whether it runs
        self._live: dict[str, bool] = {}
        self._trouble: Exception | None = None
        self._done = 0
        self._total = 0

    def begin(self) -> None:
        """Start driving; returns at once."""
        threading.Thread(target=self._drive, name=f"joinery-driver-{self.plan_id}", daemon=True).start()

    def stop(self) -> None:
        """Stop at the next safe point."""
        with self._change:
            self.stopping = True
            self._change.notify_all()

    def progress(self) -> tuple[int, int]:
        """Lines that ended, and lines in all."""
        return self._done, self._total

    def count(self, lines: int) -> None:
        """So many more lines ended."""
        with self._change:
            self._done += lines

    def begun(self, job: Job) -> bool:
        """Whether this job is ours to run now; False for jobs of a former life."""
        with self._change:
            if job.id not in self._live or self._live[job.id]:
                return False
            self._live[job.id] = True
            return True

    def ended(self, job: Job, error: Exception | None) -> None:
        """The job is over; a StopRun stops the plan, anything else is tried again."""
        with self._change:
            self._live.pop(job.id, None)
            if isinstance(error, JoineryError):
                self.error = self.error or error
                self.stopping = True
            self._trouble = error or self._trouble
            self._change.notify_all()

    def _drive(self) -> None:
        try:
            tally = self._ledger.tally(self.plan_id)
            self._done, self._total = tally.ended, tally.ended + self._ledger.owed(self.plan_id)
            self._rounds()
        except JoineryError as error:
            self.error = self.error or error
        except Exception as error:  # noqa: BLE001 whoever called `apply` gets it, without a word of what was written
            self.error = StopRun(f"The store or the engine broke ({type(error).__name__}); what is left is planned.")
            self.error.__cause__ = error
        finally:
            self.finished.set()

    def _rounds(self) -> None:
        """Assign and start until the ledger owes nothing more."""
        fruitless = 0
        while not self.stopping and (jobs := self._ledger.assign(self.plan_id)):
            before = self._done
            with self._change:
                self._live = {job.id: False for job in jobs}
            self._start(jobs)
            self._wait()
            fruitless = 0 if self._done > before else fruitless + 1
            if fruitless >= ROUNDS:
                raise self._trouble or StopRun("Nobody takes up the work; what is left is still planned.")
            if self._trouble and not self.stopping:
                time.sleep(BREATH)
        if self.stopping and self.error is None and self._ledger.owed(self.plan_id):
            raise StopRun(
                "The plan was interrupted; what was done is recorded, the rest is still planned.",
                fix="Run joinery sync again: it goes on where it stopped.",
            )

    def _wait(self) -> None:
        """Until every job is over, or none of the living has been taken up for a while."""
        with self._change:
            idle_since = time.monotonic()
            while self._live:
                if self.stopping:
                    self._abandon()
                    if not self._live:
                        return
                self._change.wait(0.5)
                if any(self._live.values()):
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > STALLED:
                    self._abandon()

    def _abandon(self) -> None:
        """What has not begun never will: `begun` finds it gone."""
        self.abandoned = self.abandoned or not all(self._live.values())
        self._live = {job: runs for job, runs in self._live.items() if runs}
