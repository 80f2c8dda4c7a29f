"""The stage of an employment with its dates, and whether somebody is in scope.

Rule: an end still to come is told only when confidential things are asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from joinery.core.model.standing import Stage
from joinery.core.rules.conditions.facts import WorkerFacts
from joinery.core.rules.instants import local_day
from joinery.core.rules.jobs import other_jobs
from joinery.core.rules.lifecycle import archive_on
from joinery.core.rules.scope import in_scope_by_any
from joinery.flows.decide import facts_for
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part, day


def life_part(case: Case) -> Part:
    """Where they stand, since when, and what is to come."""
    standing, worker = case.person.standing, case.person.worker
    said = [_stage(case)]
    if standing.missing_files and standing.stage.employed:
        said.append(_missing(case))
    said += _to_come(case)
    data: dict[str, object] = {
        "stage": str(standing.stage),
        "since": standing.since.isoformat(),
        "hire_date": worker.value("hire_date") or None,
        "ended_on": str(standing.ended_on) if standing.ended_on and standing.stage is Stage.LEFT else None,
    }
    if case.confidential:
        data["termination_date"] = worker.value("termination_date") or None
    return Part(name="employment", title="Employment", said=tuple(said), data=data)


def _stage(case: Case) -> str:
    standing, worker = case.person.standing, case.person.worker
    match standing.stage:
        case Stage.ACTIVE:
            ended = standing.consumed_end if standing.back_on else None
            back = f", back after an employment that ended on {ended}" if ended else ""
            return f"At work since {standing.started_on or worker.hire_date or 'a day that HR does not give'}{back}."
        case Stage.LEAVE:
            return f"On leave, since {day(standing.since, case.zone)} or earlier; due dates stand still."
        case Stage.PREHIRE:
            return f"Not at work yet: starts {worker.hire_date or 'on a day that HR does not give'}."
        case Stage.LEFT:
            return f"Left: the employment ended on {standing.ended_on or day(standing.since, case.zone)}."
        case Stage.NO_SHOW:
            return "Was announced and never started."
        case _:
            assert_never(standing.stage)


def _missing(case: Case) -> str:
    standing, most = case.person.standing, case.policy.lifecycle_of(case.person.worker).missing_files
    times = "once" if standing.missing_files == 1 else f"{standing.missing_files} times in a row"
    then = "archived" if standing.missing_files >= most else f"kept as they are, and archived after {most} times"
    return f"Missing from HR's file {times}, since {standing.missing_since}: {then}."


def _to_come(case: Case) -> list[str]:
    standing, worker = case.person.standing, case.person.worker
    policy = case.policy.lifecycle_of(worker)
    if standing.stage is Stage.LEFT:
        on = archive_on(standing, policy, worker.employment_type)
        return [f"To be archived on {on}."] if on is not None and on > local_day(case.at, case.zone) else []
    if case.confidential and standing.armed_end is not None:
        return [f"Confidential: HR has announced an end on {standing.armed_end}."]
    return []


def scope_part(case: Case) -> Part:
    """In scope or not, and the nearest failing condition. Without conditions there is nothing to tell."""
    facts = _facts_of(case)
    jobs = [facts, *(replace(facts, worker=other) for other in other_jobs(case.person.employments))]
    verdict = in_scope_by_any(jobs, case.policy.include, case.policy.exclude)
    why = "; ".join(verdict.why)
    said: tuple[str, ...] = ()
    if verdict.inside is None:
        said = (f"In or out of scope cannot be told, so nothing is written: {why}.",)
    elif not verdict.inside:
        said = (f"Not in scope: {why}.",)
    elif case.policy.include or case.policy.exclude:
        said = (f"In scope: {why}.",)
    data = {"inside": verdict.inside, "why": list(verdict.why)}
    return Part(name="scope", title="Scope", said=said, data=data)


def _facts_of(case: Case) -> WorkerFacts:
    return facts_for(case.policy, case.batch, case.person, local_day(case.at, case.zone), case.state.go_live)
