"""What the rows of one record come to: changes one after the other, all jobs of a number, or some of its jobs.

Rule: in news of changes a job that no row names is as it was, and a row that may be about either of two jobs changes
neither: one job that ends is no leaver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from joinery.core.mapping.inbound import Mapped, Rejected, key_of, map_record
from joinery.core.mapping.merge import merged
from joinery.core.mapping.spec import RECORD_NAMES, MappingSpec
from joinery.core.mapping.succession import Said, lives_in
from joinery.core.model.employment import Employment
from joinery.core.model.finding import Finding
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.standing import Stage
from joinery.core.model.worker import IDENTITY_NAMES, Worker
from joinery.core.rules.jobs import JOB_NAMES, PERSON_NAMES, paired
from joinery.flows.in_time import Known, Taken, in_time, known_of, with_entered
from joinery.flows.setting import Setting
from joinery.store.people import Person

#: what is said of somebody whatever their jobs: a row that says nothing else is about all of them
PERSONAL: Final = frozenset(
    {*PERSON_NAMES, *IDENTITY_NAMES, *RECORD_NAMES, "status", "hire_date", "termination_date", "leave_end_date"}
    | {"leave_class"}
)
_OVER: Final = {Stage.LEFT, Stage.NO_SHOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`taken`: one for each job that is told of, empty when nothing newer is; `findings`: what was odd about the rows.

    `older`: something newer is known of part of it. `by_job`: jobs that are not among them stay as they are.
    `ended`: what it comes to up to an end after which somebody is back, and `back` what is said from then on.
    """

    taken: Sequence[Taken]
    findings: Sequence[Finding] = ()
    older: bool = False
    by_job: bool = False
    ended: Taken | None = None
    back: Sequence[RawRecord] = ()


def told_in(
    setting: Setting,
    spec: MappingSpec,
    rows: Sequence[RawRecord],
    owner: Person | None,
    mine: Sequence[Employment],
    *,
    together: bool,
) -> Told | Rejected:
    """What the rows of one record, oldest first, come to; `mine`: the jobs that are known under its number.

    `together`: they are jobs at the same time. Rejected: one of them cannot be read, or nobody can tell what it is of.
    """
    if _job_by_job(setting, spec, rows, mine, together=together):
        return _told_by_job(setting, spec, rows, owner, mine)
    together = together and not (setting.partial and _one_job(spec, rows))
    known, mapped = known_of(setting, owner, mine[0] if mine else None), list[Mapped]()
    for row in rows:
        found = map_record(spec, row, mapped[-1].worker if mapped and not together else known.worker)
        if isinstance(found, Rejected):
            return found
        mapped.append(found)
    odd = [each for found in mapped for each in found.findings]
    if together:
        return Told(taken=_side_by_side(setting, spec, mapped, owner, mine), findings=odd)
    end = len(lives_in(spec, rows)[0]) if owner is not None and len(rows) > 1 else len(rows)
    last, ended, older = list[Taken](), list[Taken](), False
    for n, each in enumerate(mapped, start=1):
        taken = in_time(setting, spec.says, each, known)
        older |= taken.older
        if not taken.says_nothing:
            known, last = known.after(taken), [taken]
        if n == end < len(rows):
            ended = last
    return Told(taken=last, findings=odd, older=older, ended=ended[0] if ended else None, back=rows[end:])


def _job_by_job(
    setting: Setting, spec: MappingSpec, rows: Sequence[RawRecord], mine: Sequence[Employment], *, together: bool
) -> bool:
    """These rows name some of the jobs under one number: each is looked at by itself.

    Without an ID of the job as many rows as there are jobs are taken for all of them.
    """
    if not (setting.partial and setting.several_jobs):
        return False
    if "job_id" not in spec.says:
        return len(mine) > (len(rows) if together else 1)
    ids = {Said(spec, row).text("job_id") or "" for row in rows} | {job.worker.job_id for job in mine}
    return len(mine) > 1 or len(ids - {""}) > 1


def _one_job(spec: MappingSpec, rows: Sequence[RawRecord]) -> bool:
    """All of these name the same job: they are changes of it, one after the other."""
    names = {Said(spec, row).text("job_id") or "" for row in rows}
    return len(names) == 1 and names != {""}


