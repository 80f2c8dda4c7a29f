"""Every instant of a life, in every zone: start, end, leave, due date, the mail at six, and a move between zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.core.rules.zones import ZONES

from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.due import after_zone_change
from joinery.core.rules.instants import at_local_time, local_day, start_of_day
from joinery.core.rules.lifecycle import LifecyclePolicy, Moment, next_wake, standing_of
from joinery.mail.sign_in import MailPolicy, mail_due

POLICY = LifecyclePolicy()
LONG_AGO = date(1999, 1, 1)
zones = st.sampled_from(ZONES)
days = st.dates(date(2000, 1, 1), date(2037, 12, 1))
#: on which side of the instant, by a second or by hours
sides = st.sampled_from([-7200, -3600, -1, 0, 1, 3600, 7200])

#: the day on which clocks jump over midnight, or that does not exist at all
ODD = [
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Beirut", date(2023, 3, 26)),
    ("Africa/Cairo", date(2024, 4, 26)),
    ("America/Havana", date(2024, 3, 10)),
    ("America/Asuncion", date(2023, 10, 1)),
    ("Asia/Tehran", date(2022, 3, 22)),
    ("America/Scoresbysund", date(2023, 3, 26)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
]


def test_there_are_at_least_40_zones() -> None:
    assert len(set(ZONES)) >= 40


@pytest.mark.parametrize(("zone", "on"), ODD, ids=lambda value: str(value))
def test_a_day_without_midnight_begins_with_the_first_instant_that_exists(zone: str, on: date) -> None:
    there = ZoneInfo(zone)
    begins = start_of_day(on, there)
    assert begins.astimezone(there).time() != time.min or local_day(begins, there) != on
    assert local_day(begins - timedelta(seconds=1), there) < on <= local_day(begins, there)


def someone(**values: object) -> Worker:
    return Worker(source_id="1", worker_id="1", **{"status": Status.ACTIVE, "hire_date": LONG_AGO, **values})  # type: ignore[arg-type]


def at_work(**values: object) -> Standing:
    return Standing(stage=Stage.ACTIVE, since=datetime(2000, 1, 1, tzinfo=UTC), started_on=LONG_AGO, **values)  # type: ignore[arg-type]


def moment(instant: datetime, seconds: int, zone: str) -> Moment:
    return Moment(as_of=instant + timedelta(seconds=seconds), zone=ZoneInfo(zone))


@given(zone=zones, hired=days, side=sides)
@example(zone="America/Sao_Paulo", hired=date(2018, 11, 4), side=-1)
@example(zone="Pacific/Apia", hired=date(2011, 12, 30), side=0)
def test_somebody_starts_with_the_first_instant_of_the_day_there(zone: str, hired: date, side: int) -> None:
    who = someone(hire_date=hired, status=Status.PREHIRE)
    now = moment(start_of_day(hired, ZoneInfo(zone)), side, zone)
    assert (standing_of(who, None, now, POLICY).stage is Stage.ACTIVE) is (side >= 0)


@given(zone=zones, hired=days, before=st.integers(0, 10))
@example(zone="Asia/Beirut", hired=date(2023, 3, 26), before=0)
def test_somebody_who_is_to_start_wakes_at_that_instant_and_never_later(zone: str, hired: date, before: int) -> None:
    policy = LifecyclePolicy(days_before=before)
    who, there = someone(hire_date=hired, status=Status.PREHIRE), ZoneInfo(zone)
    now = Moment(as_of=start_of_day(hired - timedelta(days=before + 3), there), zone=there)
    wakes = next_wake(who, standing_of(who, None, now, policy), now, policy)
    assert wakes == start_of_day(hired - timedelta(days=before), there)


@given(
    zone=zones, end=days, side=sides, means=st.sampled_from(["last_day_worked", "last_day_employed", "first_day_out"])
)
@example(zone="Africa/Cairo", end=date(2024, 4, 25), side=-1, means="last_day_employed")
@example(zone="Pacific/Apia", end=date(2011, 12, 29), side=0, means="last_day_employed")
@example(zone="Pacific/Apia", end=date(2011, 12, 30), side=0, means="first_day_out")
def test_access_ends_with_the_day_there_to_the_second(zone: str, end: date, side: int, means: str) -> None:
    policy, there = LifecyclePolicy(end_date_means=means), ZoneInfo(zone)
    out = end if means == "first_day_out" else end + timedelta(days=1)
    instant = start_of_day(out, there)
    who, before = someone(termination_date=end), at_work(armed_end=end)
    now = moment(instant, side, zone)
    assert (standing_of(who, before, now, policy).stage is Stage.LEFT) is (side >= 0)
    earlier = Moment(as_of=instant - timedelta(days=4), zone=there)
    assert next_wake(who, standing_of(who, before, earlier, policy), earlier, policy) == instant


@given(zone=zones, last=days, side=sides)
@example(zone="America/Havana", last=date(2024, 3, 9), side=0)
def test_a_leave_ends_after_its_last_day_there(zone: str, last: date, side: int) -> None:
    who = someone(status=Status.LEAVE, leave_end_date=last, leave_class="suspend")
    instant = start_of_day(last + timedelta(days=1), ZoneInfo(zone))
    before = standing_of(who, at_work(), moment(instant, -300_000, zone), POLICY)
    assert (before.stage, before.access_off) == (Stage.LEAVE, True)
    after = standing_of(who, before, moment(instant, side, zone), POLICY)
    assert (after.stage is Stage.ACTIVE, not after.access_off) == (side >= 0, side >= 0)
    assert next_wake(who, before, moment(instant, -300_000, zone), POLICY) == instant


@given(zone=zones, hired=days)
@example(zone="Pacific/Apia", hired=date(2011, 12, 30))
def test_the_mail_leaves_at_six_there_or_at_the_first_instant_after_it(zone: str, hired: date) -> None:
    there = ZoneInfo(zone)
    leaves = mail_due(hired, there, MailPolicy())
    assert leaves == at_local_time(hired, time(6), there)
    local = leaves.astimezone(there)
    assert local.date() >= hired
    assert local.date() > hired or local.time() >= time(6)
    assert leaves >= start_of_day(hired, there), "never before the account may be used"
    assert leaves - start_of_day(hired, there) <= timedelta(hours=7)


@given(due=days, old=zones, new=zones)
@example(due=date(2026, 6, 30), old="Pacific/Pago_Pago", new="Pacific/Kiritimati")
@example(due=date(2011, 12, 29), old="Pacific/Honolulu", new="Pacific/Apia")
def test_a_move_between_zones_never_moves_a_due_date_earlier(due: date, old: str, new: str) -> None:
    moved = after_zone_change(due, old, new)

    def end(day: date, zone: str) -> datetime:
        return start_of_day(day + timedelta(days=1), ZoneInfo(zone))

    assert moved >= due
    assert end(moved, new) >= end(due, old)
    if moved > due:
        assert end(moved - timedelta(days=1), new) < end(due, old), "and no later than it must"


@given(zone=zones, day=days, second=st.integers(0, 86_399))
def test_there_and_back_is_the_same_day(zone: str, day: date, second: int) -> None:
    there = ZoneInfo(zone)
    at = start_of_day(day, there) + timedelta(seconds=second % 3600)
    assert local_day(at, there) >= day
