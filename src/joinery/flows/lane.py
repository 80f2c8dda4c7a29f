"""The kill-switch lane: explicit terminations of single people overtake everything, up to a limit an hour.

Above the limit none of this plan's ride: a mass termination is a mass change and waits for the guards.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from joinery.core.model.codec import instant_text
from joinery.core.model.plan import PlanSummary
from joinery.flows.laid_off import covering
from joinery.flows.policy import Policy
from joinery.store.plans import PlanWriter, make_urgent
from joinery.store.riding import HOUR, pushed_in, pushes_wait, urgent_since

#: how the ends of access of one plan ride: how many of its lines do
Lane = Callable[[Connection, Policy, PlanSummary, PlanWriter], int]


def ride_alone(connection: Connection, _policy: Policy, plan: PlanSummary, writer: PlanWriter) -> int:
    """One person's access ends by hand: it rides whatever the limit says; how many lines ride."""
    make_urgent(connection, plan.id, sorted(writer.evidenced_chunks | writer.approved_chunks))
    return writer.evidenced


def ride(connection: Connection, policy: Policy, plan: PlanSummary, writer: PlanWriter) -> int:
    """Move the plan's evidenced suspensions into the lane; how many ride."""

    def may() -> bool:
        pushed = pushed_in(connection, policy.name, plan.id, limit=policy.push_per_hour, now=plan.made_at)
        if pushed or pushes_wait(connection, policy.name, instant_text(plan.made_at - HOUR)):
            # more was pushed than may ride: it does not ride by the back door of the next run either
            return False
        approved = [member.key for each in covering(connection, policy.name, plan.as_of) for member in each.members]
        since, until = instant_text(plan.as_of - HOUR), instant_text(plan.as_of)
        used = urgent_since(connection, policy.name, since, until, approved=approved)
        return used + writer.evidenced <= policy.lane_per_hour

    return _within(connection, policy, plan, writer, may)


def ride_pushed(connection: Connection, policy: Policy, plan: PlanSummary, writer: PlanWriter) -> int:
    """Ends that were pushed: each names its person, so they have a limit of their own; above it they wait."""

    def may() -> bool:
        since, until = instant_text(plan.made_at - HOUR), instant_text(plan.made_at)
        used = urgent_since(connection, policy.name, since, until, pushed=True)
        return used + writer.evidenced <= policy.push_per_hour

    return _within(connection, policy, plan, writer, may)


def _within(
    connection: Connection, policy: Policy, plan: PlanSummary, writer: PlanWriter, may: Callable[[], bool]
) -> int:
    """None of them ride, or all: those on evidence as far as they `may`."""
    if policy.mode_of_suspension() == "observe":
        return 0
    # a lay-off that was approved ahead rides whole, and uses up nothing of what the others may
    make_urgent(connection, plan.id, sorted(writer.approved_chunks))
    if not writer.evidenced or not may():
        return 0
    make_urgent(connection, plan.id, sorted(writer.evidenced_chunks))
    return writer.evidenced
