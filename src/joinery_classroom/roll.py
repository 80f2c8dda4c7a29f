"""Reads the lists of the admin pages: people, groups, courses, seats, a transcript. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from joinery_classroom import catalogue, wire
from joinery_classroom.days import day_done
from joinery_classroom.exports import Cell, Listing
from joinery_classroom.model import Account, Completion
from joinery_classroom.progress import effective
from joinery_classroom.tables import accounts, assignments, groups, members
from joinery_classroom.world import read_accounts

STATES = ("active", "suspended", "archived")
PEOPLE_COLUMNS = ("Account", "Worker ID", "Name", "E-mail", "Job title", "Department", "State", "Open", "Completed")
THEN_COLUMNS = ("Job title then", "Department then", "Legal entity then", "Cost centre then", "Manager then")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which people: words of name, e-mail or worker ID, and a state; empty means any."""

    words: str = ""
    state: str = ""

    def where(self) -> ColumnElement[bool]:
        """The condition on `accounts`; what is typed is compared as it is, without wildcards."""
        parts: list[ColumnElement[bool]] = [true()]
        parts += [accounts.c.search.contains(word, autoescape=True) for word in self.words.casefold().split()]
        if self.state in STATES:
            parts.append(accounts.c.state == self.state)
        return and_(*parts)


def people_page(connection: Connection, search: Search, after: int, limit: int) -> list[Account]:
    """People after a row, in the order their accounts were made."""
    return read_accounts(connection, and_(search.where(), accounts.c.seq > after), limit)


def count_people(connection: Connection, search: Search) -> int:
    """How many people match."""
    return connection.execute(select(func.count()).select_from(accounts).where(search.where())).scalar_one()


def people_row(one: Account) -> tuple[Cell, ...]:
    """A line of the list of people."""
    held = [task for task in one.assignments.values() if not task.withdrawn]
    done = sum(task.progress == "completed" for task in held)
    shown = [one.attributes.get(name) or "" for name in ("email", "job_title", "department")]
    return (one.id, one.attributes.get("worker_id") or "", one.name, *shown, one.state, len(held) - done, done)


def people(connection: Connection, search: Search) -> Listing:
    """Everybody who matches, read in pages."""

    def rows() -> Iterator[Sequence[Cell]]:
        after = 0
        while found := people_page(connection, search, after, 2000):
            yield from (people_row(one) for one in found)
            after = found[-1].seq

    return Listing(name="people", columns=PEOPLE_COLUMNS, rows=rows())


def group_list(connection: Connection) -> Listing:
    """Groups with how many people are in them."""
    counted = select(groups.c.name, func.count(members.c.account_seq)).outerjoin_from(groups, members)
    rows = connection.execute(counted.group_by(groups.c.name).order_by(groups.c.name)).all()
    return Listing(name="groups", columns=("Group", "People"), rows=[(name, count) for name, count in rows])


def course_list(connection: Connection) -> Listing:
    """Courses and paths with how many people have them to do, and how many finished."""
    counted = select(
        assignments.c.kind,
        assignments.c.target,
        func.count(),
        func.count().filter(assignments.c.progress == "completed"),
    ).where(assignments.c.withdrawn.is_(False))
    grouped = connection.execute(counted.group_by(assignments.c.kind, assignments.c.target))
    numbers = {(kind, target): (count, done) for kind, target, count, done in grouped}
    found: list[tuple[Cell, ...]] = []
    for course in catalogue.all_courses(connection).values():
        found.append(("course", course.id, course.title, course.version, *numbers.get(("course", course.id), (0, 0))))
    for path in catalogue.all_paths(connection).values():
        found.append(("path", path.id, path.title, "", *numbers.get(("path", path.id), (0, 0))))
    return Listing(name="courses", columns=("Kind", "ID", "Title", "Version", "Assigned", "Completed"), rows=found)


def seat_list(connection: Connection) -> Listing:
    """Accounts by state."""
    rows = connection.execute(select(accounts.c.state, func.count()).group_by(accounts.c.state))
    counted = {state: count for state, count in rows}
    return Listing(
        name="seats", columns=("State", "Accounts"), rows=[(state, counted.get(state, 0)) for state in STATES]
    )


def transcript(rows: Sequence[Completion]) -> Listing:
    """A person's ledger as it stands, newest first, with the organisation as it was then."""
    columns = ("Course", "Title", "Version", "Completed on", "Result", "Score", "Valid until", "Certificate")
    listed = sorted(effective(rows), key=lambda row: row.completed_at, reverse=True)
    return Listing(name="transcript", columns=(*columns, *THEN_COLUMNS), rows=[completion_row(one) for one in listed])


def completion_row(one: Completion) -> tuple[Cell, ...]:
    """A line of a transcript."""
    then = [
        one.then.get(name) or "" for name in ("job_title", "department", "legal_entity", "cost_center", "manager_id")
    ]
    facts = (one.course, one.course_title, one.course_version, day_done(one).isoformat(), one.result, one.score)
    return (*facts, wire.day(one.expires_on) or "", one.certificate_id or "", *then)
