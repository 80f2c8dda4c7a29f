"""Joins routes, errors and headers into one application. Every answer leaves with the security headers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from joinery_classroom.errors import BadRequest, ClassroomError, NotFound
from joinery_classroom.web import api, api_learning
from joinery_classroom.web.room import Room


def assemble(room: Room, *, close_store: bool) -> FastAPI:
    """The application for one room."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if close_store:
            room.store.close()

    app = FastAPI(title="Classroom", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.room = room
    app.include_router(api.router)
    app.include_router(api_learning.router)
    app.add_exception_handler(ClassroomError, _on_classroom_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    return app


def _on_classroom_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClassroomError)  # noqa: S101 - registered for it
    return problem(error)


def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    named = "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())
    return _on_classroom_error(request, BadRequest(f"Not understood: {named}."))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    found = NotFound("There is nothing at this address.") if error.status_code == 404 else BadRequest(str(error.detail))
    return _on_classroom_error(request, found)


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
