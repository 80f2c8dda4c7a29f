"""What was known and done at a past moment, from rows that are only ever added.

Rule: what was not kept is named, never guessed; former names, and what is confidential today, stay untold here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from joinery.core.model.event import EventKind
from joinery.core.model.standing import Stage
from joinery.core.model.worker import IDENTITY_NAMES, LIFECYCLE_NAMES
from joinery.core.rules.instants import local_day
from joinery.core.rules.learning import MANUAL, Assignment
from joinery.flows.person import known_requirements, requirement_named
from joinery.flows.why_case import Case
from joinery.flows.why_facts import NAMES
from joinery.flows.why_part import Part, day
from joinery.store.assignments import assignments_of
from joinery.store.events import events_of
from joinery.store.facts import facts_known_at
from joinery.store.history import Done, decisions_at, done_with, facts_of

_STAGE = {
    EventKind.PREHIRE: "Not at work yet: announced, to start on {on}",
    EventKind.JOINER: "At work since {on}",
    EventKind.REHIRE: "At work again since {on}",
    EventKind.LEAVER: "Left on {on}",
    EventKind.LEAVE: "On leave since {on}",
    EventKind.RETURN: "Back from leave since {on}",
    EventKind.NO_SHOW: "Was announced and never started",
    EventKind.MISSING: "Missing from HR's file since {on}",
    EventKind.RETURNED: "In HR's file again since {on}",
}
#: what somebody was before their first event, as the first file of all makes none
_BEFORE = {
    EventKind.PREHIRE: "Gone",
    EventKind.JOINER: "Not at work yet",
    EventKind.REHIRE: "Gone",
    EventKind.LEAVER: "At work",
    EventKind.LEAVE: "At work",
    EventKind.RETURN: "On leave",
    EventKind.NO_SHOW: "Not at work yet",
    EventKind.MISSING: "At work",
    EventKind.RETURNED: "At work",
}
_NOW = {
    Stage.PREHIRE: "Not at work yet",
    Stage.ACTIVE: "At work",
    Stage.LEAVE: "On leave",
    Stage.LEFT: "Gone",
    Stage.NO_SHOW: "Never started",
}
_ACCOUNT = {
    "create": "made",
    "link": "recognised",
    "restore": "opened again",
    "suspend": "suspended",
    "archive": "archived",
}
_NOT_KEPT = (
    "The rules and settings of that day, and why they gave what they gave.",
    "What was changed by hand in the learning system, and problems in HR's data that are solved.",
)


def then_parts(case: Case, at: datetime, course: str) -> tuple[Part, ...]:
    """What can be told of that moment, and what cannot."""
    gap = Part(name="not_kept", title="Not kept", said=_NOT_KEPT)
    first = min((row.known_from for row in facts_of(case.connection, case.person.key)), default=None)
    if first is None or at < first:
        on = f"; HR's first word came on {day(first, case.zone)}" if first else ""
        return (Part(name="facts", title="Facts", said=(f"Nobody was known under this number then{on}.",)),)
    if course:
        return (_learning(case, at, course), gap)
    return (_life(case, at), _facts(case, at), _account(case, at), _learning(case, at, ""), gap)


def _life(case: Case, at: datetime) -> Part:
    today = local_day(at, case.zone)
    told = [event for event in events_of(case.connection, case.person.key) if event.kind in _STAGE]
    event = next((event for event in reversed(told) if event.observed_on <= today), None)
    if event is not None:
        said = _STAGE[event.kind].format(on=event.effective_on) + "."
    else:
        said = (
            f"{_BEFORE[told[0].kind] if told else _NOW[case.person.standing.stage]}, since HR's first file or longer."
        )
    data = {"event": str(event.kind) if event else None, "on": event.effective_on.isoformat() if event else None}
    return Part(name="employment", title="Employment", said=(said,), data=data)


def _facts(case: Case, at: datetime) -> Part:
    known = facts_known_at(case.connection, case.person.key, at)
    told = {
        name: value
        for name, (value, _) in sorted(known.items())
        if (case.confidential or name not in LIFECYCLE_NAMES) and name not in NAMES
    }
    others = [name for name in sorted(NAMES & known.keys()) if known[name][0] != case.person.worker.value(name)]
    shown = ", ".join(f"{name} {value}" for name, value in told.items() if name not in IDENTITY_NAMES - {"worker_id"})
    said = [f"Known then: {shown}."]
    if others:
        said.append(f"Other than today, and not told because it may hold a former name: {', '.join(others)}.")
    return Part(name="facts", title="Facts", said=tuple(said), data={"values": told, "other_than_today": others})


def _account(case: Case, at: datetime) -> Part:
    done = [d for d in done_with(case.connection, case.person.key) if d.as_of <= at and d.action in _ACCOUNT]
    said = [f"{_ACCOUNT[done[-1].action].capitalize()} on {_when(case, done[-1])}."] if done else [_no_account(case)]
    for each in decisions_at(case.connection, case.person.key, at, local_day(at, case.zone)):
        if each.kind == "end_access":
            why = f" Confidential reason: {each.reason}." if case.confidential else ""
            said.append(f"{each.owner} had ended access by hand on {day(each.made_at, case.zone)}.{why}")
    data = {"actions": [{"action": d.action, "plan": d.plan, "as_of": d.as_of.isoformat()} for d in done]}
    return Part(name="account", title="Account", said=tuple(said), data=data)


def _when(case: Case, done: Done) -> str:
    return f"{day(done.as_of, case.zone)} ({done.plan})"


def _no_account(case: Case) -> str:
    return "Joinery had not made, recognised, suspended or opened any account for this person."


def _learning(case: Case, at: datetime, course: str) -> Part:
    today = local_day(at, case.zone)
    rows = assignments_of(case.connection, [case.person.key]).get(case.person.key, ())
    said: list[str] = []
    key = None
    if course:
        key = requirement_named(course, known_requirements(case.connection, case.policy, case.person))
        rows = tuple(row for row in rows if row.requirement == key)
    open_then = [row for row in rows if _open_on(row, today)]
    said += [_asked(row) for row in open_then]
    said += _exempt(case, at, today, course and str(key))
    if key is not None and not open_then:
        done = [row for row in rows if row.completed_on is not None and row.completed_on <= today]
        said += [f"{key} had been completed on {row.completed_on}." for row in done] or [f"Did not have {key} then."]
    data = {"open": [{"requirement": row.requirement, "assigned_on": row.assigned_on.isoformat()} for row in open_then]}
    return Part(name="learning", title="Training", said=tuple(said), data=data)


def _open_on(row: Assignment, today: date) -> bool:
    """As far as is remembered: an assignment that was withdrawn and opened again counts as open all the time."""
    ended = row.completed_on or row.withdrawn_on
    return row.assigned_on <= today and (ended is None or ended > today)


def _asked(row: Assignment) -> str:
    by = sorted(r.removeprefix(MANUAL) + ", by hand" if r.startswith(MANUAL) else f"rule {r}" for r in row.reasons)
    asked = f"; asked for, as remembered today, by {', '.join(by)}" if by else ""
    return f"Had {row.requirement}, assigned on {row.assigned_on}{asked}."


def _exempt(case: Case, at: datetime, today: date, key: str) -> Iterator[str]:
    for each in decisions_at(case.connection, case.person.key, at, today):
        if each.kind == "exemption" and key in {"", each.subject}:
            why = f": {each.reason}" if case.confidential else ""
            yield f"Exempt from {each.subject} by {each.owner}{why}."
