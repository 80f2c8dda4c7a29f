"""The JSON API for accounts, operations and the catalogue. Paging is by key: page 5,000 costs what page 1 costs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import func, or_, select

from joinery_classroom import batch, catalogue, courses, wire
from joinery_classroom import operations as ops
from joinery_classroom.errors import BadRequest, NotFound
from joinery_classroom.tables import accounts, writes
from joinery_classroom.web.room import JsonBody, RawBody, RoomHere, as_json, bearer
from joinery_classroom.world import read_accounts

MOST_OPERATIONS = 500
MOST_ACCOUNTS = 5000
router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)])


@router.get("/health")
def health(room: RoomHere) -> Response:
    """Is it up, and does it live in made-up time?"""
    from importlib.metadata import PackageNotFoundError, version

    try:
        known = version("joinery")
    except PackageNotFoundError:
        known = "unknown"
    with room.store.reading() as connection:
        connection.execute(select(1))
    return as_json({"status": "ok", "simulation": room.settings.simulation, "version": known})


@router.get("/accounts")
def list_accounts(
    room: RoomHere, after: str = "", limit: Annotated[int, Query(ge=1, le=MOST_ACCOUNTS)] = 1000
) -> Response:
    """A page of accounts in the order they were made; `next` is null on the last one."""
    with room.store.reading() as connection:
        total = connection.execute(select(func.count()).select_from(accounts)).scalar_one()
        found = read_accounts(connection, accounts.c.seq > _cursor(after), limit + 1)
    more = len(found) > limit
    found = found[:limit]
    items = [wire.account(one) for one in found]
    return as_json({"total": total, "items": items, "next": str(found[-1].seq) if more else None})


@router.post("/operations")
def run_operations(room: RoomHere, body: JsonBody) -> Response:
    """Carries out up to 500 operations as one transaction and answers in their order."""
    raw = body.get("operations")
    if not isinstance(raw, list) or len(raw) > MOST_OPERATIONS:
        raise BadRequest(f"operations must be a list of at most {MOST_OPERATIONS}; nothing was written.")
    results = batch.run(room.store, [ops.parse(one) for one in raw], room.now())
    return as_json({"results": [wire.result(one) for one in results]})


@router.post("/lookup")
def look_up(room: RoomHere, body: JsonBody) -> Response:
    """The accounts with these ids; those that do not exist are simply missing."""
    external_ids, account_ids = _texts(body, "external_ids"), _texts(body, "account_ids")
    if len(external_ids) + len(account_ids) > MOST_ACCOUNTS:
        raise BadRequest(f"Ask for at most {MOST_ACCOUNTS} accounts at once.")
    by_column = ((accounts.c.external_id, external_ids), (accounts.c.id, account_ids))
    wanted = [column.in_(values) for column, values in by_column if values]
    if not wanted:
        return as_json({"items": []})
    with room.store.reading() as connection:
        found = read_accounts(connection, or_(*wanted))
    return as_json({"items": [wire.account(one) for one in found]})


@router.get("/seats")
def seats(room: RoomHere) -> Response:
    """How many accounts there are by state."""
    with room.store.reading() as connection:
        rows = connection.execute(select(accounts.c.state, func.count()).group_by(accounts.c.state)).all()
    counted = {row[0]: row[1] for row in rows}
    return as_json({state: counted.get(state, 0) for state in ("active", "suspended", "archived")})


@router.get("/writes")
def list_writes(
    room: RoomHere, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=10000)] = 1000
) -> Response:
    """Every operation that was ever answered, in order, and whether it changed anything."""
    chosen = select(writes).where(writes.c.seq > after).order_by(writes.c.seq).limit(limit)
    with room.store.reading() as connection:
        rows = connection.execute(chosen).mappings().all()
    items = [{**row, "at": wire.instant(row["at"])} for row in rows]
    return as_json({"items": items, "next": rows[-1]["seq"] if len(rows) == limit else None})


@router.get("/courses")
def list_courses(room: RoomHere) -> Response:
    """All courses with their items."""
    with room.store.reading() as connection:
        found = catalogue.all_courses(connection)
    return as_json({"items": [wire.course(one) for one in found.values()]})


@router.put("/courses/{course_id}")
def put_course(room: RoomHere, course_id: str, body: JsonBody) -> Response:
    """Adds or replaces a course."""
    course = courses.course_from({**body, "id": course_id})
    with room.store.writing() as connection:
        catalogue.put_course(connection, course)
    return as_json(wire.course(course))


@router.put("/courses/{course_id}/files/{name}")
def put_file(room: RoomHere, course_id: str, name: str, body: RawBody) -> Response:
    """Stores the file that a file item of the course names."""
    checked = courses.file_name(name)
    with room.store.writing() as connection:
        if catalogue.read_course(connection, course_id) is None:
            raise NotFound("There is no such course; the file was not stored.", fix="Put the course first.")
        catalogue.put_file(connection, course_id, checked, courses.media_type_of(checked), body)
    return as_json({"course": course_id, "name": checked, "bytes": len(body)})


@router.get("/paths")
def list_paths(room: RoomHere) -> Response:
    """All paths with the ids of their courses."""
    with room.store.reading() as connection:
        found = catalogue.all_paths(connection)
    return as_json({"items": [wire.path(one) for one in found.values()]})


@router.put("/paths/{path_id}")
def put_path(room: RoomHere, path_id: str, body: JsonBody) -> Response:
    """Adds or replaces a path."""
    path = courses.path_from({**body, "id": path_id})
    courses.put_shelf(room.store, courses.Shelf(courses=(), paths=(path,), files={}))
    return as_json(wire.path(path))


def _cursor(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("after must be the `next` of an earlier page.")
    return int(text or 0)


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadRequest(f"{name} must be a list of texts.")
    return value
