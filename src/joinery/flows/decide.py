"""Decide for one person: hand the gathered values to the pure core, and collect what must be remembered.

No decision is made here that the core could make; this is the list of questions, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from joinery.core.mapping.outbound import attributes_for, groups_for
from joinery.core.model.account import AccountState, Enrolment
from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.model.plan import Reason
from joinery.core.model.standing import Stage
from joinery.core.planning.pins import Pin, Pinned, pinned_by
from joinery.core.planning.steps import Subject
from joinery.core.rules.conditions.facts import Value, WorkerFacts
from joinery.core.rules.desired import Access, Desired, Inclusion, access_of
from joinery.core.rules.due import Calendar
from joinery.core.rules.enrolment import assignments_for
from joinery.core.rules.instants import local_day, start_of_day
from joinery.core.rules.jobs import other_jobs
from joinery.core.rules.learning import Assignment, Exemption, ManualAssignment, State
from joinery.core.rules.lifecycle import Moment
from joinery.core.rules.scope import in_scope_by_any
from joinery.core.rules.subject import Decided as Learned
from joinery.core.rules.subject import Happened
from joinery.core.rules.subject import Subject as Learner
from joinery.flows.gather import Batch
from joinery.flows.latch import latched
from joinery.flows.policy import Policy
from joinery.flows.relations import with_active_manager
from joinery.store.decisions import Decision
from joinery.store.mails import sign_in_key
from joinery.store.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What should be, and what has to be remembered of having decided it. `learned` tells `why`."""

    key: PersonKey
    subject: Subject
    access: Access
    learned: Learned | None = None
    assignments: tuple[Assignment, ...] = ()
    memory: Mapping[str, Any] | None = None
    wake_at: datetime | None = None
    #: IDs of pins that HR or a rule has overtaken
    over: tuple[str, ...] = ()


def decide_person(
    policy: Policy, batch: Batch, person: Person, as_of: datetime, go_live: date | None, *, first_load: bool = False
) -> Decided:
    """Everything the learning system should have for this person as of now."""
    worker = person.worker
    moment = Moment(as_of=as_of, zone=policy.zone_of(worker))
    decisions = batch.decisions.get(person.key, ())
    facts = facts_for(policy, batch, person, moment.today, go_live)
    others = [replace(facts, worker=other) for other in other_jobs(person.employments)]
    verdict = in_scope_by_any([facts, *others], policy.include, policy.exclude)
    inclusion = Inclusion(inside=verdict.inside, why="; ".join(verdict.why), out_of_scope=policy.out_of_scope)
    latch = latched(person, batch.accounts.get(person.key), decisions, moment)
    ends = latch or (batch.laid_off.get(person.key, "") if person.standing.stage.employed else "")
    access = access_of(worker, person.standing, inclusion, moment, policy.lifecycle_of(worker), ends)
    if not latch and person.key in batch.taken_over:
        access = Access(state=AccountState.ACTIVE, because=_goes_on(person, batch.taken_over[person.key]))
    learned = None
    if policy.rules or any(d.kind in {"manual", "exemption"} for d in decisions) or person.key in batch.assignments:
        told = _Told(moment=moment, facts=facts, also=tuple(others), access=access, first_load=first_load)
        learned = _learn(policy, batch, person, told)
    hold = _gone_account(batch, person.key) or ("" if latch else _hold(person, inclusion, batch))
    desired = _desired(policy.on(moment.today), batch, person, access, learned, hold)
    pinned = pinned_by(pins_of(decisions), desired, person.standing)
    subject = _subject(policy, batch, person, desired, pinned, first_load=first_load)
    return Decided(
        key=person.key,
        subject=subject,
        access=access,
        learned=learned,
        assignments=learned.assignments if learned else (),
        memory=_memory(person, desired, learned),
        wake_at=_wake(policy, facts, learned, moment),
        over=pinned.over,
    )


