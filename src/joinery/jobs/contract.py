"""What durable work promises to the flows, and what it needs from those who do the work. Plain types, no engine.

The ledger wins: an engine may forget everything, and `recover` or the next `apply` brings it back from the ledger.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey, PlanId
from joinery.core.model.receipt import Receipt
from joinery.errors import JoineryError
from joinery.kit.contract import Order

#: called with (lines that ended, lines in all), from the thread that called `apply`, at least once a second
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the lines of a plan ended. `unchanged` are those of `done` where the target already was as wanted."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    needs_you: int = 0
    unconfirmed: int = 0
    unchanged: int = 0

    @property
    def ended(self) -> int:
        """Lines that are over, whatever the outcome."""
        return self.done + self.skipped + self.failed + self.needs_you + self.unconfirmed


class Performer(Protocol):
    """Does what it is told, one receipt each: a Target, or the mailer.

    A mailer is handed a mail of unknown fate again under the same key: its own once-only record decides.
    """

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """The live accounts of these people or IDs. A mailer has none."""

    def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """As `Target.perform`."""


class Engine(Protocol):
    """Applies plans durably. Safe to call from several threads; never from a running event loop (it blocks)."""

    def apply(self, plan_id: PlanId, *, progress: Progress | None = None) -> Tally:
        """Block until every line of the plan that was planned or sent has ended; returns the whole plan's tally.

        Raises the StopRun error of the target; what was not attempted is planned again and the next call goes on.
        Touches lines only: the plan's own state is the caller's.
        """

    def recover(self) -> int:
        """Start again, in the background, what the ledger owes for plans in state `applying` of this connection.

        Returns the number of lines owed. Call it under the run lock: it takes over from whoever had them.
        """

    def warm(self) -> None:
        """Have everything ready before there is something to do, so that the first call is as quick as the next."""

    def join(self, kind: str) -> str:
        """Be there for jobs of plans that other processes drive, until `close`. Returns the ID of this node."""

    def enrol(self, kind: str) -> str:
        """Be seen among the nodes; jobs are taken up once there is something to do. Returns the ID of this node."""

    def living(self) -> frozenset[str] | None:
        """The IDs of the nodes that live, this one included; None while it cannot judge. After `join` or `enrol`."""

    def blocked(self) -> JoineryError | None:
        """Why the target may not be called now (paused, resting after failures), as last seen; None when it may."""

    def close(self) -> None:
        """Stop at the next safe point and give back threads and connections. May be called twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How long to insist. `tries` without any progress, then the lines need you; seconds for the rest."""

    tries: int = 5
    first: float = 0.5
    longest: float = 30.0
