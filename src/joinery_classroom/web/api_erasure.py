"""The JSON API for erasing a person. It is no operation: no sync can ask for it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from joinery_classroom import erasing
from joinery_classroom.errors import BadRequest
from joinery_classroom.tables import accounts
from joinery_classroom.web.room import JsonBody, RoomHere, as_json, bearer
from joinery_classroom.world import read_accounts

router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)])


@router.post("/accounts/{account_id}/erase")
def erase_account(room: RoomHere, account_id: str, body: JsonBody) -> Response:
    """Takes the person out of a closed account. `found` is false where there is none; twice is once."""
    pseudonym = body.get("pseudonym")
    if not isinstance(pseudonym, str) or not pseudonym.strip():
        raise BadRequest("pseudonym must be a text that stands in the person's place; nothing was erased.")
    with room.store.writing() as connection:
        found = read_accounts(connection, accounts.c.id == account_id)
        emptied = erasing.erase(connection, found[0], pseudonym.strip()) if found else None
    return as_json(
        {
            "found": emptied is not None,
            "changed": emptied is not None and emptied.changed,
            "training_records": emptied.training_records if emptied else 0,
            "scrubbed": room.store.scrub(),
        }
    )
