"""Counts the calls to the learning system by their status. Rule: a status and no more of a call is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from joinery.errors import StoreTrouble
from joinery.store.database import Database
from joinery.store.tallies import LMS_CALLS, add


class Seen(Protocol):
    """What is counted of a call; the transport's `Call` is one."""

    @property
    def status(self) -> int | None:
        """None when no answer came."""


@dataclass(slots=True)
class Calls:
    """Counted here by every thread that calls, and written down now and then: what a process that dies had not written
    is lost, because a call must not wait for the store."""

    _counted: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def seen(self, call: Seen) -> None:
        """One call, whatever came of it."""
        with self._lock:
            self._counted[str(call.status) if call.status is not None else "none"] += 1

    def write(self, database: Database, connection: str) -> None:
        """Add what was counted since the last time; a store that is away gets it the next time."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            with database.write() as tx:
                add(tx, connection, LMS_CALLS, counted)
        except (SQLAlchemyError, StoreTrouble):
            with self._lock:
                self._counted.update(counted)
