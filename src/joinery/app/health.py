"""`/healthz`, `/readyz` and `/metrics` before any other page. Rule: they say how it stands, and nothing of anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from joinery.app.metrics import exposition
from joinery.errors import JoineryError
from joinery.settings import Settings
from joinery.store.backup import holds_something
from joinery.store.database import Database
from joinery.store.migrate import pending

PLAIN, JSON = "text/plain; charset=utf-8", "application/json"
METRICS = "text/plain; version=0.0.4; charset=utf-8"
Reply = tuple[int, str, bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """What the access log calls a page that has no route of the application."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An application with the pages that monitors ask for. `app` None: there is nothing else here."""

    settings: Settings
    now: Callable[[], datetime]
    app: Any = None
    #: why the settings as they are on the disk are not those in force; empty: nothing is wrong with them
    edited: Callable[[], str] = lambda: ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        answers: dict[str, Callable[[], Reply]] = {
            "/healthz": lambda: (200, PLAIN, b"ok\n"),
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }
        answer = answers.get(scope.get("path", "")) if scope["type"] == "http" else None
        if answer is None or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        scope["route"] = Page(scope["path"])
        status, kind, body = await asyncio.to_thread(answer)
        headers = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _with_store(self, ask: Callable[[Database], Reply]) -> Reply:
        database: Database | None = None
        try:
            database = Database(self.settings.store_url())
            return ask(database)
        except (JoineryError, SQLAlchemyError, OSError) as error:
            code = error.code if isinstance(error, JoineryError) else type(error).__name__
            return 503, JSON, _body(ready=False, store=code)
        finally:
            if database is not None:
                database.close()

    def _ready(self) -> Reply:
        def ask(database: Database) -> Reply:
            if holds_something(database) and (steps := pending(database)):
                return 503, JSON, _body(ready=False, store=f"{len(steps)} steps pending")
            # what is wrong with them is in the log: this page says nothing to strangers
            more = {"settings": "edited, and cannot be used"} if self.edited() else {}
            return 200, JSON, _body(ready=True, store="ok", **more)

        return self._with_store(ask)

    def _metrics(self) -> Reply:
        def ask(database: Database) -> Reply:
            if not holds_something(database):
                return 200, METRICS, b""
            return 200, METRICS, exposition(self.settings, database, self.now())

        return self._with_store(ask)


def _body(*, ready: bool, store: str, **more: str) -> bytes:
    return json.dumps({"ready": ready, "store": store, **more}).encode() + b"\n"
