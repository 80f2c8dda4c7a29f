"""What a run does to an issue: all states against found and not found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinery.core.hygiene.issues import Cause, Issue, IssueState, Seen, after_run, cause_of, owner_of

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
CAUSE = Cause(check="no_email", attribute="work_email", source="hris")
OPEN = Issue(
    number="H-7", cause=CAUSE, severity="note", owner="", people=4, most=4, first_seen="2026-11-20",
    last_seen="2026-11-20",
)  # fmt: skip
SNOOZED = replace(OPEN, state=IssueState.SNOOZED, above=4, by="eva")
SLEEPING = replace(OPEN, state=IssueState.SNOOZED, until=MONDAY, by="eva")
WAIVED = replace(OPEN, state=IssueState.WAIVED, until=MONDAY, by="eva", why="known")
CLOSED = replace(OPEN, state=IssueState.CLOSED, people=0, closed_at="2026-11-21")

CASES = [
    ("open and found", OPEN, 4, MONDAY, IssueState.OPEN, ""),
    ("open and gone", OPEN, 0, MONDAY, IssueState.CLOSED, "closed"),
    ("closed and still gone", CLOSED, 0, MONDAY, IssueState.CLOSED, ""),
    ("closed and back", CLOSED, 1, MONDAY, IssueState.OPEN, "came back"),
    ("snoozed and the same", SNOOZED, 4, MONDAY, IssueState.SNOOZED, ""),
    ("snoozed and fewer", SNOOZED, 1, MONDAY, IssueState.SNOOZED, ""),
    ("snoozed and worse", SNOOZED, 5, MONDAY, IssueState.OPEN, "got worse"),
    ("snoozed and gone", SNOOZED, 0, MONDAY, IssueState.CLOSED, "closed"),
    ("snoozed to the end of today", SLEEPING, 9, MONDAY, IssueState.SNOOZED, ""),
    ("snoozed until yesterday", SLEEPING, 4, TUESDAY, IssueState.OPEN, "no longer snoozed"),
    ("waived and worse", WAIVED, 99, MONDAY, IssueState.WAIVED, ""),
    ("waived until yesterday", WAIVED, 4, TUESDAY, IssueState.OPEN, "no longer waived"),
    ("waived and gone", WAIVED, 0, MONDAY, IssueState.CLOSED, "closed"),
]
NAMES = [case[0] for case in CASES]


@pytest.mark.parametrize(
    ("issue", "people", "today", "state", "told"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_after_a_run(issue: Issue, people: int, today: date, state: IssueState, told: str) -> None:
    changed, happened = after_run(issue, Seen(people=people, severity="warning", at="2026-11-23", today=today))
    assert (changed.state, changed.people) == (state, people)
    assert happened.startswith(told) and bool(happened) == bool(told)
    assert (changed.number, changed.first_seen) == (issue.number, issue.first_seen)
    if state in {IssueState.OPEN, IssueState.CLOSED}:
        assert (changed.above, changed.until, changed.by, changed.why) == (None, None, "", "")


@pytest.mark.parametrize(("people", "trend"), [(3, "fewer"), (5, "more")])
def test_the_trend_is_against_the_run_before(people: int, trend: str) -> None:
    changed, _ = after_run(OPEN, Seen(people=people, severity="note", at="2026-11-23", today=MONDAY))
    assert (OPEN.trend, changed.trend, changed.before, changed.most) == ("new", trend, 4, max(4, people))


CAUSES = [
    ("the part of the source does not matter", "manager_missing", "hris:people", "The manager 12 of 3", "hris", ""),
    ("neither do the people", "manager_missing", "hris:people", "The manager 99 of 1 people", "hris", ""),
    ("a code is a cause of its own", "unmapped_code", "hris", "The department '4711' of 3 people", "hris", "4711"),
    ("so is a word nobody knows", "unknown_status", "hris", "The status 'Baja ' is not", "hris", "baja"),
]  # fmt: skip


@pytest.mark.parametrize("told", CAUSES, ids=[c[0] for c in CAUSES])
def test_what_makes_findings_one_issue(told: tuple[str, ...]) -> None:
    _, check, source, message, base, reason = told
    assert cause_of(check, "a", source, message) == Cause(check=check, attribute="a", source=base, reason=reason)


def test_the_nearest_owner_counts() -> None:
    owners = {"default": "IT", "hris": "HR", "work_email": "mail", "no_email": "desk"}
    found = []
    for name in ("no_email", "work_email", "hris", "default"):
        found.append(owner_of(CAUSE, owners))
        del owners[name]
    assert found == ["desk", "mail", "HR", "IT"]
    assert owner_of(CAUSE, owners) == ""
