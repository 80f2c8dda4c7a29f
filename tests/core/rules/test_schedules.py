"""When a schedule is due: every so many minutes, at local times, and on the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from joinery.core.rules.schedules import Cron, Every, cron

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(line: str, begin: str, end: str, zone: ZoneInfo = PARIS) -> list[str]:
    """Every instant after `begin` and up to `end`, as UTC."""
    when, found, now = cron(line, zone), [], at(begin)
    while (now := when.following(now)) is not None and now <= at(end):  # type: ignore[assignment]
        found.append(f"{now:%d %H:%M}")
        assert when.last(now) == now, "both ways say the same"
        assert when.last(now + timedelta(seconds=1)) == now
    return found


CASES = [
    ("every night", "30 5 * * *", "2026-06-01T00:00", "2026-06-03T00:00", ["01 03:30", "02 03:30"]),
    ("on workdays only", "0 5 * * 1-5", "2026-06-05T12:00", "2026-06-08T12:00", ["08 03:00"]),
    ("Sunday is 0 and 7", "0 5 * * 7", "2026-06-05T12:00", "2026-06-08T12:00", ["07 03:00"]),
    ("every twenty minutes of an hour", "*/20 7 * * *", "2026-06-01T00:00", "2026-06-02T00:00",
     ["01 05:00", "01 05:20", "01 05:40"]),
    ("from ten on, every twenty-five", "10/25 7 * * *", "2026-06-01T00:00", "2026-06-02T00:00",
     ["01 05:10", "01 05:35"]),
    ("a list of hours", "0 6,18 * * *", "2026-06-01T00:00", "2026-06-02T00:00", ["01 04:00", "01 16:00"]),
    ("the first of the month or a Monday", "0 5 1 * 1", "2026-05-31T12:00", "2026-06-09T00:00",
     ["01 03:00", "08 03:00"]),
    ("a time that comes twice fires once", "30 2 * * *", "2026-10-24T12:00", "2026-10-26T12:00",
     ["25 00:30", "26 01:30"]),
    ("a time that is skipped fires after the gap", "30 2 * * *", "2026-03-28T12:00", "2026-03-30T12:00",
     ["29 01:30", "30 00:30"]),
    ("what falls together in the gap fires once", "30 2,3 * * *", "2026-03-29T00:00", "2026-03-29T12:00", ["29 01:30"]),
    ("a leap day", "0 0 29 2 *", "2026-06-01T00:00", "2028-03-01T00:00", ["28 23:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "begin", "end", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CASES])
def test_when_it_fires(line: str, begin: str, end: str, expected: list[str]) -> None:
    assert fires(line, begin, end) == expected


@pytest.mark.parametrize(
    ("night", "expected"),
    [
        pytest.param("2026-11-01T00:00", ["01 05:30"], id="01:30 comes twice in New York, and fires the first time"),
        pytest.param("2026-03-08T00:00", ["08 06:30"], id="01:30 comes once when clocks go forward at two"),
    ],
)
def test_half_past_one_in_new_york(night: str, expected: list[str]) -> None:
    end = (at(night) + timedelta(hours=24)).replace(tzinfo=None).isoformat()
    assert fires("30 1 * * *", night, end, ZoneInfo("America/New_York")) == expected


def test_a_line_that_names_no_day_never_fires() -> None:
    never = cron("0 0 30 2 *", PARIS)
    assert never.following(at("2026-01-01T00:00")) is None
    assert never.last(at("2026-01-01T00:00")) is None


def test_every_so_many_minutes_is_counted_from_a_fixed_point() -> None:
    every = Every(minutes=15)
    assert every.last(at("2026-06-01T10:29:59")) == at("2026-06-01T10:15")
    assert every.last(at("2026-06-01T10:30")) == at("2026-06-01T10:30")
    assert every.following(at("2026-06-01T10:30")) == at("2026-06-01T10:45")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("5 * * *", "has 4 parts, not 5"),
        ("61 * * * *", "the minute '61' must lie between 0 and 59"),
        ("5-1 * * * *", "must lie between"),
        ("*/0 * * * *", "must lie between"),
        ("x * * * *", "the minute 'x' is no number"),
        ("* * * JAN *", "the month 'JAN' is no number"),
    ],
)
def test_a_line_that_cannot_be_understood_says_why(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        cron(line, PARIS)


def test_a_line_is_a_value() -> None:
    assert cron("0 5 * * *", PARIS) == cron("0 5 * * *", PARIS) and isinstance(cron("0 5 * * *", PARIS), Cron)
