"""Apply what may run now: by mode, by approval, or in the kill-switch lane. The ledger does the rest.

Rule: a line runs only after it was released here, and it is released only with its plan's fingerprint intact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.ids import PlanId
from joinery.core.model.operation import ActionClass
from joinery.core.model.plan import PlanSummary
from joinery.core.rules.instants import local_day
from joinery.errors import ApprovalNeeded, ConfigError, NotThere, PlanChanged
from joinery.flows.needing import look_who_needs_somebody
from joinery.flows.policy import Policy, Ports
from joinery.flows.undo import pin_what_is_undone
from joinery.flows.waiting_ends import look_at_waiting_ends
from joinery.jobs.api import Tally
from joinery.store.audit_log import Happened, note
from joinery.store.connections import load_state, save_state
from joinery.store.people import People
from joinery.store.plans import (
    count_lines,
    free_held,
    new_accounts_of,
    outcome_of,
    plan_by_id,
    plans_of,
    release_lines,
    set_plan_state,
    settle,
)

ALL = tuple(str(action) for action in ActionClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How a plan stands after an apply: lines by state, and what this call did."""

    plan: PlanId
    tally: Tally = field(default_factory=Tally)
    states: Mapping[str, int] = field(default_factory=dict)

    @property
    def attempted(self) -> int:
        """Lines that ended in this or an earlier call."""
        return self.tally.ended

    @property
    def open(self) -> int:
        """Lines that wait for somebody: held, waiting for approval, failed or in need of a person."""
        return sum(self.states.get(state, 0) for state in ("held", "waiting", "failed", "needs_you", "skipped"))


def apply_by_mode(ports: Ports, plan: PlanSummary, *, locked: bool) -> Applied:
    """Release what the modes allow without asking, and run it. `locked`: `automatic` is not allowed yet."""
    policy = ports.policy
    automatic = tuple(str(a) for a in ActionClass if policy.mode_of(a) == "automatic" and not locked)
    with ports.database.write() as connection:
        if policy.mode_of_suspension() != "observe":
            release_lines(connection, plan.id, (), urgent=True)
        if automatic:
            release_lines(connection, plan.id, automatic)
    return _run(ports, plan.id)


def apply_alone(ports: Ports, plan: PlanSummary) -> Applied:
    """Run what `make_plan` released of a plan about single people: ends of access, whatever waits or is held."""
    return _run(ports, plan.id, first_load=False)


def apply_approved(ports: Ports, plan: str, fingerprint: str | None = None) -> Applied:
    """Run an approved plan. Raises PlanChanged when it is not the one, ApprovalNeeded when nobody approved it."""
    with ports.database.write() as connection:
        summary, row = _found(connection, policy=ports.policy, plan=plan)
        if fingerprint is not None and fingerprint != summary.fingerprint:
            raise PlanChanged(f"{plan} has another fingerprint than the one given; nothing was applied.")
        if row["state"] not in {"approved", "applying"}:
            raise ApprovalNeeded(
                f"{plan} is {row['state']}, not approved; nothing was applied.",
                fix=f"Look at it with `joinery plan show {plan}` and approve it with `joinery plan approve {plan}`.",
            )
        _still_good(summary, ports.now())
        release_lines(connection, plan, ALL)
        _note(connection, ports, "plan.apply", plan, facts={"fingerprint": summary.fingerprint})
    applied = _run(ports, summary.id)
    if local_day(summary.as_of, ports.policy.company_zone) < local_day(ports.now(), ports.policy.company_zone):
        with ports.database.write() as connection:
            # an account that waited for an approval moves what is due: nobody is late before they could sign in
            People(connection, ports.policy.name).mark(new_accounts_of(connection, plan), unsettled=True)
    look_at_waiting_ends(ports, ports.now())
    look_who_needs_somebody(ports, ports.now())
    return applied


def approve(ports: Ports, plan: str, *, by: str, override: str = "") -> PlanSummary:
    """Somebody accepts this fingerprint; `override` (a reason) takes the held lines in, this once."""
    if ports.policy.only_reads:
        raise ConfigError(
            f"{plan} cannot be approved: the learning system is known from an export only, and nothing can be "
            "written to a file. Nothing was changed.",
            fix="Put the learning system itself under `learning:`; what was confirmed is kept.",
        )
    with ports.database.write() as connection:
        summary, row = _found(connection, policy=ports.policy, plan=plan)
        if row["state"] not in {"waiting", "observed"}:
            raise PlanChanged(f"{plan} is {row['state']}: it cannot be approved any more; nothing was applied.")
        _still_good(summary, ports.now())
        if override:
            free_held(connection, plan)
        said = f"{by}: {override}" if override else by
        if row["undoes"]:
            pin_what_is_undone(connection, ports, str(row["undoes"]), by, override)
        stamp = ports.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
        set_plan_state(connection, plan, "approved", approved_by=said, approved_at=stamp)
        facts = {"fingerprint": summary.fingerprint, "lines": summary.counts, "undoes": str(row["undoes"])}
        _note(connection, ports, "plan.approved", plan, actor=by, facts=facts, private={"override": override})
    return summary


