"""Errors as application/problem+json (RFC 9457): what happened, whether anything was kept, what to do next.

Rule: no personal data and nothing of the request's body in an answer; IDs, counts and names of fields only.
"""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from joinery.errors import ConfigError, JoineryError, NotThere, RunLocked, SourceUntrusted, StopRun

_log = logging.getLogger("joinery.web")
REPEATED = "Send it again in a minute; if it stays so, tell the people who look after Joinery this request ID."


@dataclass(eq=False)
class Problem(Exception):
    """An answer that is no success. `headers` go out with it."""

    status: int
    code: str
    detail: str
    fix: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_with(request: Request, problem: Problem) -> Response:
    """The problem as a response."""
    body = {
        "type": f"urn:joinery:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "fix": problem.fix,
        "request_id": request_id(request),
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={"x-request-id": request_id(request), "cache-control": "no-store", **problem.headers},
    )


def request_id(request: Request) -> str:
    """The number of this request, as it stands in the log and in the header `X-Request-Id`."""
    return str(request.scope.get("joinery_request_id", ""))


def problem_of(error: JoineryError) -> Problem:
    """What a flow raised, for HTTP."""
    headers: Mapping[str, str] = {}
    match error:
        case NotThere():
            status = 404
        case RunLocked() | SourceUntrusted():
            status = 409
        case ConfigError():
            status = 422
        case StopRun():
            status, headers = 503, {"Retry-After": "30"}
        case _:
            status = 500
    return Problem(status, error.code, error.message, error.fix, headers)


def add_to(app: FastAPI) -> None:
    """Every error of this application is answered as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(JoineryError, _on_joinery_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(OSError, _on_no_room)
    app.add_exception_handler(Exception, _on_surprise)


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return answer_with(request, error)


def _on_joinery_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, JoineryError)  # noqa: S101 - registered for it
    return answer_with(request, problem_of(error))


def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    named = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
    return answer_with(request, Problem(422, "not_understood", f"Not understood: {named}. Nothing was kept."))


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "refused")
    said = {404: "There is nothing at this address.", 405: "This address does not take this kind of request."}
    problem = Problem(error.status_code, code, said.get(error.status_code, f"{error.detail}."), "", error.headers or {})
    return answer_with(request, problem)


def _on_no_room(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)  # noqa: S101 - registered for it
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return _on_surprise(request, error)
    _log.error("request %s found no room on the disk", request_id(request))
    detail = "There is no room left on our disk; nothing was kept."
    return answer_with(request, Problem(503, "no_room", detail, REPEATED, {"Retry-After": "60"}))


def _on_surprise(request: Request, error: Exception) -> Response:
    # the type only: texts of errors may hold what was sent
    _log.error("request %s failed (%s)", request_id(request), type(error).__name__)
    detail = "Something went wrong on our side; what was not answered with a 2xx was not kept."
    return answer_with(request, Problem(500, "internal", detail, REPEATED))
