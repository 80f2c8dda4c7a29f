"""When a schedule is due: every so many minutes, or at local times that a cron line names.

Rule: each local time fires once a day. A time that the clocks skip fires at the first instant after the gap, together
with what is due there; a time that comes twice fires the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from joinery.core.rules.instants import at_local_time, local_day

#: the parts of a cron line and what they may hold; Sunday is 0 or 7
_PARTS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: a line that names no day within so many names none (29 February comes within eight years)
_FARTHEST = 366 * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Every so many minutes, counted from 1970, so that a restart moves nothing."""

    minutes: int

    def last(self, now: datetime) -> datetime | None:
        """The newest instant (UTC) at or before `now`."""
        step = timedelta(minutes=self.minutes)
        return _EPOCH + (now - _EPOCH) // step * step

    def following(self, after: datetime) -> datetime | None:
        """The first instant after this one."""
        return _EPOCH + ((after - _EPOCH) // timedelta(minutes=self.minutes) + 1) * timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Local times in a zone. `either`: days of the month and of the week are both named, and either will do."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    zone: tzinfo

    def last(self, now: datetime) -> datetime | None:
        """The newest instant (UTC) at or before `now`; None when there was none for years."""
        day = local_day(now, self.zone) + timedelta(days=1)
        for back in range(_FARTHEST):
            due = [at for at in self._of(day - timedelta(days=back)) if at <= now]
            if due:
                return max(due)
        return None

    def following(self, after: datetime) -> datetime | None:
        """The first instant (UTC) after this one; None when there is none for years."""
        day = local_day(after, self.zone) - timedelta(days=1)
        for ahead in range(_FARTHEST):
            due = [at for at in self._of(day + timedelta(days=ahead)) if at > after]
            if due:
                return min(due)
        return None

    def _of(self, day: date) -> Iterator[datetime]:
        if not self._on(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                yield at_local_time(day, time(hour, minute), self.zone)

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either else in_month and in_week


When = Every | Cron


def cron(line: str, zone: tzinfo) -> Cron:
    """`30 5 * * 1-5`: minute, hour, day, month, weekday. Raises ValueError with what is wrong, in a sentence."""
    parts = line.split()
    if len(parts) != len(_PARTS):
        raise ValueError(f"has {len(parts)} parts, not 5: minute, hour, day, month, weekday")
    found = [_values(text, *part) for text, part in zip(parts, _PARTS, strict=True)]
    minutes, hours, days, months, weekdays = found
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either=parts[2] != "*" and parts[4] != "*",
        zone=zone,
    )


def _values(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            first, last = str(low), str(high)
        numbers = (first, last or (str(high) if step else first), step or "1")
        if not all(number.isascii() and number.isdigit() for number in numbers):
            raise ValueError(f"the {name} {item!r} is no number, span (1-5), list (1,3) or step (*/10)")
        begin, end, by = (int(number) for number in numbers)
        if not low <= begin <= end <= high or by < 1:
            raise ValueError(f"the {name} {item!r} must lie between {low} and {high}")
        found.update(range(begin, end + 1, by))
    return frozenset(found)
