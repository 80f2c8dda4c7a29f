"""What the routes work through: made once by `assembly`, found again at every request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from joinery.app.desk import Desk
from joinery.app.pushed import upload_folder
from joinery.flows.policy import Ports
from joinery.settings import Settings
from joinery.store.audit_log import ACTOR
from joinery.web.doors import Doorkeeper, Guest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The connection behind the ways in."""

    settings: Settings
    ports: Ports
    doors: Doorkeeper
    desk: Desk
    state_dir: Path

    def upload_folder(self, source: str) -> Path:
        """Where uploads of this source wait for a run."""
        return upload_folder(self.state_dir, source)


def ways_of(request: Request) -> Ways:
    """Those of the application that got this request."""
    found: Ways = request.app.state.ways
    return found


Here = Annotated[Ways, Depends(ways_of)]


async def guest(request: Request, ways: Ways, scope: str, source: str = "") -> Guest:
    """Whoever sent this request, let in for this. Raises Problem 401, 403 or 429."""
    header = request.headers.get("authorization")
    let_in = await run_in_threadpool(ways.doors.let_in, header, address_of(request), scope, source)
    ACTOR.set(f"token {let_in.token.id}")  # for the rest of this request
    return let_in


def address_of(request: Request) -> str:
    """Where the request came from, as far as this server sees it."""
    return request.client.host if request.client else ""
