"""What is remembered per connection, the lock that keeps runs apart, short numbers, and the list of runs."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from joinery.core.model.codec import canonical, instant_of, instant_text
from joinery.core.model.ids import RunId
from joinery.errors import RunLocked, StoreTrouble
from joinery.store.accounts import upsert
from joinery.store.audit_log import Happened, note
from joinery.store.database import Database
from joinery.store.nodes import epoch
from joinery.store.tables import connections, counters, locks, plans, runs

#: a lock whose holder did not write for so many seconds, on another machine or stopped on this one, is abandoned
STALE_AFTER = 30.0
#: a holder writes every so many seconds
BEAT = 5.0
#: one that seems abandoned on another machine is watched for so many seconds
WATCH = 1.5 * BEAT
#: tokens of the locks that this process holds now
_OURS: set[str] = set()
# asked so often that putting the question together took longer than the answer
_STATE = select(connections).where(connections.c.name == bindparam("connection"))
_MINE = select(locks.c.owner).where(locks.c.name == bindparam("connection"), locks.c.owner == bindparam("holder"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """`go_live` is the local day of the baseline; None before anything was accepted."""

    go_live: date | None = None
    last_as_of: datetime | None = None
    config_version: str = ""
    audited_at: datetime | None = None
    #: small memories: urgent suspensions of the last hour, first load done, unmapped values …
    extra: Mapping[str, Any] = field(default_factory=dict)


def load_state(connection: Connection, name: str) -> ConnectionState:
    """What is remembered; an empty state for a connection never seen."""
    row = connection.execute(_STATE, {"connection": name}).one_or_none()
    if row is None:
        return ConnectionState()
    return ConnectionState(
        go_live=date.fromisoformat(row.go_live) if row.go_live else None,
        last_as_of=instant_of(row.last_as_of) if row.last_as_of else None,
        config_version=row.config_version,
        audited_at=instant_of(row.audited_at) if row.audited_at else None,
        extra=json.loads(row.state),
    )


def save_state(connection: Connection, name: str, state: ConnectionState) -> None:
    """Replace what is remembered."""
    values = {
        "go_live": state.go_live.isoformat() if state.go_live else "",
        "last_as_of": instant_text(state.last_as_of) if state.last_as_of else "",
        "config_version": state.config_version,
        "audited_at": instant_text(state.audited_at) if state.audited_at else "",
        "state": canonical(dict(state.extra)),
    }
    statement = upsert(connection)(connections).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def other_caller(connection: Connection, name: str, target: str) -> str:
    """Another connection of this store that made plans for a learning system of this name; empty when there is none."""
    others = select(connections.c.name).where(connections.c.name != name)
    if connection.execute(others.limit(1)).first() is None:
        return ""
    made = select(plans.c.connection).where(plans.c.target == target, plans.c.connection.in_(others))
    return str(connection.scalar(made.limit(1)) or "")


def next_number(connection: Connection, kind: str) -> str:
    """`P-1`, `P-2`, …: short numbers per installation."""
    statement = upsert(connection)(counters).values(kind=kind, value=1)
    statement = statement.on_conflict_do_update(index_elements=["kind"], set_={"value": counters.c.value + 1})
    connection.execute(statement)
    return f"{kind}-{connection.scalar(select(counters.c.value).where(counters.c.kind == kind))}"


@contextmanager
def only_run(database: Database, name: str, now: Callable[[], datetime]) -> Iterator[Callable[[], None]]:
    """Hold the connection's lock; yields a heartbeat, which also beats by itself. Raises RunLocked when it is taken.

    A lock of a dead process of this machine is taken over at once, one of a machine that went silent (or of a process
    that was stopped) after STALE_AFTER. Whoever lost it can write nothing more: every transaction asks first.
    """
    owner = uuid4().hex
    _OURS.add(owner)
    try:
        _seize(database, name, owner, now())
    except BaseException:
        _OURS.discard(owner)
        raise
    mine = (locks.c.name == name) & (locks.c.owner == owner)

    def heartbeat() -> None:
        with database.engine.begin() as connection:
            values = {"heartbeat_at": instant_text(now()), "beat_at": epoch(connection)}
            connection.execute(update(locks).where(mine).values(**values))

    over = Event()
    beating = Thread(target=_beat, args=(heartbeat, over), name=f"joinery-lock-{name}", daemon=True)
    database.fences[owner] = partial(_fence, name, owner)
    beating.start()
    try:
        yield heartbeat
    finally:
        over.set()
        beating.join()
        database.fences.pop(owner, None)
        _OURS.discard(owner)
        try:
            _give_back(database, mine)
        except StoreTrouble:
            # a process that lives and says nothing holds its lock for ever where all are on one machine
            Thread(target=_give_back_later, args=(database, mine), name=f"joinery-lock-{name}", daemon=True).start()


def _give_back(database: Database, mine: ColumnElement[bool]) -> None:
    with database.write() as connection:
        connection.execute(locks.delete().where(mine))


def _give_back_later(database: Database, mine: ColumnElement[bool]) -> None:
    """Again and again; the lock of a process that ends meanwhile is taken over anyway."""
    while True:
        sleep(BEAT)
        try:
            return _give_back(database, mine)
        except StoreTrouble:
            continue


def _fence(name: str, owner: str, connection: Connection) -> None:
    """Raises RunLocked when the lock is somebody else's by now."""
    if connection.execute(_MINE, {"connection": name, "holder": owner}).first() is None:
        raise RunLocked(
            f"This run of {name!r} stood still for so long that another one took over; it wrote nothing more.",
            fix="Nothing needs to be done: `joinery status` shows how the other one ended.",
        )


