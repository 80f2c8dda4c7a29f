"""What all pages share: rendering, who is signed in, and the form token without which no POST is believed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from joinery_classroom import access
from joinery_classroom.errors import ClassroomError, NotAllowed
from joinery_classroom.model import Account
from joinery_classroom.sealing import form_token, same
from joinery_classroom.text import blocks
from joinery_classroom.web.room import RawBody, Room, RoomHere, room_of

SESSION_COOKIE, VISIT_COOKIE = "classroom_session", "classroom_visit"
_HERE = Path(__file__).parent


class SignInNeeded(ClassroomError):
    """Nobody is signed in, or not any more."""

    code = "sign_in_needed"
    status = 401
    fix = "Sign in again."


class FormTooOld(NotAllowed):
    """The form token is missing or of another visit."""

    code = "form_too_old"
    fix = "Go back, load the page again and send it once more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page to be shown. `account` is who is signed in, for the header."""

    template: str
    values: Mapping[str, Any]
    account: Account | None = None
    status: int = 200


def show(request: Request, page: Page) -> Response:
    """Renders a page and makes sure that its forms can be sent."""
    room = room_of(request)
    visit = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(16)
    around = {
        "root": request.scope.get("root_path", ""),
        "organisation": room.settings.organisation,
        "contact": room.settings.help_contact,
        "me": page.account,
        "csrf": form_token(room.settings.secret, _bound_to(request, visit)),
        "here": request.url.path.removeprefix(request.scope.get("root_path", "")),
    }
    html = environment().get_template(page.template).render({**around, **page.values})
    response = Response(html, status_code=page.status, media_type="text/html; charset=utf-8")
    if VISIT_COOKIE not in request.cookies:
        set_cookie(response, room, VISIT_COOKIE, visit)
    return response


def set_cookie(response: Response, room: Room, name: str, value: str, seconds: int | None = None) -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    secure = room.settings.base_url.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")


def go(request: Request, path: str) -> Response:
    """Sends the browser on after a POST."""
    return Response(status_code=303, headers={"location": f"{request.scope.get('root_path', '')}{path}"})


def visitor(request: Request, room: RoomHere) -> Account | None:
    """Who is signed in, looked up now: a suspension a second ago counts."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    with room.store.reading() as connection:
        return access.account_of_session(connection, token, room.now())


def signed_in(request: Request, account: Annotated[Account | None, Depends(visitor)]) -> Account:
    """Raises SignInNeeded where nobody is."""
    if account is None:
        raise SignInNeeded("You are not signed in.")
    return account


def admin(account: Annotated[Account, Depends(signed_in)]) -> Account:
    """Raises NotAllowed for people without the role."""
    if "admin" not in account.roles:
        raise NotAllowed("This part is for the people who look after Classroom.")
    return account


def form(request: Request, room: RoomHere, body: RawBody) -> Mapping[str, str]:
    """The fields of a POST, after its form token proved to be ours. Raises FormTooOld."""
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=50))
    visit = request.cookies.get(VISIT_COOKIE, "")
    wanted = form_token(room.settings.secret, _bound_to(request, visit))
    if not visit or not same(fields.get("csrf", ""), wanted):
        raise FormTooOld("This form is too old, or did not come from here; nothing was changed.")
    return fields


def _bound_to(request: Request, visit: str) -> str:
    return f"{visit} {request.cookies.get(SESSION_COOKIE, '')}"


@cache
def environment() -> Environment:
    """The templates; everything put into them is escaped."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"day": day, "moment": moment, "blocks": blocks, "due_words": due_words}
    return made


def day(on: date | None) -> str:
    """9 March 2026."""
    return "" if on is None else f"{on.day} {on:%B %Y}"


def moment(at: datetime | None) -> str:
    """9 March 2026, 14:05 UTC."""
    return "" if at is None else f"{day(at.date())}, {at:%H:%M} UTC"


def due_words(days: int | None) -> str:
    """How far a due day is, in words."""
    match days:
        case None:
            return "No due date"
        case 0:
            return "Due today"
        case 1:
            return "Due tomorrow"
        case -1:
            return "Due yesterday"
        case _ if days < 0:
            return f"{-days} days overdue"
        case _:
            return f"Due in {days} days"


SignedIn = Annotated[Account, Depends(signed_in)]
Admin = Annotated[Account, Depends(admin)]
Visitor = Annotated[Account | None, Depends(visitor)]
Form = Annotated[Mapping[str, str], Depends(form)]
