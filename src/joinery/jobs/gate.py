"""Whether a target may be called now: paused by somebody, resting after failures, or asked to be left alone.

Rule: what this process learns holds here at once, and for everybody as soon as `Node` has written it to the store.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from joinery.core.model.ids import PlanId
from joinery.errors import JoineryError, StopRun, SystemUnreachable
from joinery.store import target_states
from joinery.store.target_states import TargetState

#: calls in a row that went wrong before the breaker opens
TRIPS = 8
#: how long it stays open at first, and at most, in seconds; it doubles from one to the other
FIRST_REST, LONGEST_REST = 30.0, 600.0

Note = Callable[[Connection, str], None]


@dataclass(slots=True)
class Gate:
    """Thread-safe. `wake` has the notes written soon; `clock` is monotonic seconds."""

    wake: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    state: TargetState = field(default_factory=TargetState)
    _seen_at: float = 0.0
    _failed: int = 0
    _open_until: float = 0.0
    _notes: list[Note] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def blocked(self, plan: PlanId | None = None) -> JoineryError | None:
        """Why nothing may be sent (for this plan) now; None when it may."""
        state = self.state
        if state.paused:
            return StopRun(
                f"Calls to the learning system are paused by {state.paused_by} since {state.paused_at[:16]} UTC"
                f"{f' ({state.reason})' if state.reason else ''}; what is planned waits.",
                fix="Let them go on with `joinery target resume`.",
            )
        if (left := self._rest()) > 0:
            return SystemUnreachable(
                f"The learning system failed again and again; it is left alone for {left:.0f} more seconds. "
                "What was done is recorded, the rest is still planned.",
                fix="Run joinery sync again then, or look at `joinery target status`.",
            )
        if plan is not None and state.stop_plan == plan:
            return StopRun(f"A worker had to stop: {state.error} What is left is still planned.")
        return None

    @property
    def probing(self) -> bool:
        """The breaker was open and nobody knows yet whether it helped: one call at a time."""
        return self.state.tripped > 0

    @property
    def resumes_in(self) -> float:
        """Seconds that the target asked everybody to stay away, as another node was told."""
        return max(0.0, self.state.resumes_in - (self.clock() - self._seen_at))

    def failed(self, error: JoineryError) -> None:
        """A call went wrong and may be tried again."""
        with self._lock:
            self._failed += 1
            if self._failed < (1 if self.probing else TRIPS) or self._rest() > 0:
                return
            self._failed, tripped = 0, self.state.tripped + 1
            seconds = min(LONGEST_REST, FIRST_REST * 2 ** (tripped - 1))
            self._open_until = self.clock() + seconds
            said = error.code
            self._notes.append(
                lambda tx, target: target_states.trip(tx, target, tripped=tripped, seconds=seconds, error=said)
            )
        self.wake()

    def worked(self) -> None:
        """A call went well."""
        self._failed = 0
        if self.probing and self._rest() <= 0:
            with self._lock:
                self.state, self._open_until = TargetState(), 0.0
                self._notes.append(target_states.close)
            self.wake()

    def rest(self, seconds: float) -> None:
        """The target asked everybody to come back later."""
        with self._lock:
            self._notes.append(lambda tx, target: target_states.rest(tx, target, seconds))
        self.wake()

    def stop(self, plan: PlanId, error: JoineryError) -> None:
        """This process cannot go on with a plan that somebody else drives."""
        said = error.message
        with self._lock:
            self._notes.append(lambda tx, target: target_states.stop(tx, target, plan, said))
        self.wake()

    def begin(self, tx: Connection, target: str, plan: PlanId) -> bool:
        """Whoever drives this plan tries again: look afresh; whether something is to be written before it begins."""
        seen = target_states.state_of(tx, target)
        with self._lock:
            if seen.stop_plan == plan:
                self._notes.append(lambda tx, target: target_states.go_on(tx, target, plan))
                seen = replace(seen, stop_plan="")
            if self._notes:
                self.state = replace(self.state, stop_plan=seen.stop_plan)
                return True
            self.state, self._seen_at = seen, self.clock()
            return False

    def exchange(self, tx: Connection, target: str) -> Callable[[], None]:
        """Write what was learnt here, read what others learnt. Call what it returns once that is committed."""
        with self._lock:
            notes = list(self._notes)
        for note in notes:
            note(tx, target)
        seen = target_states.state_of(tx, target)

        def settled() -> None:
            with self._lock:
                del self._notes[: len(notes)]
                if not self._notes:
                    self.state, self._seen_at = seen, self.clock()

        return settled

    def _rest(self) -> float:
        elsewhere = self.state.opens_in - (self.clock() - self._seen_at)
        return max(0.0, elsewhere, self._open_until - self.clock())
