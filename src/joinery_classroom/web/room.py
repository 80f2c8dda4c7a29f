"""What every request is given: the open store, the settings and the clock it is to believe."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from starlette.requests import ClientDisconnect

from joinery_classroom.database import Store
from joinery_classroom.errors import BadRequest, NotSignedIn, TooLarge
from joinery_classroom.model import Account
from joinery_classroom.settings import ClassroomSettings

MOST_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`send_fresh_link(account, url)` mails a new sign-in link to the account's own address, or is None."""

    settings: ClassroomSettings
    store: Store
    now: Callable[[], datetime]
    send_fresh_link: Callable[[Account, str], None] | None


def room_of(request: Request) -> Room:
    """The room of the app that serves this request."""
    room = request.app.state.room
    assert isinstance(room, Room)  # noqa: S101 - set by create_app only
    return room


async def bearer(request: Request) -> None:
    """Lets only the holder of the API token in. Raises NotSignedIn."""
    given = request.headers.get("authorization", "")
    wanted = f"Bearer {room_of(request).settings.api_token}"
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotSignedIn("The API token is missing or wrong; nothing was read or written.")


async def raw_body(request: Request) -> bytes:
    """The body, at most 20 MB. Raises TooLarge, or BadRequest if the sender goes away."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise TooLarge("The request is larger than 20 MB; nothing was written.")
            parts.append(part)
    except ClientDisconnect as error:
        raise BadRequest("The request ended before it was complete; nothing was written.") from error
    return b"".join(parts)


async def json_body(body: Annotated[bytes, Depends(raw_body)]) -> dict[str, Any]:
    """The body as a JSON object. Raises BadRequest."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise BadRequest("The body is not JSON; nothing was written.") from error
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object; nothing was written.")
    return value


def as_json(value: Any) -> Response:
    """A JSON answer, written once and without a model in between: pages of accounts are large."""
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")), media_type="application/json")


RoomHere = Annotated[Room, Depends(room_of)]
JsonBody = Annotated[dict[str, Any], Depends(json_body)]
RawBody = Annotated[bytes, Depends(raw_body)]
