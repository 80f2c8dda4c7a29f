"""`GET /api/v1/operations/{id}`: what became of an upload, a webhook or a change over SCIM."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from joinery.flows.receiving import what_became_of
from joinery.web.problems import Problem
from joinery.web.ways import Here, guest

router = APIRouter()


@router.get("/api/v1/operations/{key}", summary="What became of something that was sent")
async def show(ways: Here, request: Request, key: str) -> dict[str, Any]:
    """With a token for reading, or for bringing people to that source."""
    let_in = await guest(request, ways, "")
    found = await run_in_threadpool(what_became_of, ways.ports, key)
    token = let_in.token
    if not (token.may("read", found.source) or token.may("ingest", found.source)):
        raise Problem(404, "not_there", f"There is no operation {key} here.")
    return {
        "id": found.id,
        "source": found.source,
        "door": found.door,
        "state": found.state,
        "received_at": found.received_at.isoformat(),
        "file": found.file,
        "result": found.report,
    }
