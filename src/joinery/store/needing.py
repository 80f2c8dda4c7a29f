"""Lines that somebody must look at, over all plans: whose retries ran out, or that failed again when they were retried.

Rule: only people who are to be looked at again are asked about, so that a quiet night reads no line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.plans import ENDED_WELL
from joinery.store.tables import people, plan_lines, plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One person with whom something could not be done. `lines`: action -> the newest plan in which it was tried."""

    worker_id: str
    lines: Mapping[str, str]


def needing(connection: Connection, keys: Collection[PersonKey]) -> list[Need]:
    """Those of these people who need somebody, by number.

    What ended well in a newer plan, as far as it is the same action, is over; what was thrown away is too.
    """
    c, bad = plan_lines.c, ("failed", "needs_you")
    query = select(people.c.worker_id, c.action, c.state, c.plan_id, plans.c.made_at)
    query = query.join(plans, plans.c.id == c.plan_id).join(people, people.c.key == c.person_key)
    query = query.where(plans.c.state != "discarded", c.state.in_((*bad, *ENDED_WELL)))
    tried: dict[str, dict[str, dict[tuple[str, int, str], set[str]]]] = {}
    for chunk in in_chunks(keys):
        for row in connection.execute(query.where(c.person_key.in_(chunk))):
            at = row.made_at, int(row.plan_id.rpartition("-")[2]), row.plan_id
            tried.setdefault(row.worker_id, {}).setdefault(row.action, {}).setdefault(at, set()).add(row.state)
    found = []
    for worker_id, actions in sorted(tried.items()):
        lines = {action: max(by_plan)[2] for action, by_plan in sorted(actions.items()) if _stuck(by_plan)}
        if lines:
            found.append(Need(worker_id=worker_id, lines=lines))
    return found


def _stuck(by_plan: Mapping[tuple[str, int, str], set[str]]) -> bool:
    """Whether the newest try needs somebody, or failed as the one before it did."""
    newest, *before = (by_plan[at] for at in sorted(by_plan, reverse=True))
    return "needs_you" in newest or ("failed" in newest and bool(before) and bool(before[0] & {"failed", "needs_you"}))
