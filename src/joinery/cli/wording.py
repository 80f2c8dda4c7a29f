"""Words for people: numbers with their noun, severities, ages. Rule: plain English for HR, no name of a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, assert_never

from joinery.core.model.finding import Severity
from joinery.flows.policy import Confirmation

#: what a severity does, which is what a reader wants to know
SEVERITIES: Final[Mapping[str, str]] = {
    Severity.BLOCKER: "the file is held",
    Severity.QUARANTINE: "kept back until corrected",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}


def number(count: int) -> str:
    """`61`, `12 034`: blanks between thousands, which no locale misreads."""
    return f"{count:,}".replace(",", " ")


def several(count: int, one: str, many: str = "") -> str:
    """`1 line`, `2 lines`, `3 people`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def unconfirmed(confirmed_by: Confirmation, count: int) -> str:
    """What is known of lines that lie in import files: empty where the learning system answers by itself."""
    match confirmed_by:
        case "itself":
            return ""
        case "export":
            return f"{several(count, 'line')} sent, not yet confirmed by an export of users" if count else ""
        case "nobody":
            told = f"{several(count, 'line')} sent; nobody" if count else "nobody"
            return f"{told} confirms what the system made of files: `confirm` names an export of users to read"
        case _ as never:
            assert_never(never)


def age(since: datetime, now: datetime) -> str:
    """`25 minutes`, `7 hours`, `3 days`: one unit, rounded down; `in the future` when it is."""
    passed = now - since
    if passed < timedelta(0):
        return "0 minutes"
    if passed >= timedelta(days=2):
        return several(passed.days, "day")
    if passed >= timedelta(hours=2):
        return several(int(passed / timedelta(hours=1)), "hour")
    return several(int(passed / timedelta(minutes=1)), "minute")


def moment(at: datetime) -> str:
    """`2026-12-01 05:12 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
