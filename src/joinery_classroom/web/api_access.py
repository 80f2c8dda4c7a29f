"""The JSON API for letting people in: sign-in links, printed slips, roles. A token leaves here once and is not kept."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from markupsafe import Markup
from sqlalchemy import update

from joinery_classroom import access, wire
from joinery_classroom.certificates import qr_svg
from joinery_classroom.errors import BadRequest, NotFound
from joinery_classroom.tables import accounts
from joinery_classroom.web.api_learning import the_account
from joinery_classroom.web.pages import environment
from joinery_classroom.web.room import JsonBody, RoomHere, as_json, bearer

MOST_SLIPS = 500
ROLES = ("admin",)
router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)])


@router.post("/sign-in-links")
def sign_in_link(room: RoomHere, body: JsonBody) -> Response:
    """A one-time link. With `starts_on` (ISO day) it lasts until 14 days after that day, else from now."""
    raw = body.get("starts_on")
    try:
        starts_on = None if raw is None else date.fromisoformat(str(raw))
    except ValueError as error:
        raise BadRequest("starts_on must be a day like 2026-03-09; no link was made.") from error
    with room.store.writing() as connection:
        account = the_account(connection, str(body.get("account_id", "")))
        key = access.make_link(connection, account, room.settings, room.now(), starts_on)
    url = f"{room.settings.base_url}/in/{key.secret}"
    return as_json({"url": url, "expires_at": wire.instant(key.expires_at)})


@router.post("/sign-in-slips")
def sign_in_slips(room: RoomHere, body: JsonBody) -> Response:
    """A page to print and cut: for each person a worker ID, a one-time code and a QR code. All of them or none."""
    wanted = body.get("account_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_SLIPS:
        raise BadRequest(f"account_ids must be a list of 1 to {MOST_SLIPS}; no slip was made.")
    slips = []
    with room.store.writing() as connection:
        found = access.find_accounts(connection, [str(one) for one in wanted])
        missing = [str(one) for one in wanted if str(one) not in found]
        if missing:
            raise NotFound(f"No such account: {', '.join(missing)}; no slip was made.")
        for account_id in dict.fromkeys(str(one) for one in wanted):
            account = found[account_id]
            key = access.make_slip(connection, account, room.settings, room.now())
            worker_id = account.attributes.get("worker_id") or ""
            url = f"{room.settings.base_url}/sign-in?worker_id={quote(worker_id)}"
            slips.append({"person": account, "code": key.secret, "ends": key.expires_at, "qr": Markup(_inline(url))})  # noqa: S704 - made by qrcode from a URL, no text of people inside
    page = (
        environment()
        .get_template("slips.html")
        .render(slips=slips, organisation=room.settings.organisation, base_url=room.settings.base_url)
    )
    return Response(page, media_type="text/html; charset=utf-8")


@router.put("/accounts/{account_id}/roles")
def set_roles(room: RoomHere, account_id: str, body: JsonBody) -> Response:
    """Who may see the admin pages. Joinery itself only ever takes roles away."""
    roles = body.get("roles")
    if not isinstance(roles, list) or not set(roles) <= set(ROLES):
        raise BadRequest('roles must be [] or ["admin"]; nothing was written.')
    with room.store.writing() as connection:
        account = the_account(connection, account_id)
        if tuple(roles) != account.roles:
            values = {"roles": '["admin"]' if roles else "[]", "version": account.version + 1}
            connection.execute(update(accounts).where(accounts.c.seq == account.seq).values(values))
        return as_json(wire.account(the_account(connection, account_id)))


def _inline(url: str) -> str:
    return qr_svg(url).partition("?>")[2]
