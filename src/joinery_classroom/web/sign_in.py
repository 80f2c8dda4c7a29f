"""The doors: one-time links, worker ID with a slip's code, signing out.

Opening a link only shows a button, because mail scanners open links too. No answer tells whether an account exists.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from joinery_classroom import access
from joinery_classroom.access import Session
from joinery_classroom.errors import TooManyTries
from joinery_classroom.web.pages import SESSION_COOKIE, Form, Page, Visitor, go, set_cookie, show
from joinery_classroom.web.room import Room, RoomHere

router = APIRouter()


@router.get("/")
def front(request: Request, account: Visitor) -> Response:
    """Straight to what is due, or to the door."""
    return go(request, "/sign-in" if account is None else "/learning")


@router.get("/sign-in")
def door(request: Request, account: Visitor, worker_id: str = "") -> Response:
    """The form for worker ID and code. The QR code of a slip leads here with the worker ID filled in."""
    if account is not None:
        return go(request, "/learning")
    return show(request, Page(template="sign_in.html", values={"worker_id": worker_id[:100], "wrong": ""}))


@router.post("/sign-in")
def enter_by_slip(request: Request, room: RoomHere, fields: Form) -> Response:
    """Lets in with worker ID and code, once."""
    worker_id, code, now = fields.get("worker_id", "")[:100], fields.get("code", "")[:40], room.now()
    place = request.client.host if request.client else "unknown"
    with room.store.writing() as connection:
        try:
            access.check_tries(connection, worker_id, place, now)
            session = access.enter_by_slip(connection, worker_id, code, room.settings, now)
            wrong = "" if session else "code"
        except TooManyTries:
            session, wrong = None, "wait"
        if wrong == "code":
            access.note_wrong_code(connection, worker_id, place, now)
    if session is not None:
        return _entered(request, room, session)
    values = {"worker_id": worker_id, "wrong": wrong}
    return show(request, Page(template="sign_in.html", values=values, status=429 if wrong == "wait" else 403))


@router.get("/in/{token}")
def link(request: Request, room: RoomHere, token: str) -> Response:
    """The page of a sign-in link: a button, or the offer of a fresh link."""
    with room.store.reading() as connection:
        is_open = access.link_is_open(connection, token, room.now())
    values = {"token": token, "is_open": is_open, "can_send": room.send_fresh_link is not None}
    return show(request, Page(template="link.html", values=values, status=200 if is_open else 410))


@router.post("/in/{token}")
def enter_by_link(request: Request, room: RoomHere, token: str, _fields: Form) -> Response:
    """Uses the link up and lets in."""
    with room.store.writing() as connection:
        session = access.enter_by_link(connection, token, room.settings, room.now())
    if session is None:
        values = {"token": token, "is_open": False, "can_send": room.send_fresh_link is not None}
        return show(request, Page(template="link.html", values=values, status=410))
    return _entered(request, room, session)


@router.post("/in/{token}/fresh")
def fresh(request: Request, room: RoomHere, token: str, _fields: Form) -> Response:
    """Sends a new link to the address of whoever the old one was for. The answer is the same for everybody."""
    found = None
    if room.send_fresh_link is not None:
        with room.store.writing() as connection:
            found = access.fresh_link(connection, token, room.settings, room.now())
        if found is not None:
            account, key = found
            room.send_fresh_link(account, f"{room.settings.base_url}/in/{key.secret}")
    return show(request, Page(template="fresh.html", values={}))


@router.post("/sign-out")
def sign_out(request: Request, room: RoomHere, _fields: Form) -> Response:
    """Ends the session, here and for whoever copied the cookie."""
    with room.store.writing() as connection:
        access.end_session(connection, request.cookies.get(SESSION_COOKIE, ""))
    response = go(request, "/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def _entered(request: Request, room: Room, session: Session) -> Response:
    response = go(request, "/learning")
    set_cookie(response, room, SESSION_COOKIE, session.token, int(session.lasts.total_seconds()))
    return response