def _wake(policy: Policy, facts: WorkerFacts, learned: Learned | None, moment: Moment) -> datetime | None:
    """The next local day on which an assignment, the scope, a table or the tree of departments changes without news."""
    days = [learned.wake_on if learned else None, policy.next_change(facts.worker, moment.today)]
    days += [day for each in (*policy.include, *policy.exclude) for day in each.turns(facts)]
    first = min((day for day in days if day is not None and day > moment.today), default=None)
    return start_of_day(first, moment.zone) if first else None


def _subject(
    policy: Policy, batch: Batch, person: Person, desired: Desired, pinned: Pinned, *, first_load: bool
) -> Subject:
    """What planning needs of this person."""
    worker, account = person.worker, batch.accounts.get(person.key)
    return Subject(
        worker=worker,
        desired=desired,
        account=account,
        candidates=batch.candidates(person),
        changes=_changes(person),
        segments=policy.segments,
        own_groups=frozenset(person.memory.get("groups", ())),
        create_groups=policy.create_groups,
        protected=worker.worker_id in policy.protected_workers
        or (account is not None and account.id in policy.protected_accounts),
        behind={row.to: row.attribute for row in policy.outbound.rows},
        translated=frozenset(policy.outbound.tables),
        sign_in=_sign_in(policy, batch, person, first_load=first_load),
        rehired=person.standing.back_on is not None,
        matching=policy.matching,
        makes_room=person.key in batch.makes_room,
        room_made=batch.room_made,
        pinned=pinned.kept,
        asked=pinned.asked,
    )


def _changes(person: Person) -> dict[str, tuple[str, str]]:
    """What HR changed since the last plan: attribute -> (old, new)."""
    return {name: (pair[0], pair[1]) for name, pair in person.memory.get("changes", {}).items()}


def facts_for(policy: Policy, batch: Batch, person: Person, today: date, go_live: date | None) -> WorkerFacts:
    """What conditions can ask about this person on their local day `today`."""
    return facts_of(policy, person, today, go_live, leads=person.key in batch.with_reports)


def facts_of(policy: Policy, person: Person, today: date, go_live: date | None, *, leads: bool) -> WorkerFacts:
    """The same for whoever knows already whether the person `leads` anybody."""
    derived: dict[str, Value] = {
        "today": today,
        "go_live": policy.go_live or go_live or today,
        "has_reports": leads,
    }
    return WorkerFacts(worker=person.worker, derived=derived, changes=_changes(person), tree=policy.tree.on(today))


def _gone_account(batch: Batch, key: PersonKey) -> str:
    account = batch.accounts.get(key)
    if account is None or account.id not in batch.vanished:
        return ""
    return f"account {account.id} is not in the learning system any more: somebody must look"


def pins_of(decisions: Sequence[Decision]) -> tuple[Pin, ...]:
    """What is pinned of this person, by an undo or because somebody changed it by hand."""
    return tuple(
        Pin(
            id=each.id,
            subject=each.subject,
            value=str(each.body.get("value", "")),
            behind=str(each.body.get("behind", "")),
            asks=each.kind == "ask",
        )
        for each in decisions
        if each.kind in {"pin", "ask"}
    )


def _goes_on(person: Person, other: str) -> Reason:
    return Reason(text=f"{person.worker.worker_id} is probably {other}, who is at work: somebody has to say so")


def _hold(person: Person, inclusion: Inclusion, batch: Batch) -> str:
    if person.standing.stage is Stage.LEFT:
        return ""  # termination is decided before inclusion and before any doubt about the rest
    if person.standing.held:
        return person.standing.held
    if person.frozen and person.key not in batch.accounts:
        return person.frozen
    return f"in or out of scope cannot be told: {inclusion.why}" if inclusion.inside is None else ""


