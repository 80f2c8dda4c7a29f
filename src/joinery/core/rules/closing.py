"""How long it took to end somebody's access: five instants, and what follows from them.

Rule: nobody is blamed for what could not be known. An entry that HR made after the end is a class of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import ceil
from typing import Final

from joinery.core.model.standing import Standing
from joinery.core.rules.instants import start_of_day
from joinery.core.rules.lifecycle import LifecyclePolicy, access_ends_on

#: so much a clock of HR's may be fast, and still tell when something was entered
FAST: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The end of one person's access, UTC. None where an instant is not known, or has not come.

    `ended_at` (T0) access was to end; `entered_at` (T1) HR entered it; `read_at` (T2) we read it; `accepted_at` (T3)
    the learning system said yes; `closed_at` (T4) it was asked again and showed the account closed.
    """

    ended_at: datetime
    read_at: datetime
    entered_at: datetime | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def entered_late(self) -> bool:
        """HR entered the end after it was over."""
        return self.entered_at is not None and self.entered_at > self.ended_at

    @property
    def feed_lag(self) -> timedelta | None:
        """T2 - T1: from HR's entry until we read it."""
        return None if self.entered_at is None else self.read_at - self.entered_at

    @property
    def control(self) -> timedelta | None:
        """T4 - T0: what an auditor asks for. An account that was closed before its time took no time."""
        return self._until_closed(self.ended_at)

    @property
    def known(self) -> timedelta | None:
        """T4 - max(T0, T1): from the moment it could be known."""
        return self._until_closed(max(self.ended_at, self.entered_at or self.ended_at))

    @property
    def ours(self) -> timedelta | None:
        """T4 - max(T0, T2): from the moment we knew it."""
        return self._until_closed(max(self.ended_at, self.read_at))

    def breach(self, within: timedelta, now: datetime) -> bool:
        """Not seen to be closed within this time after it was to end."""
        return (self.closed_at or now) > self.ended_at + within

    def _until_closed(self, since: datetime) -> timedelta | None:
        return None if self.closed_at is None else max(self.closed_at - since, timedelta(0))


def access_ended_at(standing: Standing, policy: LifecyclePolicy, zone: tzinfo) -> datetime:
    """The instant (UTC) at which the access of somebody who left was to end.

    HR's end date by the rules of the source; what HR said without a date, or before its day was over, ends at once.
    """
    if standing.ended_on is None:
        return standing.since
    return min(start_of_day(access_ends_on(standing.ended_on, policy), zone), standing.since)


def entry_of(entered_at: datetime | None, read_at: datetime) -> datetime | None:
    """T1 as far as it can be true: nothing is entered after it was read.

    A clock of HR's that is a little fast said it at that moment; one that is further off says nothing.
    """
    if entered_at is None or entered_at - read_at > FAST:
        return None
    return min(entered_at, read_at)


def percentile(spans: Sequence[timedelta], share: float) -> timedelta | None:
    """The smallest span that so large a share does not exceed (nearest rank); None of none."""
    if not spans:
        return None
    return sorted(spans)[max(ceil(share * len(spans)), 1) - 1]