def _beat(heartbeat: Callable[[], None], over: Event) -> None:
    while not over.wait(BEAT):
        try:
            heartbeat()
        except (SQLAlchemyError, StoreTrouble):
            continue  # the store is busy or away; whoever takes over meanwhile is right


def _seize(database: Database, name: str, owner: str, now: datetime) -> None:
    living = _gives_signs(database, name)
    with database.write() as connection:
        _take(connection, name, owner, now, living)


def _gives_signs(database: Database, name: str) -> str:
    """The owner of a lock that seems abandoned by the clock, and was written while we watched: the clock has jumped."""
    with database.read() as connection:
        before = _holder(connection, name)
    if before is None or before.host == socket.gethostname() or not _abandoned(before):
        return ""
    sleep(WATCH)
    with database.read() as connection:
        after = _holder(connection, name)
    lives = after is not None and after.owner == before.owner and after.beat_at != before.beat_at
    return str(before.owner) if lives else ""


def _take(connection: Connection, name: str, owner: str, now: datetime, living: str) -> None:
    """Put ourselves in the place of whom we saw there; of several who try at once, one succeeds."""
    holder = _holder(connection, name)
    row = {"owner": owner, "host": socket.gethostname(), "pid": os.getpid(), "heartbeat_at": instant_text(now)}
    values = row | {"beat_at": epoch(connection)}
    statement = upsert(connection)(locks).values(name=name, **values)
    seen = locks.c.owner == (holder.owner if holder is not None else "")
    if holder is None or (holder.owner != living and _abandoned(holder)):
        statement = statement.on_conflict_do_update(index_elements=["name"], set_=values, where=seen)
        if connection.execute(statement.returning(locks.c.owner)).first() is not None:
            return
    who = f"process {holder.pid} on {holder.host}" if holder is not None else "it began at the same moment"
    raise RunLocked(
        f"Another run of {name!r} is at work ({who}); nothing was done.",
        fix="Wait until it has ended, or look at `joinery status`.",
        data={"pid": holder.pid, "host": holder.host} if holder is not None else {},
    )


