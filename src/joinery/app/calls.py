"""Counts the calls to the learning system by their status, and keeps what is known of each. Rule: of nobody."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from joinery.app import clock
from joinery.errors import JoineryError
from joinery.kit.calling import plan_of_this_call
from joinery.store.calls import NONE, KeptCall, forget, keep
from joinery.store.database import Database
from joinery.store.tallies import LMS_CALLS, add

#: so many calls are written down at once while a run makes more: on SQLite nobody else writes meanwhile
AT_ONCE: Final = 500
#: so many wait for a store that is away; of more, the oldest are only counted
MOST: Final = 20_000


class Seen(Protocol):
    """What is known of a call; the transport's `Call` is one."""

    @property
    def method(self) -> str:
        """`GET`."""

    @property
    def path(self) -> str:
        """Its template."""

    @property
    def status(self) -> int | None:
        """None when no answer came."""

    @property
    def ms(self) -> float:
        """How long it took."""

    @property
    def attempt(self) -> int:
        """1 for the first try."""

    @property
    def error(self) -> str:
        """Its code; empty when it went well."""


@dataclass(slots=True)
class Calls:
    """Noted here by every thread that calls, and written down now and then: what a process that dies had not written
    is lost, because a call must not wait for the store.

    `into`: the store and the connection's name, where a run may make many calls before somebody says `write`;
    `kept_for`: after that they are forgotten.
    """

    into: tuple[Database, str] | None = None
    now: Callable[[], datetime] = clock.now
    kept_for: timedelta = timedelta(days=90)
    _counted: Counter[str] = field(default_factory=Counter)
    _kept: deque[KeptCall] = field(default_factory=lambda: deque(maxlen=MOST))
    _lock: Lock = field(default_factory=Lock)
    _pen: Lock = field(default_factory=Lock)

    def seen(self, call: Seen) -> None:
        """One call, whatever came of it."""
        kept = KeptCall(
            at=self.now(),
            plan_id=plan_of_this_call(),
            method=call.method,
            path=call.path,
            status=NONE if call.status is None else call.status,
            ms=round(call.ms, 3),
            attempt=call.attempt,
            error=call.error,
        )
        with self._lock:
            self._counted[str(call.status) if call.status is not None else "none"] += 1
            self._kept.append(kept)
            many = len(self._kept) % AT_ONCE == 0
        if many and self.into is not None and not self._pen.locked():
            Thread(target=self.write, args=self.into, name="joinery-calls", daemon=True).start()

    def write(self, database: Database, connection: str) -> None:
        """Add what came since the last time; a store that is away gets it the next time. Never raises for that."""
        with self._pen:
            with self._lock:
                counted, self._counted = self._counted, Counter()
                kept = list(self._kept)
                self._kept.clear()
            if not counted:
                return
            try:
                with database.write() as tx:
                    add(tx, connection, LMS_CALLS, counted)
                    keep(tx, connection, kept)
                    forget(tx, connection, self.now() - self.kept_for)
            except (SQLAlchemyError, JoineryError):
                with self._lock:
                    self._counted.update(counted)
                    # more may have come meanwhile: of too many the newest stay
                    self._kept = deque([*kept, *self._kept], maxlen=MOST)
