"""Why somebody has to learn something, and why not, in sentences.

Rule 1: every sentence names its cause: a rule with its version, a value and where it came from, or a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.conditions import Explanation
from joinery.core.rules.learning import MANUAL, Assignment, State
from joinery.core.rules.subject import Decided, RuleVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an attribute's value came from, and the day it changed, when known."""

    source: str
    changed_on: date | None = None

    def __str__(self) -> str:
        return f"from {self.source}" + (f", changed {self.changed_on.isoformat()}" if self.changed_on else "")


Origins = Mapping[str, Origin]
_NO_ORIGINS: Origins = {}


def why(decided: Decided, requirement: RequirementKey, origins: Origins = _NO_ORIGINS) -> tuple[str, ...]:
    """Why the person has it; empty when they do not. One sentence per reason, then the due date."""
    rows = [row for row in decided.assignments if row.requirement == requirement and row.state is State.OPEN]
    return tuple(sentence for row in rows for sentence in _why(row, decided, origins))


def _why(row: Assignment, decided: Decided, origins: Origins) -> Iterator[str]:
    verdicts = {verdict.rule.name: verdict for verdict in decided.verdicts}
    for reason in sorted(row.reasons):
        if reason.startswith(MANUAL):
            yield f"Has {row.requirement} because {reason.removeprefix(MANUAL)} assigned it by hand."
        elif reason not in verdicts:
            yield f"Has {row.requirement} because rule {reason} gave it; that rule does not exist any more."
        else:
            yield f"Has {row.requirement} because {_rule(row, verdicts[reason], origins)}"
    if row.due_on is not None:
        paused = ", and the time stands still during the leave" if row.paused_on else ""
        yield f"Assigned on {row.assigned_on.isoformat()}, due on {row.due_on.isoformat()}{paused}."


def _rule(row: Assignment, verdict: RuleVerdict, origins: Origins) -> str:
    named = f"rule {verdict.rule.name} (version {verdict.rule.version})"
    began = row.match_started.get(verdict.rule.name)
    since = f" since {began.isoformat()}" if began else ""
    if verdict.matched:
        return f"{named} matches{since}: {_told(verdict.explanation.supporting(), origins)}."
    since = f" from {began.isoformat()} on" if began else ""
    if verdict.matched is None:
        return f"{named} matched{since}; now it cannot be told: {_reason_against(verdict)}."
    after = "it fired on a change" if verdict.rule.when.is_edge else "the rule keeps what it gave"
    return f"{named} matched{since}; {after}."


def _told(tests: Sequence[Explanation], origins: Origins) -> str:
    """Each test once, and its origin; that a value is known goes without saying where the value itself is told."""
    more = {each.attribute for each in tests if each.attribute and not _says_known(each)}
    told = [each for each in tests if not (_says_known(each) and each.attribute in more)]
    return ", ".join(
        dict.fromkeys(
            f"{each.text} ({origins[each.attribute]})" if each.attribute in origins else each.text for each in told
        )
    )


def _says_known(test: Explanation) -> bool:
    return test.text == f"{test.attribute} is known"


def _reason_against(verdict: RuleVerdict) -> str:
    return ", ".join(verdict.explanation.nearest_failure())


def why_not(decided: Decided, requirement: RequirementKey, *, confidential: bool = False) -> tuple[str, ...]:
    """Why the person does not have it now; empty when they do. Each rule's nearest failing condition is named.

    The reason of an exemption may be health data: it is told only with `confidential`.
    """
    rows = [row for row in decided.assignments if row.requirement == requirement]
    if any(row.state is State.OPEN for row in rows):
        return ()
    found = [*exempted(decided, requirement, confidential=confidential), *_history(rows)]
    if not any(row.state is State.COMPLETED for row in rows):
        found += _missed(decided, requirement, rows)
    return tuple(found) or (f"No rule gives {requirement}.",)


def exempted(decided: Decided, requirement: RequirementKey, *, confidential: bool = False) -> Iterator[str]:
    """Who decided that no rule gives it, and until when; the reason only with `confidential`."""
    for each in decided.exemptions:
        if each.requirement == requirement:
            until = f"until {each.until.isoformat()}" if each.until else "without an end"
            reason = f": {each.reason}" if confidential else ""
            yield f"{each.owner} decided on an exemption from {requirement} {until}{reason}."


def _history(rows: Iterable[Assignment]) -> Iterator[str]:
    for row in rows:
        if row.state is State.COMPLETED and row.completed_on is not None:
            yield f"{row.requirement} was completed on {row.completed_on.isoformat()}{_asked_by(row)}."
        elif row.state is State.WITHDRAWN and not row.waived and row.withdrawn_on is not None:
            yield f"{row.requirement} was withdrawn on {row.withdrawn_on.isoformat()}; its last reason had gone."


def _asked_by(row: Assignment) -> str:
    rules = sorted(reason for reason in row.reasons if not reason.startswith(MANUAL))
    people = sorted(reason.removeprefix(MANUAL) for reason in row.reasons if reason.startswith(MANUAL))
    asked = [*(f"rule {name}" for name in rules), *(f"{name}, by hand" for name in people)]
    return f"; asked for by {', '.join(asked)}" if asked else ""


def _missed(decided: Decided, requirement: RequirementKey, rows: Sequence[Assignment]) -> Iterator[str]:
    waived = {reason for row in rows if row.waived for reason in row.reasons}
    for verdict in decided.verdicts:
        if not verdict.rule.asks_for(requirement):
            continue
        named = f"Rule {verdict.rule.name} (version {verdict.rule.version})"
        if verdict.rule.name in waived:
            yield f"{named} asks for it; the exemption outweighs that."
        elif verdict.matched is None:
            yield f"{named} cannot be told: {_reason_against(verdict)}."
        elif not verdict.matched:
            yield f"{named} does not match: {_reason_against(verdict)}."
        elif verdict.note:
            yield f"{named} is for new matches only; this person {verdict.note}."
        elif verdict.gives and not rows:
            yield f"{named} matches, but nothing new is given at present."
