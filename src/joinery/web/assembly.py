"""Joins routes, errors and headers into one application, and puts it beside Classroom where that runs here too."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from joinery.app.desk import Desk
from joinery.flows.policy import Ports
from joinery.settings import Settings
from joinery.web import ingest, operations, problems, scim, token, webhooks
from joinery.web.doors import Doorkeeper
from joinery.web.rates import Rates
from joinery.web.ways import Ways

#: what is ours; every other address is Classroom's, where it runs here
OURS = ("/api/v1/token", "/api/v1/ingest", "/api/v1/webhooks", "/api/v1/operations", "/api/openapi.json", "/scim/v2")
_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store", "referrer-policy": "no-referrer"}


def api_app(settings: Settings, ports: Ports, desk: Desk) -> FastAPI:
    """The ways in, over the connection of these ports; `desk` does what comes in."""
    app = FastAPI(
        title="Joinery",
        version="1",
        description="Ways in for data about people. Everything that comes in goes through the plan.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    rates = Rates(settings.api.per_minute)
    doors = Doorkeeper(database=ports.database, connection=ports.policy.name, now=ports.now, rates=rates)
    app.state.ways = Ways(
        settings=settings, ports=ports, doors=doors, desk=desk, state_dir=settings.folder / ".joinery"
    )
    for part in (token, ingest, webhooks, operations, scim):
        app.include_router(part.router)
    problems.add_to(app)
    app.add_middleware(Numbered)
    return app


class Numbered:
    """Gives each request a number, and each answer the headers that it does not bring itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        number = secrets.token_hex(8)
        scope["joinery_request_id"] = number

        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = number
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with)


class Front:
    """One address for both: what is ours goes to us, the rest to Classroom; without a Classroom all of it to us."""

    def __init__(self, api: Any, classroom: Any = None) -> None:
        self._api = api
        self._classroom = classroom

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        ours = self._classroom is None or is_ours(scope.get("path", ""))
        await (self._api if ours else self._classroom)(scope, receive, send)


def is_ours(path: str) -> bool:
    """This address belongs to the ways in. `/api/v1/operations` itself is Classroom's, what lies below it ours."""
    if path == "/api/v1/operations":
        return False
    return any(path == start or path.startswith(f"{start}/") for start in OURS)
