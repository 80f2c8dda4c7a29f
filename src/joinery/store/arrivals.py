"""Arrivals over HTTP: kept once for each key, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from joinery.core.model.codec import canonical, instant_of, instant_text
from joinery.store.accounts import upsert
from joinery.store.audit_log import Happened, note
from joinery.store.tables import arrivals

#: arrivals are numbered N-1, N-2, …; A counts the entries of the audit log, and nothing else may
ARRIVED = "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One arrival. `door`: push | webhook | scim; `state`: stored | taken | accepted | held | rejected | same | failed.

    `body`: news of single people, JSON, until somebody has taken them in; `file`: the upload that was kept.
    """

    id: str
    source: str
    door: str
    sha256: str
    received_at: datetime
    key: str = ""
    file: str = ""
    body: str = ""
    #: the process that kept it
    holder: str = ""
    state: str = "stored"
    ended_at: datetime | None = None
    report: Mapping[str, Any] = field(default_factory=dict)


def keep(connection: Connection, name: str, arrival: Arrival) -> Arrival:
    """Keep it, unless its key has come before: then the earlier one. Of several at once one is kept."""
    row = {
        "id": arrival.id,
        "connection": name,
        "source": arrival.source,
        "door": arrival.door,
        "key": arrival.key,
        "sha256": arrival.sha256,
        "file": arrival.file,
        "body": arrival.body,
        "holder": arrival.holder,
        "state": arrival.state,
        "received_at": instant_text(arrival.received_at),
    }
    statement = upsert(connection)(arrivals).values(row).on_conflict_do_nothing()
    if connection.execute(statement.returning(arrivals.c.id)).first() is not None:
        _note_kept(connection, name, arrival)
        return arrival
    earlier = by_key(connection, name, arrival)
    assert earlier is not None  # noqa: S101 - only its key can have been in the way
    return earlier


def _note_kept(connection: Connection, name: str, arrival: Arrival) -> None:
    """By which door, of which source, and its hash: never what it says, nor how the sender calls it."""
    facts = {"door": arrival.door, "source": arrival.source, "sha256": arrival.sha256}
    facts["what"] = "upload" if arrival.file else "news"
    happened = Happened(action="push.kept", at=arrival.received_at, connection=name, subject=arrival.id, facts=facts)
    note(connection, replace(happened, actor=f"webhook of {arrival.source}" if arrival.door == "webhook" else ""))


def by_key(connection: Connection, name: str, arrival: Arrival) -> Arrival | None:
    """The one that came with this source, door and key before; None without one."""
    c = arrivals.c
    same = c.connection == name, c.source == arrival.source, c.door == arrival.door, c.key == arrival.key, c.key != ""
    row = connection.execute(select(arrivals).where(*same)).one_or_none()
    return None if row is None else _arrival(dict(row._mapping))


def arrival_of(connection: Connection, name: str, key: str) -> Arrival | None:
    """By its ID."""
    row = connection.execute(select(arrivals).where(arrivals.c.connection == name, arrivals.c.id == key)).one_or_none()
    return None if row is None else _arrival(dict(row._mapping))


def waiting(connection: Connection, name: str) -> list[Arrival]:
    """News that nobody has taken in, whoever holds them. Oldest first."""
    query = select(arrivals).where(_waits(name)).order_by(arrivals.c.received_at)
    return [_arrival(dict(row._mapping)) for row in connection.execute(query)]


def adopt(connection: Connection, name: str, holder: str, living: Collection[str]) -> None:
    """What waits in the hands of none of the living is `holder`'s from now on; of several at once, one gets it."""
    left = arrivals.c.holder.not_in([*living, holder])
    connection.execute(update(arrivals).where(_waits(name), left).values(holder=holder))


def _waits(name: str) -> ColumnElement[bool]:
    c = arrivals.c
    return (c.connection == name) & (c.state == "stored") & (c.body != "")


def finish(connection: Connection, key: str, state: str, report: Mapping[str, Any], at: datetime) -> None:
    """What became of it. The news themselves are not kept any longer."""
    values = {"state": state, "report": canonical(dict(report)), "ended_at": instant_text(at), "body": ""}
    mine = update(arrivals).where(arrivals.c.id == key)
    name = connection.scalar(mine.values(**values).returning(arrivals.c.connection))
    facts = {"state": state, "plan": report.get("plan", ""), "counts": report.get("counts", {})}
    note(connection, Happened(action="push.ended", at=at, connection=name or "", subject=key, facts=facts))


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an upload, and when."""

    state: str
    at: datetime
    report: Mapping[str, Any]


def finish_file(connection: Connection, name: str, file: str, ended: Ended) -> None:
    """What became of an upload, known by the name of its file."""
    c = arrivals.c
    mine = c.connection == name, c.file == file
    values = {"state": ended.state, "report": canonical(dict(ended.report))}
    for key in connection.scalars(update(arrivals).where(*mine).values(**values).returning(c.id)).all():
        facts = {"state": ended.state}
        note(connection, Happened(action="push.ended", at=ended.at, connection=name, subject=key, facts=facts))


def _arrival(kept: Mapping[str, Any]) -> Arrival:
    return Arrival(
        id=kept["id"],
        source=kept["source"],
        door=kept["door"],
        key=kept["key"],
        sha256=kept["sha256"],
        file=kept["file"],
        body=kept["body"],
        holder=kept["holder"],
        state=kept["state"],
        received_at=instant_of(kept["received_at"]),
        ended_at=instant_of(kept["ended_at"]) if kept["ended_at"] else None,
        report=json.loads(kept["report"]),
    )
