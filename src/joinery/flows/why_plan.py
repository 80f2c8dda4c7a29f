"""What is not as it should be, and what is going to happen about it: open plans, and the next one."""

from __future__ import annotations

from typing import Any

from joinery.core.model.plan import Line
from joinery.core.planning.wording import said as worded
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part
from joinery.store.history import plan_of
from joinery.store.plans import StoredLine, lines_of_person

_OPEN = ("waiting", "approved", "applying", "observed")
_UNDONE = ("waiting", "held", "planned", "sent", "failed", "needs_you")


def plan_part(case: Case) -> Part:
    """Lines that wait or are held in open plans, then what the next plan does."""
    waiting = _waiting(case)
    said = [_stored(plan, line) for plan, line in waiting]
    known = {(str(line.line.action), worded(line.line.operation)) for _, line in waiting}
    next_ones = [line for line in case.lines if case.looked_at]
    said += [_next(case, line) for line in next_ones if (str(line.action), worded(line.operation)) not in known]
    if not said:
        said = ["As it should be: the next run has nothing to do."]
    data = {
        "open": [_stored_data(plan, line) for plan, line in waiting],
        "next": [_data(case, line) for line in next_ones],
    }
    return Part(name="plan", title="To do", said=tuple(said), data=data)


def _waiting(case: Case) -> list[tuple[str, StoredLine]]:
    found = [(p, s) for p, s in lines_of_person(case.connection, case.person.key) if str(s.state) in _UNDONE]
    return [(p, s) for p, s in found if plan_of(case.connection, p)[1] in _OPEN]


def _stored(plan: str, stored: StoredLine) -> str:
    what = worded(stored.line.operation)
    detail = stored.line.held if str(stored.state) == "held" else stored.detail
    return f"{plan}: {what} [{stored.state}]" + (f": {detail}." if detail else ".")


def _next(case: Case, line: Line) -> str:
    because = "; ".join(reason.text for reason in line.because)
    mode = case.policy.mode_of(line.action)
    if line.held:
        return f"Wanted, but held: {worded(line.operation)}: {line.held}."
    then = {"observe": "only shown (observe mode)", "approve": "waits for approval"}.get(mode, "done by itself")
    return f"Next plan: {worded(line.operation)} ({because}); {then}."


def _stored_data(plan: str, stored: StoredLine) -> dict[str, Any]:
    return {
        "plan": plan,
        "line": stored.seq,
        "action": str(stored.line.action),
        "what": worded(stored.line.operation),
        "state": str(stored.state),
        "held": stored.line.held,
    }


def _data(case: Case, line: Line) -> dict[str, Any]:
    return {
        "action": str(line.action),
        "what": worded(line.operation),
        "because": [reason.text for reason in line.because],
        "held": line.held,
        "mode": case.policy.mode_of(line.action),
    }
