"""`POST /api/v1/webhooks/{source}`: changes that HR's system sends by itself. The signature lets in, not a token."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from joinery.errors import NotThere
from joinery.flows.push import MOST
from joinery.flows.receiving import body_of, keep_arrival
from joinery.kit.webhook import NotSigned, Sent, authentic
from joinery.settings.webhook import Webhook, scheme_of
from joinery.store.arrivals import Arrival
from joinery.web.problems import Problem
from joinery.web.uploads import flat
from joinery.web.ways import Here, Ways, address_of

router = APIRouter()
#: bytes of one message
LARGEST = 1_000_000


@router.post("/api/v1/webhooks/{source}", status_code=202, summary="Changes of single people, sent by HR's system")
async def hook(ways: Here, request: Request, response: Response, source: str) -> dict[str, Any]:
    """202 means that it is kept. A message that came before is answered in the same way, and told once."""
    if (guesses := ways.doors.wrong.take(address_of(request), cost=0)).wait:
        raise Problem(429, "too_many_requests", "Too many wrong signatures came from there.", "", guesses.headers)
    body = await _body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    arrival, new = await run_in_threadpool(_keep, ways, source, headers, body, address_of(request))
    if new:
        if arrival.body:
            ways.desk.tell(arrival)
        else:
            ways.desk.run_soon()
    return {"id": arrival.id, "state": arrival.state}


async def _body(request: Request) -> bytes:
    whole = b""
    try:
        async for part in request.stream():
            whole += part
            if len(whole) > LARGEST:
                raise Problem(413, "too_large", f"More than {LARGEST} bytes; nothing was kept.")
    except ClientDisconnect as error:
        raise Problem(400, "cut_short", "The message was cut short; nothing was kept.") from error
    return whole


def _keep(ways: Ways, source: str, headers: dict[str, str], body: bytes, address: str) -> tuple[Arrival, bool]:
    hooked = ways.settings.people[source].webhook if source in ways.settings.people else None
    if hooked is None:
        raise NotThere(
            f"No webhooks are expected for {source!r}; nothing was kept.", fix="Set people.<source>.webhook."
        )
    turn = ways.doors.rates.take(f"webhook {source}")
    if turn.wait:
        raise Problem(429, "too_many_requests", "More than api.per_minute; nothing was kept.", "", turn.headers)
    sent = _authentic(ways, hooked, headers, body, address)
    said = _said(body)
    records = _records(said, hooked)
    wanted = Arrival(
        id="",
        source=source,
        door="webhook",
        key=sent.id,
        # a sender signs each attempt anew: what makes it the same message is its ID
        sha256="0" * 64,
        received_at=ways.ports.now(),
        body=body_of(records, _happened(said), f"webhook {sent.id[:40]}") if records else "",
    )
    return keep_arrival(ways.ports, wanted)


def _authentic(ways: Ways, hooked: Webhook, headers: dict[str, str], body: bytes, address: str) -> Sent:
    secrets = [secret.reveal() for secret in hooked.secret]
    try:
        return authentic(scheme_of(hooked), headers, body, secrets, ways.ports.now())
    except NotSigned as error:
        ways.doors.wrong.take(address)
        raise Problem(401, "not_signed", error.message, error.fix) from error


def _said(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(422, "not_understood", "The message is no JSON; nothing was kept.") from error


def _records(said: Any, hooked: Webhook) -> list[dict[str, str]]:
    """The records in it; none where it only says that something changed, and the next run reads what."""
    found = said
    if hooked.records is not None:
        for step in hooked.records.split("."):
            found = found.get(step) if isinstance(found, dict) else None
    elif isinstance(said, dict) and "data" in said:
        found = said["data"]
    rows = found if isinstance(found, list) else [found]
    if len(rows) > MOST:
        raise Problem(422, "too_many", f"More than {MOST} records; nothing was kept.", "Upload them as a file.")
    try:
        return [flat(row) for row in rows if isinstance(row, dict) and row]
    except ValueError as error:
        raise Problem(422, "not_understood", f"A record {error}; nothing was kept.") from error


def _happened(said: Any) -> datetime | None:
    """When it happened at HR, as the message says; None where it does not."""
    text = said.get("timestamp") if isinstance(said, dict) else None
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
