"""Decides how far an assignment is, from completions and the steps done. Pure; the one place with these rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from joinery_classroom.model import Assignment, Completion, CourseId, Progress

FINISHING = ("completed", "passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What one person has done: finishing completions per course, and the courses begun since the last one."""

    finished: Mapping[str, Sequence[datetime]]
    begun: frozenset[str]


NOTHING = Learning(finished={}, begun=frozenset())


def effective(rows: Sequence[Completion]) -> tuple[Completion, ...]:
    """The ledger as it is to be read: last revision of each id, the revoked ones left out, in ledger order."""
    revoked = {row.revokes for row in rows if row.revokes}
    last: dict[str, Completion] = {}
    for row in rows:
        if row.revokes is None and row.id not in revoked:
            last[row.id] = row
    return tuple(last.values())


def finished_at(assignment: Assignment, course: str, learning: Learning) -> datetime | None:
    """The first completion of the course that counts for this assignment."""
    since = _counts_from(assignment)
    return min((at for at in learning.finished.get(course, ()) if since is None or at >= since), default=None)


def measured(assignment: Assignment, courses: Sequence[CourseId], learning: Learning) -> Assignment:
    """The assignment with its progress as it is now. `courses` are those of the target, in order."""
    ends = [finished_at(assignment, course, learning) for course in courses]
    done = [end for end in ends if end is not None]
    progress: Progress = "assigned"
    completed_at = None
    if courses and len(done) == len(courses):
        progress, completed_at = "completed", max(done)
    elif done or any(course in learning.begun for course in courses):
        progress = "in_progress"
    if (progress, completed_at) == (assignment.progress, assignment.completed_at):
        return assignment
    return replace(assignment, progress=progress, completed_at=completed_at)


def _counts_from(assignment: Assignment) -> datetime | None:
    if assignment.counts_since is not None:
        return datetime.combine(assignment.counts_since, time.min, UTC)
    return assignment.assigned_at if assignment.kind == "course" else None