def _desired(
    policy: Policy, batch: Batch, person: Person, access: Access, learned: Learned | None, hold: str
) -> Desired:
    worker, account = person.worker, batch.accounts.get(person.key)
    attributes: dict[str, str] = {}
    groups: frozenset[str] = frozenset()
    if access.state is AccountState.ACTIVE:
        resolved = with_active_manager(worker, batch.managers)
        attributes = attributes_for(policy.outbound, resolved, account.attributes if account else None)
        every = (worker, *other_jobs(person.employments))
        groups = frozenset(group for job in every for group in groups_for(policy.outbound, job))
        groups |= learned.groups if learned else frozenset()
    open_ones = [a for a in learned.assignments if a.state is State.OPEN] if learned else []
    return Desired(
        person_key=person.key,
        access=access,
        attributes=attributes,
        groups=groups,
        enrolments={a.key: _enrolment(a) for a in open_ones},
        enrolment_reasons={a.key: _reasons(policy, a, learned) for a in open_ones} if learned else {},
        withdrawals={a.key: _only_unstarted(a, learned) for a in learned.assignments if a.state is State.WITHDRAWN}
        if learned
        else {},
        hold=hold,
    )


def _enrolment(assignment: Assignment) -> Enrolment:
    """As the learning system should have it; while the time stands still nothing there can become overdue."""
    due_on = None if assignment.paused_on else assignment.due_on
    return Enrolment(requirement=assignment.requirement, cycle=assignment.cycle, due_on=due_on)


def _reasons(policy: Policy, assignment: Assignment, learned: Learned) -> tuple[Reason, ...]:
    """The rules (with their version) and the people who want it."""
    told = {change.after.key: change.because for change in learned.changes}
    versions = {rule.name: rule.version for rule in policy.rules}
    said = "; ".join(told.get(assignment.key, ()))
    return tuple(
        Reason(
            text=said or f"rule {name} matches",
            rule=f"{name}@{versions[name]}" if name in versions else name,
        )
        for name in sorted(assignment.reasons)
    ) or (Reason(text=said or "remembered"),)