def _side_by_side(
    setting: Setting,
    spec: MappingSpec,
    found: Sequence[Mapped],
    owner: Person | None,
    mine: Sequence[Employment],
) -> list[Taken]:
    """All jobs of one number, told together, and so never older; one that is dated ahead waits."""
    told = [Taken(worker=each.worker, told={}, effective_on=each.effective_on) for each in found]
    if not all(each.worker.job_id for each in found):
        return told
    for n, (each, (_, was)) in enumerate(zip(found, paired(mine, [m.worker for m in found]), strict=True)):
        known = replace(known_of(setting, owner, was), told={})
        today = setting.moment(each.worker).today
        told[n] = with_entered(setting, each, known, told[n])
        if known.ahead or (each.effective_on is not None and each.effective_on > today):
            told[n] = replace(in_time(setting, spec.says, each, known), told={})
    return told


@dataclass(slots=True)
class _Job:
    """A job while rows about it are read. `over`: it has ended."""

    known: Known
    over: bool = False
    taken: Taken | None = None

    def alike(self, said: Said) -> bool:
        """The row says of the job itself what is known of it."""
        names = said.spec.says.intersection(JOB_NAMES)
        worker = self.known.worker
        return bool(names) and worker is not None and all((said.text(n) or "") == worker.value(n) for n in names)


def _told_by_job(
    setting: Setting,
    spec: MappingSpec,
    rows: Sequence[RawRecord],
    owner: Person | None,
    mine: Sequence[Employment],
) -> Told | Rejected:
    """What these rows, oldest first, come to: one for each job that they name."""
    jobs = [_Job(_known_job(setting, owner, was), was.standing.stage in _OVER) for was in mine]
    findings, older = list[Finding](), False
    for row in rows:
        about = _about(Said(spec, row), jobs)
        if about is None:
            return _unclear(key_of(spec, row), len(jobs))
        if not about:
            about = [_Job(Known(worker=None, told={}, beside=bool(jobs)))]
            jobs += about
        for job in about:
            found = map_record(spec, row, job.known.worker or _sibling(jobs))
            if isinstance(found, Rejected):
                return found
            findings += [each for each in found.findings if each not in findings]
            older |= _take(setting, spec, job, found, _sibling(jobs))
    taken = [job.taken for job in jobs if job.taken is not None]
    return Told(taken=taken, findings=findings, older=older, by_job=True)


def _known_job(setting: Setting, owner: Person | None, was: Employment) -> Known:
    """A job by all that is known of it; of one without an ID nobody can say when it was last told of."""
    known = known_of(setting, owner, was)
    return known if was.worker.job_id else replace(known, told={})


def _about(said: Said, jobs: Sequence[_Job]) -> Sequence[_Job] | None:
    """The jobs that a row is about, none for a new one; None where nobody can tell."""
    live = [job for job in jobs if not job.over] or list(jobs)
    if name := said.text("job_id") or "":
        named = [job for job in jobs if job.known.worker is not None and job.known.worker.job_id == name]
        nameless = [job for job in live if job.known.worker is not None and not job.known.worker.job_id]
        if named or not nameless:
            return named[:1]
        return nameless if len(live) == 1 else None
    if len(live) <= 1 or said.spec.says <= PERSONAL | {"job_id"}:
        return live
    alike = [job for job in live if job.alike(said)]
    return alike if len(alike) == 1 else None


def _take(setting: Setting, spec: MappingSpec, job: _Job, found: Mapped, sibling: Worker | None) -> bool:
    """True where something newer is known of part of it.

    A job without an ID does not wait for its day, and has no news that are older: nobody could find it again by then.
    """
    if job.known.worker is not None and not found.worker.job_id:
        # a row that names no job does not take the name of one that it is about
        found = replace(found, worker=replace(found.worker, job_id=job.known.worker.job_id))
    if job.known.worker is None and sibling is not None:
        found = replace(found, worker=merged(sibling, found.worker, PERSONAL - IDENTITY_NAMES - spec.says))
    named = bool(found.worker.job_id or (job.known.worker and job.known.worker.job_id))
    taken = in_time(setting, spec.says, found if named else replace(found, effective_on=None), job.known)
    if not taken.says_nothing:
        told = taken.told if named else {}
        taken = replace(taken, told=told, effective_on=taken.effective_on or found.effective_on)
        job.known, job.taken = job.known.after(taken), taken
    return taken.older


def _sibling(jobs: Sequence[_Job]) -> Worker | None:
    known = sorted((job for job in jobs if job.known.worker is not None), key=lambda job: job.over)
    return known[0].known.worker if known else None


def _unclear(worker_id: str, jobs: int) -> Rejected:
    return Rejected(
        code="job_unclear",
        reason=f"{worker_id} has {jobs} jobs, and a row of changes does not say which of them it is about.",
        attribute="job_id",
        worker_id=worker_id,
    )
