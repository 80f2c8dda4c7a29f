"""Durations, the day the clock starts, holidays, leave and zones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from joinery.core.rules.due import (
    Basis,
    Calendar,
    Due,
    Duration,
    after_zone_change,
    due_date,
    parse_due,
    parse_duration,
    restored,
)
from joinery.errors import ConfigError

PLAIN = Calendar(weekend=frozenset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 days", Duration(days=30)),
        ("1 day", Duration(days=1)),
        ("2 weeks", Duration(days=14)),
        ("24 months", Duration(months=24)),
        ("1 Year", Duration(months=12)),
        (" 3  months ", Duration(months=3)),
    ],
)
def test_a_duration_is_read(text: str, expected: Duration) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "30", "days", "-3 days", "1.5 years", "30 hours", "999999 years"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_duration(text)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("30 days", "30 days after start"),
        ("30 days after start", "30 days after start"),
        ("6 weeks after the hire", "42 days after hire"),
        ("3 months after assignment", "3 months after assignment"),
        ("on 2026-12-31", "on 2026-12-31"),
    ],
)
def test_a_due_rule_is_read(text: str, said: str) -> None:
    assert str(parse_due(text)) == said


@pytest.mark.parametrize("text", ["", "tomorrow", "30 days before start", "on 2026-02-30", "on Monday", "after hire"])
def test_what_does_not_say_when_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_due(text)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("day", "duration", "expected"),
    [
        pytest.param(date(2026, 1, 31), Duration(months=1), date(2026, 2, 28), id="a month ends on its last day"),
        pytest.param(date(2024, 2, 29), Duration(months=12), date(2025, 2, 28), id="a leap day has no anniversary"),
        pytest.param(date(2026, 12, 15), Duration(months=1, days=20), date(2027, 2, 4), id="months go before days"),
        pytest.param(date(9999, 12, 31), Duration(months=24), date.max, id="HR's end of time does not overflow"),
    ],
)
def test_a_duration_later(day: date, duration: Duration, expected: date) -> None:
    assert duration.after(day) == expected


DAYS = {
    "assigned_on": date(2026, 3, 1),
    "hire": date(2020, 1, 1),
    "published": date(2026, 1, 1),
    "go_live": date(2026, 1, 1),
    "known": date(2026, 2, 1),
    "account_created": date(2026, 2, 2),
}


@pytest.mark.parametrize("name", list(DAYS))
def test_the_clock_starts_on_the_latest_of(name: str) -> None:
    basis = Basis(**{**DAYS, name: date(2026, 6, 1)})
    assert due_date(parse_due("30 days"), basis, PLAIN) == date(2026, 7, 1)


def test_a_fixed_day_leaves_14_days_to_who_comes_later() -> None:
    due = parse_due("on 2026-06-30")
    assert due_date(due, Basis(assigned_on=date(2026, 6, 1)), PLAIN) == date(2026, 6, 30)
    assert due_date(due, Basis(assigned_on=date(2026, 7, 10)), PLAIN) == date(2026, 7, 24)


def test_without_a_due_rule_there_is_no_due_date() -> None:
    assert due_date(None, Basis(assigned_on=date(2026, 6, 1)), PLAIN) is None


# 2026-12-25 is a Friday
CHRISTMAS = Calendar(holidays=frozenset({date(2026, 12, 24), date(2026, 12, 25)}))


@pytest.mark.parametrize(
    ("day", "statutory", "expected"),
    [
        pytest.param(date(2026, 12, 23), False, date(2026, 12, 23), id="a working day stays"),
        pytest.param(date(2026, 12, 24), False, date(2026, 12, 28), id="a holiday moves over the weekend"),
        pytest.param(date(2026, 12, 27), False, date(2026, 12, 28), id="a Sunday moves to Monday"),
        pytest.param(date(2026, 12, 27), True, date(2026, 12, 23), id="a statutory date moves back"),
    ],
)
def test_a_due_date_is_a_working_day(day: date, statutory: bool, expected: date) -> None:
    due = Due(within=Duration(days=10), statutory=statutory)
    assert due_date(due, Basis(assigned_on=day - timedelta(days=10)), CHRISTMAS) == expected


def test_a_statutory_date_never_moves_before_its_start() -> None:
    due = Due(within=Duration(), statutory=True)
    assert due_date(due, Basis(assigned_on=date(2026, 12, 24)), CHRISTMAS) == date(2026, 12, 28)


def test_a_calendar_without_working_days_ends() -> None:
    never = Calendar(weekend=frozenset(range(7)))
    assert never.shifted(date(2026, 1, 1)) == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        pytest.param(date(2026, 5, 31), date(2026, 10, 31), id="the 30 days that were left are back"),
        pytest.param(date(2026, 5, 3), date(2026, 10, 15), id="two days left become 14"),
        pytest.param(date(2026, 4, 1), date(2026, 10, 15), id="overdue before the leave becomes 14"),
        pytest.param(date(2027, 12, 1), date(2028, 5, 2), id="a far day moves by the length of the leave"),
    ],
)
def test_after_a_leave_the_remaining_days_are_restored(due_on: date, expected: date) -> None:
    assert restored(due_on, date(2026, 5, 1), date(2026, 10, 1), PLAIN) == expected


def test_a_zone_nobody_knows_changes_nothing() -> None:
    assert after_zone_change(date(2026, 1, 1), "Europe/London", "Mars/Olympus") == date(2026, 1, 1)
