"""What comes in over HTTP is kept first and answered then. Rule: a yes means that it survives whatever comes next.

The same key with the same content is the same arrival; the same key with another content is a mistake of the sender.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from joinery.core.model.codec import canonical, instant_of, instant_text
from joinery.core.model.finding import Finding
from joinery.core.model.snapshot import RawRecord
from joinery.errors import ConfigError, NotThere, SourceUntrusted
from joinery.flows.policy import Ports, SourcePolicy
from joinery.flows.pulled import FileResult
from joinery.flows.push import News, Told, tell
from joinery.store.arrivals import (
    ARRIVED,
    Arrival,
    Ended,
    adopt,
    arrival_of,
    by_key,
    finish,
    finish_file,
    keep,
    waiting,
)
from joinery.store.connections import next_number


class KeyReused(ConfigError):
    """This key was used for another content before; nothing was kept."""


def source_named(ports: Ports, name: str) -> SourcePolicy:
    """The source of this name. Raises NotThere."""
    if name not in ports.sources:
        raise NotThere(
            f"There is no source {name!r} here; nothing was kept.", fix=f"Known: {', '.join(ports.sources)}."
        )
    return ports.sources[name]


def keep_arrival(ports: Ports, arrival: Arrival) -> tuple[Arrival, bool]:
    """Keep it durably; it as it is kept, and whether it is new. `arrival.id` is given here unless it has one.

    Raises KeyReused when its key came before with another content.
    """
    held = replace(arrival, holder=this_process(ports))
    with ports.database.write() as connection:
        named = held if held.id else replace(held, id=next_number(connection, ARRIVED))
        kept = keep(connection, ports.policy.name, named)
    return _same(kept, arrival), kept.id == named.id


def earlier(ports: Ports, arrival: Arrival) -> Arrival | None:
    """The one that came with this key before; None without one. Raises KeyReused for another content."""
    with ports.database.read() as connection:
        known = by_key(connection, ports.policy.name, arrival)
    return _same(known, arrival) if known is not None else None


def new_number(ports: Ports) -> str:
    """The ID of an arrival that is about to be kept."""
    with ports.database.write() as connection:
        return next_number(connection, ARRIVED)


def _same(kept: Arrival, arrival: Arrival) -> Arrival:
    if kept.sha256 != arrival.sha256:
        raise KeyReused(
            f"The key was used before, for {kept.id}, with another content; nothing was kept.",
            fix="Use a new key for new content, and the same key only to repeat the very same request.",
        )
    return kept


def body_of(records: Sequence[RawRecord], changed_at: datetime | None, name: str) -> str:
    """News of single people as they are kept until somebody takes them in."""
    at = instant_text(changed_at) if changed_at else ""
    return canonical({"records": [dict(record) for record in records], "changed_at": at, "name": name})


def take_in(ports: Ports, arrival: Arrival) -> Told | None:
    """Tell the news of one arrival, and note what came of it; None where they could not be believed.

    Raises StopRun errors of the store or the learning system: then they are kept, and told again later.
    """
    source, body = source_named(ports, arrival.source), json.loads(arrival.body)
    changed = instant_of(body["changed_at"]) if body["changed_at"] else None
    news = News(
        door=arrival.door,
        name=body["name"] or arrival.id,
        records=[{name: str(value) for name, value in record.items()} for record in body["records"]],
        received_at=arrival.received_at,
        changed_at=changed,
        sha256=arrival.sha256,
    )
    try:
        told = tell(ports, source, news)
    except (ConfigError, SourceUntrusted) as error:
        _finish(ports, arrival, "failed", {"error": error.code, "message": error.message})
        return None
    _finish(ports, arrival, "taken", report_of(told))
    return told


def report_of(told: Told) -> Mapping[str, Any]:
    """Numbers and IDs, for whoever asks what became of it."""
    return {
        "counts": dict(told.counts),
        "events": dict(told.events),
        "findings": _said(told.findings),
        "plan": told.plan,
        "access_closed": list(told.ended),
        "ends_waiting": told.waiting,
    }


def _said(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [{"check": f.check, "worker_id": f.worker_id, "message": f.message} for f in findings]


def _finish(ports: Ports, arrival: Arrival, state: str, report: Mapping[str, Any]) -> None:
    with ports.database.write() as connection:
        finish(connection, arrival.id, state, report, ports.now())


def this_process(ports: Ports) -> str:
    """This process, as others know whether it lives."""
    return ports.engine().enrol("serve")


def left_over(ports: Ports) -> list[Arrival]:
    """News that this process kept, or one that is gone, and nobody has taken in. The living keep what is theirs."""
    ours = this_process(ports)
    take_over(ports)
    return [each for each in _waiting(ports) if each.holder == ours]


def take_over(ports: Ports) -> list[Arrival]:
    """News whose process is gone: ours to take in, from now on. Empty while we cannot judge who lives."""
    ours, living = this_process(ports), ports.engine().living()
    left = {each.id for each in _waiting(ports) if each.holder not in living} if living is not None else set()
    if not left or living is None:
        return []
    with ports.database.write() as connection:
        adopt(connection, ports.policy.name, ours, living)
    return [each for each in _waiting(ports) if each.holder == ours and each.id in left]


def _waiting(ports: Ports) -> list[Arrival]:
    with ports.database.read() as connection:
        return waiting(connection, ports.policy.name)


def what_became_of(ports: Ports, key: str) -> Arrival:
    """One arrival. Raises NotThere."""
    with ports.database.read() as connection:
        found = arrival_of(connection, ports.policy.name, key)
    if found is None:
        raise NotThere(f"There is no operation {key} here.")
    return found


def note_files(ports: Ports, files: Sequence[FileResult]) -> None:
    """After a run: what became of the uploads among its files."""
    told = [file for file in files if file.name]
    if not told:
        return
    with ports.database.write() as connection:
        for file in told:
            report = {
                "rows": file.rows,
                "counts": dict(file.counts),
                "snapshot": file.snapshot_id,
                "findings": _said(file.findings),
            }
            finish_file(connection, ports.policy.name, file.name, Ended(file.state, ports.now(), report))
