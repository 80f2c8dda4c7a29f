"""Who works while `joinery serve` runs: news of single people at once, files and everything else by runs, one by one.

Rule: nothing is lost when it stops. What was kept and not taken in is taken in at the next start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from joinery.errors import AsOfRefused, JoineryError, RunLocked
from joinery.flows.policy import Ports
from joinery.flows.push import Told
from joinery.flows.receiving import left_over, note_files, take_in, take_over, this_process, what_became_of
from joinery.flows.sync import sync
from joinery.store.arrivals import Arrival

#: news are told by so many at one time; each is one short plan of its own
TELLERS = 4
#: seconds of quiet before a run begins, so that many arrivals share one
QUIET = 1.0
#: how often somebody else's news are looked for, whose process is gone, in seconds
LOOK = 3.0
#: seconds until a run is tried again that could not be
AGAIN = timedelta(seconds=10)


@dataclass(slots=True)
class Desk:
    """`begin` before the first request, `stop` after the last. `log` gets lines without data."""

    ports: Ports
    log: Callable[[str], None] = lambda _line: None
    quiet: float = QUIET
    _tellers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(TELLERS, "joinery-push"))
    _wanted: threading.Condition = field(default_factory=threading.Condition)
    _run_at: float | None = None
    _stopped: bool = False
    _runner: threading.Thread | None = None
    #: news that somebody here is at: a run takes in what was left over, not what is being told this moment
    _in_hand: set[str] = field(default_factory=set)
    #: it was said that nobody can look now
    _blind: bool = False

    def begin(self, *, warm: bool = True) -> None:
        """Start working; first what an earlier process left. `warm`: have the engine ready before the first news."""
        this_process(self.ports)  # before several threads ask for the engine, and whoever they are is told first
        self._runner = threading.Thread(target=self._runs, name="joinery-runs", daemon=True)
        self._runner.start()
        if warm:
            self._tellers.submit(self._warm)
        for arrival in left_over(self.ports):
            self.tell(arrival)

    def _warm(self) -> None:
        try:
            self.ports.engine().warm()
        except JoineryError as error:
            self.log(f"the engine is not ready: {error.code}")

    def tell(self, arrival: Arrival) -> Future[Told | None]:
        """Take news in as soon as somebody is free."""
        if not self._claim(arrival):
            return self._tellers.submit(lambda: None)  # a run was quicker and has it
        return self._tellers.submit(self._tell, arrival)

    def _claim(self, arrival: Arrival) -> bool:
        """Whether nobody else is at it."""
        with self._wanted:
            free = arrival.id not in self._in_hand
            self._in_hand.add(arrival.id)
        return free

    def _let_go(self, arrival: Arrival) -> None:
        with self._wanted:
            self._in_hand.discard(arrival.id)

    def run_soon(self) -> None:
        """Something waits for a run."""
        with self._wanted:
            self._run_at = monotonic() + self.quiet
            self._wanted.notify_all()

    def stop(self) -> None:
        """Finish what was begun."""
        with self._wanted:
            self._stopped = True
            self._wanted.notify_all()
        self._tellers.shutdown(wait=True, cancel_futures=True)
        if self._runner is not None:
            self._runner.join(30)

    def _tell(self, arrival: Arrival) -> Told | None:
        try:
            told = take_in(self.ports, arrival) if self._waits(arrival) else None
        except JoineryError as error:
            self.log(f"{arrival.id} waits: {error.code}")
            self.run_soon()
            return None
        except Exception as error:  # noqa: BLE001 news that break something are kept, and nobody else waits for them
            self.log(f"{arrival.id} waits: {type(error).__name__}")
            self.run_soon()  # what stood in its way may be gone by then, like a lock of the store
            return None
        finally:
            self._let_go(arrival)
        self.run_soon()
        return told

    def _runs(self) -> None:
        while (wanted := self._next()) is not None:
            if not wanted:
                self._look()
                continue
            again = True
            try:
                again = self._run()
            except Exception as error:  # noqa: BLE001 the next run may do better, and the pushes go on
                self.log(f"run failed: {type(error).__name__}")
            if again:
                with self._wanted:
                    self._run_at = self._run_at or monotonic() + AGAIN.total_seconds()

    def _next(self) -> bool | None:
        """Wait: True when a run is wanted and it has been quiet, False when it is time for a look, None at the end."""
        look_at = monotonic() + LOOK
        with self._wanted:
            while not self._stopped:
                left = None if self._run_at is None else self._run_at - monotonic()
                if left is not None and left <= 0:
                    self._run_at = None
                    return True
                if monotonic() >= look_at:
                    return False
                self._wanted.wait(min(look_at - monotonic(), left if left is not None else LOOK))
        return None

    def _look(self) -> None:
        """News that a process kept which is gone: whoever lives takes them in."""
        try:
            found = take_over(self.ports)
        except Exception as error:  # noqa: BLE001 the store may be away; the next look comes soon
            if not self._blind:
                self.log(f"no look at what others left until the store is back: {type(error).__name__}")
            self._blind = True
            return
        self._blind = False
        for arrival in found:
            self.log(f"{arrival.id} was left by a process that is gone")
            self.tell(arrival)

    def _run(self) -> bool:
        """One run like `joinery sync`; whether to try again soon."""
        self._take_left_over()
        try:
            report = sync(self.ports, self.ports.now())
        except RunLocked:
            return True
        except JoineryError as error:
            self.log(f"run stopped: {error.code}")
            # a clock that went back is set right, or catches up
            return error.exit_code == 6 or isinstance(error, AsOfRefused)
        note_files(self.ports, report.pulled.files)
        self.log(f"run {report.run} ended with {report.exit_code}")
        return False

    def _waits(self, arrival: Arrival) -> bool:
        """Not taken in between the look at it and the claim."""
        return what_became_of(self.ports, arrival.id).state == "stored"

    def _take_left_over(self) -> None:
        for found in left_over(self.ports):
            if not self._claim(found):
                continue
            try:
                if self._waits(found):
                    take_in(self.ports, found)
            except JoineryError as error:
                self.log(f"{found.id} waits: {error.code}")
            except Exception as error:  # noqa: BLE001 news that break something keep no run from beginning
                self.log(f"{found.id} waits: {type(error).__name__}")
            finally:
                self._let_go(found)
