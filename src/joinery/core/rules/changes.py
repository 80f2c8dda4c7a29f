"""The difference between the memory before and after, said in words.

Rule 1: derived by comparing rows only, so that no decision is made here and none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from joinery.core.rules.learning import MANUAL, Assignment, State, WhenMatchEnds
from joinery.core.rules.subject import AssignmentChange, Happened, RuleVerdict, Subject


def changes_between(
    before: Iterable[Assignment], after: Iterable[Assignment], verdicts: Iterable[RuleVerdict], subject: Subject
) -> tuple[AssignmentChange, ...]:
    """One change for each row that is new or different, in the order of the rows."""
    earlier = {(row.requirement, row.cycle): row for row in before}
    by_name = {verdict.rule.name: verdict for verdict in verdicts}
    found = []
    for row in after:
        old = earlier.get((row.requirement, row.cycle))
        if old != row:
            found.append(_change(old, row, by_name, subject))
    return tuple(found)


def _change(
    old: Assignment | None, new: Assignment, verdicts: Mapping[str, RuleVerdict], subject: Subject
) -> AssignmentChange:
    what = _new(new) if old is None else _moved(old, new)
    gone = (old.reasons if old else frozenset()) - new.reasons
    return AssignmentChange(
        what=what,
        before=old,
        after=new,
        because=tuple(_because(what, new, gone, verdicts)),
        only_if_not_started=what is Happened.WITHDRAWN and any(_spares(name, verdicts) for name in gone),
    )


def _new(row: Assignment) -> Happened:
    match row.state:
        case State.OPEN:
            return Happened.ASSIGNED
        case State.COMPLETED:
            return Happened.CREDITED
        case State.WITHDRAWN:
            return Happened.WAIVED
        case _:
            assert_never(row.state)


def _moved(old: Assignment, new: Assignment) -> Happened:
    if old.state is not new.state:
        return _turned(new)
    if (old.paused_on is None) is not (new.paused_on is None):
        return Happened.RESUMED if new.paused_on is None else Happened.PAUSED
    if old.due_on != new.due_on:
        return Happened.DUE_MOVED
    return Happened.REASONS if old.reasons != new.reasons else Happened.NOTED


def _turned(new: Assignment) -> Happened:
    if new.state is State.OPEN:
        return Happened.REOPENED
    if new.state is State.COMPLETED:
        return Happened.COMPLETED
    return Happened.WAIVED if new.waived else Happened.WITHDRAWN


def _spares(reason: str, verdicts: Mapping[str, RuleVerdict]) -> bool:
    """True when what this reason gave stays with somebody who has begun."""
    if reason.startswith(MANUAL) or reason not in verdicts:
        return True
    return verdicts[reason].rule.when_match_ends is not WhenMatchEnds.WITHDRAW


def _because(
    what: Happened, row: Assignment, gone: frozenset[str], verdicts: Mapping[str, RuleVerdict]
) -> Iterable[str]:
    """The sentences: the rules that ask for it, or those that no longer do."""
    match what:
        case Happened.WAIVED:
            yield "somebody decided on an exemption"
        case Happened.WITHDRAWN:
            for name in sorted(gone):
                yield _gone(name, verdicts)
        case Happened.COMPLETED | Happened.CREDITED:
            yield f"completed on {row.completed_on}"
        case Happened.PAUSED:
            yield "on leave, so the time stands still"
        case Happened.RESUMED:
            yield "back from leave"
        case _:
            yield from (_asks(name, verdicts) for name in sorted(row.reasons))
            yield from (_gone(name, verdicts) for name in sorted(gone))


def _asks(reason: str, verdicts: Mapping[str, RuleVerdict]) -> str:
    if reason.startswith(MANUAL):
        return f"assigned by hand by {reason.removeprefix(MANUAL)}"
    verdict = verdicts.get(reason)
    if verdict is None:
        return f"rule {reason} gave it"
    texts = [each.text for each in verdict.explanation.supporting()]
    return (
        f"rule {reason} (version {verdict.rule.version}) matches: {', '.join(texts)}"
        if texts
        else f"rule {reason} gave it"
    )


def _gone(reason: str, verdicts: Mapping[str, RuleVerdict]) -> str:
    if reason.startswith(MANUAL):
        return f"the assignment by hand of {reason.removeprefix(MANUAL)} has ended"
    verdict = verdicts.get(reason)
    texts = verdict.explanation.nearest_failure() if verdict else ()
    return f"rule {reason} no longer asks for it" + (f": {', '.join(texts)}" if texts else "")
