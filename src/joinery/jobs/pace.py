"""How fast a target may be called: calls at one time, operations a second, and pauses that it asks for.

Rule: the urgent lane has a call slot and a tenth of the rate to itself, so that no bulk change delays a termination.
What the target allows is shared by all nodes that live: each takes its part, and a newcomer waits until it has one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

from joinery.errors import TryAgain
from joinery.jobs.gate import Gate
from joinery.jobs.node import Share
from joinery.kit.contract import Capabilities

Sleep = Callable[[float], Awaitable[None]]

_URGENT_SHARE = 0.1
#: how often a waiting call looks whether its part has grown, in seconds
_LOOK = 0.2


class NoTurn(Exception):
    """There is no call for us: whoever else is there takes the job up."""


class Pace:
    """One per target and event loop, shared by all its chunks. Make it inside the loop that uses it."""

    def __init__(
        self,
        capabilities: Capabilities,
        *,
        sleep: Sleep = asyncio.sleep,
        share: Callable[[], Share] = Share,
        gate: Gate | None = None,
    ) -> None:
        self._capabilities = capabilities
        self._share = share
        self.gate = gate or Gate()
        self._change = asyncio.Condition()
        self._busy = {False: 0, True: 0}
        self._sleep = sleep
        self._resume_at = 0.0
        self._nodes = 0
        self._adjust()

    @asynccontextmanager
    async def turn(self, *, urgent: bool, over: Callable[[], bool] = bool) -> AsyncIterator[None]:
        """Hold one of the call slots. Raises NoTurn while waiting for one: none will be ours, or it is `over`."""
        lane = urgent and self._slots() > 1
        while self._busy[lane] >= self._allowed(lane):
            if over() or self.surplus(patient=True):
                raise NoTurn
            async with self._change:
                try:
                    await asyncio.wait_for(self._change.wait(), _LOOK)
                except TimeoutError:
                    continue
        self._busy[lane] += 1
        try:
            yield
        finally:
            self._busy[lane] -= 1
            async with self._change:
                self._change.notify_all()

    def surplus(self, *, patient: bool) -> bool:
        """There are more nodes than calls at one time, and none of the calls is ours: pass the job on.

        Not `patient`: also while we are new, and have no part yet.
        """
        share = self._share()
        return share.rank >= max(1, self._capabilities.concurrency) if share.ready else not patient

    async def tokens(self, count: int, *, urgent: bool) -> None:
        """Wait until `count` operations may be sent: the pause is over and the rate allows it."""
        loop = asyncio.get_running_loop()
        while (wait := max(self._resume_at - loop.time(), self.gate.resumes_in)) > 0:
            await self._sleep(wait)
        self._adjust()
        if self._limits:
            # the urgent lane takes what is free of the common budget, and falls back on its own part
            free = self._limits[False].has_capacity(count)
            await self._limits[urgent and not free].acquire(count)

    def pause(self, seconds: float) -> None:
        """The target asked everybody to come back later."""
        self._resume_at = max(self._resume_at, asyncio.get_running_loop().time() + seconds)
        self.gate.rest(seconds)

    def failed(self, busy: TryAgain) -> float:
        """A call that may be tried again; how long the target asked to be left alone, in seconds."""
        asked = busy.after.total_seconds() if busy.after else 0.0
        if asked:
            self.pause(asked)
        else:
            # asking for patience is no failure
            self.gate.failed(busy)
        return asked

    def _slots(self) -> int:
        """Calls at one time that are ours: the target's, dealt out to the nodes in their order."""
        share = self._share()
        if not share.ready:
            return 0
        if self.gate.probing:
            return 1
        most = max(1, self._capabilities.concurrency)
        return most // share.nodes + (share.rank < most % share.nodes)

    def _allowed(self, urgent: bool) -> int:
        slots = self._slots()
        return (1 if urgent else slots - 1) if slots > 1 else (0 if urgent else slots)

    def _adjust(self) -> None:
        """Our part of the rate, as many as we are now."""
        nodes = self._share().nodes
        if nodes == self._nodes:
            return
        self._nodes = nodes
        rate = self._capabilities.rate
        self._limits = _limits(rate / nodes if rate is not None else None)
        most = self._capabilities.batch_size
        #: most operations in one call, by lane: never more than the rate allows in one second
        self.batch = {lane: max(1, min(most, int(limit.max_rate))) for lane, limit in self._limits.items()}
        self.batch = self.batch or {False: most, True: most}


def _limits(rate: float | None) -> dict[bool, AsyncLimiter]:
    if rate is None:
        return {}
    return {False: _limit(rate * (1 - _URGENT_SHARE)), True: _limit(rate * _URGENT_SHARE)}


def _limit(rate: float) -> AsyncLimiter:
    """At most about one second's worth at once; below one a second, one at a time."""
    burst = float(max(1, int(rate)))
    return AsyncLimiter(burst, burst / rate)
