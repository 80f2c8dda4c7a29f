"""`POST /api/v1/ingest/{source}`: a file of people, as HR's system would put it into a folder. The plan decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from joinery.flows.receiving import earlier, keep_arrival, new_number, source_named
from joinery.flows.uploaded import news_in
from joinery.kit.drop import Manifest
from joinery.kit.moves import sync_folder
from joinery.store.arrivals import Arrival
from joinery.web.problems import Problem
from joinery.web.uploads import Received, receive, records_to_csv
from joinery.web.ways import Here, Ways, guest

router = APIRouter()
#: content type -> the ending of the file
KINDS = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
Content = Literal["full", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What the sender says of the upload."""

    source: str
    kind: str
    content: Content
    as_of: datetime | None
    key: str

    def fingerprint(self, sha256: str) -> str:
        """The same for the same request."""
        from hashlib import sha256 as digest

        said = f"{sha256}|{self.kind}|{self.content}|{self.as_of.isoformat() if self.as_of else ''}"
        return digest(said.encode()).hexdigest()


@router.post(
    "/api/v1/ingest/{source}",
    status_code=202,
    summary="Upload people: everybody (content=full), or those who changed (content=changes)",
)
async def ingest(  # noqa: PLR0913, PLR0917 the parts of a request
    ways: Here,
    request: Request,
    response: Response,
    source: str,
    content: Annotated[Content, Query(description="Whether the file holds everybody, or only those who changed.")],
    as_of: Annotated[datetime | None, Query(description="The moment the file speaks of.")] = None,
    idempotency_key: Annotated[str, Header(max_length=200, description="Your own key of this upload.")] = "",
) -> dict[str, Any]:
    """CSV, XLSX or NDJSON as the body. 202 means that it is kept; what became of it is at `operation`."""
    let_in = await guest(request, ways, "ingest", source)
    await run_in_threadpool(source_named, ways.ports, source)
    kind = KINDS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if kind is None:
        raise Problem(415, "unknown_kind", f"Send one of {', '.join(sorted(KINDS))}; nothing was kept.")
    stated = Stated(source=source, kind=kind, content=content, as_of=as_of, key=idempotency_key)
    number = await run_in_threadpool(new_number, ways.ports)
    part = ways.upload_folder(source).parent / "arriving" / f"{number}.part"
    received = await receive(request, part, ways.settings.api.largest_mb * 1_000_000)
    try:
        arrival = await run_in_threadpool(_keep, ways, stated, received, number)
    finally:
        part.unlink(missing_ok=True)
    response.headers.update(let_in.turn.headers)
    response.headers["location"] = f"/api/v1/operations/{arrival.id}"
    return {"operation": f"/api/v1/operations/{arrival.id}", "id": arrival.id, "state": arrival.state}


def _keep(ways: Ways, stated: Stated, received: Received, number: str) -> Arrival:
    """Durably, and once for each key; then somebody is told that there is work."""
    wanted = Arrival(
        id=number,
        source=stated.source,
        door="push",
        key=stated.key,
        sha256=stated.fingerprint(received.sha256),
        received_at=ways.ports.now(),
    )
    if (known := earlier(ways.ports, wanted)) is not None:
        return known
    made = "records" if stated.kind == "ndjson" else "upload"
    name = f"{stated.source}_{made}_{'full' if stated.content == 'full' else 'part'}_{number}"
    ending = "xlsx" if stated.kind == "xlsx" else "csv"
    ready = received.path.with_name(f"{name}.{ending}")
    try:
        if stated.kind == "ndjson":
            records_to_csv(received.path, ready)
        else:
            received.path.rename(ready)
        news = news_in(ways.ports, stated.source, ready) if stated.content == "changes" else ""
        return _into_inbox(ways, stated, ready, replace(wanted, file=ready.name, body=news))
    finally:
        # still here only where something went wrong, like a disk that is full
        ready.unlink(missing_ok=True)


def _into_inbox(ways: Ways, stated: Stated, ready: Path, arrival: Arrival) -> Arrival:
    """The manifest first, the file last: under its final name it is whole."""
    folder = ways.upload_folder(stated.source)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(content=stated.content, as_of=stated.as_of)
    try:
        (folder / f"{ready.name}.done").write_text(manifest.to_json(), encoding="utf-8")
        ready.rename(folder / ready.name)
        sync_folder(folder)
        kept, new = keep_arrival(ways.ports, arrival)
    except BaseException:
        _take_back(folder, ready.name)
        raise
    if not new:  # the same key came twice at once
        _take_back(folder, ready.name)
        return kept
    if kept.body:
        ways.desk.tell(kept)
    ways.desk.run_soon()
    return kept


def _take_back(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / f"{name}.done").unlink(missing_ok=True)
