"""Local days to instants. Rule: the worker's own zone decides, never the server's, never the editor's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant (UTC) of a local day.

    Where clocks jump over midnight, `fold=0` reads the missing 00:00 with the offset before the jump: exactly the
    first instant that exists. Where midnight happens twice, it is the first one.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: tzinfo) -> date:
    """The calendar day there at an instant."""
    return at.astimezone(zone).date()


def at_local_time(day: date, clock: time, zone: tzinfo) -> datetime:
    """The instant (UTC) of a wall-clock time on a local day; a time that does not exist moves past the gap."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def days_after(day: date, days: int) -> date:
    """`date.max` instead of an overflow."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
