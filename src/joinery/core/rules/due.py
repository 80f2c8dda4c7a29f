"""When something is due: durations, the day the clock starts, holidays, leave and changes of zone.

Rule 1: nothing moves a due date of an open assignment earlier.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from joinery.core.rules.instants import days_after, start_of_day
from joinery.errors import ConfigError

#: what somebody has at least after a leave, a pause, or a fixed date that has nearly passed
LEAST_DAYS: Final = 14
_MOST_DAYS: Final = 36_600

_DURATION: Final = re.compile(r"(\d{1,6})\s*(day|week|month|year)s?", re.IGNORECASE)
_AFTER: Final = re.compile(r"(.+?)\s+after\s+(?:the\s+)?(start|hire|assignment)", re.IGNORECASE)
_ON: Final = re.compile(r"on\s+(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_DAYS_IN: Final = {"day": 1, "week": 7}
_MONTHS_IN: Final = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Whole months and days. A month ends on its last day: 31 January and one month is 28 February."""

    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """The day this long after `day`."""
        return self._shifted(day, 1)

    def before(self, day: date) -> date:
        """The day this long before `day`."""
        return self._shifted(day, -1)

    def _shifted(self, day: date, sign: int) -> date:
        index = day.year * 12 + day.month - 1 + sign * self.months
        year, month = divmod(index, 12)
        if not 1 <= year < 9999:
            return date.max if sign > 0 else date.min
        last = monthrange(year, month + 1)[1]
        return days_after(date(year, month + 1, min(day.day, last)), sign * self.days)

    def __str__(self) -> str:
        parts = [(self.months, "month"), (self.days, "day")]
        said = [f"{count} {word}{'s' * (count != 1)}" for count, word in parts if count]
        return " ".join(said) or "0 days"


class Anchor(StrEnum):
    """The word after "after". All three count from the latest of `Basis`, so that nobody starts out late."""

    START = "start"
    HIRE = "hire"
    ASSIGNMENT = "assignment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A duration after the start of the duty, or one fixed day. `statutory`: a holiday moves it back, not on."""

    within: Duration | None = None
    anchor: Anchor = Anchor.START
    on: date | None = None
    statutory: bool = False

    def __str__(self) -> str:
        return f"on {self.on.isoformat()}" if self.on else f"{self.within} after {self.anchor.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The working days of a legal entity. `weekend` counts Monday as 0."""

    holidays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})

    def working(self, day: date) -> bool:
        """True when people work on that day."""
        return day.weekday() not in self.weekend and day not in self.holidays

    def shifted(self, day: date, *, statutory: bool = False) -> date:
        """The day itself when it is a working day, else the next one; for statutory dates the one before."""
        step = -1 if statutory else 1
        found = day
        for _ in range(366):
            if self.working(found):
                return found
            found = days_after(found, step)
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The days of which the latest starts the clock; all local calendar dates, None when there is none."""

    assigned_on: date
    hire: date | None = None
    published: date | None = None
    go_live: date | None = None
    known: date | None = None
    account_created: date | None = None

    @property
    def day(self) -> date:
        """The latest of them."""
        return (
            latest((self.assigned_on, self.hire, self.published, self.go_live, self.known, self.account_created))
            or self.assigned_on
        )


def latest(days: Iterable[date | None]) -> date | None:
    """The latest day that there is."""
    return max((day for day in days if day is not None), default=None)


def parse_duration(text: str) -> Duration:
    """`30 days`, `2 weeks`, `24 months`, `1 year`; ConfigError otherwise."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f'"{text}" is not a duration.', "Write for example 30 days, 2 weeks, 24 months or 1 year.")
    count, unit = int(found.group(1)), found.group(2).lower()
    days, months = count * _DAYS_IN.get(unit, 0), count * _MONTHS_IN.get(unit, 0)
    if days + months * 31 > _MOST_DAYS:
        raise ConfigError(f'"{text}" is longer than a hundred years.', "Write a shorter duration.")
    return Duration(months=months, days=days)


def parse_due(text: str, *, statutory: bool = False) -> Due:
    """`30 days`, `30 days after start`, `on 2026-12-31`; ConfigError otherwise."""
    written = text.strip()
    if fixed := _ON.fullmatch(written):
        try:
            return Due(on=date.fromisoformat(fixed.group(1)), statutory=statutory)
        except ValueError:
            raise ConfigError(f'"{text}" names a day that does not exist.', "Dates are written YYYY-MM-DD.") from None
    if counted := _AFTER.fullmatch(written):
        anchor = Anchor(counted.group(2).lower())
        return Due(within=parse_duration(counted.group(1)), anchor=anchor, statutory=statutory)
    if not _DURATION.fullmatch(written):
        raise ConfigError(
            f'"{text}" does not say when something is due.',
            "Write 30 days after start, 30 days after hire, 30 days after assignment, or on 2026-12-31.",
        )
    return Due(within=parse_duration(written), statutory=statutory)


def due_date(due: Due | None, basis: Basis, calendar: Calendar) -> date | None:
    """The day it is due; None without a due rule. A fixed day leaves at least 14 days to whoever comes later."""
    if due is None:
        return None
    if due.on is not None:
        late_comer = days_after(basis.day, LEAST_DAYS)
        return calendar.shifted(due.on if basis.day < due.on else late_comer, statutory=due.statutory)
    day = (due.within or Duration()).after(basis.day)
    shifted = calendar.shifted(day, statutory=due.statutory)
    return shifted if shifted >= basis.day else calendar.shifted(day)


def restored(due_on: date, paused_on: date, back_on: date, calendar: Calendar) -> date:
    """The due date after a pause: the days that were left, at least 14, and never earlier than before."""
    left = max((due_on - paused_on).days, LEAST_DAYS)
    return max(due_on, calendar.shifted(days_after(back_on, left)))


def after_zone_change(due_on: date, old: str, new: str) -> date:
    """The due date in the new zone: the first day that does not end before the due day ended in the old zone.

    From Pago Pago (UTC-11) to Kiritimati (UTC+14) that is two days later on the calendar.
    """
    if not old or not new or old == new:
        return due_on
    try:
        end = _end_of(due_on, old)
        later = (days_after(due_on, days) for days in range(4))
        return next((day for day in later if _end_of(day, new) >= end), due_on)
    except (ZoneInfoNotFoundError, ValueError):
        return due_on


def _end_of(day: date, zone: str) -> datetime:
    return start_of_day(days_after(day, 1), ZoneInfo(zone))
