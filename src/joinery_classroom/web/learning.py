"""The learner's pages. A course, its steps and its files are there only for people who have it on their list."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from joinery_classroom import agenda, catalogue, ledger
from joinery_classroom.agenda import Library
from joinery_classroom.days import day_done, today_of
from joinery_classroom.errors import Conflict, NotFound
from joinery_classroom.model import Account, Completion, Course, Item
from joinery_classroom.progress import NOTHING, Learning, effective
from joinery_classroom.web.pages import Form, Page, SignedIn, go, show
from joinery_classroom.web.room import RoomHere

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One course as one person sees it. `marked` are the steps done in the open attempt."""

    course: Course
    is_open: bool
    marked: frozenset[str]
    last: Completion | None

    @property
    def missing(self) -> int:
        """Steps still to be done."""
        return sum(item.id not in self.marked for item in self.course.items)


@router.get("/learning")
def my_learning(request: Request, room: RoomHere, account: SignedIn) -> Response:
    """What is due, soon, later and done."""
    with room.store.reading() as connection:
        library, learning = _library(connection), _learning(connection, account)
    found = agenda.tasks(account, library, learning, today_of(account, room.settings, room.now()))
    shelves = {name: [task for task in found if task.shelf == name] for name in ("overdue", "soon", "later", "done")}
    return show(request, Page(template="learning.html", values={"shelves": shelves}, account=account))


@router.get("/courses/{course_id}")
def course_page(request: Request, room: RoomHere, account: SignedIn, course_id: str) -> Response:
    """A course with its steps."""
    with room.store.reading() as connection:
        desk = _desk(connection, account, course_id)
    values = {"desk": desk, "course": desk.course, "day_done": day_done}
    return show(request, Page(template="course.html", values=values, account=account))


@router.get("/courses/{course_id}/items/{item_id}")
def item_page(request: Request, room: RoomHere, account: SignedIn, course_id: str, item_id: str) -> Response:
    """One step to read, follow or download."""
    with room.store.reading() as connection:
        desk = _desk(connection, account, course_id)
    item = _item(desk.course, item_id)
    place = desk.course.items.index(item)
    after = desk.course.items[place + 1] if place + 1 < len(desk.course.items) else None
    values = {"desk": desk, "course": desk.course, "item": item, "place": place + 1, "after": after}
    return show(request, Page(template="item.html", values=values, account=account))


@router.get("/courses/{course_id}/files/{item_id}")
def file(room: RoomHere, account: SignedIn, course_id: str, item_id: str) -> Response:
    """The file of a step, always as a download."""
    with room.store.reading() as connection:
        item = _item(_desk(connection, account, course_id).course, item_id)
        found = catalogue.read_file(connection, course_id, item.body) if item.kind == "file" else None
    if found is None:
        raise NotFound("This file has not been uploaded yet.", fix="Tell the people who look after the course.")
    media_type, content = found
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(item.body)}",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type=media_type, headers=headers)


@router.post("/courses/{course_id}/items/{item_id}/done")
def mark_done(
    request: Request, room: RoomHere, account: SignedIn, course_id: str, item_id: str, _fields: Form
) -> Response:
    """Marks a step as done and goes on to the next one."""
    with room.store.writing() as connection:
        desk = _desk(connection, account, course_id)
        item = _item(desk.course, item_id)
        if desk.is_open:
            ledger.mark_item(connection, account, desk.course, item.id, room.now())
    place = desk.course.items.index(item)
    left = [one for one in desk.course.items[place + 1 :] if one.id not in desk.marked]
    return go(request, f"/courses/{course_id}/items/{left[0].id}" if left else f"/courses/{course_id}")


@router.post("/courses/{course_id}/finish")
def finish(request: Request, room: RoomHere, account: SignedIn, course_id: str, _fields: Form) -> Response:
    """Completes the course; a second click changes nothing. Raises Conflict while steps are missing."""
    now = room.now()
    with room.store.writing() as connection:
        desk = _desk(connection, account, course_id)
        if desk.is_open:
            if desk.missing:
                raise Conflict(
                    f"Steps still to do in this course: {desk.missing}.",
                    fix="Do them, then finish the course.",
                )
            entry = ledger.Entry(course=desk.course, completed_at=now, result="completed", score=None, by="self")
            ledger.record(connection, account, entry, room.settings, now)
    return go(request, f"/courses/{course_id}")


@router.get("/transcript")
def transcript(request: Request, room: RoomHere, account: SignedIn) -> Response:
    """Everything the person ever completed here."""
    with room.store.reading() as connection:
        rows = effective(ledger.of_account(connection, account.seq))
    values = {"rows": sorted(rows, key=lambda row: row.completed_at, reverse=True), "day_done": day_done}
    return show(request, Page(template="transcript.html", values=values, account=account))


def _desk(connection: Connection, account: Account, course_id: str) -> Desk:
    library = _library(connection)
    course = library.courses.get(course_id)
    if course is None or not agenda.is_assigned(account, library, course_id):
        # one answer for both: which courses exist is nobody's business who does not have them
        raise NotFound("This course is not on your list.", fix="Open My learning to see what is on your list.")
    rows = ledger.of_account(connection, account.seq)
    done = [row for row in effective(rows) if row.course == course_id]
    attempt = ledger.attempt_of(rows, course_id)
    return Desk(
        course=course,
        is_open=agenda.is_open(account, library, course_id, _learning(connection, account)),
        marked=ledger.items_marked(connection, account.seq, course_id, attempt),
        last=done[-1] if done else None,
    )


def _library(connection: Connection) -> Library:
    return Library(courses=catalogue.all_courses(connection), paths=catalogue.all_paths(connection))


def _learning(connection: Connection, account: Account) -> Learning:
    return ledger.learning_of(connection, [account.seq]).get(account.seq, NOTHING)


def _item(course: Course, item_id: str) -> Item:
    for item in course.items:
        if item.id == item_id:
            return item
    raise NotFound("This step is not part of the course.", fix="Open the course to see its steps.")
