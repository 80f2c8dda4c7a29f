"""Inbound SCIM 2.0 at /scim/v2, for identity providers and HR systems that push. It writes news, never accounts."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request, Response
from scim2_models import Error, ForbiddenException, SCIMException, ScimProvider, UnauthorizedException
from scim2_server.requests import ScimRequest
from scim2_server.storage import ScimStorage

from joinery.errors import StopRun
from joinery.settings.sources import ScimSource
from joinery.store.audit_log import ACTOR
from joinery.web.problems import Problem, problem_of
from joinery.web.scim_storage import PeopleStorage
from joinery.web.ways import Here, Ways, address_of
from joinery_scim import Face, provider

BASE = "/scim/v2"
router = APIRouter()


@router.api_route(
    BASE + "/{path:path}",
    methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
async def scim(ways: Here, request: Request, path: str) -> Response:
    """Everything below the base; the protocol says the rest, and describes itself at /scim/v2/Schemas."""
    base_url = f"{request.url.scheme}://{request.url.netloc}{BASE}"
    return await _face(ways, address_of(request)).answer(request, base_url=base_url, path=f"/{path}")


def _face(ways: Ways, address: str) -> Face:
    """The service for one request: whoever is let in says by the token which source they write."""
    chosen: list[str] = []

    def may(asked: ScimRequest) -> None:
        chosen.append(_let_in(ways, asked, address))

    def open_storage(writes: bool) -> ScimStorage:
        return PeopleStorage(ways.ports, lambda: chosen[-1], ways.desk.tell, writes=writes)

    return Face(provider=_provider(), open_storage=open_storage, may=may, known=_known)


def _let_in(ways: Ways, asked: ScimRequest, address: str) -> str:
    sources = [name for name, source in ways.settings.people.items() if isinstance(source, ScimSource)]
    try:
        token = ways.doors.let_in(asked.header("Authorization"), address, "").token
    except Problem as problem:
        raise _refused(problem) from problem
    ACTOR.set(f"token {token.id}")  # for the rest of this request
    mine = [name for name in sources if token.may("scim", name)]
    if len(mine) != 1:
        fix = "give the token the scope scim:<source> of one source that is `from: scim`"
        raise ForbiddenException(detail=f"This token writes {len(mine)} sources over SCIM: {fix}. Nothing was written.")
    return mine[0]


def _known(error: Exception) -> Exception:
    """A store that is away: nothing was kept, and the sender may come again."""
    return _refused(problem_of(error)) if isinstance(error, StopRun) else error


def _refused(problem: Problem) -> SCIMException:
    if problem.status == 401:
        return UnauthorizedException(detail=problem.detail)
    return SCIMException.from_error(Error(status=problem.status, detail=problem.detail))


@cache
def _provider() -> ScimProvider:
    return provider(groups=False)
