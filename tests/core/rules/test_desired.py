"""May this person sign in? In order: the latch, termination, inclusion, absence, then everything else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.model.account import AccountState
from joinery.core.model.plan import Reason
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.desired import LEAVER_POLICY, Access, Inclusion, access_of
from joinery.core.rules.lifecycle import LifecyclePolicy, Moment

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
TODAY = NOW.date()
MOMENT = Moment(as_of=NOW, zone=UTC)
POLICY = LifecyclePolicy()
INSIDE, UNKNOWN = Inclusion(), Inclusion(inside=None, why="country")
OUTSIDE = Inclusion(inside=False, why="country is FR")
ACTIVE, SUSPENDED, ARCHIVED = AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.ARCHIVED


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def worker(**given_: Any) -> Worker:
    return Worker(**{"source_id": "s", "worker_id": "007", "hire_date": date(2020, 1, 1), **given_})


def standing(stage: Stage = Stage.ACTIVE, **given_: Any) -> Standing:
    return Standing(**{"stage": stage, "since": NOW, "started_on": date(2020, 1, 1), **given_})


def access(
    standing_: Standing,
    worker_: Worker | None = None,
    inclusion: Inclusion = INSIDE,
    policy: LifecyclePolicy = POLICY,
    latched: str = "",
) -> Access:
    return access_of(worker_ or worker(), standing_, inclusion, MOMENT, policy, latched)


def left(days_ago: int = 1, **given_: Any) -> Standing:
    return standing(Stage.LEFT, ended_on=day(-days_ago), **given_)


SOON = worker(hire_date=day(5))
TERMINATED = worker(status=Status.TERMINATED, status_text="Terminated", termination_date=day(-1))
AT_WORK = Reason(text="active, started 2020-01-01", attribute="hire_date", new="2020-01-01")
ABSENT = LifecyclePolicy(leavers_are="absent")
CASES: list[tuple[str, Access, Access]] = [
    ("somebody at work has access", access(standing()), Access(state=ACTIVE, because=AT_WORK)),
    (
        "somebody at work without any date has access",
        access(standing(started_on=None), worker(hire_date=None)),
        Access(state=ACTIVE, because=Reason(text="active", attribute="hire_date")),
    ),
    (
        "somebody on leave who keeps access has access",
        access(standing(Stage.LEAVE)),
        Access(state=ACTIVE, because=AT_WORK),
    ),
    (
        "leave without access suspends",
        access(standing(Stage.LEAVE, access_off=True)),
        Access(state=SUSPENDED, because=Reason(text="on leave of a class without access")),
    ),
    (
        "a termination suspends, and may ride",
        access(left(), TERMINATED),
        Access(
            state=SUSPENDED,
            because=Reason(text="left: end date 2026-03-01", rule=LEAVER_POLICY, attribute="status", new="Terminated"),
            evidenced=True,
        ),
    ),
    (
        "an end that HR no longer gives is told from memory",
        access(left(3)),
        Access(
            state=SUSPENDED,
            because=Reason(text="left: end date 2026-02-27", rule=LEAVER_POLICY, attribute="status"),
            evidenced=True,
        ),
    ),
    (
        "89 days after the end nobody is archived yet",
        access(left(89)),
        Access(
            state=SUSPENDED,
            because=Reason(text="left: end date 2025-12-03", rule=LEAVER_POLICY, attribute="status"),
            evidenced=True,
        ),
    ),
    (
        "90 days after the end a leaver is archived; an account still open is closed first, on the word of HR",
        access(left(90)),
        Access(
            state=ARCHIVED,
            because=Reason(text="left on 2025-12-02, archived from 2026-03-02 on", rule=LEAVER_POLICY),
            evidenced=True,
        ),
    ),
    (
        "where nobody archives a leaver stays suspended",
        access(left(900), policy=LifecyclePolicy(archive_after=None)),
        Access(
            state=SUSPENDED,
            because=Reason(text="left: end date 2023-09-14", rule=LEAVER_POLICY, attribute="status"),
            evidenced=True,
        ),
    ),
    (
        "absence that means left suspends, and never rides",
        access(left(missing_since=day(-1), missing_files=1), policy=ABSENT),
        Access(
            state=SUSPENDED,
            because=Reason(
                text="not in the complete file since 2026-03-01, and absence means left here", rule=LEAVER_POLICY
            ),
        ),
    ),
    (
        "absence that means left archives after its grace",
        access(left(30, missing_since=day(-30), missing_files=9), policy=ABSENT),
        Access(
            state=ARCHIVED,
            because=Reason(text="left on 2026-01-31, archived from 2026-03-02 on", rule=LEAVER_POLICY),
        ),
    ),
    (
        "somebody who never started is archived on the day that is known",
        access(standing(Stage.NO_SHOW, ended_on=TODAY)),
        Access(
            state=ARCHIVED,
            because=Reason(text="left on 2026-03-02, archived from 2026-03-02 on", rule=LEAVER_POLICY),
        ),
    ),
    (
        "somebody who never started, with an end to come, is suspended until then",
        access(standing(Stage.NO_SHOW, ended_on=day(1))),
        Access(state=SUSPENDED, because=Reason(text="never started", rule=LEAVER_POLICY)),
    ),
    (
        "out of scope is archived",
        access(standing(), inclusion=OUTSIDE),
        Access(state=ARCHIVED, because=Reason(text="not in scope: country is FR", rule="scope")),
    ),
    (
        "out of scope is left alone where that is wanted",
        access(standing(), inclusion=Inclusion(inside=False, why="country is FR", out_of_scope="keep")),
        Access(state=None, because=Reason(text="not in scope: country is FR", rule="scope")),
    ),
    (
        "a scope that cannot be told changes nothing by itself",
        access(standing(), inclusion=UNKNOWN),
        Access(state=ACTIVE, because=AT_WORK),
    ),
    (
        "termination is decided before scope",
        access(left(), TERMINATED, OUTSIDE),
        access(left(), TERMINATED),
    ),
    (
        "missing from two files keeps access",
        access(standing(missing_files=2, missing_since=day(-2))),
        Access(state=ACTIVE, because=AT_WORK),
    ),
    (
        "missing from three files is archived, and never rides",
        access(standing(missing_files=3, missing_since=day(-3))),
        Access(
            state=ARCHIVED,
            because=Reason(text="missing from 3 good files, since 2026-02-27", rule="missing_files"),
        ),
    ),
    (
        "a pre-hire has no account yet",
        access(standing(Stage.PREHIRE), SOON),
        Access(state=None, because=Reason(text="starts 2026-03-07", attribute="hire_date")),
    ),
    (
        "a pre-hire without a date has no account",
        access(standing(Stage.PREHIRE), worker(hire_date=None)),
        Access(state=None, because=Reason(text="starts on a date that HR does not give", attribute="hire_date")),
    ),
    (
        "a pre-hire gets the account so many days before",
        access(standing(Stage.PREHIRE), SOON, policy=LifecyclePolicy(days_before=5)),
        Access(state=ACTIVE, because=Reason(text="starts 2026-03-07", attribute="hire_date")),
    ),
    (
        "a pre-hire does not get it a day too early",
        access(standing(Stage.PREHIRE), SOON, policy=LifecyclePolicy(days_before=4)),
        Access(state=None, because=Reason(text="starts 2026-03-07", attribute="hire_date")),
    ),
]


@pytest.mark.parametrize(("found", "expected"), [pytest.param(f, e, id=i) for i, f, e in CASES])
def test_access(found: Access, expected: Access) -> None:
    assert found == expected


standings = st.builds(
    Standing,
    stage=st.sampled_from(Stage),
    since=st.just(NOW),
    started_on=st.sampled_from([None, date(2020, 1, 1)]),
    ended_on=st.sampled_from([None, day(-100), day(-1), TODAY, day(1)]),
    missing_since=st.sampled_from([None, day(-40), day(-1)]),
    missing_files=st.integers(0, 4),
    access_off=st.booleans(),
)
workers = st.builds(
    worker,
    hire_date=st.sampled_from([None, day(-100), TODAY, day(3)]),
    termination_date=st.sampled_from([None, day(-1), day(1)]),
)
inclusions = st.sampled_from([INSIDE, UNKNOWN, OUTSIDE])
policies = st.builds(
    LifecyclePolicy,
    leavers_are=st.sampled_from(["status", "absent", "both"]),
    days_before=st.integers(0, 5),
    archive_after=st.sampled_from([None, 0, 90]),
)


@given(standings, workers, inclusions, policies)
def test_the_latch_wins_over_everything(s: Standing, w: Worker, i: Inclusion, p: LifecyclePolicy) -> None:
    found = access(s, w, i, p, latched="by hr.lead on 2026-03-01")
    expected = Reason(text="access ended by hr.lead on 2026-03-01")
    assert found == Access(state=SUSPENDED, because=expected, evidenced=True, by_hand=True)


@given(standings, workers, inclusions, policies)
def test_only_a_termination_rides(s: Standing, w: Worker, i: Inclusion, p: LifecyclePolicy) -> None:
    found = access(s, w, i, p)
    assert found.because.text
    assert not found.by_hand
    if found.evidenced:
        assert s.stage is Stage.LEFT and found.state in {SUSPENDED, ARCHIVED}
        assert not (s.missing_files and s.missing_since), "absence never rides"


@given(standings, workers, inclusions, policies)
def test_whoever_has_left_has_no_access(s: Standing, w: Worker, i: Inclusion, p: LifecyclePolicy) -> None:
    if s.stage in {Stage.LEFT, Stage.NO_SHOW}:
        assert access(s, w, i, p).state in {SUSPENDED, ARCHIVED}
