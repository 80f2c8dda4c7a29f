"""The door: a request of a web framework in, SCIM's answer out. The work is done in a thread, as stores block."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from scim2_models import SCIMException, ScimProvider
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.routing import Operation
from scim2_server.service import ScimService
from scim2_server.storage import ScimStorage
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

_READING = frozenset({"GET", "HEAD"})
_log = logging.getLogger("joinery_scim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One SCIM service. `open_storage(writes)` gives a storage for one request; `may(request)` lets callers in or
    raises UnauthorizedException or ForbiddenException; both are called in a thread. `known(error)` turns an error
    of the storage into one of the protocol; as it stands, it is a mistake of ours: 500."""

    provider: ScimProvider
    open_storage: Callable[[bool], ScimStorage]
    may: Callable[[ScimRequest], None]
    known: Callable[[Exception], Exception] = lambda error: error

    async def answer(self, request: Request, *, base_url: str, path: str) -> Response:
        """The answer to this request. `path` is relative to `base_url`, as the client sees it."""
        service = ScimService(self.provider)
        asked = ScimRequest(
            method=request.method,
            base_url=base_url,
            path=path,
            query=dict(request.query_params),
            headers=list(request.headers.items()),
        )
        try:
            limit = service.max_body_size(asked)
            asked.body = await _body(request, limit)
        except (SCIMException, ClientDisconnect) as error:
            return _response(service, asked, error)
        return await run_in_threadpool(self._answer, service, asked)

    def _answer(self, service: ScimService, asked: ScimRequest) -> Response:
        try:
            if service.match(asked).operation is not Operation.service_provider_config:
                self.may(asked)
            writes = asked.method not in _READING and not asked.path.rstrip("/").endswith("/.search")
            answered = ScimHandler(service, self.open_storage(writes)).handle(asked)
        except Exception as error:  # noqa: BLE001 the last door of this face: a client always gets SCIM's own error
            return _response(service, asked, self.known(error))
        return _rendered(int(answered.status), answered.body, answered.headers, asked)


async def _body(request: Request, limit: int | None) -> bytes:
    """The body, read to one byte beyond what is accepted: the service then says that it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if limit is not None and size > limit:
            break
    whole = b"".join(parts)
    return whole if limit is None else whole[: limit + 1]


def _response(service: ScimService, asked: ScimRequest, error: Exception) -> Response:
    if not isinstance(error, SCIMException):
        _log.error("%s %s failed (%s)", asked.method, asked.path.split("/")[1:2], type(error).__name__)
    answered = service.error_response(error)
    return _rendered(int(answered.status), answered.body, answered.headers, asked)


def _rendered(status: int, body: object, headers: dict[str, str], asked: ScimRequest) -> Response:
    content = b"" if body is None or asked.method == "HEAD" else json.dumps(body, ensure_ascii=False).encode()
    return Response(content, status_code=status, headers={"Cache-Control": "no-store", **headers})
