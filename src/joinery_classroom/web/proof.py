"""Certificates for their owners and a page on which anybody can check one."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from joinery_classroom import ledger, signing
from joinery_classroom.certificates import print_certificate, printed_name
from joinery_classroom.days import day_done
from joinery_classroom.errors import Conflict, NotFound
from joinery_classroom.model import Account, Completion
from joinery_classroom.tables import accounts
from joinery_classroom.web.pages import Page, SignedIn, Visitor, go, show
from joinery_classroom.web.room import Room, RoomHere, bearer
from joinery_classroom.world import read_accounts

router = APIRouter()


@router.get("/certificates/{certificate_id}.pdf")
def certificate(room: RoomHere, account: SignedIn, certificate_id: str) -> Response:
    """The PDF, printed anew with today's name. Owners and admins only."""
    with room.store.reading() as connection:
        done = ledger.find(connection, "certificate_id", certificate_id)
        if done is None or (done.account_seq != account.seq and "admin" not in account.roles):
            raise NotFound("There is no such certificate among yours.", fix="Open My record to see your certificates.")
        owner = read_accounts(connection, accounts.c.seq == done.account_seq)[0]
    return _printed(room, owner, done)


@router.get("/api/v1/certificates/{certificate_id}.pdf", dependencies=[Depends(bearer)])
def certificate_for_joinery(room: RoomHere, certificate_id: str) -> Response:
    """The same PDF for Joinery, whoever's it is."""
    with room.store.reading() as connection:
        done = ledger.find(connection, "certificate_id", certificate_id)
        if done is None:
            raise NotFound("There is no such certificate.")
        owner = read_accounts(connection, accounts.c.seq == done.account_seq)[0]
    return _printed(room, owner, done)


@router.get("/verify")
def verify_form(request: Request, account: Visitor, id: str = "") -> Response:
    """Where to type the id of a certificate."""
    typed = "".join(letter for letter in id.upper() if letter.isalnum())[:12]
    if typed:
        return go(request, "/verify/" + "-".join(typed[start : start + 4] for start in range(0, len(typed), 4)))
    return show(request, Page(template="verify_form.html", values={}, account=account))


@router.get("/verify/public-key")
def verify_key(room: RoomHere) -> Response:
    """The key to check certificates without a network."""
    key = signing.public_key(room.settings.secret)
    return Response(key + "\n", media_type="text/plain; charset=utf-8")


@router.get("/verify/{certificate_id}")
def verify(request: Request, room: RoomHere, account: Visitor, certificate_id: str) -> Response:
    """Is it valid, expired, taken back or unknown?"""
    with room.store.reading() as connection:
        done = ledger.find(connection, "certificate_id", certificate_id)
        owner = read_accounts(connection, accounts.c.seq == done.account_seq)[0] if done else None
    if done is None or owner is None:
        unknown = {"state": "unknown", "certificate_id": certificate_id[:40]}
        return show(request, Page(template="verify.html", values=unknown, account=account, status=404))
    state = "valid"
    if done.revokes is not None or done.result == "failed":
        state = "revoked"
    elif done.expires_on is not None and done.expires_on < room.now().date():
        state = "expired"
    values: dict[str, Any] = {
        "state": state,
        "certificate_id": done.certificate_id,
        "done": done,
        "day": day_done(done),
        "name": printed_name(owner),
    }
    return show(request, Page(template="verify.html", values=values, account=account))


def _printed(room: Room, owner: Account, done: Completion) -> Response:
    if done.revokes is not None:
        raise Conflict("This certificate was taken back and cannot be printed.", fix="Ask who entered it why.")
    pdf = print_certificate(owner, done, room.settings)
    headers = {"content-disposition": f'attachment; filename="certificate-{done.certificate_id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)
