"""What happened in a life, told once: tables whose ids are sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from joinery.core.model.event import Event
from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.events import Known, events_for
from joinery.core.rules.lifecycle import LifecyclePolicy, Moment, standing_of, standing_when_absent

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
SINCE = date(2026, 1, 1)
OUT = LifecyclePolicy(end_date_means="first_day_out")
BASE = Worker(
    source_id="7",
    worker_id="007",
    status=Status.ACTIVE,
    status_text="Active",
    hire_date=date(2020, 5, 4),
    job_title="Clerk",
    department="Sales",
    manager_id="1",
)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def _said(e: Event) -> str:
    arrow = "->" if e.attribute else ""
    return " ".join(filter(None, (str(e.kind), e.effective_on.isoformat(), e.attribute, e.old, arrow, e.new)))


def told(*facts: Worker | None, policy: LifecyclePolicy = OUT, since: date | None = SINCE) -> list[str]:
    """Events of the last of these days; the days before are the history. None: absent that day."""
    before: Known | None = None
    events: list[str] = []
    for index, worker in enumerate(facts):
        moment = Moment(as_of=NOW - timedelta(days=len(facts) - 1 - index), zone=UTC)
        if worker is None:
            assert before is not None
            after = Known(worker=before.worker, standing=standing_when_absent(before.standing, moment, policy))
        else:
            standing = standing_of(worker, before.standing if before else None, moment, policy)
            after = Known(worker=worker, standing=standing)
        events = [
            " ".join(
                filter(
                    None, (str(e.kind), e.effective_on.isoformat(), e.attribute, e.old, "->" * bool(e.attribute), e.new)
                )
            )
            for e in events_for(PersonKey("k"), before, after, moment.today, since)
        ]
        before = after
    return events


def with_(**changes: object) -> Worker:
    return replace(BASE, **changes)  # type: ignore[arg-type]


PRE = with_(status=Status.PREHIRE, status_text="Pre-hire", hire_date=day(0))
GONE = with_(status=Status.TERMINATED, status_text="Terminated", termination_date=day(-5))
T0 = TODAY.isoformat()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            [with_(hire_date=day(9), status=Status.PREHIRE)], [f"prehire {day(9)}"], id="seen ahead: a prehire"
        ),
        pytest.param([with_(hire_date=day(0))], [f"joiner {T0}"], id="hired today: a joiner"),
        pytest.param([with_(hire_date=day(-40))], [f"joiner {day(-40)}"], id="entered late: a joiner on HR's date"),
        pytest.param([PRE, with_(hire_date=day(0))], [f"joiner {T0}"], id="a prehire who starts"),
        pytest.param(
            [replace(PRE, job_title="Temp"), with_(hire_date=day(0))],
            [f"joiner {T0}"],
            id="what changes with the start is part of the joiner",
        ),
        pytest.param(
            [BASE, with_(job_title="Chief", department="Ops")],
            [f"mover {T0} job_title Clerk -> Chief", f"mover {T0} department Sales -> Ops"],
            id="a mover has one row for each changed attribute",
        ),
        pytest.param([BASE, with_(manager_id="")], [f"mover {T0} manager_id 1 ->"], id="a value that goes is empty"),
        pytest.param(
            [with_(job_title=""), BASE], [f"mover {T0} job_title -> Clerk"], id="a value that comes was empty"
        ),
        pytest.param([BASE, with_(status_text="ACTIVE ")], [], id="another word for the same status is nothing"),
        pytest.param([BASE, BASE], [], id="nothing changed, nothing told"),
        pytest.param([BASE, with_(termination_date=day(30))], [], id="an end to come is confidential, not a move"),
        pytest.param(
            [with_(termination_date=day(0)), with_(termination_date=day(0))],
            [f"leaver {T0}"],
            id="a dated end fires on its day",
        ),
        pytest.param([BASE, GONE], [f"leaver {day(-5)}"], id="a leaver on HR's date, however late we hear of it"),
        pytest.param(
            [BASE, replace(GONE, job_title="Nobody")],
            [f"leaver {day(-5)}"],
            id="what changes with the end is part of it",
        ),
        pytest.param(
            [BASE, with_(status=Status.TERMINATED)], [f"leaver {T0}"], id="terminated without a date: the day we saw it"
        ),
        pytest.param([BASE, GONE, replace(GONE, job_title="X")], [], id="nothing happens to who has left"),
        pytest.param([BASE, GONE, BASE], [f"rehire {T0}"], id="a retracted termination reads as a rehire today"),
        pytest.param(
            [BASE, GONE, with_(hire_date=day(-1), job_title="Chief")],
            [f"rehire {day(-1)}"],
            id="a rehire on the new hire date, moves included in it",
        ),
        pytest.param(
            [BASE, GONE, with_(hire_date=day(-1), termination_date=day(-5))],
            [f"rehire {day(-1)}"],
            id="a rehire whose old end date HR forgot",
        ),
        pytest.param(
            [BASE, GONE, with_(status=Status.PREHIRE, hire_date=day(5), termination_date=None)],
            [f"prehire {day(5)}"],
            id="a leaver who is to come back is a prehire first",
        ),
        pytest.param(
            [BASE, GONE, with_(status=Status.PREHIRE, hire_date=day(0)), with_(hire_date=day(0))],
            [f"rehire {T0}"],
            id="and a rehire when they start",
        ),
        pytest.param(
            [BASE, replace(GONE, termination_date=day(-9)), replace(GONE, hire_date=day(-6), termination_date=day(-2))],
            [f"rehire {day(-6)}", f"leaver {day(-2)}"],
            id="came back and went between two files: both are told",
        ),
        pytest.param(
            [
                BASE,
                replace(GONE, termination_date=day(-9)),
                with_(status=Status.PREHIRE, hire_date=day(3)),
                replace(GONE, hire_date=day(-6), termination_date=day(-2)),
            ],
            [f"rehire {day(-6)}", f"leaver {day(-2)}"],
            id="the same of somebody who was announced to come back",
        ),
        pytest.param([BASE, GONE, replace(GONE, termination_date=day(-3))], [], id="an end that is corrected later on"),
        pytest.param(
            [BASE, GONE, replace(GONE, hire_date=day(-30), termination_date=day(-3))],
            [],
            id="nor is a corrected first day before the end a return",
        ),
        pytest.param(
            [
                replace(GONE, termination_date=date(2025, 1, 31)),
                replace(GONE, hire_date=date(2025, 3, 1), termination_date=date(2025, 6, 1)),
            ],
            [],
            id="an old leaver's record that HR corrects is nothing",
        ),
        pytest.param([BASE, with_(status=Status.LEAVE)], [f"leave {T0}"], id="going on leave"),
        pytest.param([with_(status=Status.LEAVE), BASE], [f"return {T0}"], id="coming back from leave"),
        pytest.param([BASE, with_(status=Status.UNKNOWN)], [], id="a word nobody knows tells nothing"),
        pytest.param([BASE, None], [f"missing {T0}"], id="absent for the first time: missing"),
        pytest.param([BASE, None, None], [], id="absent again is not told again"),
        pytest.param([BASE, None, BASE], [f"returned {T0}"], id="back in the file: returned"),
        pytest.param([BASE, GONE, None], [], id="a leaver who vanishes is no event"),
        pytest.param(
            [with_(status=Status.PREHIRE, hire_date=day(9)), None], [f"no_show {day(9)}"], id="a prehire who vanishes"
        ),
        pytest.param(
            [with_(status=Status.PREHIRE, hire_date=day(9)), with_(status=Status.PREHIRE, hire_date=day(12))],
            [f"mover {T0} hire_date {day(9)} -> {day(12)}"],
            id="a moved hire date is a mover, never a second prehire",
        ),
        pytest.param(
            [
                with_(status=Status.PREHIRE, hire_date=day(9)),
                with_(status=Status.TERMINATED, hire_date=day(-3), termination_date=day(-1)),
            ],
            [f"joiner {day(-3)}", f"leaver {day(-1)}"],
            id="came and went between two files: both are told",
        ),
        pytest.param(
            [with_(status=Status.TERMINATED, hire_date=day(-3), termination_date=day(-1))],
            [f"joiner {day(-3)}", f"leaver {day(-1)}"],
            id="never seen before, came and went since the baseline: both are told",
        ),
        pytest.param(
            [with_(status=Status.TERMINATED, termination_date=date(2025, 6, 1))],
            [],
            id="an old record that HR adds to the export is nothing",
        ),
        pytest.param(
            [BASE, with_(worker_id="E9", source_id="9", employment_type="Employee")],
            [
                f"rekeyed {T0} worker_id 007 -> E9",
                f"conversion {T0} employment_type -> Employee",
                f"mover {T0} employment_type -> Employee",
            ],
            id="another number for the same person",
        ),
    ],
)
def test_events(facts: list[Worker | None], expected: list[str]) -> None:
    assert told(*facts) == expected


def test_two_files_on_the_start_day_make_no_move() -> None:
    moment = Moment(as_of=NOW, zone=UTC)
    first = with_(hire_date=day(0))
    before = Known(worker=first, standing=standing_of(first, None, moment, OUT))
    second = replace(first, job_title="Chief")
    after = Known(worker=second, standing=standing_of(second, before.standing, moment, OUT))
    assert list(events_for(PersonKey("k"), before, after, TODAY, SINCE)) == []


def test_where_absence_means_left_the_leaver_says_it_all() -> None:
    policy = LifecyclePolicy(leavers_are="absent")
    assert told(BASE, None, policy=policy) == [f"leaver {T0}"]
    assert told(BASE, None, BASE, policy=policy) == [f"rehire {T0}"]


def test_a_confirmed_conversion_over_a_weekend_has_no_second_joiner() -> None:
    successor = with_(source_id="9", worker_id="E9", status=Status.PREHIRE, hire_date=day(2))
    known = Known(
        worker=BASE,
        standing=Standing(stage=Stage.ACTIVE, since=NOW, started_on=BASE.hire_date, bridged_until=day(2)),
    )
    for offset in range(4):
        moment = Moment(as_of=NOW + timedelta(days=offset), zone=UTC)
        after = Known(worker=successor, standing=standing_of(successor, known.standing, moment, OUT))
        kinds = [str(e.kind) for e in events_for(PersonKey("k"), known, after, moment.today, SINCE)]
        assert not {"joiner", "leaver", "rehire"} & set(kinds), (offset, kinds)
        known = after
