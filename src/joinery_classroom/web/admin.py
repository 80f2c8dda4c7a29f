"""Read-only pages for the people who look after Classroom, and for auditors: the archived are shown like the others.

Every list is also a CSV and an XLSX file of all its lines, not only of the page on the screen.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from joinery_classroom import ledger, roll
from joinery_classroom.errors import NotFound
from joinery_classroom.exports import Listing, as_csv, as_xlsx
from joinery_classroom.model import Account
from joinery_classroom.tables import accounts
from joinery_classroom.web.pages import Admin, Page, show
from joinery_classroom.web.room import RoomHere
from joinery_classroom.world import read_accounts

PAGE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TITLES = {"groups": "Groups", "courses": "Courses and paths", "seats": "Seats"}
router = APIRouter(prefix="/admin")

Words = Annotated[str, Query(max_length=200)]
After = Annotated[int, Query(ge=0, le=2**62)]


@router.get("")
def overview(request: Request, room: RoomHere, account: Admin) -> Response:
    """Where to go, with the numbers of seats."""
    with room.store.reading() as connection:
        seats = list(roll.seat_list(connection).rows)
    return show(request, Page(template="admin.html", values={"seats": seats}, account=account))


@router.get("/people")
def people(
    request: Request, room: RoomHere, account: Admin, q: Words = "", state: Words = "", after: After = 0
) -> Response:
    """People, searched and filtered, 50 on a page."""
    search = roll.Search(words=q, state=state)
    with room.store.reading() as connection:
        found = roll.people_page(connection, search, after, PAGE + 1)
        total = roll.count_people(connection, search)
    values = {
        "q": q,
        "state": state,
        "states": roll.STATES,
        "columns": roll.PEOPLE_COLUMNS,
        "rows": [roll.people_row(one) for one in found[:PAGE]],
        "total": total,
        "after": after,
        "next": found[PAGE - 1].seq if len(found) > PAGE else None,
    }
    return show(request, Page(template="people.html", values=values, account=account))


@router.get("/people.{ending}")
def people_file(room: RoomHere, _account: Admin, ending: str, q: Words = "", state: Words = "") -> Response:
    """The same people, all of them, as a file."""
    with room.store.reading() as connection:
        return _file(roll.people(connection, roll.Search(words=q, state=state)), ending)


@router.get("/people/{account_id}")
def person(request: Request, room: RoomHere, account: Admin, account_id: str) -> Response:
    """One person: state, attributes, what is assigned, transcript."""
    with room.store.reading() as connection:
        shown = _person(connection, account_id)
        rows = ledger.of_account(connection, shown.seq)
    values = {"person": shown, "transcript": roll.transcript(rows)}
    return show(request, Page(template="person.html", values=values, account=account))


@router.get("/people/{account_id}/transcript.{ending}")
def transcript_file(room: RoomHere, _account: Admin, account_id: str, ending: str) -> Response:
    """A person's transcript as a file."""
    with room.store.reading() as connection:
        return _file(roll.transcript(ledger.of_account(connection, _person(connection, account_id).seq)), ending)


@router.get("/{name}.{ending}")
def list_file(room: RoomHere, _account: Admin, name: str, ending: str) -> Response:
    """Groups, courses or seats as a file."""
    with room.store.reading() as connection:
        return _file(_listing(connection, name), ending)


@router.get("/{name}")
def list_page(request: Request, room: RoomHere, account: Admin, name: str) -> Response:
    """Groups, courses or seats."""
    with room.store.reading() as connection:
        listing = _listing(connection, name)
    values = {"title": _TITLES[name], "listing": listing, "rows": list(listing.rows)}
    return show(request, Page(template="listing.html", values=values, account=account))


def _listing(connection: Connection, name: str) -> Listing:
    match name:
        case "groups":
            return roll.group_list(connection)
        case "courses":
            return roll.course_list(connection)
        case "seats":
            return roll.seat_list(connection)
        case _:
            raise NotFound("There is no such list.", fix="Open the overview to see what there is.")


def _person(connection: Connection, account_id: str) -> Account:
    found = read_accounts(connection, accounts.c.id == account_id)
    if not found:
        raise NotFound("There is no such account.", fix="Search for the person by name or worker ID.")
    return found[0]


def _file(listing: Listing, ending: str) -> Response:
    match ending:
        case "csv":
            content, media_type = as_csv(listing), "text/csv; charset=utf-8"
        case "xlsx":
            content, media_type = as_xlsx(listing), _XLSX
        case _:
            raise NotFound("A list can be had as .csv or .xlsx.", fix="Change the ending of the address.")
    headers = {"content-disposition": f'attachment; filename="{listing.name}.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)
