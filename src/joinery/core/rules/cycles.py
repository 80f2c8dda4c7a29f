"""Which assignment a rule that matches asks for: the first one, an open one, the next cycle, or none.

Rule 1: the answer depends on the memory before this evaluation only, so that the order of rules never matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.due import Basis, Calendar, due_date
from joinery.core.rules.instants import days_after
from joinery.core.rules.learning import Assignment, LearningRule, Recurrence, State
from joinery.core.rules.subject import RuleVerdict, Subject

#: a rule that looks at one of these is about the first days
DAY_ONE: Final = frozenset({"hire_date", "tenure_days"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One rule (or person) asks for one assignment. `credited_on`: it is done already, only the memory lacks it.

    `renews` is the expiry of the proof that a renewal follows.
    """

    requirement: RequirementKey
    cycle: str
    reason: str
    due_on: date | None = None
    credited_on: date | None = None
    renews: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The remembered assignments of one person, with lookups."""

    rows: tuple[Assignment, ...]

    def of(self, requirements: Iterable[RequirementKey]) -> tuple[Assignment, ...]:
        """Those about one of these requirements, oldest cycle first."""
        wanted = frozenset(requirements)
        return tuple(sorted((row for row in self.rows if row.requirement in wanted), key=lambda row: row.cycle))

    def open_for(self, requirement: RequirementKey, reason: str) -> Assignment | None:
        """The open (or only waived) one, preferably one that this reason is already part of."""
        found = [row for row in self.of((requirement,)) if row.standing]
        own = [row for row in found if reason in row.reasons]
        return next(iter(own or found), None)


def wants_of(verdict: RuleVerdict, subject: Subject, history: History, calendar: Calendar) -> Iterator[Want]:
    """What the rule of this verdict asks for now."""
    asking = _Asking(verdict.rule, subject, history, calendar, verdict.newly)
    for requirement in verdict.rule.give:
        if verdict.gives or asking.given_before(requirement):
            recurs = verdict.rule.recurs
            yield from asking.once(requirement) if recurs is None else asking.recurring(requirement, recurs)


def proof_of(requirements: Iterable[RequirementKey], subject: Subject, history: History) -> date | None:
    """The latest day one of them was completed, as far as it lies in the past."""
    wanted = tuple(requirements)
    days = [subject.completions[each] for each in wanted if each in subject.completions]
    days += [row.completed_on for row in history.of(wanted) if row.completed_on is not None]
    return max((day for day in days if day <= subject.as_of), default=None)


def expiry_of(proof: date, recurs: Recurrence, rows: Iterable[Assignment]) -> date:
    """The last day of a proof: the next anniversary when it was renewed inside the window, else counted afresh."""
    for row in rows:
        if row.renews is not None and recurs.window.before(row.renews) <= proof <= row.renews:
            return recurs.every.after(row.renews)
    return recurs.every.after(proof)


def rule_due(rule: LearningRule, subject: Subject, calendar: Calendar) -> date | None:
    """When something that begins today is due: from the latest of all the days that start the clock."""
    basis = Basis(
        assigned_on=subject.as_of,
        hire=subject.hire_date,
        published=rule.published_on,
        go_live=subject.go_live,
        known=subject.known_on,
        account_created=subject.account_created_on,
    )
    return due_date(rule.due, basis, calendar)


@dataclass(frozen=True, slots=True)
class _Asking:
    rule: LearningRule
    subject: Subject
    history: History
    calendar: Calendar
    newly: bool

    def family(self, requirement: RequirementKey) -> tuple[RequirementKey, ...]:
        """The requirement and what renews it."""
        renewal = self.rule.recurs.renew_with if self.rule.recurs else None
        return (requirement, renewal) if renewal else (requirement,)

    def given_before(self, requirement: RequirementKey) -> bool:
        """True when this rule has asked this person for it before: `new_matches` then goes on with its cycles."""
        return any(self.rule.name in row.match_started for row in self.history.of(self.family(requirement)))

    def once(self, requirement: RequirementKey) -> Iterator[Want]:
        """Without recurrence: one assignment ever, unless a new match finds the old proof too old to count."""
        rows = self.history.of((requirement,))
        standing = self.history.open_for(requirement, self.rule.name)
        if standing is not None and self.rule.name in standing.reasons:
            yield self.want(requirement, standing.cycle)
        elif any(row.state is State.COMPLETED for row in rows):
            back = self.again_since(rows)
            if back is not None:
                yield self.want(requirement, standing.cycle if standing else back.isoformat())
            elif self.newly and not self.counts(proof_of((requirement,), self.subject, self.history)):
                yield self.want(requirement, standing.cycle if standing else self.subject.as_of.isoformat())
        elif not rows:
            yield self.first(requirement)
        else:
            yield self.want(requirement, (standing or rows[-1]).cycle)

    def again_since(self, rows: Iterable[Assignment]) -> date | None:
        """The day somebody came back, when what they finished before it has to be done anew."""
        back = self.subject.all_again
        if back is None and self.subject.onboarding_again and self.rule.when.attributes & DAY_ONE:
            back = self.subject.onboarding_again
        if back is None or any(row.cycle >= back.isoformat() for row in rows):
            return None
        return None if any(row.completed_on and row.completed_on >= back for row in rows) else back

    def first(self, requirement: RequirementKey) -> Want:
        proof = proof_of((requirement,), self.subject, self.history)
        if proof is not None and self.counts(proof):
            return Want(requirement=requirement, cycle="", reason=self.rule.name, credited_on=proof)
        return self.want(requirement, "")

    def counts(self, proof: date | None) -> bool:
        """True when a completion of that day satisfies a match that begins today."""
        within = self.rule.counts_if_done_within
        return proof is not None and (within is None or proof >= within.before(self.subject.as_of))

    def recurring(self, requirement: RequirementKey, recurs: Recurrence) -> Iterator[Want]:
        """With recurrence: the initial one until there is proof, then one cycle per expiry."""
        family = self.family(requirement)
        rows, proof = self.history.of(family), proof_of(family, self.subject, self.history)
        if proof is None:
            yield self.want(requirement, self.standing(requirement, ""))
            return
        expiry = expiry_of(proof, recurs, rows)
        if self.subject.as_of < recurs.window.before(expiry):
            if not rows:
                yield Want(requirement=requirement, cycle="", reason=self.rule.name, credited_on=proof)
            return
        lapsed = self.subject.as_of > recurs.grace.after(expiry)
        needed = requirement if lapsed or recurs.renew_with is None else recurs.renew_with
        cycle = self.standing(needed, expiry.isoformat())
        yield self.want(needed, cycle, expiry=expiry)

    def standing(self, requirement: RequirementKey, otherwise: str) -> str:
        """The cycle of the open assignment, else of a withdrawn one of the same cycle, else a new one."""
        found = self.history.open_for(requirement, self.rule.name)
        return found.cycle if found else otherwise

    def want(self, requirement: RequirementKey, cycle: str, *, expiry: date | None = None) -> Want:
        return Want(
            requirement=requirement,
            cycle=cycle,
            reason=self.rule.name,
            due_on=rule_due(self.rule, self.subject, self.calendar) if expiry is None else self.renewal_due(expiry),
            renews=expiry,
        )

    def began(self) -> date:
        """The day the present match began."""
        known = [row.match_started[self.rule.name] for row in self.history.rows if self.rule.name in row.match_started]
        return self.subject.as_of if self.newly or not known else min(known)

    def renewal_due(self, expiry: date) -> date | None:
        """The expiry; for proof that had lapsed before the rule could ask, the rule's own time; never in the past."""
        subject, rule = self.subject, self.rule
        asked = max(rule.published_on, subject.go_live, subject.hire_date or subject.go_live, self.began())
        if expiry < asked:
            return rule_due(rule, subject, self.calendar) or subject.as_of
        statutory = rule.due is not None and rule.due.statutory
        return max(self.calendar.shifted(expiry, statutory=statutory), subject.as_of)


def due_floor(rule: LearningRule, row: Assignment, subject: Subject, calendar: Calendar) -> date | None:
    """The due date when the account or the employment began after the assignment; None when they did not."""
    later = [
        day for day in (subject.account_created_on, subject.hire_date) if day is not None and day > row.assigned_on
    ]
    if not later:
        return None
    return due_date(rule.due, Basis(assigned_on=max(later)), calendar)


def next_wake(rule: LearningRule, subject: Subject, history: History) -> Iterator[date]:
    """The days to come on which a cycle of this rule opens or its grace is over."""
    if rule.recurs is None:
        return
    for requirement in rule.give:
        renewal = rule.recurs.renew_with
        family = (requirement, renewal) if renewal else (requirement,)
        proof = proof_of(family, subject, history)
        if proof is not None:
            expiry = expiry_of(proof, rule.recurs, history.of(family))
            yield rule.recurs.window.before(expiry)
            yield days_after(rule.recurs.grace.after(expiry), 1)
