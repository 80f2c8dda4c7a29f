"""One message for each trouble: when it begins, when it is worse, when it is over; never for each row or run."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from joinery.core.hygiene.alerting import Alert, Quiet, Told, Trouble, alerts

LATE = Trouble(key="source:hris:Late", route="high", title="Late: hris", next_step="joinery status")
KEPT = Trouble(key="H-1", route="low", title="H-1 email_missing", size=10)


def after(known: dict[str, Told], *found: Trouble, at: str = "t2") -> list[tuple[str, str]]:
    return [(alert.kind, alert.key) for alert in alerts(known, found, at)]


def told(*found: Trouble) -> dict[str, Told]:
    return {alert.key: alert.told for alert in alerts({}, found, "t1")}


def test_a_trouble_that_begins_is_told_once() -> None:
    assert after({}, LATE, KEPT) == [("open", LATE.key), ("open", "H-1")]
    assert after(told(LATE, KEPT), LATE, KEPT) == []


def test_a_trouble_that_concerns_twice_as_many_is_worse_and_remembers_since_when() -> None:
    more = Trouble(key="H-1", route="low", title="H-1 email_missing", size=19)
    assert after(told(KEPT), more) == []
    most = Trouble(key="H-1", route="low", title="H-1 email_missing", size=20)
    (alert,) = alerts(told(KEPT), [most], "t2")
    assert alert == Alert(
        kind="worse", key="H-1", told=Told(since="t1", size=20, route="low", title="H-1 email_missing")
    )
    assert alert.subject == "worse: H-1 email_missing"


def test_a_trouble_that_is_over_is_told_as_solved() -> None:
    assert after(told(LATE, KEPT), KEPT) == [("solved", LATE.key)]


NIGHT, LUNCH = Quiet(begin=time(20), end=time(7)), Quiet(begin=time(12), end=time(13), weekends=False)


@pytest.mark.parametrize(
    ("quiet", "local", "waits"),
    [
        (NIGHT, "2026-11-24T19:59", False),
        (NIGHT, "2026-11-24T20:00", True),
        (NIGHT, "2026-11-25T06:59", True),
        (NIGHT, "2026-11-25T07:00", False),
        (NIGHT, "2026-11-28T12:00", True),
        (LUNCH, "2026-11-28T12:00", True),
        (LUNCH, "2026-11-28T13:00", False),
        (Quiet(begin=time(7), end=time(7), weekends=False), "2026-11-24T07:00", False),
    ],
)
def test_what_may_wait_waits_in_quiet_hours_and_nothing_else_does(quiet: Quiet, local: str, waits: bool) -> None:
    low, high = (next(iter(alerts({}, [trouble], "t1"))) for trouble in (KEPT, LATE))
    at = datetime.fromisoformat(local)
    assert (quiet.keeps(low, at), quiet.keeps(high, at)) == (waits, False)