def _only_unstarted(assignment: Assignment, learned: Learned) -> bool:
    return any(
        c.after.key == assignment.key and c.what is Happened.WITHDRAWN and c.only_if_not_started
        for c in learned.changes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What is known about one person before learning is decided; `first_load`: nothing was ever loaded before."""

    moment: Moment
    facts: WorkerFacts
    also: tuple[WorkerFacts, ...]
    access: Access
    first_load: bool


def _learn(policy: Policy, batch: Batch, person: Person, told: _Told) -> Learned:
    moment, facts = told.moment, told.facts
    stage, memory = person.standing.stage, person.memory.get("learning", {})
    due_to_begin = stage.employed or (stage is Stage.PREHIRE and told.access.state is AccountState.ACTIVE)
    account = batch.accounts.get(person.key)
    decisions = batch.decisions.get(person.key, ())
    learner = Learner(
        facts=facts,
        also=told.also,
        as_of=moment.today,
        known_on=moment.today,
        baseline=told.first_load,
        go_live=_day(facts.derived["go_live"]) or moment.today,
        hire_date=person.worker.hire_date,
        account_created_on=_account_made(batch, person.key, told),
        employed=due_to_begin,
        on_leave=stage is Stage.LEAVE,
        left=stage in {Stage.LEFT, Stage.NO_SHOW},
        leave_started=person.standing.since.astimezone(moment.zone).date() if stage is Stage.LEAVE else None,
        time_zone=str(moment.zone),
        last_match=frozenset(memory.get("matched", ())),
        evaluated=frozenset(memory.get("evaluated", ())),
        holding=frozenset(memory.get("holding", ())),
        exemptions=tuple(_exemption(d) for d in decisions if d.kind == "exemption"),
        manual=tuple(_manual(d, moment) for d in decisions if d.kind == "manual"),
        completions=_completions(batch, person.key, moment),
        onboarding_again=_back(person, policy.onboarding_again_after),
        all_again=_back(person, 0 if policy.reassign_finished else None),
        started=frozenset(e.requirement for e in account.enrolments.values() if e.state in {"in_progress", "completed"})
        if account
        else frozenset(),
    )
    return assignments_for(learner, policy.rules, batch.assignments.get(person.key, ()), Calendar())


def _account_made(batch: Batch, key: PersonKey, told: _Told) -> date | None:
    """Today when it is still to be made; a day that is to come (a past day is being played again) starts no clock."""
    today = told.moment.today
    if key not in batch.accounts:
        return today if told.access.state is AccountState.ACTIVE else None
    at = batch.accounts_made.get(key)
    day = local_day(at, told.moment.zone) if at else None
    return day if day is not None and day <= today else None


def _completions(batch: Batch, key: PersonKey, moment: Moment) -> dict[RequirementKey, date]:
    """The latest local day of each course; and of a path, where the learning system says that ours is completed.

    Only that system knows which courses make a path. Where it tells no day, the last course was the day.
    """
    days = {
        RequirementKey(f"course:{course}"): local_day(datetime.fromisoformat(at), moment.zone)
        for course, at in batch.completions.get(key, {}).items()
    }
    last = max((day for day in days.values() if day <= moment.today), default=moment.today)
    account = batch.accounts.get(key)
    for row in batch.assignments.get(key, ()):
        there = account.enrolments.get(row.key) if account else None
        if there is None or there.state != "completed" or not row.standing:
            continue
        day = local_day(there.completed_at, moment.zone) if there.completed_at else last
        days[row.requirement] = max(row.assigned_on, min(day, moment.today), days.get(row.requirement, date.min))
    return days


def _back(person: Person, gap: int | None) -> date | None:
    """The day somebody came back after more than so many days away; None when they did not."""
    standing = person.standing
    back, ended = standing.started_on or person.worker.hire_date, standing.consumed_end
    if gap is None or back is None or ended is None or not standing.stage.employed:
        return None
    return back if (back - ended).days > gap else None


def _day(value: Value) -> date | None:
    return value if isinstance(value, date) else None


def _exemption(decision: Decision) -> Exemption:
    return Exemption(
        person_key=decision.person_key,
        requirement=RequirementKey(decision.subject),
        owner=decision.owner,
        reason=decision.reason,
        until=decision.until,
    )


def _manual(decision: Decision, moment: Moment) -> ManualAssignment:
    """A day that is still to come (a past day is being played again) is no day to compare completions with."""
    due, asked_on = decision.body.get("due_on"), local_day(decision.made_at, moment.zone)
    return ManualAssignment(
        person_key=decision.person_key,
        requirement=RequirementKey(decision.subject),
        due_on=date.fromisoformat(due) if due else None,
        owner=decision.owner,
        reason=decision.reason,
        until=decision.until,
        asked_on=asked_on if asked_on <= moment.today else None,
    )


def _sign_in(policy: Policy, batch: Batch, person: Person, *, first_load: bool) -> str:
    """The employment that a sign-in mail is for; empty where none may leave, or it left already."""
    if not policy.mail.signing_in or (first_load and policy.mail.silent_first_load):
        return ""
    if person.standing.deceased or person.standing.held:
        return ""
    begun = _employment(policy, person)
    return "" if begun is None or sign_in_key(person.key, begun) in batch.mailed else str(begun)


def _employment(policy: Policy, person: Person) -> date | None:
    """The day that names this employment: HR's hire date, or the day somebody came back under the old one."""
    hired, ended = person.worker.hire_date, person.standing.consumed_end
    if ended is not None and (hired is None or hired < ended):
        return person.standing.back_on or local_day(person.standing.since, policy.zone_of(person.worker))
    return hired or person.standing.started_on


def _memory(person: Person, desired: Desired, learned: Learned | None) -> Mapping[str, Any] | None:
    """What the next decision needs; None when nothing is new. Changes are used up by this decision."""
    memory: dict[str, Any] = {name: value for name, value in person.memory.items() if name != "changes"}
    if desired.groups:
        memory["groups"] = sorted(set(memory.get("groups", ())) | desired.groups)
    if learned is not None:
        memory["learning"] = {
            "matched": sorted(learned.matched),
            "evaluated": sorted(learned.evaluated),
            "holding": sorted(learned.holding),
        }
        if learned.held_edges and "changes" in person.memory:
            memory["changes"] = person.memory["changes"]
    return memory if memory != person.memory else None
