"""What rode in the kill-switch lane of late, and what was pushed and waits: read before more may ride."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.plans import BY_HAND, PUSHED
from joinery.store.tables import facts, plan_lines, plans, snapshots

HOUR: Final = timedelta(hours=1)


def urgent_since(
    connection: Connection,
    name: str,
    after: str,
    until: str,
    *,
    pushed: bool = False,
    approved: Collection[str] = (),
) -> int:
    """Lines that rode in the lane in plans of this span (instant texts); those by hand use up nothing.

    `pushed`: those that were pushed, which have a limit of their own; else all the others, by their as-of.
    Nor do those of people who were `approved` ahead (their keys) use up anything.
    """
    c, of = plan_lines.c, plans.c
    at = of.made_at if pushed else of.as_of
    span = of.connection == name, at > after, at <= until
    cause = of.cause.like(f"{PUSHED} %") if pushed else of.cause.not_like(f"{PUSHED} %")
    chosen = select(of.id).where(*span, cause, of.cause.not_like(f"{BY_HAND}%"))
    query = select(func.count()).select_from(plan_lines).where(c.plan_id.in_(chosen), c.lane == "urgent")
    used = int(connection.scalar(query) or 0)
    for chunk in in_chunks(approved):
        used -= int(connection.scalar(query.where(c.person_key.in_(chunk))) or 0)
    return used


def pushes_wait(connection: Connection, name: str, after: str) -> bool:
    """Since then an end of access was pushed that did not ride."""
    c, of = plan_lines.c, plans.c
    rode = select(c.plan_id).where(c.plan_id == of.id, c.lane == "urgent").exists()
    ends = select(c.plan_id).where(c.plan_id == of.id, c.action == "suspend").exists()
    pushed = of.connection == name, of.cause.like(f"{PUSHED} %"), of.made_at > after
    return connection.scalar(select(of.id).where(*pushed, ends, ~rode).limit(1)) is not None


def pushed_in(connection: Connection, name: str, plan: str, *, limit: int, now: datetime) -> list[PersonKey]:
    """Whose access this plan would end on the word of a push that did not ride, and of nothing else since.

    Also of pushes that are just being told and have made no plan of their own yet, where they would be more than
    `limit` in the hour before `now`. A full file that HR brought since speaks for itself, and so does an end that was
    done since.
    """
    c, of, s = plan_lines.c, plans.c, snapshots.c
    ends = select(c.person_key).where(c.plan_id == plan, c.action == "suspend", c.lane == "normal").distinct()
    ending = sorted(connection.scalars(ends))
    if not ending:
        return []  # most plans end nobody's access: nothing else is read for them
    full = select(func.max(s.taken_at)).where(s.connection == name, s.state == "accepted", s.complete)
    since = connection.scalar(full) or ""
    told = _told(connection, name, ending, since)
    used = urgent_since(connection, name, instant_text(now - HOUR), instant_text(now), pushed=True)
    heard = told if used + len(told) > limit else {}
    waits = select(c.person_key, func.max(of.made_at)).join(plans, of.id == c.plan_id)
    waits = waits.where(of.connection == name, of.cause.like(f"{PUSHED} %"), of.made_at > since)
    waits = waits.where(c.action == "suspend", c.lane != "urgent").group_by(c.person_key)
    done = select(c.person_key, func.max(of.made_at)).join(plans, of.id == c.plan_id).group_by(c.person_key)
    done = done.where(of.connection == name, c.action == "suspend", c.state == "done")
    for key, at in _of(connection, waits, c.person_key, ending).items():
        heard[key] = max(at, heard.get(key, ""))
    over = _of(connection, done, c.person_key, sorted(heard))
    return [PersonKey(key) for key in sorted(heard) if over.get(key, "") <= heard[key]]


def _told(connection: Connection, name: str, ending: Sequence[str], since: str) -> dict[str, str]:
    """Of these people, those whose status was told by a push since then: person -> when."""
    f, s = facts.c, snapshots.c
    query = select(f.person_key, func.max(s.taken_at)).join(snapshots, s.id == f.snapshot_id).group_by(f.person_key)
    query = query.where(s.connection == name, s.source.like("%:told"), s.taken_at > since)
    query = query.where(f.attribute == "status", f.known_to == "")
    return _of(connection, query, f.person_key, ending)


def _of(connection: Connection, query: Select[Any], key: ColumnElement[str], people: Sequence[str]) -> dict[str, str]:
    """What the query says of these people alone: person -> when."""
    rows = (row for part in in_chunks(people) for row in connection.execute(query.where(key.in_(part))))
    return {row[0]: row[1] for row in rows}


def under_way(connection: Connection, name: str) -> set[PersonKey]:
    """Whose access is being ended this moment, by a plan that was let go and has not come to its end."""
    c, of = plan_lines.c, plans.c
    query = select(c.person_key).join(plans, of.id == c.plan_id).where(of.connection == name, of.state == "applying")
    ends = c.action == "suspend", c.lane == "urgent", c.state.in_(("planned", "sent"))
    return {PersonKey(key) for key in connection.scalars(query.where(*ends))}


def under_call(connection: Connection, people: Collection[PersonKey]) -> set[PersonKey]:
    """Those of these people about whom the learning system is being called this moment."""
    c, found = plan_lines.c, set[PersonKey]()
    for part in in_chunks(people):
        keys = connection.scalars(select(c.person_key).where(c.person_key.in_(part), c.state == "sent"))
        found.update(PersonKey(key) for key in keys)
    return found


def has_urgent(connection: Connection, plan: str) -> bool:
    """Something of this plan rides in the lane."""
    c = plan_lines.c
    return connection.scalar(select(c.seq).where(c.plan_id == plan, c.lane == "urgent").limit(1)) is not None
