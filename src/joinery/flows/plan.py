"""Make a plan: for the people who need a look, the difference between what should be and what is. Writes no account.

Only dirty people are evaluated: changed facts, wake dates, unsettled lines, and whom an edit of the rules touches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey, PlanId
from joinery.core.model.operation import ActionClass
from joinery.core.model.plan import GuardResult, PlanSummary
from joinery.core.planning.guards import Population, Tally, check_guards
from joinery.flows.considering import BATCH, Considered, When, consider, considered_ahead
from joinery.flows.edits import edit_between, mark_touched
from joinery.flows.lane import Lane, ride, ride_alone
from joinery.flows.policy import Policy, Ports
from joinery.store.accounts import Accounts
from joinery.store.assignments import save_rows
from joinery.store.connections import ConnectionState, load_state, next_number, save_state
from joinery.store.decisions import release
from joinery.store.looks import looked_at, wake_earlier
from joinery.store.people import People, in_chunks
from joinery.store.plans import (
    PUSHED,
    PlanWriter,
    begin_plan,
    count_lines,
    drop_empty_plan,
    drop_lines_of,
    finish_plan,
    hold_creations_beyond,
    hold_ends_of,
    hold_lines,
    hold_with_creation,
    release_lines,
    set_plan_state,
    supersede,
)
from joinery.store.riding import has_urgent, pushed_in, under_way
from joinery.store.waiting_ends import LANE

EXPIRES_AFTER = timedelta(hours=24)
#: the guard of ends of access that were pushed above the limit for pushes
PUSHES = "pushes"


@dataclass(slots=True)
class _Making:
    """A plan while its lines are written."""

    writer: PlanWriter
    tally: Tally = field(default_factory=Tally)
    actions: Counter[str] = field(default_factory=Counter)
    #: accounts that this plan links: they count among those that guards compare with
    linking: int = 0
    urgent_chunks: set[int] = field(default_factory=set)


def make_plan(
    ports: Ports,
    as_of: datetime,
    cause: str,
    snapshot_id: str = "",
    only: Sequence[PersonKey] | None = None,
    lane: Lane = ride_alone,
) -> PlanSummary | None:
    """Store a plan for everybody who needs a look; None when nothing has to be done for anybody.

    One transaction: the plan, its lines, what was decided and who is settled appear together or not at all. What can
    be decided before it is, so that an end of access which comes meanwhile does not wait for all of it.
    `only` these people: a plan beside the others, which stay as they are; `lane` says how its ends of access ride.
    """
    policy = ports.policy
    with ports.database.read() as connection:
        state = load_state(connection, policy.name)
        edited = only is None and state.config_version != policy.version
        if only is None and not edited and not People(connection, policy.name).unsettled():
            return None
    if edited:
        cause = _publish(ports, as_of, state, cause)
    ahead = considered_ahead(ports, as_of) if only is None else None
    with ports.database.write() as connection:
        state = load_state(connection, policy.name)
        keys = only if only is not None else _wanting(connection, policy)
        if not keys and only is None:
            _in_force(connection, policy, state)
            return None
        summary = _begin(connection, policy, ports.now(), as_of, cause, snapshot_id)
        making = _Making(writer=PlanWriter(connection, summary.id, policy.chunk_size))
        when = When(as_of=as_of, go_live=state.go_live, first_load=not state.extra.get("loaded"))
        taken = ahead.taken if ahead is not None else consider
        for chunk in in_chunks(keys, BATCH):
            _write_down(connection, ports, making, taken(connection, policy, chunk, when))
        if only is None:
            _replace_older(connection, policy, state, summary)
            return _finish(connection, policy, making, summary, ride)
        return _set_off(connection, _finish(connection, policy, making, summary, lane), only)


def _wanting(connection: Connection, policy: Policy) -> list[PersonKey]:
    """Who needs a look; not somebody whose access is being ended this moment beside us: the next run looks at them."""
    beside = under_way(connection, policy.name)
    return [key for key in People(connection, policy.name).unsettled() if key not in beside]


def _set_off(connection: Connection, plan: PlanSummary | None, people: Sequence[PersonKey]) -> PlanSummary | None:
    """What rides of this plan is released with it: no run at work beside us puts another plan in its place."""
    if plan is None or not has_urgent(connection, plan.id):
        return plan
    for person in people:
        drop_lines_of(connection, person, but=plan.id)
    release_lines(connection, plan.id, (), urgent=True)
    set_plan_state(connection, plan.id, "applying")
    return replace(plan, state="applying")


def _publish(ports: Ports, as_of: datetime, state: ConnectionState, cause: str) -> str:
    """Keep the configuration that comes into force and mark whom it touches; the cause of the plan, with its number.

    By itself: they are looked at again, now or by the next run, whatever becomes of this plan.
    """
    policy = ports.policy
    with ports.database.write() as connection:
        number = ports.versions.keep(connection, ports.now())
        before = ports.versions.policy(connection, state.config_version) if state.config_version else None
        edit = edit_between(before, policy) if before is not None else None
        if edit is None or edit.everybody:
            People(connection, policy.name).mark_all()
        else:
            mark_touched(connection, edit, as_of, state.go_live)
    return f"{cause}; configuration {number}" if state.config_version else cause


def _replace_older(connection: Connection, policy: Policy, state: ConnectionState, summary: PlanSummary) -> None:
    """Everybody who needed a look was looked at: older plans are over."""
    supersede(connection, policy.name, summary.id)
    _in_force(connection, policy, state)


def _in_force(connection: Connection, policy: Policy, state: ConnectionState) -> None:
    """These are the rules since today."""
    published = {rule.key: rule.published_on.isoformat() for rule in policy.rules}
    extra = {**state.extra, "published": {**state.extra.get("published", {}), **published}}
    save_state(connection, policy.name, replace(state, config_version=policy.version, extra=extra))


def _begin(
    connection: Connection, policy: Policy, now: datetime, as_of: datetime, cause: str, snapshot_id: str
) -> PlanSummary:
    summary = PlanSummary(
        id=PlanId(next_number(connection, "P")),
        as_of=as_of,
        made_at=now,
        cause=cause,
        fingerprint="",
        config_version=policy.version,
        snapshot_id=snapshot_id,
        expires_at=now + EXPIRES_AFTER,
    )
    begin_plan(connection, policy.name, policy.target, summary)
    return summary


def _write_down(connection: Connection, ports: Ports, making: _Making, looked: Sequence[Considered]) -> None:
    """The lines of one batch of people, and that they were looked at."""
    people = People(connection, ports.policy.name)
    for one in looked:
        for line in one.counted:
            making.tally.count(line)
        making.actions.update(one.actions)
        making.linking += one.linking
        making.writer.add_written(one.lines, approved=one.approved)
    # news of somebody may have come while we decided: they are looked at once more, with what is known of them then
    anew = looked_at(connection, {one.key: one.asked for one in looked}, [one.key for one in looked if one.settled])
    still = [one for one in looked if one.key not in anew]
    people.remember_texts({one.key: one.memory for one in still if one.memory is not None})
    wake_earlier(connection, {one.key: one.wake_at for one in still if one.wake_at is not None})
    release(connection, [pin for one in looked for pin in one.over], ports.now())
    save_rows(connection, [row for one in looked for row in one.assignments])


def _finish(
    connection: Connection, policy: Policy, making: _Making, summary: PlanSummary, lane: Lane
) -> PlanSummary | None:
    fingerprint = making.writer.close()
    if not making.writer.count:
        drop_empty_plan(connection, summary.id)
        return None
    rode = lane(connection, policy, summary, making.writer)
    guards = _guard(connection, policy, making, summary)
    if not rode and lane is ride and not any(g.tripped and (g.guard, g.segment) == ("suspend", "") for g in guards):
        guards += _above_the_lane(connection, policy, summary, making.writer.evidenced)
    seats = Accounts(connection, policy.target).seats()
    counts = count_lines(connection, summary.id)
    finished = replace(
        summary,
        fingerprint=fingerprint,
        guards=guards,
        counts={action: sum(states.values()) for action, states in counts.items()},
        held={action: states["held"] for action, states in counts.items() if states["held"]},
        seats_before=seats,
        seats_after=_seats_after(seats, counts),
        state="observed" if _only_observes(policy) else "waiting",
    )
    finish_plan(connection, finished)
    return finished


def _guard(connection: Connection, policy: Policy, making: _Making, summary: PlanSummary) -> tuple[GuardResult, ...]:
    accounts = Accounts(connection, policy.target)
    population = _population(connection, policy, making.tally, accounts)
    population = replace(population, linking=making.linking)
    results = check_guards(policy.guards, making.tally, population)
    for result in results:
        if result.tripped:
            hold_lines(connection, summary.id, result.guard, result.segment, result.message)
    if policy.mode_of_suspension() == "automatic":
        results += _hold_pushed(connection, policy, summary)
    if policy.seats is not None:
        free = max(policy.seats - accounts.seats(), 0)
        creates = making.actions[str(ActionClass.CREATE)]
        if creates > free:
            message = f"{creates} accounts would be made, {free} of {policy.seats} seats are free"
            hold_creations_beyond(connection, summary.id, free, message)
            results += (
                GuardResult(guard="seats", count=creates, population=policy.seats, tripped=True, message=message),
            )
    hold_with_creation(connection, summary.id)
    return results


def _hold_pushed(connection: Connection, policy: Policy, summary: PlanSummary) -> tuple[GuardResult, ...]:
    """What was above the lane's limit for pushes does not come in by the back door of the next run."""
    limit = policy.push_per_hour
    people = pushed_in(connection, policy.name, summary.id, limit=limit, now=summary.made_at)
    if not people or summary.cause.startswith(PUSHED):
        return ()
    message = f"{len(people)} ends of access were pushed above the limit of {limit} an hour"
    hold_ends_of(connection, summary.id, people, message)
    return (GuardResult(guard=PUSHES, count=len(people), population=limit, tripped=True, message=message),)


