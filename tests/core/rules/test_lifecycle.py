"""Where somebody stands: tables whose ids are sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.instants import start_of_day
from joinery.core.rules.lifecycle import (
    LifecyclePolicy,
    Moment,
    archive_on,
    bridged,
    ended_unsaid,
    next_wake,
    standing_of,
    standing_when_absent,
    still_missing,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
MOMENT = Moment(as_of=NOW, zone=UTC)
POLICY = LifecyclePolicy()
OUT = LifecyclePolicy(end_date_means="first_day_out")


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def worker(
    status: Status = Status.ACTIVE,
    hired: int | None = -400,
    ends: int | None = None,
    leave_ends: int | None = None,
    **more: str,
) -> Worker:
    return Worker(
        source_id="1",
        worker_id="1",
        status=status,
        status_text=str(status),
        hire_date=None if hired is None else day(hired),
        termination_date=None if ends is None else day(ends),
        leave_end_date=None if leave_ends is None else day(leave_ends),
        **more,  # type: ignore[arg-type]
    )


def standing(stage: Stage, **more: object) -> Standing:
    return Standing(stage=stage, since=NOW - timedelta(days=30), started_on=day(-400), **more)  # type: ignore[arg-type]


AT_WORK = standing(Stage.ACTIVE)
GONE = replace(standing(Stage.LEFT, ended_on=day(-10)), since=NOW - timedelta(days=10))
T = Status.TERMINATED


@pytest.mark.parametrize(
    ("who", "before", "policy", "expected"),
    [
        pytest.param(worker(hired=-1), None, POLICY, Stage.ACTIVE, id="hired yesterday is at work"),
        pytest.param(worker(hired=0), None, POLICY, Stage.ACTIVE, id="hired today is at work"),
        pytest.param(worker(hired=1), None, POLICY, Stage.PREHIRE, id="hired tomorrow is a pre-hire whatever HR says"),
        pytest.param(
            worker(Status.PREHIRE, hired=0), None, POLICY, Stage.ACTIVE, id="the date starts, though HR says pre-hire"
        ),
        pytest.param(worker(hired=None), None, POLICY, Stage.ACTIVE, id="active without a hire date is at work"),
        pytest.param(
            worker(Status.PREHIRE, hired=None), None, POLICY, Stage.PREHIRE, id="pre-hire without a date waits"
        ),
        pytest.param(
            worker(hired=5), None, LifecyclePolicy(start_when="status"), Stage.ACTIVE, id="started by status alone"
        ),
        pytest.param(
            worker(Status.PREHIRE, hired=-5),
            None,
            LifecyclePolicy(start_when="status"),
            Stage.PREHIRE,
            id="by status, a passed date starts nobody",
        ),
        pytest.param(
            worker(Status.PREHIRE, hired=-5),
            None,
            LifecyclePolicy(start_when="both"),
            Stage.PREHIRE,
            id="by both, the status is missing",
        ),
        pytest.param(
            worker(Status.PREHIRE, hired=-5),
            None,
            LifecyclePolicy(start_when="first_of"),
            Stage.ACTIVE,
            id="by the first of both, the date does it",
        ),
        pytest.param(
            worker(T, ends=5),
            AT_WORK,
            LifecyclePolicy(start_when="status"),
            Stage.ACTIVE,
            id="by status, terminated from next week on is still at work",
        ),
        pytest.param(worker(T), AT_WORK, POLICY, Stage.LEFT, id="terminated without a date has left"),
        pytest.param(
            worker(T, ends=0), AT_WORK, POLICY, Stage.LEFT, id="terminated with today's date has left at once"
        ),
        pytest.param(worker(T, ends=-3), AT_WORK, POLICY, Stage.LEFT, id="terminated three days ago has left"),
        pytest.param(worker(T, ends=3), AT_WORK, POLICY, Stage.ACTIVE, id="terminated with a date to come is still in"),
        pytest.param(worker(ends=3), AT_WORK, POLICY, Stage.ACTIVE, id="an end date to come changes nothing today"),
        pytest.param(
            worker(ends=-1),
            standing(Stage.ACTIVE, armed_end=day(-1)),
            POLICY,
            Stage.LEFT,
            id="an end date seen while future fires on its day without another word",
        ),
        pytest.param(
            worker(ends=0),
            standing(Stage.ACTIVE, armed_end=day(0)),
            POLICY,
            Stage.ACTIVE,
            id="on the last day employed they are still in",
        ),
        pytest.param(
            worker(ends=0),
            standing(Stage.ACTIVE, armed_end=day(0)),
            OUT,
            Stage.LEFT,
            id="on the first day out they are out",
        ),
        pytest.param(
            worker(ends=0),
            standing(Stage.ACTIVE, armed_end=day(0)),
            LifecyclePolicy(suspend="at_once"),
            Stage.LEFT,
            id="at once means with the last day itself",
        ),
        pytest.param(
            worker(ends=-5), AT_WORK, POLICY, Stage.ACTIVE, id="an end date past when first seen is no leaver"
        ),
        pytest.param(worker(ends=-5), None, POLICY, Stage.ACTIVE, id="nor on somebody never seen before"),
        pytest.param(
            worker(hired=-2, ends=-10), GONE, POLICY, Stage.ACTIVE, id="rehired with the old end date still there"
        ),
        pytest.param(
            worker(ends=-10), GONE, POLICY, Stage.ACTIVE, id="active again, old end date and hire date kept: a rehire"
        ),
        pytest.param(
            worker(ends=-10),
            standing(Stage.LEFT, ended_on=day(-10), armed_end=day(-10)),
            POLICY,
            Stage.LEFT,
            id="HR's status lags behind an end date that fired: still out",
        ),
        pytest.param(
            worker(ends=-10),
            standing(Stage.ACTIVE, consumed_end=day(-10), armed_end=None),
            POLICY,
            Stage.ACTIVE,
            id="an end date consumed before a rehire never fires again",
        ),
        pytest.param(
            worker(Status.PREHIRE, hired=20, ends=-10),
            GONE,
            POLICY,
            Stage.PREHIRE,
            id="a leaver comes back as pre-hire",
        ),
        pytest.param(
            worker(),
            standing(Stage.LEFT, ended_on=day(-1)),
            POLICY,
            Stage.ACTIVE,
            id="a retracted termination restores",
        ),
        pytest.param(
            worker(Status.NONE, ends=-2), AT_WORK, POLICY, Stage.LEFT, id="without any status a past end date decides"
        ),
        pytest.param(worker(Status.NONE), AT_WORK, POLICY, Stage.ACTIVE, id="without any status the hire date decides"),
        pytest.param(
            worker(Status.UNKNOWN, ends=-2), AT_WORK, POLICY, Stage.LEFT, id="an unknown word with a past end suspends"
        ),
        pytest.param(worker(Status.UNKNOWN), AT_WORK, POLICY, Stage.ACTIVE, id="an unknown word alone ends nobody"),
        pytest.param(worker(Status.UNKNOWN), None, POLICY, Stage.PREHIRE, id="an unknown word starts nobody"),
        pytest.param(worker(Status.LEAVE), AT_WORK, POLICY, Stage.LEAVE, id="on leave is employed"),
        pytest.param(worker(Status.GARDEN_LEAVE), AT_WORK, POLICY, Stage.LEAVE, id="garden leave is not a leaver"),
        pytest.param(worker(Status.NOTICE, ends=20), AT_WORK, POLICY, Stage.ACTIVE, id="notice keeps access"),
        pytest.param(worker(Status.DECEASED), AT_WORK, POLICY, Stage.LEFT, id="the deceased have left"),
        pytest.param(
            worker(Status.RESCINDED, hired=3), standing(Stage.PREHIRE), POLICY, Stage.NO_SHOW, id="rescinded: a no-show"
        ),
        pytest.param(worker(Status.RESCINDED), AT_WORK, POLICY, Stage.LEFT, id="rescinded after the start is a leaver"),
        pytest.param(
            worker(T, hired=0, ends=0),
            standing(Stage.PREHIRE),
            OUT,
            Stage.NO_SHOW,
            id="an end on the hire day: no-show",
        ),
        pytest.param(
            worker(Status.PREHIRE, hired=9, ends=5),
            standing(Stage.PREHIRE),
            OUT,
            Stage.NO_SHOW,
            id="an end before a start to come: no-show",
        ),
        pytest.param(
            worker(T, hired=-3, ends=-1), standing(Stage.PREHIRE), OUT, Stage.LEFT, id="came and went between two files"
        ),
        pytest.param(
            worker(T, hired=-1, ends=-1),
            standing(Stage.PREHIRE),
            POLICY,
            Stage.NO_SHOW,
            id="an end on the first day is HR's way of saying that nobody came",
        ),
        pytest.param(
            worker(Status.PREHIRE, hired=9, ends=9), None, POLICY, Stage.NO_SHOW, id="also while both are still to come"
        ),
        pytest.param(worker(Status.DORMANT), AT_WORK, POLICY, Stage.ACTIVE, id="a dormant home record is not a leave"),
        pytest.param(
            worker(Status.LEAVE, leave_ends=-1),
            standing(Stage.LEAVE, leave_ends=day(-1)),
            POLICY,
            Stage.ACTIVE,
            id="a leave ends after its last day without another file",
        ),
        pytest.param(
            worker(Status.LEAVE, leave_ends=0),
            standing(Stage.LEAVE, leave_ends=day(0)),
            POLICY,
            Stage.LEAVE,
            id="on the last day of the leave they are away",
        ),
        pytest.param(
            worker(Status.LEAVE, leave_ends=-9),
            AT_WORK,
            POLICY,
            Stage.LEAVE,
            id="a stale return date brings nobody back",
        ),
        pytest.param(
            worker(Status.LEAVE, leave_ends=20),
            standing(Stage.ACTIVE, leave_ends=day(-1)),
            POLICY,
            Stage.LEAVE,
            id="a leave that HR prolongs after it ended goes on",
        ),
        pytest.param(
            worker(leave_ends=-9), standing(Stage.LEAVE), POLICY, Stage.ACTIVE, id="back early: the word counts"
        ),
        pytest.param(
            worker(Status.GARDEN_LEAVE, leave_ends=-1),
            standing(Stage.LEAVE, leave_ends=day(-1)),
            POLICY,
            Stage.LEAVE,
            id="no date ends a garden leave",
        ),
    ],
)
def test_stage(who: Worker, before: Standing | None, policy: LifecyclePolicy, expected: Stage) -> None:
    assert standing_of(who, before, MOMENT, policy).stage is expected


def test_an_unknown_word_is_said() -> None:
    assert "not known" in standing_of(worker(Status.UNKNOWN), AT_WORK, MOMENT, POLICY).held


@pytest.mark.parametrize(
    ("status", "leave_class", "policy", "off"),
    [
        pytest.param(Status.LEAVE, "", POLICY, False, id="leave keeps access by default"),
        pytest.param(Status.LEAVE, "suspend", POLICY, True, id="the class can end it"),
        pytest.param(Status.LEAVE, "keep", LifecyclePolicy(leave_access="suspend"), False, id="the class wins"),
        pytest.param(Status.LEAVE, "", LifecyclePolicy(leave_access="suspend"), True, id="the company can end it"),
        pytest.param(Status.GARDEN_LEAVE, "keep", POLICY, True, id="garden leave ends it whatever the class"),
        pytest.param(
            Status.GARDEN_LEAVE, "", LifecyclePolicy(garden_access="keep"), False, id="unless the company keeps it"
        ),
        pytest.param(Status.NOTICE, "suspend", POLICY, False, id="notice keeps it"),
        pytest.param(Status.ACTIVE, "suspend", POLICY, False, id="a class without a leave means nothing"),
    ],
)
def test_access_on_leave(status: Status, leave_class: str, policy: LifecyclePolicy, off: bool) -> None:
    assert standing_of(worker(status, leave_class=leave_class), AT_WORK, MOMENT, policy).access_off is off


@pytest.mark.parametrize(
    ("before", "leavers_are", "expected", "missing"),
    [
        pytest.param(AT_WORK, "status", Stage.ACTIVE, 1, id="absence is counted and decides nothing"),
        pytest.param(AT_WORK, "absent", Stage.LEFT, 1, id="where absence means left, they left today"),
        pytest.param(AT_WORK, "both", Stage.LEFT, 1, id="also where both are leavers"),
        pytest.param(standing(Stage.PREHIRE), "status", Stage.NO_SHOW, 0, id="a pre-hire who vanishes does not come"),
        pytest.param(GONE, "absent", Stage.LEFT, 0, id="whoever has left is never missing"),
        pytest.param(standing(Stage.NO_SHOW), "absent", Stage.NO_SHOW, 0, id="nor who never came"),
    ],
)
def test_absence(before: Standing, leavers_are: str, expected: Stage, missing: int) -> None:
    after = standing_when_absent(before, MOMENT, LifecyclePolicy(leavers_are=leavers_are))
    assert (after.stage, after.missing_files) == (expected, missing)


def test_absence_counts_on_from_the_first_day() -> None:
    first = standing_when_absent(AT_WORK, MOMENT, POLICY)
    later = standing_when_absent(first, Moment(as_of=NOW + timedelta(days=1), zone=UTC), POLICY)
    assert (later.missing_files, later.missing_since) == (2, TODAY)


def test_coming_back_forgets_the_absence() -> None:
    missing = standing_when_absent(AT_WORK, MOMENT, POLICY)
    assert standing_of(worker(), missing, MOMENT, POLICY).missing_files == 0


def test_old_facts_of_a_missing_leaver_bring_nobody_back() -> None:
    left = standing_when_absent(AT_WORK, MOMENT, LifecyclePolicy(leavers_are="absent"))
    woken = standing_of(worker(), left, MOMENT, LifecyclePolicy(leavers_are="absent"))
    assert still_missing(left, woken).stage is Stage.LEFT


@pytest.mark.parametrize(
    ("stage", "said", "armed", "expected"),
    [
        pytest.param(Stage.LEFT, {}, None, True, id="the file had it no more"),
        pytest.param(Stage.LEFT, {}, TODAY, False, id="its own date fired"),
        pytest.param(Stage.LEFT, {"status": Status.TERMINATED}, None, False, id="its own word ended it"),
        pytest.param(Stage.ACTIVE, {}, None, False, id="it is not over"),
        pytest.param(Stage.NO_SHOW, {"status": Status.PREHIRE}, None, True, id="a pre-hire whom the file lost"),
        pytest.param(Stage.NO_SHOW, {"ends": 0}, None, False, id="an end on the first day"),
        pytest.param(Stage.NO_SHOW, {"status": Status.RESCINDED}, None, False, id="taken back by word"),
    ],
)
def test_what_a_file_had_no_more_is_over_without_a_word(
    stage: Stage, said: dict[str, Any], armed: date | None, expected: bool
) -> None:
    assert ended_unsaid(worker(**said), replace(standing(stage), armed_end=armed)) is expected


def test_a_dated_end_still_fires_for_somebody_missing() -> None:
    missing = replace(standing_when_absent(AT_WORK, MOMENT, POLICY), armed_end=day(-1))
    woken = standing_of(worker(ends=-1), missing, MOMENT, POLICY)
    assert still_missing(missing, woken).stage is Stage.LEFT


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        pytest.param(3, Stage.ACTIVE, id="a confirmed successor in three days: no gap"),
        pytest.param(4, Stage.PREHIRE, id="in four days: there is a gap"),
    ],
)
def test_the_bridge_between_two_records(starts: int, expected: Stage) -> None:
    successor = worker(Status.PREHIRE, hired=starts)
    after = standing_of(successor, AT_WORK, MOMENT, POLICY)
    assert bridged(successor, AT_WORK, after, MOMENT).stage is expected


def test_the_bridge_holds_until_the_successor_starts() -> None:
    successor = worker(Status.PREHIRE, hired=3)
    over = bridged(successor, AT_WORK, standing_of(successor, AT_WORK, MOMENT, POLICY), MOMENT)
    for days in range(1, 5):
        moment = Moment(as_of=NOW + timedelta(days=days), zone=UTC)
        over = standing_of(successor, over, moment, POLICY)
        assert over.stage is Stage.ACTIVE, days


@pytest.mark.parametrize(
    ("who", "before", "policy", "wakes"),
    [
        pytest.param(worker(hired=7), None, POLICY, 7, id="a pre-hire wakes on the hire date"),
        pytest.param(worker(hired=7), None, LifecyclePolicy(days_before=3), 4, id="or days before"),
        pytest.param(worker(ends=5), AT_WORK, POLICY, 6, id="the day after the last day employed"),
        pytest.param(worker(ends=5), AT_WORK, OUT, 5, id="the first day out itself"),
        pytest.param(worker(T, ends=-10), AT_WORK, POLICY, 80, id="a leaver wakes to be archived after 90 days"),
        pytest.param(worker(), AT_WORK, POLICY, None, id="most people never wake"),
        pytest.param(worker(T, ends=-10), AT_WORK, LifecyclePolicy(archive_after=None), None, id="never archived"),
    ],
)
def test_wake(who: Worker, before: Standing | None, policy: LifecyclePolicy, wakes: int | None) -> None:
    at = next_wake(who, standing_of(who, before, MOMENT, policy), MOMENT, policy)
    assert at == (None if wakes is None else start_of_day(day(wakes), UTC))


def test_a_no_show_is_archived_at_once() -> None:
    came_not = standing_when_absent(standing(Stage.PREHIRE), MOMENT, POLICY)
    assert archive_on(came_not, POLICY) == TODAY


def test_where_absence_means_left_the_grace_counts_from_the_absence() -> None:
    policy = LifecyclePolicy(leavers_are="absent", absent_grace=30)
    assert archive_on(standing_when_absent(AT_WORK, MOMENT, policy), policy) == day(30)


WHEN = {
    # (what the end date means, when access ends): days from the end date to the day whose first instant ends it
    ("last_day_worked", "end_of_day"): 1,
    ("last_day_worked", "start_of_next_day"): 1,
    ("last_day_worked", "at_once"): 0,
    ("last_day_employed", "end_of_day"): 1,
    ("last_day_employed", "start_of_next_day"): 1,
    ("last_day_employed", "at_once"): 0,
    ("first_day_out", "end_of_day"): 0,
    ("first_day_out", "start_of_next_day"): 0,
    ("first_day_out", "at_once"): -1,
}


@pytest.mark.parametrize(("choice", "offset"), WHEN.items(), ids=[" and ".join(choice) for choice in WHEN])
def test_what_the_end_date_means_and_when_access_ends(choice: tuple[str, str], offset: int) -> None:
    means, suspend = choice
    policy, end = LifecyclePolicy(end_date_means=means, suspend=suspend), day(10)
    who, before = worker(ends=10), standing(Stage.ACTIVE, armed_end=end)
    instant = start_of_day(day(10 + offset), UTC)
    for seconds, stage in ((-1, Stage.ACTIVE), (0, Stage.LEFT)):
        now = Moment(as_of=instant + timedelta(seconds=seconds), zone=UTC)
        after = standing_of(who, before, now, policy)
        assert after.stage is stage
    assert after.ended_on == end, "the event keeps HR's date, whatever the policy"
    assert next_wake(who, before, MOMENT, policy) == instant


@pytest.mark.parametrize("leavers_are", ["status", "absent", "both"])
def test_the_word_terminated_counts_however_leavers_show(leavers_are: str) -> None:
    policy = LifecyclePolicy(leavers_are=leavers_are)
    assert standing_of(worker(T, ends=-1), AT_WORK, MOMENT, policy).stage is Stage.LEFT


@pytest.mark.parametrize(
    ("who", "archived"),
    [
        pytest.param(worker(T, hired=-2, ends=-2), -2, id="left on the first day: nobody came, archived at once"),
        pytest.param(worker(T, hired=-2, ends=-1), 89, id="left on the second day: a leaver like any other"),
        pytest.param(worker(Status.RESCINDED, hired=-2), 0, id="taken back after the start: archived at once"),
        pytest.param(worker(Status.DECEASED, hired=-2, ends=-2), 88, id="who died on the first day is no no-show"),
        pytest.param(worker(T, hired=-2, ends=-1, employment_type="Seasonal"), -1, id="off-season the seat is free"),
    ],
)
def test_when_a_leaver_is_archived(who: Worker, archived: int) -> None:
    policy = LifecyclePolicy(seasonal=("Seasonal",))
    started = replace(standing(Stage.ACTIVE), started_on=day(-2))
    left = standing_of(who, started, MOMENT, policy)
    assert left.stage is Stage.LEFT
    assert archive_on(left, policy, who.employment_type) == day(archived)
    again = standing_of(who, left, Moment(as_of=NOW + timedelta(days=1), zone=UTC), policy)
    assert archive_on(again, policy, who.employment_type) == day(archived)


def test_a_moved_start_and_a_moved_end_move_what_is_to_come() -> None:
    early = standing_of(worker(Status.PREHIRE, hired=5), None, MOMENT, POLICY)
    assert next_wake(worker(Status.PREHIRE, hired=9), early, MOMENT, POLICY) == start_of_day(day(9), UTC)
    ending = standing_of(worker(ends=5), AT_WORK, MOMENT, POLICY)
    moved = standing_of(worker(ends=9), ending, MOMENT, POLICY)
    assert (moved.stage, moved.armed_end) == (Stage.ACTIVE, day(9))
    assert standing_of(worker(), ending, MOMENT, POLICY).armed_end is None
