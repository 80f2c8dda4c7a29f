"""A plan for the configuration at hand, without reading what arrived: what a published or reverted edit leads to."""

from __future__ import annotations

from joinery.core.model.plan import PlanSummary
from joinery.flows.person import now_of
from joinery.flows.plan import make_plan
from joinery.flows.policy import Ports
from joinery.store.connections import only_run


def replan(ports: Ports, cause: str) -> PlanSummary | None:
    """The plan, which waits like any other; None when nothing follows. Applies nothing, whatever the mode."""
    with only_run(ports.database, ports.policy.name, ports.now):
        return make_plan(ports, now_of(ports), cause)
