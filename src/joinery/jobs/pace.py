"""How fast a target may be called: calls at one time, operations a second, and pauses that it asks for.

Rule: the urgent lane has a call slot and a tenth of the rate to itself, so that no bulk change delays a termination.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

from joinery.kit.contract import Capabilities

Sleep = Callable[[float], Awaitable[None]]

_URGENT_SHARE = 0.1


class Pace:
    """One per target and event loop, shared by all its chunks. Make it inside the loop that uses it."""

    def __init__(self, capabilities: Capabilities, *, sleep: Sleep = asyncio.sleep) -> None:
        slots = max(1, capabilities.concurrency)
        normal = asyncio.Semaphore(max(1, slots - 1))
        #: urgent or not -> call slots
        self._slots = {False: normal, True: asyncio.Semaphore(1) if slots > 1 else normal}
        self._limits = _limits(capabilities.rate)
        self._sleep = sleep
        self._resume_at = 0.0
        most = capabilities.batch_size
        #: most operations in one call, by lane: never more than the rate allows in one second
        self.batch = {lane: max(1, min(most, int(limit.max_rate))) for lane, limit in self._limits.items()}
        self.batch = self.batch or {False: most, True: most}

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold one of the call slots."""
        async with self._slots[urgent]:
            yield

    async def tokens(self, count: int, *, urgent: bool) -> None:
        """Wait until `count` operations may be sent: the pause is over and the rate allows it."""
        loop = asyncio.get_running_loop()
        while (wait := self._resume_at - loop.time()) > 0:
            await self._sleep(wait)
        if self._limits:
            # the urgent lane takes what is free of the common budget, and falls back on its own part
            free = self._limits[False].has_capacity(count)
            await self._limits[urgent and not free].acquire(count)

    def pause(self, seconds: float) -> None:
        """The target asked everybody to come back later."""
        self._resume_at = max(self._resume_at, asyncio.get_running_loop().time() + seconds)


def _limits(rate: float | None) -> dict[bool, AsyncLimiter]:
    if rate is None:
        return {}
    return {False: _limit(rate * (1 - _URGENT_SHARE)), True: _limit(rate * _URGENT_SHARE)}


def _limit(rate: float) -> AsyncLimiter:
    """At most about one second's worth at once; below one a second, one at a time."""
    burst = float(max(1, int(rate)))
    return AsyncLimiter(burst, burst / rate)
