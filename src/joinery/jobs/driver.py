"""One plan under way: which of its jobs live, here or on another node, how far it is, why it stopped.

Rule: lines are assigned anew only when nobody who lives can still be at work on them. Assigning fences, then the job
is enqueued: a dead node that wakes up finds its tokens worth nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from joinery.core.model.ids import PlanId
from joinery.errors import JoineryError, StopRun, StoreTrouble
from joinery.jobs.gate import Gate
from joinery.jobs.ledger import Ledger
from joinery.jobs.lines import Holder, Job
from joinery.jobs.node import Alone

#: a started job that nobody runs within this time is given up, in seconds
STALLED = 10.0
#: rounds without a single line ending before the driver gives up
ROUNDS = 5
#: pause before lines of a broken job are assigned again, in seconds
BREATH = 0.5
#: how often the ledger is asked what other nodes have done, in seconds; more seldom when the answer takes long
LOOK = 1.0


class Crew(Protocol):
    """Who is there to work; see `Node`."""

    id: str
    gate: Gate

    def living(self) -> frozenset[str] | None:
        """IDs; None while we cannot judge."""

    def others(self) -> bool:
        """Whether anybody else lives."""


class Driver:
    """Assigns, starts and waits in a thread of its own until nothing is owed or something stops it."""

    def __init__(
        self, plan_id: PlanId, ledger: Ledger, start: Callable[[tuple[Job, ...]], None], crew: Crew | None = None
    ) -> None:
        self.plan_id = plan_id
        self.finished = threading.Event()
        self.error: JoineryError | None = None
        self.stopping = False
        #: jobs were started that nobody has taken up
        self.abandoned = False
        self._ledger = ledger
        self._start = start
        self._crew: Crew = crew or Alone()
        self._change = threading.Condition()
        #: job ID -> whether it runs
        self._live: dict[str, bool] = {}
        #: job ID -> the other node that has it
        self._elsewhere: dict[str, str] = {}
        self._chunks: dict[str, int] = {}
        self._given: set[str] = set()
        self._seen: frozenset[str] = frozenset()
        self._next_look = 0.0
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
        return min(self._done, self._total), self._total

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

    def gave(self, job: Job) -> bool:
        """Whether it is of this driver, also when it is over."""
        return job.id in self._given

    def passed_on(self, job: Job) -> None:
        """It is back in the queue, and still the same job: assigning it anew would fence whoever takes it up."""
        with self._change:
            if job.id in self._live and job.id not in self._elsewhere:
                self._live[job.id] = False
            self._change.notify_all()

    def ended(self, job: Job, error: Exception | None) -> None:
        """The job is over; a StopRun stops the plan, anything else is tried again, and so is trouble with the store."""
        with self._change:
            self._live.pop(job.id, None)
            if isinstance(error, JoineryError) and not isinstance(error, StoreTrouble):
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
        while not self.stopping:
            before = self._done
            if not self._round():
                break
            self._wait()
            if self._elsewhere:
                self._done = self._total - self._ledger.owed(self.plan_id)
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

    def _round(self) -> bool:
        """Give the lowest open phase out, but for what others who live have in their hands; False when all is over."""
        living = self._judged()
        if self.stopping:
            return False
        kept: dict[str, int] = {}
        self._elsewhere.clear()
        if living - {self._crew.id}:
            for job, holder in self._ledger.holders(self.plan_id).items():
                if not holder.over and holder.node in living - {self._crew.id}:
                    kept[job.id] = job.chunk
                    self._elsewhere[job.id] = holder.node
        jobs = self._ledger.assign(self.plan_id, but=kept.values())
        with self._change:
            self._live = dict.fromkeys(kept, True) | {job.id: False for job in jobs}
            self._chunks = kept | {job.id: job.chunk for job in jobs}
        self._give(jobs)
        # not what is live by now: an urgent job begins at once, and may be over before the others are enqueued
        return bool(kept or jobs)

    def _give(self, jobs: tuple[Job, ...]) -> None:
        self._given |= {job.id for job in jobs}
        self._start(jobs)

    def _judged(self) -> frozenset[str]:
        """Who lives; waits a moment if we only just woke up ourselves."""
        while not self.stopping:
            if (blocked := self._crew.gate.blocked(self.plan_id)) is not None:
                raise blocked
            if (living := self._crew.living()) is not None:
                self._seen = living
                return living
            with self._change:
                self._change.wait(0.2)
        return frozenset()

    def _wait(self) -> None:
        """Until every job is over, or none of the living has been taken up for a while."""
        idle_since = time.monotonic()
        while self._live:
            with self._change:
                if self.stopping:
                    self._abandon()
                    if not self._live:
                        return
                self._change.wait(0.5)
                if any(self._live.values()):
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > STALLED:
                    self._abandon()
            if (blocked := self._crew.gate.blocked(self.plan_id)) is not None and not self.stopping:
                self.error, self.stopping = self.error or blocked, True
            elif self._crew.others() or len(self._seen) > 1:
                self._look()

    def _look(self) -> None:
        """What other nodes have begun, ended or let go; and what the dead among them held, given out again."""
        began = time.monotonic()
        if began < self._next_look:
            return
        holders = {job.id: holder for job, holder in self._ledger.holders(self.plan_id).items()}
        owed, living = self._ledger.owed(self.plan_id), self._crew.living()
        if living is None:
            return
        with self._change:
            self._done = max(self._done, self._total - owed)
            self._hear(holders)
            dead = [job for job in self._live if job in self._elsewhere and self._elsewhere[job] not in living]
            if self._seen - living:
                # whoever died may have had jobs in its hands that it had not begun
                dead += [job for job, runs in self._live.items() if not runs]
        self._seen = living
        if dead:
            self._take_over(dead)
        cost = time.monotonic() - began
        self._next_look = time.monotonic() + max(LOOK, 10 * cost)

    def _hear(self, holders: Mapping[str, Holder]) -> None:
        """Bring what we know of the jobs that do not run here up to date."""
        for job in [job for job, runs in self._live.items() if not runs or job in self._elsewhere]:
            holder = holders.get(job)
            if holder is None or holder.over:
                self._live.pop(job)
                if holder is not None:
                    self._trouble = self._trouble or StopRun("A worker could not end its part.")
            elif holder.claimed and holder.node != self._crew.id:
                self._live[job] = True
                self._elsewhere[job] = holder.node

    def _take_over(self, dead: Iterable[str]) -> None:
        """Fence the jobs of the dead in the ledger, then start them anew. All others keep theirs."""
        with self._change:
            for job in dead:
                self._live.pop(job, None)
                self._elsewhere.pop(job, None)
            kept = [self._chunks[job] for job in self._live]
        jobs = self._ledger.assign(self.plan_id, but=kept)
        with self._change:
            self._live |= {job.id: False for job in jobs}
            self._chunks |= {job.id: job.chunk for job in jobs}
        self._give(jobs)

    def _abandon(self) -> None:
        """What has not begun never will, as `begun` finds it gone; what others have in their hands is theirs."""
        self.abandoned = self.abandoned or not all(self._live.values())
        self._live = {job: runs for job, runs in self._live.items() if runs and job not in self._elsewhere}
