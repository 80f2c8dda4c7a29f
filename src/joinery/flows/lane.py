"""The kill-switch lane: explicit terminations of single people overtake everything, up to a limit an hour.

Above the limit none of this plan's ride: a mass termination is a mass change and waits for the guards.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from joinery.core.model.codec import instant_text
from joinery.core.model.plan import PlanSummary
from joinery.flows.laid_off import covering
from joinery.flows.policy import Policy
from joinery.store.plans import PlanWriter, make_urgent
from joinery.store.riding import pushes_wait, urgent_since

#: how the ends of access of one plan ride: how many of its lines do
Lane = Callable[[Connection, Policy, PlanSummary, PlanWriter], int]


def ride_alone(connection: Connection, _policy: Policy, plan: PlanSummary, writer: PlanWriter) -> int:
    """One person's access ends by hand: it rides whatever the limit says; how many lines ride."""
    make_urgent(connection, plan.id, sorted(writer.evidenced_chunks | writer.approved_chunks))
    return writer.evidenced


def ride(connection: Connection, policy: Policy, plan: PlanSummary, writer: PlanWriter) -> int:
    """Move the plan's evidenced suspensions into the lane; how many ride."""
    if policy.mode_of_suspension() == "observe":
        return 0
    # a lay-off that was approved ahead rides whole, and uses up nothing of what the others may
    make_urgent(connection, plan.id, sorted(writer.approved_chunks))
    if not writer.evidenced:
        return 0
    hour_ago = instant_text(plan.as_of - timedelta(hours=1))
    if pushes_wait(connection, policy.name, instant_text(plan.made_at - timedelta(hours=1))):
        # more was pushed than may ride: it does not ride by the back door of the next run either
        return 0
    approved = [member.key for each in covering(connection, policy.name, plan.as_of) for member in each.members]
    used = urgent_since(connection, policy.name, hour_ago, instant_text(plan.as_of), approved=approved)
    if used + writer.evidenced > policy.lane_per_hour:
        return 0
    make_urgent(connection, plan.id, sorted(writer.evidenced_chunks))
    return writer.evidenced


def ride_pushed(connection: Connection, policy: Policy, plan: PlanSummary, writer: PlanWriter) -> int:
    """Ends that were pushed: each names its person, so they have a limit of their own; above it they wait."""
    if policy.mode_of_suspension() == "observe":
        return 0
    make_urgent(connection, plan.id, sorted(writer.approved_chunks))
    if not writer.evidenced:
        return 0
    hour_ago = instant_text(plan.made_at - timedelta(hours=1))
    used = urgent_since(connection, policy.name, hour_ago, instant_text(plan.made_at), pushed=True)
    if used + writer.evidenced > policy.push_per_hour:
        return 0
    make_urgent(connection, plan.id, sorted(writer.evidenced_chunks))
    return writer.evidenced
