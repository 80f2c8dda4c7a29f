"""Whose access was to end and waits because a limit is used up: read from the plans as they stand now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.plans import BY_HAND, PUSHED
from joinery.store.tables import plan_lines, plans, snapshots

#: the guards that stop ends of access: of the action, and the limits of the kill-switch lane
SUSPENSIONS: Final = "suspend"
LANE: Final = "lane"
#: plans that may still be the newest word
_STANDING: Final = ("waiting", "approved", "applying", "applied")
_line, _plan = plan_lines.c, plans.c


def pushed_that_wait(connection: Connection, name: str) -> dict[PersonKey, str]:
    """Whose end of access was pushed above the limit since the last full file, and not done since: their numbers.

    Whoever is held for a reason of their own is not among them.
    """
    s = snapshots.c
    full = select(func.max(s.taken_at)).where(s.connection == name, s.state == "accepted", s.complete)
    since = connection.scalar(full) or ""
    query = _ends(_line.worker_id, _plan.made_at, _line.held, _plan.summary)
    query = query.where(_plan.connection == name, _plan.cause.like(f"{PUSHED} %"), _plan.made_at > since)
    found: dict[str, tuple[str, str]] = {}
    for row in connection.execute(query.where(_line.lane != "urgent").order_by(_plan.made_at)):
        if not row.held or row.held in _messages(row.summary, SUSPENSIONS):
            found[row.person_key] = row.made_at, row.worker_id
    done = select(_line.person_key, func.max(_plan.made_at)).join(plans, _plan.id == _line.plan_id)
    done = done.where(_plan.connection == name, _line.action == "suspend", _line.state == "done")
    for part in in_chunks(sorted(found)):
        for key, at in connection.execute(done.where(_line.person_key.in_(part)).group_by(_line.person_key)):
            if at >= found[key][0]:
                del found[key]
    return {PersonKey(key): number for key, (_, number) in sorted(found.items())}


def held_ends(connection: Connection, name: str) -> dict[str, list[str]]:
    """What a guard or the lane's limit says of the newest plan of a run -> the numbers of those who wait for it."""
    newest = select(_plan.id, _plan.summary).where(_plan.connection == name, _plan.state.in_(_STANDING))
    newest = newest.where(_plan.cause.not_like(f"{PUSHED} %"), _plan.cause.not_like(f"{BY_HAND}%"), _plan.undoes == "")
    newest = newest.order_by(_plan.made_at.desc(), _plan.id.desc()).limit(1)
    plan = connection.execute(newest).one_or_none()
    guards = set(_messages(plan.summary, SUSPENSIONS)) if plan is not None else set()
    lane = next(_messages(plan.summary, LANE), "") if plan is not None else ""
    if plan is None or not (guards or lane):
        return {}
    query = _ends(_line.worker_id, _line.held).where(_line.plan_id == plan.id, _line.lane != "urgent")
    found: dict[str, list[str]] = {}
    for row in connection.execute(query.where(_line.state.in_(("held", "waiting"))).order_by(_line.seq)):
        if message := row.held if row.held in guards else lane if not row.held else "":
            found.setdefault(message, []).append(row.worker_id)
    return found


def _ends(*columns: Any) -> Select[Any]:
    query = select(_line.person_key, *columns).join(plans, _plan.id == _line.plan_id)
    return query.where(_line.action == "suspend")


def _messages(summary: str, guard: str) -> Iterator[str]:
    """What the guards of this name say that hold something in a plan."""
    for each in json.loads(summary).get("guards", ()):
        if each["guard"] == guard and each["tripped"]:
            yield each["message"]
