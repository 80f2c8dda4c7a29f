"""How often somebody may ask. In memory, per process: a limit against accidents and guessing, not an account book."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

#: so many callers are remembered; the ones unheard of for longest are forgotten first
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Turn:
    """`wait`: seconds until it would be allowed; 0 when it is."""

    limit: int
    left: int
    wait: float

    @property
    def headers(self) -> dict[str, str]:
        """What callers are told about it."""
        told = {"RateLimit-Limit": str(self.limit), "RateLimit-Remaining": str(self.left)}
        return told | ({"Retry-After": str(ceil(self.wait))} if self.wait else {})


@dataclass(slots=True)
class Rates:
    """A bucket for each caller: `per_minute` requests, all at once or spread out. Safe to call from several threads."""

    per_minute: int
    clock: Callable[[], float] = monotonic
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, who: str, cost: int = 1) -> Turn:
        """One request (or a look with `cost=0`) of this caller."""
        with self._lock:
            now = self.clock()
            level, since = self._buckets.pop(who, (float(self.per_minute), now))
            level = min(float(self.per_minute), level + (now - since) * self.per_minute / 60)
            allowed = level >= max(cost, 1)
            level -= cost if allowed else 0
            self._buckets[who] = level, now
            if len(self._buckets) > REMEMBERED:
                del self._buckets[next(iter(self._buckets))]
        wait = 0.0 if allowed else (1 - level) * 60 / self.per_minute
        return Turn(limit=self.per_minute, left=int(level), wait=wait)
