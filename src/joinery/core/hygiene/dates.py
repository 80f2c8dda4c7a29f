"""When employment begins and ends. Rule 1: an odd date is a finding, never a leaver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from joinery.core.hygiene.facts import Check, Facts, finding
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Status, Worker

EARLIEST_HIRE: Final = date(1940, 1, 1)
FAR: Final = timedelta(days=731)
_FORGOTTEN: Final = timedelta(days=7)

_AT_WORK: Final = frozenset({Status.ACTIVE, Status.LEAVE, Status.NOTICE, Status.DORMANT})


def boundaries(as_of: date) -> tuple[date, ...]:
    """The days from which on a check here answers differently; rows between the same two are alike to all of them."""
    return EARLIEST_HIRE, as_of - _FORGOTTEN, as_of, as_of + timedelta(days=1), as_of + FAR + timedelta(days=1)


def hire_date_missing(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """For a pre-hire it is worse: without the day nothing can ever start."""
    if "hire_date" not in facts.mapped or worker.hire_date is not None:
        return
    if worker.status is Status.PREHIRE:
        yield finding(
            worker,
            "prehire_without_date",
            "hire_date",
            "The person is still to start and has no hire date, so nothing can begin.",
            "Enter the hire date.",
        )
    elif worker.status in _AT_WORK:
        yield finding(worker, "no_hire_date", "hire_date", "The hire date is empty.", "Enter the hire date.")


def hire_date_ancient(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Two-digit years and stand-ins show up here."""
    if worker.hire_date is not None and worker.hire_date < EARLIEST_HIRE:
        yield finding(
            worker,
            "hire_date_ancient",
            "hire_date",
            f"The hire date is {worker.hire_date}, before {EARLIEST_HIRE.year}.",
            "Correct the year.",
        )


def far_future(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Hire and return dates; an end date may well lie years ahead (fixed terms), so it is a note."""
    for attribute, severity in (
        ("hire_date", Severity.WARNING),
        ("leave_end_date", Severity.WARNING),
        ("termination_date", Severity.NOTE),
    ):
        day: date | None = getattr(worker, attribute)
        if day is not None and day - facts.as_of > FAR:
            yield finding(
                worker,
                "date_far_ahead",
                attribute,
                f"The {attribute} is {day}, more than two years ahead.",
                "Correct it if the year is wrong.",
                severity,
            )


def end_before_start(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """A stale end date of an earlier employment, or a start that was reversed; HR's status tells which."""
    start, end = worker.hire_date, worker.termination_date
    if start is not None and end is not None and end < start:
        yield finding(
            worker,
            "end_before_start",
            "termination_date",
            f"The end date {end} is before the hire date {start}.",
            "Clear the old end date, or correct the hire date.",
        )


def stale_end_date(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Active with an end date already past: a finding, never a leaver."""
    end = worker.termination_date
    if end is None or end >= facts.as_of or worker.status not in _AT_WORK:
        return
    if worker.hire_date is not None and end < worker.hire_date:
        return
    yield finding(
        worker,
        "stale_end_date",
        "termination_date",
        f"HR says the person is employed, and that they left on {end}.",
        "Clear the end date, or set the status to terminated. Access stays until then.",
    )


def stale_job_end(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """As `stale_end_date`, of the only job that somebody has; the end of one of several ends that job."""
    end, last = worker.job_end_date, worker.termination_date
    if end is None or end >= facts.as_of or facts.jobs_together or worker.status not in _AT_WORK:
        return
    if last is None or last >= facts.as_of:
        yield job_over(worker)


def job_over(worker: Worker) -> Finding:
    """The only job of somebody at work has an end that is past."""
    return finding(
        worker,
        "stale_job_end",
        "job_end_date",
        f"HR says that the person is employed, and that their only job ended on {worker.job_end_date}.",
        "Clear the end of the job, enter the next one, or set the status to terminated. Access stays until then.",
    )


def leave_over(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Still on leave after the leave's last day: the status was forgotten, or the day was."""
    if worker.status is Status.LEAVE and worker.leave_end_date is not None and worker.leave_end_date < facts.as_of:
        yield finding(
            worker,
            "leave_over",
            "leave_end_date",
            "The leave's last day has passed and the status still says that the person is away.",
            "Set the status to active, or enter the new last day of the leave.",
        )


def prehire_started(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Still a pre-hire a week after the first day: the status was forgotten."""
    start = worker.hire_date
    if worker.status is Status.PREHIRE and start is not None and facts.as_of - start > _FORGOTTEN:
        yield finding(
            worker,
            "prehire_started",
            "status",
            f"The hire date {start} has passed and the status is still that of somebody who is to start.",
            "Set the status to active, or say that the person did not come.",
        )


def ended_without_date(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """The status ends access at once; records of when somebody left stay open."""
    if worker.status is Status.TERMINATED and worker.termination_date is None and "termination_date" in facts.mapped:
        yield finding(
            worker,
            "ended_without_date",
            "termination_date",
            "HR says that the person left and not when; access ends at once.",
            "Enter the end date.",
        )


CHECKS: Final[tuple[Check, ...]] = (
    hire_date_missing,
    hire_date_ancient,
    far_future,
    end_before_start,
    stale_end_date,
    stale_job_end,
    leave_over,
    prehire_started,
    ended_without_date,
)
