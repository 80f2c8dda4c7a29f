"""Joins routes, errors and headers into one application. Every answer leaves with the security headers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from joinery_classroom.errors import BadRequest, ClassroomError, NotFound, WrongMethod
from joinery_classroom.web import admin, api, api_access, api_erasure, api_learning, learning, proof, scim, sign_in
from joinery_classroom.web.pages import SESSION_COOKIE, Page, SignInNeeded, go, show, visitor
from joinery_classroom.web.room import Room, room_of

_STYLE = (Path(__file__).parent / "classroom.css").read_bytes()
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


class SafeHeaders:
    """Adds the headers that an answer does not bring itself."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, "strict-transport-security": "max-age=31536000"} if secure else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with)


def assemble(room: Room, *, close_store: bool) -> FastAPI:
    """The application for one room."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if close_store:
            room.store.close()

    app = FastAPI(title="Classroom", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.room = room
    for part in (api, api_access, api_erasure, api_learning, scim, sign_in, learning, proof, admin):
        app.include_router(part.router)
    app.add_api_route("/classroom.css", _style, include_in_schema=False)
    app.add_exception_handler(ClassroomError, _on_classroom_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(UnicodeEncodeError, _on_no_text)
    app.add_exception_handler(Exception, _on_surprise)
    app.add_middleware(SafeHeaders, secure=room.settings.base_url.startswith("https:"))
    return app


def _style() -> Response:
    return Response(_STYLE, media_type="text/css; charset=utf-8", headers={"cache-control": "max-age=3600"})


def _on_classroom_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClassroomError)  # noqa: S101 - registered for it
    if _is_api(request):
        return problem(error)
    if isinstance(error, SignInNeeded):
        if SESSION_COOKIE not in request.cookies:
            return go(request, "/sign-in")
        return show(request, Page(template="ended.html", values={}, status=401))
    account = visitor(request, room_of(request))
    values = {"title": _titled(error), "detail": error.detail, "fix": error.fix}
    return show(request, Page(template="error.html", values=values, account=account, status=error.status))


def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    named = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
    return _on_classroom_error(request, BadRequest(f"Not understood: {named}."))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code == 405:
        return _on_classroom_error(request, WrongMethod("This address does not take this kind of request."))
    if error.status_code != 404:
        return _on_classroom_error(request, BadRequest(f"{error.detail}."))
    fix = "Check the address." if _is_api(request) else "Check the address, or start again from My learning."
    return _on_classroom_error(request, NotFound("There is nothing at this address.", fix=fix))


def _on_no_text(request: Request, _error: Exception) -> Response:
    return _on_classroom_error(request, BadRequest("A text in the request is not valid Unicode; nothing was written."))


def _on_surprise(request: Request, _error: Exception) -> Response:
    detail = "Something went wrong on our side. What you did last was not saved."
    calm = ClassroomError(detail, fix="Try again in a minute; if it stays, tell the people who look after Classroom.")
    if _is_api(request):
        return problem(calm)
    values = {"title": "That did not work", "detail": calm.detail, "fix": calm.fix}
    return show(request, Page(template="error.html", values=values, status=500))


def _is_api(request: Request) -> bool:
    return request.url.path.removeprefix(request.scope.get("root_path", "")).startswith("/api/")


def _titled(error: ClassroomError) -> str:
    match error.status:
        case 404:
            return "Not found"
        case 403:
            return "Not allowed"
        case 409:
            return "Not possible now"
        case _:
            return "That did not work"


def problem(error: ClassroomError) -> Response:
    """An error as application/problem+json (RFC 9457) with our `code` and `fix`."""
    body = {
        "type": "about:blank",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "fix": error.fix,
    }
    return Response(json.dumps(body), status_code=error.status, media_type="application/problem+json")
