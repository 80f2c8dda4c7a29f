"""What somebody has to learn, why, until when; and why not.

Rule: what somebody typed as the reason of an exemption or of an assignment may be health data, and is told only when
confidential things are asked for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date
from typing import Any

from joinery.core.model.ids import RequirementKey
from joinery.core.model.standing import Stage
from joinery.core.rules.explain import exempted, why, why_not
from joinery.core.rules.instants import local_day
from joinery.core.rules.learning import Assignment, Exemption, State, Weight
from joinery.core.rules.subject import Decided
from joinery.flows.person import known_requirements, requirement_named
from joinery.flows.why_case import Case
from joinery.flows.why_facts import origins
from joinery.flows.why_part import Part

#: so many finished courses are named, the latest
DONE = 3
_NOT_NOW = {
    Stage.LEFT: "They have left: nothing new is given.",
    Stage.NO_SHOW: "They never started: nothing is given.",
    Stage.PREHIRE: "They are not at work yet: courses come with the account.",
}


def learning_part(case: Case) -> Part:
    """Every open assignment with its reasons; exemptions; what was finished last."""
    learned = case.decided.learned
    if learned is None:
        return Part(name="learning", title="Training", data={"open": [], "exemptions": [], "completed": []})
    said = list(_open(case, learned))
    for key in dict.fromkeys(each.requirement for each in learned.exemptions):
        said += exempted(learned, key, confidential=case.confidential)
    done = sorted(
        (row for row in learned.assignments if row.completed_on is not None),
        key=lambda row: row.completed_on or date.min,
    )
    if done:
        said.append("Done: " + ", ".join(f"{row.requirement} ({row.completed_on})" for row in done[-DONE:]) + ".")
    data = {
        "open": [_row(row) for row in learned.open],
        "exemptions": [_exemption(case, each) for each in learned.exemptions],
        "completed": [_row(row) for row in done],
    }
    return Part(name="learning", title="Training", said=tuple(said), data=data)


def _open(case: Case, learned: Decided) -> Iterator[str]:
    told = origins(case)
    for key in dict.fromkeys(row.requirement for row in learned.open):
        yield from why(learned, key, told)
        yield from _overdue(case, learned, key)
        yield from _typed(case, key)


def _overdue(case: Case, learned: Decided, key: RequirementKey) -> Iterator[str]:
    """As in every report: only what is mandatory, and nobody who is on leave."""
    today = local_day(case.at, case.zone)
    mine = (row for row in learned.open if row.requirement == key and row.paused_on is None)
    if any(row.due_on is not None and row.due_on < today and row.weight is Weight.MANDATORY for row in mine):
        yield f"{key} is overdue then, unless it is done." if case.ahead else f"{key} is overdue."


def _typed(case: Case, key: RequirementKey) -> Iterator[str]:
    """What somebody typed when they assigned it by hand."""
    if case.confidential:
        for each in case.batch.decisions.get(case.person.key, ()):
            if each.kind == "manual" and each.subject == key:
                yield f"Confidential reason given by {each.owner}: {each.reason}."


def course_part(case: Case, course: str) -> Part:
    """Why, or why not, this course or path."""
    known = known_requirements(case.connection, case.policy, case.person)
    key = requirement_named(course, known)
    learned = case.decided.learned or Decided()
    said = [*why(learned, key, origins(case)), *_overdue(case, learned, key), *_typed(case, key)]
    if not said:
        said = [*_not_now(case, key, learned), *why_not(learned, key, confidential=case.confidential)]
        said += [*_elsewhere(case, key, learned), *_near(course, key, known)]
    rows = [row for row in learned.assignments if row.requirement == key]
    data = {"course": key, "has": any(r.state is State.OPEN for r in rows), "assignments": [_row(r) for r in rows]}
    return Part(name="learning", title="Training", said=tuple(said), data=data)


def _not_now(case: Case, key: RequirementKey, learned: Decided) -> Iterator[str]:
    wanted = any(verdict.matched and verdict.rule.asks_for(key) for verdict in learned.verdicts)
    if wanted and case.person.standing.stage in _NOT_NOW and not any(r.requirement == key for r in learned.assignments):
        yield _NOT_NOW[case.person.standing.stage]


def _elsewhere(case: Case, key: RequirementKey, learned: Decided) -> Iterator[str]:
    """The learning system has it although nothing here ever asked for it."""
    if any(row.requirement == key for row in learned.assignments) or case.account is None:
        return
    for each in case.account.enrolments.values():
        if each.requirement == key:
            yield f"The learning system has it ({each.state}); it did not come from Joinery."


def _near(course: str, key: RequirementKey, known: set[RequirementKey]) -> Iterator[str]:
    if key in known:
        return
    names = {each.partition(":")[2].lower(): each for each in known}
    near = difflib.get_close_matches(course.partition(":")[2].lower() or course.lower(), names, n=3, cutoff=0.5)
    if near:
        yield f"Did you mean {' or '.join(names[each] for each in near)}?"


def _row(row: Assignment) -> dict[str, Any]:
    return {
        "requirement": row.requirement,
        "cycle": row.cycle or None,
        "state": str(row.state),
        "reasons": sorted(row.reasons),
        "assigned_on": row.assigned_on.isoformat(),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "completed_on": row.completed_on.isoformat() if row.completed_on else None,
    }


def _exemption(case: Case, each: Exemption) -> dict[str, Any]:
    data = {
        "requirement": each.requirement,
        "owner": each.owner,
        "until": each.until.isoformat() if each.until else None,
    }
    return {**data, "reason": each.reason} if case.confidential else data
