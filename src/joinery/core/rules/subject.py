"""What is decided for one person in one evaluation, and what comes out of it.

Rule 1: everything in `Decided` is stored together with the facts it was decided on; `Subject` brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.conditions import Explanation, Facts
from joinery.core.rules.learning import Assignment, Exemption, LearningRule, ManualAssignment, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One person as of one local day.

    `known_on` is the day we learnt the latest facts; `baseline`: they are the first accepted facts of the connection.
    `employed`: duties may begin (at work, on leave, or a starter whose account is due). `onboarding_again`,
    `all_again`: the day they came back, when day-one learning or everything finished before that day is to be given
    again. `last_match`, `evaluated`, `holding` are those of the last `Decided`; all empty at the first evaluation.
    `completions` holds the latest completion per requirement, `started` what is begun.
    """

    facts: Facts
    #: of the other jobs of somebody who has several: a rule that matches one of them matches
    also: tuple[Facts, ...] = ()
    as_of: date
    known_on: date
    go_live: date
    baseline: bool = False
    hire_date: date | None = None
    account_created_on: date | None = None
    employed: bool = True
    on_leave: bool = False
    left: bool = False
    leave_started: date | None = None
    time_zone: str = ""
    onboarding_again: date | None = None
    all_again: date | None = None
    last_match: frozenset[str] = frozenset()
    evaluated: frozenset[str] = frozenset()
    holding: frozenset[str] = frozenset()
    exemptions: tuple[Exemption, ...] = ()
    manual: tuple[ManualAssignment, ...] = ()
    completions: Mapping[RequirementKey, date] = field(default_factory=dict)
    started: frozenset[RequirementKey] = frozenset()

    @property
    def frozen(self) -> bool:
        """Nothing new and nothing withdrawn: they have left, or duties have not begun."""
        return self.left or not self.employed


class Happened(StrEnum):
    """What became of one assignment in this evaluation."""

    ASSIGNED = "assigned"
    CREDITED = "credited"
    WAIVED = "waived"
    REOPENED = "reopened"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    DUE_MOVED = "due_moved"
    PAUSED = "paused"
    RESUMED = "resumed"
    REASONS = "reasons"
    NOTED = "noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentChange:
    """One remembered assignment that is now different. `because` are sentences; `before` is None for a new one."""

    what: Happened
    before: Assignment | None
    after: Assignment
    because: tuple[str, ...] = ()
    #: for withdrawn: somebody who has begun in the meantime keeps it
    only_if_not_started: bool = False

    @property
    def requirement(self) -> RequirementKey:
        """What it is about."""
        return self.after.requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """What one rule says about the person. `matched` None: HR gives too little to tell, nothing changes.

    `gives` is False when it matches but gives nothing, as `note` says.
    """

    rule: LearningRule
    matched: bool | None
    facts: Facts = field(repr=False, compare=False)
    gives: bool = False
    #: the match began with this evaluation
    newly: bool = False
    note: str = ""

    @property
    def explanation(self) -> Explanation:
        """The condition with what was found for the person; computed when asked for, as most are never read."""
        return self.rule.when.explain(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """`assignments` replace the memory; `matched`, `evaluated`, `holding` are handed back the next time.

    `held_edges`: rules on a change that cannot be told yet; hand the same changes in again until they can.
    `wake_on`: the next day on which this can change by itself, as far as assignments go.
    """

    assignments: tuple[Assignment, ...] = ()
    changes: tuple[AssignmentChange, ...] = ()
    groups: frozenset[str] = frozenset()
    verdicts: tuple[RuleVerdict, ...] = ()
    matched: frozenset[str] = frozenset()
    evaluated: frozenset[str] = frozenset()
    holding: frozenset[str] = frozenset()
    exemptions: tuple[Exemption, ...] = ()
    held_edges: frozenset[str] = frozenset()
    wake_on: date | None = None

    @property
    def open(self) -> tuple[Assignment, ...]:
        """What the person has to do now."""
        return tuple(each for each in self.assignments if each.state is State.OPEN)
