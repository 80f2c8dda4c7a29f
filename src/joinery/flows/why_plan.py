"""What is not as it should be, and what is going to happen about it: the open plan, and the next one.

Rule: what the next plan is said to do is what it does, except that guards count over everybody and may hold more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from joinery.core.model.operation import Assign, Operation, SuspendAccount, UpdateAccount, Withdraw
from joinery.core.model.plan import Line, LineState, Reason
from joinery.core.planning.wording import said as worded
from joinery.flows.why_ahead import Step
from joinery.flows.why_case import Case
from joinery.flows.why_facts import NAMES
from joinery.flows.why_part import Part, day
from joinery.store.history import plan_state
from joinery.store.plans import StoredLine, lines_of_person

_OVER = {"discarded", "superseded"}
_UNDONE = {
    LineState.WAITING,
    LineState.HELD,
    LineState.PLANNED,
    LineState.SENT,
    LineState.FAILED,
    LineState.NEEDS_YOU,
    LineState.UNCONFIRMED,
}
_THEN = {
    "observe": "only shown, because the mode is observe",
    "approve": "waits for approval",
    "automatic": "done by itself unless a guard objects",
}


def plan_part(case: Case, about: str = "") -> Part:
    """Lines that wait or are held in the open plan, then what the next plan has besides.

    `about` one requirement: without a line about it, nothing is said.
    """
    plan, found = _newest(case)
    waiting = [stored for stored in found if _is_about(stored.line, about)]
    told = {(stored.line.action, _worded(stored.line.operation)) for stored in waiting}
    coming = [line for line in case.lines if _is_about(line, about)] if case.looked_at else []
    besides = [line for line in coming if (line.action, _worded(line.operation)) not in told]
    said = [*_stored(plan, waiting), *_where(case, plan, waiting), *_coming(case, besides)]
    if about:
        return Part(name="plan", title="To do", said=tuple(said), data=_as_data(case, plan, waiting, coming))
    if pinned := sorted(case.decided.subject.pinned):
        said.append(f"Left as somebody wanted it, until HR or a rule changes it: {', '.join(pinned)}.")
    if not said and not case.looked_at and case.lines:
        said = ["Not as it should be, and nothing makes the next run look: joinery reconcile."]
    if not said and case.decided.subject.desired.hold:
        said = [f"Nothing until this is solved: {case.decided.subject.desired.hold}."]
    nothing = ("Nothing: everything is as it should be.",)
    return Part(name="plan", title="To do", said=tuple(said) or nothing, data=_as_data(case, plan, waiting, coming))


def _is_about(line: Line, requirement: str) -> bool:
    """Everything is about nothing in particular; with a requirement, what gives or takes it."""
    if not requirement:
        return True
    return isinstance(line.operation, Assign | Withdraw) and line.operation.requirement == requirement


def _as_data(case: Case, plan: str, waiting: Sequence[StoredLine], coming: Sequence[Line]) -> dict[str, Any]:
    return {
        "open": [_stored_data(plan, stored) for stored in waiting],
        "next": [_data(case, line) for line in coming],
    }


def until_part(case: Case, steps: Sequence[Step]) -> Part:
    """Day by day, what runs until then would do."""
    said = []
    for step in steps:
        on = day(step.at, case.zone)
        done = [_worded(line.operation) for line in step.lines if not line.held]
        if done:
            said.append(f"{on}: {'; '.join(done)}.")
        held = [line for line in step.lines if line.held]
        said += [f"{on}: held, {_worded(line.operation)}: {line.held}." for line in held]
    data = {
        "steps": [{"at": s.at.isoformat(), "lines": [_data(case, line) for line in s.lines]} for s in steps],
    }
    return Part(name="until", title="Until then", said=tuple(dict.fromkeys(said)) or ("Nothing changes.",), data=data)


def _newest(case: Case) -> tuple[str, list[StoredLine]]:
    """The newest plan with lines for this person, and those not done; what an older one left is planned anew."""
    found = lines_of_person(case.connection, case.person.key)
    plan = found[0][0] if found else ""
    if plan_state(case.connection, plan) in _OVER:
        return plan, []
    undone = [stored for number, stored in found if number == plan and stored.state in _UNDONE]
    ended = {LineState.FAILED, LineState.NEEDS_YOU}
    return plan, [stored for stored in undone if stored.state not in ended or case.person.unsettled]


def _stored(plan: str, lines: Sequence[StoredLine]) -> list[str]:
    said = []
    for (state, held, detail), several in groupby(lines, key=lambda s: (s.state, s.line.held, s.detail)):
        what = "; ".join(_worded(stored.line.operation) for stored in several)
        said.append(f"{_TOLD[state].format(plan=plan)}: {what}{_because(held or detail)}.")
    return said


def _where(case: Case, plan: str, waiting: Sequence[StoredLine]) -> list[str]:
    """What becomes of the lines that nothing holds."""
    if not any(stored.state is LineState.WAITING for stored in waiting):
        return []
    state = plan_state(case.connection, plan)
    return [f"{plan} {_PLAN[state]}."] if state in _PLAN else []


_PLAN = {
    "observed": "is only shown, because the mode is observe",
    "waiting": "waits for approval",
    "approved": "is approved and not applied yet",
}


_TOLD = {
    LineState.WAITING: "In {plan}, not done",
    LineState.HELD: "Held in {plan}",
    LineState.PLANNED: "Under way in {plan}",
    LineState.SENT: "Under way in {plan}",
    LineState.FAILED: "Failed in {plan}, tried again by the next run",
    LineState.NEEDS_YOU: "Needs a person, {plan}",
    LineState.UNCONFIRMED: "Told in {plan}",
}


def _because(why: str) -> str:
    return f", because {why.rstrip('.')}" if why else ""


def _coming(case: Case, lines: Sequence[Line]) -> list[str]:
    said = []
    for (held, mode), several in groupby(lines, key=lambda line: (line.held, case.policy.mode_of(line.action))):
        mine = list(several)
        what = "; ".join(_worded(line.operation) for line in mine)
        if held:
            said.append(f"Next plan, held: {what}{_because(held)}.")
            continue
        causes = "; ".join(dict.fromkeys(_reason(reason) for line in mine for reason in line.because))
        said.append(f"Next plan: {what}. Cause: {causes}. It is {_THEN[mode]}.")
    return said


def _reason(reason: Reason) -> str:
    return f"HR changed {reason.attribute}" if reason.attribute in NAMES and reason.old else reason.text


def _worded(operation: Operation) -> str:
    """As in plans, without old values that may hold a former name, and without roles that hardly anybody has."""
    if isinstance(operation, SuspendAccount):
        return "end access"
    if not isinstance(operation, UpdateAccount):
        return worded(operation)
    return "; ".join(
        f"{c.attribute} -> {c.new or 'nothing'}"
        if c.attribute in NAMES or c.attribute in {"email", "display_name"}
        else f"{c.attribute}: {c.old or 'nothing'} -> {c.new or 'nothing'}"
        for c in operation.changes
    )


def _stored_data(plan: str, stored: StoredLine) -> dict[str, Any]:
    return {
        "plan": plan,
        "line": stored.seq,
        "action": str(stored.line.action),
        "what": _worded(stored.line.operation),
        "state": str(stored.state),
        "held": stored.line.held or None,
        "detail": stored.detail or None,
    }


def _data(case: Case, line: Line) -> dict[str, Any]:
    return {
        "action": str(line.action),
        "what": _worded(line.operation),
        "because": [_reason(reason) for reason in line.because],
        "held": line.held or None,
        "mode": case.policy.mode_of(line.action),
    }
