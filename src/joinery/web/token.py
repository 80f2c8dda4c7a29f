"""`GET /api/v1/token`: whether a token is good, and for what. For whoever sets up the other side."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from joinery.web.ways import Here, guest

router = APIRouter()


@router.get("/api/v1/token", summary="What this token may do, and until when")
async def show(ways: Here, request: Request, response: Response) -> dict[str, Any]:
    """Any token may ask about itself."""
    let_in = await guest(request, ways, "")
    response.headers.update(let_in.turn.headers)
    token = let_in.token
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "expires_at": token.expires_at.isoformat(),
        "connection": ways.ports.policy.name,
        "sources": sorted(ways.ports.sources),
    }
