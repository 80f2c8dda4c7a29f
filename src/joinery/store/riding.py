"""What rode in the kill-switch lane of late, and what was pushed and waits: read before more may ride."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.plans import BY_HAND, PUSHED
from joinery.store.tables import plan_lines, plans, snapshots


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


def pushed_in(connection: Connection, name: str, plan: str) -> list[PersonKey]:
    """Whose access this plan would end on the word of a push that did not ride, and of nothing else since.

    A full file that HR brought after it speaks for itself, and so does an end that was done since.
    """
    c, of, s = plan_lines.c, plans.c, snapshots.c
    full = select(func.max(s.taken_at)).where(s.connection == name, s.state == "accepted", s.complete)
    since = connection.scalar(full) or ""
    pushed = of.connection == name, of.cause.like(f"{PUSHED} %"), of.made_at > since
    if connection.scalar(select(of.id).where(*pushed).limit(1)) is None:
        return []
    told = select(c.person_key, func.max(of.made_at)).join(plans, of.id == c.plan_id)
    told = told.where(*pushed, c.action == "suspend", c.lane != "urgent").group_by(c.person_key)
    heard = {PersonKey(key): at for key, at in connection.execute(told)}
    ends = select(c.person_key).where(c.plan_id == plan, c.action == "suspend", c.lane == "normal").distinct()
    found = sorted(heard.keys() & set(connection.scalars(ends)))
    done = select(c.person_key, func.max(of.made_at)).join(plans, of.id == c.plan_id).group_by(c.person_key)
    done = done.where(of.connection == name, c.action == "suspend", c.state == "done")
    over = {key: at for part in in_chunks(found) for key, at in connection.execute(done.where(c.person_key.in_(part)))}
    return [key for key in found if over.get(key, "") <= heard[key]]


def under_way(connection: Connection, name: str) -> set[PersonKey]:
    """Whose access is being ended this moment, by a plan that was let go and has not come to its end."""
    c, of = plan_lines.c, plans.c
    query = select(c.person_key).join(plans, of.id == c.plan_id).where(of.connection == name, of.state == "applying")
    ends = c.action == "suspend", c.lane == "urgent", c.state.in_(("planned", "sent"))
    return {PersonKey(key) for key in connection.scalars(query.where(*ends))}


def has_urgent(connection: Connection, plan: str) -> bool:
    """Something of this plan rides in the lane."""
    c = plan_lines.c
    return connection.scalar(select(c.seq).where(c.plan_id == plan, c.lane == "urgent").limit(1)) is not None
