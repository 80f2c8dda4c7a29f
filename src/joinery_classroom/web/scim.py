"""Classroom's public face: SCIM 2.0 at /classroom/scim/v2, for whoever provisions accounts and is not Joinery."""

from __future__ import annotations

import hmac
from functools import cache

from fastapi import APIRouter, Request, Response
from scim2_models import ScimProvider, UnauthorizedException
from scim2_server.requests import ScimRequest
from scim2_server.storage import ScimStorage

from joinery_classroom.scim_store import ClassroomStorage
from joinery_classroom.web.room import Room, RoomHere
from joinery_scim import Face, provider

BASE = "/classroom/scim/v2"
router = APIRouter()


@router.api_route(BASE + "/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def scim(room: RoomHere, request: Request, path: str) -> Response:
    """Everything below the base; the protocol says the rest."""
    base_url = f"{room.settings.base_url}{BASE}"
    return await face_of(room).answer(request, base_url=base_url, path=f"/{path}")


def face_of(room: Room) -> Face:
    """The service over this room's store."""

    def open_storage(writes: bool) -> ScimStorage:
        return ClassroomStorage(room.store, room.now, writes=writes)

    def may(asked: ScimRequest) -> None:
        wanted = f"Bearer {room.settings.api_token}"
        if not hmac.compare_digest((asked.header("Authorization") or "").encode(), wanted.encode()):
            raise UnauthorizedException(detail="The token is missing or wrong; nothing was read or written.")

    return Face(provider=_provider(), open_storage=open_storage, may=may)


@cache
def _provider() -> ScimProvider:
    return provider()