def discard(ports: Ports, plan: str, *, by: str = "") -> None:
    """Nobody wants it: its waiting lines never run. What is wanted comes back in the next plan."""
    with ports.database.write() as connection:
        _, row = _found(connection, policy=ports.policy, plan=plan)
        if row["state"] in {"applying", "applied"}:
            raise PlanChanged(f"{plan} is {row['state']}: use `joinery undo {plan}` to take back what it did.")
        set_plan_state(connection, plan, "discarded")
        _note(connection, ports, "plan.discarded", plan, actor=by)


def resume(ports: Ports) -> tuple[Applied, ...]:
    """Finish what an earlier run was killed in the middle of."""
    with ports.database.read() as connection:
        left = cut_short(connection, ports.policy.name)
    return tuple(_run(ports, plan) for plan in reversed(left))


def cut_short(connection: Connection, name: str) -> list[PlanId]:
    """Plans of this connection that were let go and have not come to their end, the newest first."""
    return [plan.id for plan in plans_of(connection, name, ("applying",))]


def _run(ports: Ports, plan: PlanId, *, first_load: bool = True) -> Applied:
    """Run what is released. Also closes a plan whose last line ended before a kill, with nothing left to run."""
    states, begun, owed = _begun(ports, plan)
    if not begun and not owed:
        return Applied(plan=plan, states=states)
    tally = Tally()
    if owed:
        tally = ports.engine().apply(plan, progress=lambda done, total: ports.progress("apply", done, total))
    with ports.database.write() as connection:
        settle(connection, plan)
        states = _states(connection, plan)
        set_plan_state(connection, plan, "waiting" if states.get("waiting") else "applied")
        facts = {"lines": states, "outcome": outcome_of(connection, plan)}
        _note(connection, ports, "plan.ran", plan, facts=facts)
        if first_load:
            state = load_state(connection, ports.policy.name)
            save_state(connection, ports.policy.name, replace(state, extra={**state.extra, "loaded": True}))
    return Applied(plan=plan, tally=tally, states=states)


def _begun(ports: Ports, plan: PlanId) -> tuple[dict[str, int], bool, bool]:
    """Set it to `applying` if something of it is to run: its lines by state, whether it was before, whether it owes."""

    def seen(connection: Connection) -> tuple[dict[str, int], bool, bool]:
        states = _states(connection, plan)
        return states, _cut_short(connection, plan), bool(states.get("planned") or states.get("sent"))

    with ports.database.read() as connection:
        found = seen(connection)
    if not found[1]:
        with ports.database.write() as connection:
            found = seen(connection)
            if found[2]:
                set_plan_state(connection, plan, "applying")
    return found


def _note(connection: Connection, ports: Ports, action: str, plan: str, **more: Any) -> None:
    at, name = ports.now(), ports.policy.name
    note(connection, Happened(action=action, at=at, connection=name, subject=plan, **more))


def _cut_short(connection: Connection, plan: PlanId) -> bool:
    found = plan_by_id(connection, plan)
    return found is not None and found[1]["state"] == "applying"


def _states(connection: Connection, plan: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for states in count_lines(connection, plan).values():
        for state, count in states.items():
            found[state] = found.get(state, 0) + count
    return found


def _found(connection: Connection, *, policy: Policy, plan: str) -> tuple[PlanSummary, Mapping[str, object]]:
    found = plan_by_id(connection, plan)
    if found is None or found[1]["connection"] != policy.name:
        raise NotThere(f"There is no plan {plan} here.", fix="`joinery plan list` shows what there is.")
    return found


def _still_good(summary: PlanSummary, now: datetime) -> None:
    if summary.expires_at is not None and now > summary.expires_at:
        raise PlanChanged(
            f"{summary.id} expired at {summary.expires_at:%Y-%m-%d %H:%M} UTC; nothing was applied.",
            fix="Make a new one with `joinery plan`.",
        )
