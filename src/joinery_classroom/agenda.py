"""Decides what a person sees as due: overdue, soon, later, done. Pure. Days are the person's own calendar days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from joinery_classroom.model import Account, Assignment, Course, CourseId, Path
from joinery_classroom.progress import Learning, finished_at

SOON = timedelta(days=14)
Shelf = Literal["overdue", "soon", "later", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLine:
    """A course inside an assignment, with when it was finished for it, if it was."""

    id: str
    title: str
    summary: str
    begun: bool
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One assignment as it is shown. `days` counts to the due day, negative once it has passed."""

    assignment: Assignment
    title: str
    shelf: Shelf
    days: int | None
    courses: tuple[CourseLine, ...]

    @property
    def done(self) -> int:
        """How many of its courses are finished."""
        return sum(line.done_at is not None for line in self.courses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The catalogue, read once."""

    courses: Mapping[str, Course]
    paths: Mapping[str, Path]

    def courses_of(self, assignment: Assignment) -> Sequence[CourseId]:
        """The courses an assignment consists of, in order."""
        if assignment.kind == "course":
            return (CourseId(assignment.target),)
        path = self.paths.get(assignment.target)
        return path.courses if path else ()


def tasks(account: Account, library: Library, learning: Learning, today: date) -> tuple[Task, ...]:
    """What the person has to do and has done, the most pressing first. Withdrawn things are left out."""
    found = [_task(one, library, learning, today) for one in account.assignments.values() if not one.withdrawn]
    return tuple(sorted(found, key=lambda task: (task.assignment.due_on or date.max, task.title, task.assignment.key)))


def is_assigned(account: Account, library: Library, course: str) -> bool:
    """May the person open this course?"""
    held = (one for one in account.assignments.values() if not one.withdrawn)
    return any(course in library.courses_of(one) for one in held)


def is_open(account: Account, library: Library, course: str, learning: Learning) -> bool:
    """Is there still something to finish in this course?"""
    return any(
        course in library.courses_of(one) and finished_at(one, course, learning) is None
        for one in account.assignments.values()
        if not one.withdrawn
    )


def _task(one: Assignment, library: Library, learning: Learning, today: date) -> Task:
    lines = tuple(_line(one, course, library, learning) for course in library.courses_of(one))
    named = library.paths.get(one.target) if one.kind == "path" else library.courses.get(one.target)
    days = None if one.due_on is None else (one.due_on - today).days
    shelf: Shelf = "later"
    if one.progress == "completed":
        shelf = "done"
    elif days is not None and days < 0:
        shelf = "overdue"
    elif days is not None and days <= SOON.days:
        shelf = "soon"
    return Task(assignment=one, title=named.title if named else one.target, shelf=shelf, days=days, courses=lines)


def _line(one: Assignment, course_id: CourseId, library: Library, learning: Learning) -> CourseLine:
    course = library.courses.get(course_id)
    return CourseLine(
        id=course_id,
        title=course.title if course else course_id,
        summary=course.summary if course else "",
        begun=course_id in learning.begun,
        done_at=finished_at(one, course_id, learning),
    )
