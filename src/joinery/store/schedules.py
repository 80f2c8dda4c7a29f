"""What was done for which instant of a schedule. Rule: an instant is claimed before it is dealt with, by one node."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from joinery.core.model.codec import instant_of, instant_text
from joinery.store.accounts import upsert
from joinery.store.node_tables import schedules
from joinery.store.tables import config_versions, runs

_s = schedules.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """`done_for`: the last instant that was dealt with; `claimed_for`: the one that is being dealt with, by a node."""

    done_for: datetime | None = None
    claimed_for: datetime | None = None
    claimed_by: str = ""
    paused: bool = False
    paused_by: str = ""
    outcome: str = ""


def schedule_of(tx: Connection, connection: str, name: str) -> ScheduleState:
    """How it stands; nothing done yet for one never heard of."""
    row = tx.execute(select(schedules).where(_mine(connection, name))).one_or_none()
    if row is None:
        return ScheduleState()
    return ScheduleState(
        done_for=instant_of(row.done_for) if row.done_for else None,
        claimed_for=instant_of(row.claimed_for) if row.claimed_for else None,
        claimed_by=row.claimed_by,
        paused=row.paused,
        paused_by=row.paused_by,
        outcome=row.outcome,
    )


def waited_since(tx: Connection, connection: str, version: str) -> datetime | None:
    """Since when files are waited for by this configuration; None while nothing has run, or looked, by it.

    Before the first plan no configuration is kept, and it is the first run, or the first look of a scheduler.
    """
    kept = select(config_versions.c.version, config_versions.c.since).where(config_versions.c.connection == connection)
    found = tx.execute(kept).all()
    if found:
        newest = max(found, key=lambda row: row.since)
        return instant_of(newest.since) if newest.version == version else None
    first = tx.scalar(select(func.min(runs.c.started_at)).where(runs.c.connection == connection))
    looked = tx.scalar(select(_s.done_for).where(_mine(connection, "clock")))
    return min((instant_of(at) for at in (first, looked) if at), default=None)


def begin(tx: Connection, connection: str, name: str, at: datetime) -> None:
    """The first look at a schedule: what lies before is not made up for."""
    row = {"connection": connection, "name": name, "done_for": instant_text(at)}
    tx.execute(upsert(tx)(schedules).values(**row).on_conflict_do_nothing())


def claim(tx: Connection, connection: str, name: str, due: datetime, node: str, *, alive: Collection[str]) -> bool:
    """Whether this instant is ours: nobody dealt with it, and nobody who lives is about to."""
    free = or_(_s.claimed_by == "", _s.claimed_by.not_in(list(alive)))
    where = _mine(connection, name) & (_s.done_for < instant_text(due)) & ~_s.paused & free
    values = {"claimed_by": node, "claimed_for": instant_text(due)}
    return tx.execute(update(schedules).where(where).values(**values)).rowcount == 1


def lease(tx: Connection, connection: str, name: str, due: datetime, holder: str, *, patience: timedelta) -> bool:
    """As `claim` where no node is known to live: a claim that is older than `patience` counts as given up.

    So does anything that lies further ahead: a clock that was wrong must not keep everybody waiting.
    """
    before, ahead = instant_text(due - patience), instant_text(due + patience)
    free = or_(_s.claimed_by == "", _s.claimed_for < before, _s.claimed_for > ahead)
    open_ = or_(_s.done_for < instant_text(due), _s.done_for > ahead)
    where = _mine(connection, name) & open_ & ~_s.paused & free
    values = {"claimed_by": holder, "claimed_for": instant_text(due)}
    return tx.execute(update(schedules).where(where).values(**values)).rowcount == 1


def done(tx: Connection, connection: str, name: str, due: datetime, node: str, outcome: str) -> None:
    """Dealt with; the claim is given back."""
    where = _mine(connection, name) & (_s.claimed_by == node)
    values = {"done_for": instant_text(due), "claimed_by": "", "claimed_for": "", "outcome": outcome}
    tx.execute(update(schedules).where(where).values(**values))


def give_back(tx: Connection, connection: str, name: str, node: str, outcome: str) -> None:
    """Not dealt with, and free for whoever comes next."""
    where = _mine(connection, name) & (_s.claimed_by == node)
    tx.execute(update(schedules).where(where).values(claimed_by="", claimed_for="", outcome=outcome))


def pause(tx: Connection, connection: str, name: str, by: str) -> None:
    """It does not fire until it is resumed; what was missed then is made up for by one run, if that is wished."""
    _put(tx, connection, name, paused=True, paused_by=by)


def resume(tx: Connection, connection: str, name: str) -> None:
    """It fires again."""
    _put(tx, connection, name, paused=False, paused_by="")


def _put(tx: Connection, connection: str, name: str, **values: object) -> None:
    where = _mine(connection, name)
    if tx.execute(update(schedules).where(where).values(**values)).rowcount == 0:
        tx.execute(insert(schedules).values(connection=connection, name=name, **values))


def _mine(connection: str, name: str) -> ColumnElement[bool]:
    return (_s.connection == connection) & (_s.name == name)
