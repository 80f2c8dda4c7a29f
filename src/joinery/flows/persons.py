"""The row of one person from their records: what these come to, since when, and when it changes by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from joinery.core.hygiene.dates import job_over
from joinery.core.model.employment import Employment
from joinery.core.model.finding import Finding, Severity
from joinery.core.rules.events import Known
from joinery.core.rules.instants import start_of_day
from joinery.core.rules.job_ends import unended_jobs
from joinery.core.rules.jobs import together, wake_of
from joinery.core.rules.lifecycle import Moment
from joinery.flows.in_time import ENTERED, waiting_of
from joinery.flows.netting import fact_changes, with_changes
from joinery.flows.setting import Setting
from joinery.store.people import Person


def person_of(
    setting: Setting,
    jobs: Sequence[Employment],
    owner: Person | None,
    doubt: str = "",
    memory: Mapping[str, Any] | None = None,
) -> tuple[Person, tuple[Finding, ...]]:
    """The person behind these records; `owner` is who they were until now, None for somebody new.

    `memory`: what is to be remembered of them from now on; the owner's where it is not given.
    """
    findings: tuple[Finding, ...] = ()
    known = Known(worker=jobs[0].worker, standing=jobs[0].standing)
    moment = setting.moment(known.worker)
    if len(jobs) > 1 or (owner is not None and owner.employments):
        both = together(jobs, owner.known if owner else None, moment, setting.policy_of, setting.ownership)
        known, jobs = both.known, both.jobs
        findings = tuple(_findings(both.disputed, both.several_primaries, known))
    findings += tuple(job_over(job.worker) for job in unended_jobs(jobs, setting.moment, setting.policy_of))
    changed = fact_changes(owner.worker, known.worker) if owner else {}
    said = memory if memory is not None else owner.memory if owner else {}
    person = Person(
        key=owner.key if owner else setting.new_key(),
        worker=known.worker,
        standing=known.standing,
        memory=with_changes(said, changed),
        wake_at=_wake(setting, jobs, said, moment),
        unsettled=True,
        frozen=doubt or (owner.frozen if owner else ""),
        employments=tuple(jobs) if len(jobs) > 1 else (),
    )
    return person, findings


def _wake(setting: Setting, jobs: Sequence[Employment], memory: Mapping[str, Any], moment: Moment) -> datetime | None:
    """When a record changes by itself, or something that HR dated ahead comes into force where its record is."""
    found = [wake_of(jobs, moment, setting.policy_of)]
    for job in jobs:
        zone = setting.moment(job.worker).zone
        found += [start_of_day(each.on, zone) for each in waiting_of(memory, job.worker)]
    return min((at for at in found if at is not None), default=None)


def absorbed(setting: Setting, kept: Person, gone: Person) -> Person:
    """Two turned out to be one: all records under the key of the one who stays."""
    jobs = [*kept.jobs, *(replace(job, primary=False) for job in gone.jobs)]
    both = {what: {**gone.memory.get(what, {}), **kept.memory.get(what, {})} for what in ("ahead", ENTERED)}
    memory = {**kept.memory, **{what: some for what, some in both.items() if some}}
    person, _ = person_of(setting, jobs, kept, memory=memory)
    return replace(person, frozen="")


def _findings(disputed: Sequence[str], several: bool, known: Known) -> list[Finding]:
    number = known.worker.worker_id
    found = [
        Finding(
            check="sources_disagree",
            severity=Severity.WARNING,
            message=f"Two sources give {number} different values for {name}; the first one in the settings counts.",
            worker_id=number,
            attribute=name,
            suggestion="Correct one of them, or say whose value counts: owner: true at that field.",
        )
        for name in disputed
    ]
    if several:
        found.append(
            Finding(
                check="several_primary_jobs",
                severity=Severity.WARNING,
                message=f"More than one job of {number} says that it is the main one; the one it was so far counts.",
                worker_id=number,
                attribute="primary_job",
                suggestion="Mark one job as the main one in the HR system.",
            )
        )
    return found
