"""Several records, one person: which job is theirs, and where they stand when all of it is taken together.

Rule: somebody is at work while one record says so, and has left when the last one has ended. A record that another
one continues (`previous_id`) says nothing any more once that one has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from joinery.core.model.employment import Employment
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.events import Known
from joinery.core.rules.lifecycle import BRIDGE_DAYS, LifecyclePolicy, Moment, first_day_out, next_wake

#: what belongs to the person and not to one of their jobs: the first source that gives it owns it
PERSON_NAMES: Final = (
    "given_name",
    "family_name",
    "preferred_name",
    "work_email",
    "personal_email",
    "language",
    "phone",
)
#: what makes two rows under one number two jobs of one person, and not two people
SAME_PERSON: Final = ("given_name", "family_name", "work_email", "person_id")
#: by which a job is known again where the source gives it no ID of its own
JOB_NAMES: Final = ("job_code", "job_title", "department", "location", "legal_entity", "cost_center")

_NO: Final = frozenset({"", "0", "n", "no", "false", "f", "non", "nein", "off", "secondary", "additional"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """`order`: the sources as the settings name them; `owners`: attribute -> the source whose value counts.

    `directories`: sources that say nothing of employment.
    """

    order: tuple[str, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()

    def rank(self, worker: Worker) -> int:
        """The place of a worker's source; those that are not named come last."""
        return self.order.index(worker.source) if worker.source in self.order else len(self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """All records of one person, and what they come to."""

    known: Known
    jobs: tuple[Employment, ...]
    #: attributes in which two sources that both employ the person disagree
    disputed: tuple[str, ...] = ()
    #: several jobs say of themselves that they are the main one
    several_primaries: bool = False


Policies = Callable[[Worker], LifecyclePolicy]


def as_job(worker: Worker) -> Worker:
    """The record with the dates of its own job, where HR gives them beside those of the employment."""
    if worker.job_start_date is None and worker.job_end_date is None:
        return worker
    ends = [day for day in (worker.job_end_date, worker.termination_date) if day is not None]
    return replace(
        worker,
        hire_date=worker.job_start_date or worker.hire_date,
        termination_date=min(ends, default=None),
    )


def together(
    jobs: Sequence[Employment], before: Known | None, moment: Moment, policies: Policies, ownership: Ownership
) -> Together:
    """The person behind these records; `before` is what was last concluded about them."""
    listed = [job for job in jobs if job.worker.source in ownership.directories]
    people = [job for job in jobs if job not in listed]
    current = [job for job in people if not superseded(job, people)] or people
    there = [job for job in current if not _gone_missing(job, policies)]
    live = [job for job in current if not dormant(job, there)]
    bridge = _bridge(live, before, moment, policies)
    if before is not None and bridge is not None:
        standing = replace(before.standing, bridged_until=bridge, armed_end=None, missing_files=0, missing_since=None)
        return Together(known=Known(worker=before.worker, standing=standing), jobs=tuple(jobs))
    was = before.standing if before else None
    lead = _lead(live, was, moment, policies, ownership)
    asleep = [job for job in current if job not in live]
    standing = _continued(lead, live, asleep, was, moment)
    worker = _listed(_merged(lead, live, asleep, listed, ownership), listed)
    marked = tuple(replace(job, primary=job is lead) for job in jobs)
    flagged = [job for job in _at_work(live) if flag(job.worker)]
    return Together(
        known=Known(worker=worker, standing=standing),
        jobs=marked,
        disputed=_disputed(live, ownership),
        several_primaries=len(flagged) > 1,
    )


def superseded(job: Employment, jobs: Sequence[Employment]) -> bool:
    """Another record of the same person continues this one and has begun (or begun and ended)."""
    return any(
        other is not job
        and other.worker.previous_id in job.numbers
        and other.worker.previous_id not in other.numbers
        and other.standing.stage not in {Stage.PREHIRE, Stage.NO_SHOW}
        and not _came_back(job, other, jobs)
        for other in jobs
    )


def dormant(job: Employment, jobs: Sequence[Employment]) -> bool:
    """The home record of somebody at work abroad under another record: that one counts, and this is no leave."""
    return job.worker.status is Status.DORMANT and any(
        other is not job and other.worker.status is not Status.DORMANT and other.standing.stage.employed
        for other in jobs
    )


def awaited(job: Employment, jobs: Sequence[Employment]) -> bool:
    """Another record is to continue this one: HR may have put it in its place already."""
    return any(
        other is not job and other.worker.previous_id in job.numbers and other.standing.stage is Stage.PREHIRE
        for other in jobs
    )


def _came_back(job: Employment, other: Employment, jobs: Sequence[Employment]) -> bool:
    """The former number is in use again, since after the other one began: a number that was given back.

    One more row under a number that was there all the time is no return of it, nor is one that was over before it came.
    """
    if not job.standing.stage.employed or job.standing.missing_files or _of_old(job, other):
        return False
    beside = [each for each in jobs if _same_number(each, job) and each.standing.stage.employed]
    since = min(each.standing.since for each in (job, *beside) if not each.standing.missing_files)
    mutual = job.worker.previous_id in other.numbers and not other.standing.stage.employed
    return since > other.standing.since or (mutual and since == other.standing.since)


def _of_old(job: Employment, other: Employment) -> bool:
    """Its end had passed when it appeared, and it began no later than the other one: a row of former times."""
    worker, begins = as_job(job.worker), as_job(other.worker).hire_date
    end, hired = worker.termination_date, worker.hire_date
    past = end is not None and end < job.standing.since.date()
    return past and (hired is None or begins is None or hired <= begins)


def _same_number(one: Employment, other: Employment) -> bool:
    return (one.worker.source, one.worker.source_id) == (other.worker.source, other.worker.source_id)


def flag(worker: Worker) -> bool:
    """HR says that this is the main job."""
    return worker.primary_job.strip().casefold() not in _NO


def other_jobs(jobs: Sequence[Employment]) -> tuple[Worker, ...]:
    """The jobs somebody has beside the main one: they add groups and learning, and nothing else."""
    live = _at_work([job for job in jobs if not superseded(job, jobs) and not dormant(job, jobs)])
    return tuple(job.worker for job in live if not job.primary)


def _at_work(jobs: Sequence[Employment]) -> list[Employment]:
    """Those that keep somebody employed: present ones, else those that only the files lack."""
    employed = [job for job in jobs if job.standing.stage.employed]
    return [job for job in employed if not job.standing.missing_files] or employed


def _lead(
    jobs: Sequence[Employment], before: Standing | None, moment: Moment, policies: Policies, ownership: Ownership
) -> Employment:
    """The record that speaks for the person."""
    gone = [job for job in jobs if _gone_missing(job, policies)]
    if working := _at_work([job for job in jobs if job not in gone]):
        return _primary(working, ownership)
    left = [job for job in jobs if job.standing.stage is Stage.LEFT]
    coming = [job for job in jobs if job.standing.stage is Stage.PREHIRE]
    if before is not None and before.stage.employed:
        # an end is told before the next beginning is announced
        return max(left or gone or coming or jobs, key=_latest)
    due = [job for job in coming if _lead_time(job, moment, policies)]
    return min(due, key=_start) if due else max(left + coming or gone or jobs, key=_latest)


def _start(job: Employment) -> tuple[date, str]:
    worker = as_job(job.worker)
    return worker.hire_date or date.max, worker.worker_id


def _gone_missing(job: Employment, policies: Policies) -> bool:
    limit = policies(job.worker).missing_files
    return job.standing.stage.employed and job.standing.missing_files >= limit


def _lead_time(job: Employment, moment: Moment, policies: Policies) -> bool:
    """Its account is due already."""
    hired, days = as_job(job.worker).hire_date, policies(job.worker).days_before
    return hired is not None and days > 0 and moment.reached(hired - timedelta(days=days))


def _latest(job: Employment) -> tuple[datetime, date, str]:
    """What happened last: an end after an announcement, or a new announcement after the end."""
    standing = job.standing
    return standing.since, standing.ended_on or as_job(job.worker).hire_date or date.min, job.worker.source_id


def _primary(working: Sequence[Employment], ownership: Ownership) -> Employment:
    """Flagged; else the one it was; else most hours, earliest start, lowest number."""
    candidates = [job for job in working if flag(job.worker)] or list(working)
    kept = [job for job in candidates if job.primary]
    return min(kept or candidates, key=lambda job: _order(job, ownership))


def _order(job: Employment, ownership: Ownership) -> tuple[Decimal, date, str, int, str]:
    worker = as_job(job.worker)
    return (
        -_hours(worker.fte),
        worker.hire_date or date.max,
        worker.worker_id,
        ownership.rank(worker),
        worker.job_id or job.slot,
    )


def _hours(fte: str) -> Decimal:
    """`0.8`, `0,8` and `80%` are the same; what is no number counts as nothing."""
    text = fte.strip().replace(",", ".")
    try:
        found = Decimal(text.rstrip("% "))
    except InvalidOperation:
        return Decimal(0)
    if not found.is_finite():
        return Decimal(0)
    return found / 100 if text.endswith("%") or found > 10 else found


def _bridge(jobs: Sequence[Employment], before: Known | None, moment: Moment, policies: Policies) -> date | None:
    """Between two records of the same person: the day the next one starts, where that is soon after the last one."""
    if before is None or not before.standing.stage.employed or any(job.standing.stage.employed for job in jobs):
        return None
    over = [job for job in jobs if job.standing.stage is Stage.LEFT and job.standing.ended_on]
    starts = [day for job in jobs if job.standing.stage is Stage.PREHIRE and (day := as_job(job.worker).hire_date)]
    if not over or not starts or any(job.standing.deceased for job in over):
        return None
    out = max(first_day_out(job.standing.ended_on, policies(job.worker)) for job in over if job.standing.ended_on)
    start = min(starts)
    return start if (start - out).days < BRIDGE_DAYS and not moment.reached(start) else None


def _continued(
    lead: Employment,
    jobs: Sequence[Employment],
    asleep: Sequence[Employment],
    before: Standing | None,
    moment: Moment,
) -> Standing:
    """The leading record's standing with the person's own memory. Whoever has a home record stays when the host's
    ends."""
    standing = lead.standing
    working = _at_work(jobs)
    if standing.stage is Stage.LEAVE and any(job.standing.stage is Stage.ACTIVE for job in working):
        # on leave from one of two jobs
        standing = replace(standing, stage=Stage.ACTIVE, access_off=False)
    ends = [job.standing.armed_end for job in (*working, *(job for job in asleep if job.standing.stage.employed))]
    last = max((end for end in ends if end is not None), default=None) if None not in ends else None
    standing = replace(standing, deceased=any(job.standing.deceased for job in jobs), armed_end=last)
    if before is None:
        return standing
    same = before.stage is standing.stage
    stays = before.stage.employed and standing.stage.employed
    returns = before.stage is Stage.LEFT and standing.stage is not Stage.LEFT
    return replace(
        standing,
        since=before.since if same else moment.as_of,
        started_on=before.started_on if stays else standing.started_on or before.started_on,
        ended_on=standing.ended_on if standing.stage is Stage.LEFT else before.ended_on,
        consumed_end=before.ended_on if returns else before.consumed_end,
        bridged_until=None,
    )


def _merged(
    lead: Employment,
    jobs: Sequence[Employment],
    asleep: Sequence[Employment],
    listed: Sequence[Employment],
    ownership: Ownership,
) -> Worker:
    """The leading record's worker, each attribute from the source that owns it; of a dormant record the person's own.

    Where somebody works, and whose cost it is, a home record never says.
    """
    live = sorted([*_voices(jobs), *listed], key=lambda job: (ownership.rank(job.worker), job is not lead))
    every = sorted([*live, *asleep], key=lambda job: (ownership.rank(job.worker), job is not lead))
    if len({job.worker.source for job in every}) < 2 and not asleep:
        return lead.worker
    values = _employment(lead.worker, asleep) if asleep else {}
    custom = dict(lead.worker.custom)
    for name in {*PERSON_NAMES, *ownership.owners}:
        owner = _owner(name, every if name in PERSON_NAMES else live, ownership)
        if owner is None or owner is lead:
            continue
        if name in custom or name in owner.worker.custom:
            custom[name] = owner.worker.custom.get(name, "")
        else:
            values[name] = getattr(owner.worker, name)
    return replace(lead.worker, custom={name: text for name, text in custom.items() if text}, **values)  # type: ignore[arg-type]


def _employment(host: Worker, home: Sequence[Employment]) -> dict[str, object]:
    """Abroad nobody is new: the employment goes on from home, and the days of the host record are those of its job."""
    began = [worker.hire_date for worker in (host, *(job.worker for job in home)) if worker.hire_date is not None]
    ends = [host.termination_date, *(job.worker.termination_date for job in home if job.standing.stage.employed)]
    return {
        "hire_date": min(began, default=None),
        "termination_date": max((end for end in ends if end is not None), default=None) if None not in ends else None,
        "job_start_date": host.job_start_date or host.hire_date,
        "job_end_date": host.job_end_date or host.termination_date,
    }


def _listed(worker: Worker, listed: Sequence[Employment]) -> Worker:
    """With the attributes of the company's own that only a directory gives."""
    more = {name: text for job in reversed(listed) for name, text in job.worker.custom.items() if text}
    return replace(worker, custom={**more, **worker.custom}) if more else worker


def _voices(jobs: Sequence[Employment]) -> list[Employment]:
    """Whose words count: records that employ or announce somebody; all where none does."""
    return [job for job in jobs if job.standing.stage.employed or job.standing.stage is Stage.PREHIRE] or list(jobs)


def _owner(name: str, voices: Sequence[Employment], ownership: Ownership) -> Employment | None:
    named = [job for job in voices if job.worker.source == ownership.owners.get(name)]
    if named:
        return named[0]
    return next((job for job in voices if job.worker.value(name)), None) if name in PERSON_NAMES else None


def _disputed(jobs: Sequence[Employment], ownership: Ownership) -> tuple[str, ...]:
    """Attributes of the person in which sources that employ them now give different values, and nobody said whose."""
    working = _at_work(jobs)
    found = []
    for name in PERSON_NAMES:
        said = {(job.worker.source, job.worker.value(name).casefold()) for job in working if job.worker.value(name)}
        if name not in ownership.owners and len({source for source, _ in said}) > 1 and len({v for _, v in said}) > 1:
            found.append(name)
    return tuple(found)


def wake_of(jobs: Sequence[Employment], moment: Moment, policies: Policies) -> datetime | None:
    """The next instant (UTC) at which any of these records changes by itself."""
    found = (next_wake(as_job(job.worker), job.standing, moment, policies(job.worker)) for job in jobs)
    return min((at for at in found if at is not None), default=None)


def paired(before: Sequence[Employment], rows: Sequence[Worker]) -> list[tuple[Worker, Employment | None]]:
    """Each row of one number with the job it was: by the job's own ID, by what the job is, else by what is left."""
    if len(before) == len(rows) == 1:  # nearly everybody: there is nothing to choose from
        job, row = before[0], rows[0]
        return [(row, job if _any(job.worker, row) or _same_id(job.worker, row) else None)]
    left, found = list(before), dict[int, Employment]()
    for alike in (_same_id, _same_job, _any):
        for n, row in enumerate(rows):
            same = next((job for job in left if alike(job.worker, row)), None) if n not in found else None
            if same is not None:
                left.remove(same)
                found[n] = same
    return [(row, found.get(n)) for n, row in enumerate(rows)]


def _same_id(old: Worker, new: Worker) -> bool:
    return bool(new.job_id) and old.job_id == new.job_id


def _same_job(old: Worker, new: Worker) -> bool:
    return old.job_id == new.job_id and all(old.value(name) == new.value(name) for name in JOB_NAMES)


def _any(old: Worker, new: Worker) -> bool:
    return not (old.job_id and new.job_id)