def at_work(connection: Connection, name: str) -> dict[str, Any] | None:
    """Who holds the lock: pid, host, heartbeat_at; None when nobody does, or only the dead."""
    holder = _holder(connection, name)
    if holder is None or _abandoned(holder):
        return None
    return {"pid": holder.pid, "host": holder.host, "heartbeat_at": holder.heartbeat_at}


def busy(connection: Connection) -> list[str]:
    """Connections of this store that a living run holds."""
    return [row.name for row in _holders(connection) if not _abandoned(row)]


def stale(connection: Connection) -> list[str]:
    """Locks whose holder is dead; the next run takes them over."""
    return [row.name for row in _holders(connection) if _abandoned(row)]


def _holder(connection: Connection, name: str) -> Any:
    return next((row for row in _holders(connection) if row.name == name), None)


def _holders(connection: Connection) -> list[Any]:
    silent = (epoch(connection) - locks.c.beat_at).label("silent")
    return list(connection.execute(select(locks, silent)))


def _abandoned(holder: Any) -> bool:
    if holder.host != socket.gethostname():
        # one that was written in times to come is of a clock that was wrong: a living holder writes it anew in seconds
        return bool(abs(holder.silent) > STALE_AFTER)
    if holder.pid == os.getpid():
        # our own number without our token: whoever had it before us is dead (in a container, always number 1)
        return holder.owner not in _OURS
    if not _alive(holder.pid):
        return True
    return bool(holder.silent > STALE_AFTER) and _stopped(holder.pid)


def _stopped(pid: int) -> bool:
    """Whether the process was told to stand still (SIGSTOP)."""
    return _state_of(pid) in {"T", "t"}


def _state_of(pid: int) -> str:
    """The letter that Linux has for it, `Z` for a dead one that nobody has buried; empty where nobody says."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state_of(pid) != "Z"


def start_run(connection: Connection, name: str, kind: str, *, as_of: datetime, now: datetime) -> RunId:
    """`R-1042`, in state running."""
    run = RunId(next_number(connection, "R"))
    row = {"id": run, "connection": name, "kind": kind, "as_of": instant_text(as_of), "started_at": instant_text(now)}
    connection.execute(insert(runs), row | {"state": "running"})
    facts = {"kind": kind, "as_of": instant_text(as_of)}
    note(connection, Happened(action="run.started", at=now, connection=name, subject=run, facts=facts))
    return run


def end_run(connection: Connection, run: RunId, *, state: str, summary: Mapping[str, Any], now: datetime) -> None:
    """How it ended: done | partial | stopped | failed."""
    values = {"state": state, "summary": canonical(dict(summary)), "ended_at": instant_text(now)}
    mine = update(runs).where(runs.c.id == run).values(plan_id=summary.get("plan") or "", **values)
    name = connection.scalar(mine.returning(runs.c.connection))
    facts = {"state": state} | {key: summary[key] for key in ("plan", "exit_code", "error", "lines") if key in summary}
    note(connection, Happened(action="run.ended", at=now, connection=name or "", subject=run, facts=facts))


def run_by_id(connection: Connection, name: str, run: str) -> dict[str, Any] | None:
    """One run of this connection, as plain values."""
    row = connection.execute(select(runs).where(runs.c.connection == name, runs.c.id == run)).one_or_none()
    return dict(row._mapping) | {"summary": json.loads(row.summary)} if row is not None else None


def last_runs(connection: Connection, name: str, limit: int = 30, *, undone: bool = False) -> list[dict[str, Any]]:
    """The newest runs first, as plain values; `undone`: of those that did not end with everything done."""
    query = select(runs).where(runs.c.connection == name).order_by(runs.c.started_at.desc(), runs.c.id.desc())
    query = query.where(runs.c.state != "done") if undone else query
    return [dict(row._mapping) | {"summary": json.loads(row.summary)} for row in connection.execute(query.limit(limit))]