def _above_the_lane(connection: Connection, policy: Policy, summary: PlanSummary, ends: int) -> tuple[GuardResult, ...]:
    """Where suspensions are approved by somebody, those of single people that may not ride wait for that too."""
    if not ends or policy.mode_of_suspension() != "approve":
        return ()
    limit, few = policy.lane_per_hour, policy.push_per_hour
    pushed = len(pushed_in(connection, policy.name, summary.id, limit=few, now=summary.made_at))
    return tuple(
        GuardResult(guard=guard, count=count, population=most, tripped=True, message=message)
        for guard, count, most, message in (
            (PUSHES, pushed, few, f"{pushed} ends of access were pushed above the limit of {few} an hour"),
            (LANE, ends - pushed, limit, f"{ends - pushed} ends of access do not ride: the limit is used up"),
        )
        if count > 0
    )


def _population(connection: Connection, policy: Policy, tally: Tally, accounts: Accounts) -> Population:
    """Segments are counted only for guards that look at them and have more than their floor to count."""
    people = People(connection, policy.name)
    each: dict[tuple[str, str], int] = {}
    wanted = {
        attribute
        for guard, limit in policy.guards.items()
        for attribute in limit.each
        if limit.each_share is not None
        and any(count > limit.each_floor for (g, a, _), count in tally.each.items() if g == guard and a == attribute)
    }
    for attribute in sorted(wanted):
        each.update({(attribute, value): count for value, count in people.employed_by(attribute).items()})
    return Population(total=accounts.linked_active(), each=each)


def _only_observes(policy: Policy) -> bool:
    return all(policy.mode_of(action) == "observe" for action in ActionClass)


def _seats_after(before: int, counts: dict[str, Counter[str]]) -> int:
    def wanted(action: ActionClass) -> int:
        states = counts.get(str(action), Counter())
        return sum(states.values()) - states["held"]

    return before + wanted(ActionClass.CREATE) + wanted(ActionClass.RESTORE) - wanted(ActionClass.SUSPEND)
