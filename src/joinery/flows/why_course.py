"""What somebody has to learn, why, until when; and why not.

Rule: the reason of an exemption may be health data and is told only when confidential things are asked for.
"""

from __future__ import annotations

from typing import Any

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.explain import why, why_not
from joinery.core.rules.learning import Assignment, State
from joinery.flows.person import known_requirements, requirement_named
from joinery.flows.why_case import Case
from joinery.flows.why_facts import origins
from joinery.flows.why_part import Part


def learning_part(case: Case) -> Part:
    """Every open assignment with its reasons; exemptions."""
    learned = case.decided.learned
    if learned is None:
        return Part(name="learning", title="Training", data={"open": []})
    told = origins(case)
    named = dict.fromkeys(row.requirement for row in learned.open)
    said = [sentence for key in named for sentence in why(learned, key, told)]
    said += [_exempt(case, each) for each in learned.exemptions]
    return Part(name="learning", title="Training", said=tuple(said), data={"open": [_row(r) for r in learned.open]})


def _exempt(case: Case, each: Any) -> str:
    until = f"until {each.until}" if each.until else "without an end"
    reason = f": {each.reason}" if case.confidential else ""
    return f"Exempt from {each.requirement} {until}, by {each.owner}{reason}."


def course_part(case: Case, course: str) -> Part:
    """Why, or why not, this course or path."""
    key = requirement_named(course, known_requirements(case.connection, case.policy, case.person))
    learned = case.decided.learned
    if learned is None:
        return Part(name="learning", title="Training", said=(f"No rule gives {key}.",), data={"course": key})
    said = why(learned, key, origins(case)) or why_not(learned, key)
    rows = [row for row in learned.assignments if row.requirement == key]
    data = {"course": key, "has": any(r.state is State.OPEN for r in rows), "assignments": [_row(r) for r in rows]}
    return Part(name="learning", title="Training", said=said, data=data)


def _row(row: Assignment) -> dict[str, Any]:
    return {
        "requirement": RequirementKey(row.requirement),
        "cycle": row.cycle,
        "state": str(row.state),
        "reasons": sorted(row.reasons),
        "assigned_on": row.assigned_on.isoformat(),
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "completed_on": row.completed_on.isoformat() if row.completed_on else None,
    }
