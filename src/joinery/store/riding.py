"""What rode in the kill-switch lane of late, and what was pushed and waits: read before more may ride."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from joinery.store.people import in_chunks
from joinery.store.plans import BY_HAND, PUSHED
from joinery.store.tables import plan_lines, plans


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


def has_urgent(connection: Connection, plan: str) -> bool:
    """Something of this plan rides in the lane."""
    c = plan_lines.c
    return connection.scalar(select(c.seq).where(c.plan_id == plan, c.lane == "urgent").limit(1)) is not None
