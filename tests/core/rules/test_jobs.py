"""Several records, one person: which one speaks for them, and when they have left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from joinery.core.model.employment import Employment
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.events import Known
from joinery.core.rules.jobs import (
    Ownership,
    as_job,
    awaited,
    flag,
    other_jobs,
    paired,
    superseded,
    together,
    wake_of,
)
from joinery.core.rules.lifecycle import LifecyclePolicy, Moment

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
MOMENT = Moment(as_of=NOW, zone=UTC)
POLICY = LifecyclePolicy()
EARLY = LifecyclePolicy(days_before=7)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def job(
    number: str,
    stage: Stage = Stage.ACTIVE,
    *,
    days: int = -100,
    primary: bool = False,
    source: str = "hris",
    **more: Any,
) -> Employment:
    """A record whose stage began so many days from now; `more` are its attributes, `ended` and `hired` are dates."""
    ended, missing = more.pop("ended", ""), int(more.pop("missing", "0"))
    off = bool(more.pop("off", ""))
    hired = more.pop("hired", "")
    worker = Worker(
        source=source,
        source_id=number,
        worker_id=number,
        hire_date=date.fromisoformat(hired) if hired else day(-200),
        **more,
    )
    standing = Standing(
        stage=stage,
        since=NOW + timedelta(days=days),
        started_on=None if stage is Stage.PREHIRE else day(days),
        ended_on=date.fromisoformat(ended) if ended else None,
        missing_files=missing,
        missing_since=TODAY if missing else None,
        access_off=off,
    )
    return Employment(worker=worker, standing=standing, primary=primary)


def person(jobs: list[Employment], before: Known | None = None, policy: LifecyclePolicy = POLICY) -> tuple[str, Stage]:
    known = together(jobs, before, MOMENT, lambda _worker: policy, Ownership()).known
    return known.worker.worker_id, known.standing.stage


def was(one: Employment) -> Known:
    return Known(worker=one.worker, standing=one.standing)


A, L, P = Stage.ACTIVE, Stage.LEFT, Stage.PREHIRE


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        pytest.param([job("1"), job("2", fte="0.5")], "2", id="most hours first, where only one says how many"),
        pytest.param([job("1", fte="40%"), job("2", fte="0,6")], "2", id="0,6 is more than 40 percent"),
        pytest.param([job("1", fte="many"), job("2", fte="0.1")], "2", id="what is no number is no hours"),
        pytest.param([job("1", fte="NaN"), job("2", fte="0.1")], "2", id="not a number is no hours"),
        pytest.param([job("1", fte="50"), job("2", fte="0.6")], "2", id="50 is a percentage"),
        pytest.param([job("2", fte="1", hired="2019-01-01"), job("1", fte="1")], "2", id="then the earliest start"),
        pytest.param([job("2", fte="1"), job("1", fte="1.0")], "1", id="then the lowest number"),
        pytest.param([job("1", fte="1"), job("2", fte="0.1", primary_job="Yes")], "2", id="HR's mark outweighs hours"),
        pytest.param([job("1", fte="1"), job("2", fte="0.1", primary_job="no")], "1", id="no is no mark"),
        pytest.param([job("1", fte="0.1", primary=True), job("2", fte="1")], "1", id="it stays the one it was"),
        pytest.param([job("1", primary=True), job("2", primary_job="X")], "2", id="until HR marks another one"),
        pytest.param(
            [job("1", L, primary=True, ended="2026-11-20"), job("2", fte="0.1")], "2", id="or until it has ended"
        ),
        pytest.param(
            [job("1", primary=True, missing="1"), job("2")], "2", id="one that the file lacks gives way to one it has"
        ),
        pytest.param([job("1", P), job("2")], "2", id="one that has begun speaks, not one that is to begin"),
    ],
)
def test_the_main_job(jobs: list[Employment], expected: str) -> None:
    assert person(jobs)[0] == expected
    assert person(jobs[::-1])[0] == expected


@pytest.mark.parametrize(
    ("jobs", "before", "expected"),
    [
        pytest.param([job("1", L, ended="2026-11-20"), job("2")], A, A, id="at work in one of two"),
        pytest.param([job("1", L, ended="2026-11-20"), job("2", L, ended="2026-11-22")], A, L, id="out of both"),
        pytest.param([job("1", Stage.LEAVE), job("2")], A, A, id="on leave from one of two is at work"),
        pytest.param([job("1", Stage.LEAVE), job("2", Stage.LEAVE)], A, Stage.LEAVE, id="on leave from both"),
        pytest.param([job("1", missing="3"), job("2", L, ended="2026-11-20")], A, L, id="gone from the files, and out"),
        pytest.param([job("1", missing="3"), job("2", missing="4")], A, A, id="gone from the files altogether"),
        pytest.param([job("1", missing="3"), job("2", P)], A, A, id="gone from the files before the next begins"),
        pytest.param(
            [job("1", L, days=0, ended="2026-11-23"), job("2", P, hired="2026-11-27")], A, L, id="a gap of three days"
        ),
        pytest.param(
            [job("1", L, days=0, ended="2026-11-23"), job("2", P, hired="2026-11-26")], A, A, id="two days between"
        ),
        pytest.param(
            [job("1", L, days=-9, ended="2026-11-15"), job("2", P, hired="2026-11-26")], L, L, id="out, and comes back"
        ),
        pytest.param(
            [job("1", L, days=-90, ended="2026-08-15"), job("2", P, days=-5, hired="2026-12-26")],
            L,
            P,
            id="announced after having been out for long",
        ),
        pytest.param([job("1", Stage.NO_SHOW), job("2", Stage.NO_SHOW)], P, Stage.NO_SHOW, id="came to neither"),
    ],
)
def test_where_somebody_stands(jobs: list[Employment], before: Stage, expected: Stage) -> None:
    assert person(jobs, was(job("1", before)))[1] is expected


def test_an_account_that_is_due_ahead_of_the_start_is_due_after_an_end_too() -> None:
    left, coming = job("1", L, days=-2, ended="2026-11-15"), job("2", P, days=-20, hired="2026-11-28")
    assert person([left, coming], was(job("1", L)), EARLY) == ("2", P)
    assert person([left, coming], was(job("1", L)), POLICY) == ("1", L)


def test_nobody_who_has_died_is_kept_in_between() -> None:
    left = job("1", L, days=0, ended="2026-11-23")
    dead = replace(left, standing=replace(left.standing, deceased=True))
    both = together([dead, job("2", P, hired="2026-11-25")], was(job("1")), MOMENT, lambda _w: POLICY, Ownership())
    assert (both.known.standing.stage, both.known.standing.deceased) == (L, True)


def test_employed_without_a_break_since_the_first_record_began() -> None:
    before = was(replace(job("1"), standing=Standing(stage=A, since=NOW - timedelta(days=900), started_on=day(-900))))
    now = together([job("1", L, ended="2026-11-23"), job("2", days=-1)], before, MOMENT, lambda _w: POLICY, Ownership())
    assert now.known.standing.started_on == day(-900)
    assert now.known.standing.since == NOW - timedelta(days=900)


def test_back_after_an_end_remembers_it() -> None:
    before = was(job("1", L, ended="2026-06-30"))
    now = together([job("1", L, ended="2026-06-30"), job("2", days=0)], before, MOMENT, lambda _w: POLICY, Ownership())
    assert now.known.standing.consumed_end == date(2026, 6, 30)
    assert now.known.standing.since == NOW


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(job("1"), job("2", previous_id="1"), True, id="continued by a record that has begun"),
        pytest.param(job("1"), job("2", P, previous_id="1"), False, id="not before that one begins"),
        pytest.param(
            job("1"), job("2", L, previous_id="1", ended="2026-11-20"), True, id="also when that one has ended"
        ),
        pytest.param(job("1"), job("2"), False, id="two jobs that do not name each other"),
        pytest.param(
            job("1", days=-1), job("2", L, previous_id="1", ended="2026-11-22"), False, id="in use again since"
        ),
        pytest.param(
            job("1", days=0, previous_id="2"), job("2", L, days=0, previous_id="1"), False, id="given back this night"
        ),
        pytest.param(
            job("1", days=0, missing="1"), job("2", previous_id="1"), True, id="a row that is missing is not back"
        ),
        pytest.param(job("A/1"), job("B/2", previous_id="1"), True, id="named without its legal entity"),
    ],
)
def test_a_record_that_another_one_continues_says_nothing(old: Employment, new: Employment, expected: bool) -> None:
    assert superseded(old, [old, new]) is expected


def test_one_more_row_under_a_number_that_was_never_away_is_no_return_of_it() -> None:
    """A file of changes held one of two rows, the next file both: somebody who had left was let in again."""
    stays, again = job("1", days=-50, job_id="1"), job("1", days=-1, job_id="0")
    new = job("2", L, days=-10, previous_id="1", ended="2026-11-14")
    assert superseded(again, [stays, again, new]) and superseded(stays, [stays, again, new])
    before = was(new)
    assert person([stays, again, new], before) == ("2", L)
    # all rows of it are new: it is in use again
    assert not superseded(again, [replace(stays, standing=again.standing), again, new])
    # the row that stays is only not yet told to be over
    missing = job("1", days=-50, job_id="1", missing="1")
    assert not superseded(again, [missing, again, new])


def test_a_row_that_was_over_before_it_appeared_is_no_return_of_its_number() -> None:
    """HR never cleared "active": a file of changes lost the row, the next full file had it once more."""
    over = job("1", L, days=-5, job_id="1", ended="2026-11-18")
    again = job("1", days=-1, job_id="0", hired="2026-01-01", termination_date=date(2026, 11, 17))
    new = job("2", L, days=-3, previous_id="1", ended="2026-11-20", hired="2026-11-19")
    assert superseded(again, [over, again, new]) and superseded(again, [again, new])
    assert person([over, again, new], was(new)) == ("2", L)
    # hired anew since, with an old end that nobody cleared: it is in use again
    anew = job("1", days=-1, job_id="0", hired="2026-11-22", termination_date=date(2026, 11, 17))
    assert not superseded(anew, [anew, new])
    # an end to come says nothing against it
    later = job("1", days=-1, job_id="0", hired="2026-01-01", termination_date=date(2026, 12, 31))
    assert not superseded(later, [later, new])


def test_a_record_that_another_one_is_to_continue_is_awaited() -> None:
    old, new = job("1"), job("2", P, previous_id="1")
    assert awaited(old, [old, new])
    assert not awaited(new, [old, new])
    assert not awaited(old, [old, job("2", previous_id="1")])


def test_of_a_continued_record_alone_nothing_is_lost() -> None:
    one, two = job("1", previous_id="2"), job("2", previous_id="1")
    assert person([one, two])[1] is A


OWNED = Ownership(order=("hris", "agency"), owners={"phone": "agency", "badge": "agency"})


def test_every_attribute_comes_from_the_source_that_owns_it() -> None:
    hris = job("1", given_name="Ana", phone="1", work_email="ana@x.example", job_title="Clerk")
    agency = job(
        "9", source="agency", primary_job="yes", given_name="Anna", phone="2", language="fr", job_title="Fitter"
    )
    agency = replace(agency, worker=replace(agency.worker, custom={"badge": "B7", "shoe": "44"}))
    both = together([hris, agency], None, MOMENT, lambda _w: POLICY, OWNED)
    worker = both.known.worker
    assert (worker.worker_id, worker.job_title) == ("9", "Fitter"), "the job is the main one's"
    assert (worker.given_name, worker.work_email) == ("Ana", "ana@x.example"), "the first source that has it"
    assert (worker.phone, worker.language) == ("2", "fr"), "the owner, or the only one"
    assert worker.custom == {"badge": "B7", "shoe": "44"}
    assert both.disputed == ("given_name",)


def test_an_attribute_of_ones_own_comes_from_its_owner_whoever_leads() -> None:
    hris, agency = job("1", primary_job="yes"), job("9", source="agency")
    agency = replace(agency, worker=replace(agency.worker, custom={"badge": "B7"}))
    unowned = replace(hris, worker=replace(hris.worker, custom={"badge": "old", "desk": "3"}))
    worker = together([unowned, agency], None, MOMENT, lambda _w: POLICY, OWNED).known.worker
    assert worker.custom == {"badge": "B7", "desk": "3"}


def test_a_source_that_employs_nobody_any_more_has_no_say() -> None:
    left = job("1", L, ended="2026-11-20", given_name="Ana", work_email="old@x.example")
    here = job("9", source="agency", given_name="Anna", work_email="new@x.example")
    both = together([left, here], None, MOMENT, lambda _w: POLICY, Ownership(order=("hris", "agency")))
    assert (both.known.worker.work_email, both.disputed) == ("new@x.example", ())


def test_a_source_that_is_not_in_the_settings_comes_last() -> None:
    assert Ownership(order=("hris",)).rank(job("1", source="gone").worker) == 1


def test_two_main_jobs_are_told() -> None:
    both = together(
        [job("1", primary_job="yes", primary=True), job("2", primary_job="1", fte="1")],
        None,
        MOMENT,
        lambda _w: POLICY,
        Ownership(),
    )
    assert both.several_primaries
    assert both.known.worker.worker_id == "1"
    assert [each.primary for each in both.jobs] == [True, False]


def test_other_jobs_are_those_that_go_on() -> None:
    jobs = [job("1", primary=True), job("2"), job("3", L, ended="2026-11-20"), job("4", missing="1")]
    assert [worker.worker_id for worker in other_jobs(jobs)] == ["2"]


@pytest.mark.parametrize(("text", "expected"), [("Y", True), ("1", True), ("Main", True), ("No", False), ("", False)])
def test_what_marks_the_main_job(text: str, expected: bool) -> None:
    assert flag(Worker(source_id="1", worker_id="1", primary_job=text)) is expected


def test_a_job_has_its_own_dates_where_hr_gives_them() -> None:
    worker = Worker(
        source_id="1",
        worker_id="1",
        hire_date=day(-100),
        termination_date=day(90),
        job_start_date=day(-10),
        job_end_date=day(10),
    )
    assert (as_job(worker).hire_date, as_job(worker).termination_date) == (day(-10), day(10))


def test_somebody_wakes_with_the_first_of_their_records() -> None:
    ends = replace(job("1"), worker=replace(job("1").worker, termination_date=day(5)))
    begins = job("2", P, hired=str(day(3)))
    assert wake_of([ends, begins], MOMENT, lambda _w: POLICY) == datetime(2026, 11, 27, tzinfo=UTC)
    assert wake_of([job("1")], MOMENT, lambda _w: POLICY) is None


def rows(*some: tuple[str, str, str]) -> list[Worker]:
    """(job ID, title, department)."""
    return [Worker(source_id="1", worker_id="1", job_id=i, job_title=t, department=d) for i, t, d in some]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(rows(("a", "X", "1")), rows(("a", "Y", "2")), ["a"], id="by its own ID, whatever it is"),
        pytest.param(
            rows(("", "X", "1"), ("", "Y", "2")), rows(("", "Y", "2"), ("", "X", "1")), ["Y", "X"], id="by what it is"
        ),
        pytest.param(rows(("", "X", "1")), rows(("", "Z", "9")), ["X"], id="by what is left"),
        pytest.param(rows(("a", "X", "1")), rows(("b", "X", "1")), [None], id="another ID is another job"),
        pytest.param(rows(("", "X", "1")), rows(("", "X", "1"), ("", "Y", "2")), ["X", None], id="one more"),
    ],
)
def test_the_rows_of_one_number_are_the_jobs_they_were(
    before: list[Worker], now: list[Worker], expected: list[str | None]
) -> None:
    known = [Employment(worker=worker, standing=Standing(stage=A, since=NOW)) for worker in before]
    found = [was_it and (was_it.worker.job_id or was_it.worker.job_title) for _, was_it in paired(known, now)]
    assert found == expected


# ---------------------------------------------------------------- abroad


def abroad(host: Employment, home: Employment, order: tuple[str, ...] = (), **owners: str) -> Worker:
    """The person behind both, after a life at home."""
    before = Known(worker=home.worker, standing=home.standing)
    both = together([home, host], before, MOMENT, lambda _: POLICY, Ownership(order=order, owners=owners))
    return both.known.worker


HOME = job("1", primary=True, status=Status.DORMANT, country="FR", cost_center="F1", work_email="a@x.example")
HOST = job("2", days=-1, status=Status.ACTIVE, country="JP", cost_center="J1")


@pytest.mark.parametrize(
    ("host", "home", "number"),
    [
        pytest.param(HOST, HOME, "2", id="the host record counts, although the home record was the main one"),
        pytest.param(replace(HOST, standing=job("2", P).standing), HOME, "1", id="not before it begins"),
        pytest.param(replace(HOST, standing=job("2", L).standing), HOME, "1", id="nor once it has ended"),
        pytest.param(replace(HOST, standing=job("2", missing="1").standing), HOME, "2", id="missing once it counts"),
        pytest.param(replace(HOST, standing=job("2", missing="3").standing), HOME, "1", id="but not once it is gone"),
        pytest.param(replace(HOST, worker=replace(HOST.worker, status=Status.DORMANT)), HOME, "1", id="both dormant"),
        pytest.param(
            HOST,
            replace(HOME, worker=replace(HOME.worker, primary_job="yes")),
            "2",
            id="whatever HR marks as the main one",
        ),
    ],
)
def test_abroad_the_host_record_counts(host: Employment, home: Employment, number: str) -> None:
    known = together([home, host], was(home), MOMENT, lambda _: POLICY, Ownership()).known
    assert (known.worker.worker_id, known.standing.stage) == (number, A)


def test_abroad_the_home_record_gives_only_what_is_the_persons_own() -> None:
    same = abroad(HOST, HOME)
    assert (same.country, same.cost_center, same.work_email) == ("JP", "J1", "a@x.example")
    other = replace(HOST, worker=replace(HOST.worker, source="tokyo", work_email="b@x.example"))
    owned = abroad(other, HOME, order=("hris", "tokyo"), cost_center="hris")
    assert (owned.cost_center, owned.work_email) == ("J1", "a@x.example")


SINCE, OVER_THERE, UNTIL, LATER = date(2020, 1, 15), date(2026, 11, 1), date(2027, 5, 31), date(2027, 12, 31)


@pytest.mark.parametrize(
    ("home_end", "host_end", "end"),
    [
        pytest.param(None, None, None, id="neither ends"),
        pytest.param(None, UNTIL, None, id="the assignment ends and the employment does not"),
        pytest.param(UNTIL, None, None, id="the home record ends and the host record goes on"),
        pytest.param(LATER, UNTIL, LATER, id="the employment ends after the assignment"),
        pytest.param(UNTIL, LATER, LATER, id="the assignment ends last"),
    ],
)
def test_abroad_the_employment_began_at_home_and_ends_when_both_records_end(
    home_end: date | None, host_end: date | None, end: date | None
) -> None:
    def ending(job: Employment, starts: date, ends: date | None) -> Employment:
        dated = replace(job.worker, hire_date=starts, termination_date=ends)
        return replace(job, worker=dated, standing=replace(job.standing, armed_end=ends))

    home, host = ending(HOME, SINCE, home_end), ending(HOST, OVER_THERE, host_end)
    known = together([home, host], was(home), MOMENT, lambda _: POLICY, Ownership()).known
    assert (known.worker.hire_date, known.worker.termination_date, known.standing.armed_end) == (SINCE, end, end)
    assert (known.worker.job_start_date, known.worker.job_end_date) == (OVER_THERE, host_end)


def test_abroad_the_home_record_gives_no_learning() -> None:
    assert other_jobs([replace(HOME, primary=False), replace(HOST, primary=True)]) == ()


# ---------------------------------------------------------------- directories


def listed(home: Employment, directory: Employment, **owners: str) -> Known:
    ownership = Ownership(order=("hris", "phones"), owners=owners, directories=frozenset({"phones"}))
    return together([directory, home], was(home), MOMENT, lambda _: POLICY, ownership).known


LISTED = job("X", Stage.NO_SHOW, source="phones", phone="+33 1", country="JP", work_email="p@x.example")


@pytest.mark.parametrize(
    ("home", "stage"),
    [
        pytest.param(job("1", primary=True, country="FR"), A, id="at work by the source that employs"),
        pytest.param(job("1", L, ended="2026-11-01", country="FR"), L, id="a listing never keeps access open"),
        pytest.param(job("1", P, hired="2026-12-01", country="FR"), P, id="nor does it begin anything"),
    ],
)
def test_a_directory_gives_attributes_and_says_nothing_of_employment(home: Employment, stage: Stage) -> None:
    known = listed(home, LISTED)
    assert (known.standing.stage, known.worker.worker_id, known.worker.country) == (stage, "1", "FR")
    assert known.worker.phone == "+33 1"


def test_a_directory_that_owns_a_field_gives_it_and_adds_attributes_of_the_companys_own() -> None:
    directory = replace(LISTED, worker=replace(LISTED.worker, custom={"badge": "B7", "shift": "late"}))
    home = job("1", primary=True, country="FR", work_email="h@x.example")
    home = replace(home, worker=replace(home.worker, custom={"shift": "early"}))
    worker = listed(home, directory, work_email="phones").worker
    assert (worker.work_email, worker.custom) == ("p@x.example", {"badge": "B7", "shift": "early"})
