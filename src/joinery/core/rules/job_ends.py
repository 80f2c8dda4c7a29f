"""The end of one of several jobs that HR tells once it is over. Pure.

Rule: an end that is past when it is first seen ends nobody's employment; of a job beside others it is a move, and ends
the job.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from joinery.core.model.employment import Employment
from joinery.core.model.worker import Worker
from joinery.core.rules.jobs import Policies, as_job
from joinery.core.rules.lifecycle import Moment, access_ends_on, standing_of


def with_ended_jobs(
    jobs: Sequence[Employment], moment_of: Callable[[Worker], Moment], policies: Policies
) -> list[Employment]:
    """Those whose own end (`job_end_date`) is past have ended, if another one goes on."""
    over = [_is_over(job, moment_of(job.worker), policies) for job in jobs]
    if not any(job.standing.stage.employed and not past for job, past in zip(jobs, over, strict=True)):
        return list(jobs)
    return [_ended(job, moment_of(job.worker), policies) if past else job for job, past in zip(jobs, over, strict=True)]


def unended_jobs(
    jobs: Sequence[Employment], moment_of: Callable[[Worker], Moment], policies: Policies
) -> list[Employment]:
    """Those that go on although their own end is past, after `with_ended_jobs`: no other one goes on beside them."""
    dated = [job for job in jobs if job.worker.job_end_date is not None]
    return [job for job in dated if _is_over(job, moment_of(job.worker), policies)]


def _is_over(job: Employment, moment: Moment, policies: Policies) -> bool:
    worker = as_job(job.worker)
    end, starts = job.worker.job_end_date, worker.hire_date
    if end is None or worker.termination_date != end or (starts is not None and end < starts):
        return False
    return job.standing.stage.employed and moment.reached(access_ends_on(end, policies(job.worker)))


def _ended(job: Employment, moment: Moment, policies: Policies) -> Employment:
    """As if the end had been known before it came."""
    known = replace(job.standing, armed_end=job.worker.job_end_date)
    return replace(job, standing=standing_of(as_job(job.worker), known, moment, policies(job.worker)))
