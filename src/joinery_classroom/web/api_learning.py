"""The JSON API for completions and for letting people in. The ledger only grows: corrections are new rows."""

from __future__ import annotations

import math
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from joinery_classroom import catalogue, ledger, wire
from joinery_classroom.errors import BadRequest, Conflict, NotFound
from joinery_classroom.ledger import Entry
from joinery_classroom.model import Account, Completion, CompletionResult, Course
from joinery_classroom.tables import accounts
from joinery_classroom.web.room import JsonBody, Room, RoomHere, as_json, bearer
from joinery_classroom.world import read_accounts

router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)])


@router.get("/completions")
def list_completions(
    room: RoomHere, after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=5000)] = 1000
) -> Response:
    """The ledger after a sequence number, in order."""
    with room.store.reading() as connection:
        rows = ledger.page(connection, after, limit)
    items = [wire.completion(one, owner) for one, owner in rows]
    return as_json({"items": items, "next": items[-1]["seq"] if len(items) == limit else None})


@router.post("/completions")
def add_completion(room: RoomHere, body: JsonBody) -> Response:
    """A completion entered by a trainer or brought over from elsewhere."""
    with room.store.writing() as connection:
        account = the_account(connection, str(body.get("account_id", "")))
        course = catalogue.read_course(connection, str(body.get("course", "")))
        if course is None:
            raise NotFound("There is no such course; nothing was recorded.")
        entry = _entry(body, course, room)
        done = ledger.record(connection, account, entry, room.settings, room.now())
        return _answer(connection, done)


@router.post("/completions/{completion_id}/correct")
def correct_completion(room: RoomHere, completion_id: str, body: JsonBody) -> Response:
    """Other facts for a completion: a new revision of the same id, the certificate id stays."""
    with room.store.writing() as connection:
        known, account = _known(connection, completion_id)
        if ledger.find(connection, "revokes", known.id) is not None:
            raise Conflict("This completion was taken back; nothing was written.", fix="Record a new completion.")
        course = catalogue.read_course(connection, known.course) or Course(
            id=known.course, title=known.course_title, version=known.course_version, language=""
        )
        stated = {"completed_at": wire.instant(known.completed_at), "result": known.result, "score": known.score}
        entry = _entry({**stated, **body}, course, room)
        return _answer(connection, ledger.correct(connection, account, known, entry, room.now()))


@router.post("/completions/{completion_id}/revoke")
def revoke_completion(room: RoomHere, completion_id: str, body: JsonBody) -> Response:
    """Takes a completion back with a new row; its certificate then verifies as revoked."""
    with room.store.writing() as connection:
        known, account = _known(connection, completion_id)
        return _answer(connection, ledger.revoke(connection, account, known, _by(body), room.now()))


def the_account(connection: Connection, account_id: str) -> Account:
    """One account by its id. Raises NotFound."""
    found = read_accounts(connection, accounts.c.id == account_id)
    if not found:
        raise NotFound("There is no such account; nothing was written.")
    return found[0]


def _known(connection: Connection, completion_id: str) -> tuple[Completion, Account]:
    known = ledger.find(connection, "id", completion_id)
    if known is None or known.revokes is not None:
        raise NotFound("There is no such completion; nothing was written.")
    return known, read_accounts(connection, accounts.c.seq == known.account_seq)[0]


def _entry(body: dict[str, Any], course: Course, room: Room) -> Entry:
    result = body.get("result", "completed")
    if result not in get_args(CompletionResult):
        raise BadRequest(f"result is one of {', '.join(get_args(CompletionResult))}; nothing was recorded.")
    score = body.get("score")
    if score is not None and not (isinstance(score, int | float) and math.isfinite(score)):
        raise BadRequest("score must be a number; nothing was recorded.")
    try:
        at = wire.instant_from(str(body.get("completed_at", "")))
    except ValueError as error:
        raise BadRequest("completed_at must be an instant like 2026-03-09T10:00:00Z; nothing was recorded.") from error
    if at > room.now():
        raise BadRequest("completed_at lies in the future; nothing was recorded.")
    return Entry(course=course, completed_at=at, result=result, score=score, by=_by(body))


def _by(body: dict[str, Any]) -> str:
    return str(body.get("recorded_by") or "api")[:200]


def _answer(connection: Connection, done: Completion) -> Response:
    rows = ledger.page(connection, done.seq - 1, 1)
    return as_json(wire.completion(*rows[0]))
