"""Findings with one cause are one issue, with an owner and a life: open, snoozed, waived, closed, back again.

Rule 1: an issue is its check, attribute, source and reason, never the people; it closes by itself when nothing of it is
found any more, and nothing else closes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

#: checks of which every value is a cause of its own: one code without a row is not another one
_BY_VALUE: Final = frozenset(
    {"unknown_status", "unmapped_code", "misspelled_domain", "lookalike_domain", "unknown_time_zone"}
)
_QUOTED: Final = re.compile(r"'([^']*)'")


#: checks whose row is sound, so that somebody may answer for it by name
RELEASABLE: Final = frozenset({"duplicate_email"})


class IssueState(StrEnum):
    """Snoozed: nobody is told until it is worse or a day has come. Waived: somebody answers for it until a day."""

    OPEN = "open"
    SNOOZED = "snoozed"
    WAIVED = "waived"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What makes findings one issue."""

    check: str
    attribute: str
    source: str
    reason: str = ""

    @property
    def fingerprint(self) -> str:
        """The same text for the same cause, in every run."""
        return "|".join((self.check, self.attribute, self.source, self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """`people` now, `before` at the last run that changed it, `most` ever. `returned`: how often it came back."""

    number: str
    cause: Cause
    severity: str
    owner: str
    state: IssueState = IssueState.OPEN
    people: int = 0
    before: int = 0
    most: int = 0
    first_seen: str = ""
    last_seen: str = ""
    closed_at: str = ""
    returned: int = 0
    #: snoozed while no more people than this are affected
    above: int | None = None
    #: snoozed or waived up to and including this day
    until: date | None = None
    #: who snoozed or waived it, and why
    by: str = ""
    why: str = ""

    @property
    def trend(self) -> str:
        """`new`, `more`, `fewer` or `same`, against the run before."""
        if self.first_seen == self.last_seen and not self.returned:
            return "new"
        return "more" if self.people > self.before else "fewer" if self.people < self.before else "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run found of one cause: how many people, how bad, and when that was."""

    people: int
    severity: str
    at: str
    today: date


def cause_of(check: str, attribute: str, source: str, message: str) -> Cause:
    """The cause of a finding. The part of the source (`hris:people`) does not matter."""
    found = _QUOTED.search(message) if check in _BY_VALUE else None
    reason = found[1].strip().casefold()[:100] if found else ""
    return Cause(check=check, attribute=attribute, source=source.partition(":")[0], reason=reason)


def owner_of(cause: Cause, owners: Mapping[str, str]) -> str:
    """By check, else by attribute, else by source, else the default; empty text when nobody is named."""
    return next(
        (owners[name] for name in (cause.check, cause.attribute, cause.source, "default") if name in owners), ""
    )


def after_run(issue: Issue, seen: Seen) -> tuple[Issue, str]:
    """The issue after a run, and what happened to it in words; empty text when nothing worth telling."""
    if not seen.people:
        if issue.state is IssueState.CLOSED:
            return issue, ""
        gone = replace(issue, before=issue.people, people=0, state=IssueState.CLOSED, closed_at=seen.at)
        return _plain(gone), "closed: nothing of it was found any more"
    changed = issue.people != seen.people
    counted = replace(
        issue,
        people=seen.people,
        before=issue.people if changed else issue.before,
        most=max(issue.most, seen.people),
        severity=seen.severity,
        last_seen=seen.at,
    )
    return _woken(counted, issue, seen.today)


def _woken(counted: Issue, was: Issue, today: date) -> tuple[Issue, str]:
    over = counted.until is not None and counted.until < today
    match was.state:
        case IssueState.CLOSED:
            return replace(_plain(counted), closed_at="", returned=was.returned + 1, before=0), "came back"
        case IssueState.SNOOZED if counted.above is not None and counted.people > counted.above:
            return _plain(counted), f"got worse: {counted.people} people, snoozed at {counted.above}"
        case IssueState.SNOOZED | IssueState.WAIVED if over:
            return _plain(counted), f"no longer {was.state}: its day has passed"
        case _:
            return counted, ""


def _plain(issue: Issue) -> Issue:
    """Neither snoozed nor waived."""
    state = IssueState.CLOSED if issue.closed_at and not issue.people else IssueState.OPEN
    return replace(issue, state=state, above=None, until=None, by="", why="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of an issue's history."""

    at: str
    what: str
    by: str = ""
    people: int = field(default=0)
