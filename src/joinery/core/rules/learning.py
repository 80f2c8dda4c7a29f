"""The nouns of learning rules: the rule, what people decided by hand, and the assignment that is remembered.

Rule 1: an assignment's identity is (person, requirement, cycle); reasons come and go, the identity stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.rules.conditions import Condition
from joinery.core.rules.due import Due, Duration


class AppliesTo(StrEnum):
    """everyone: whoever matches. new_matches: only who begins to match after publication and go-live."""

    EVERYONE = "everyone"
    NEW_MATCHES = "new_matches"


class WhenMatchEnds(StrEnum):
    """What becomes of what the rule gave when its condition no longer holds; completed things always stay."""

    KEEP = "keep"
    WITHDRAW_IF_NOT_STARTED = "withdraw_if_not_started"
    WITHDRAW = "withdraw"


class Weight(StrEnum):
    """Only mandatory enters compliance, reminders and escalation."""

    MANDATORY = "mandatory"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"

    @staticmethod
    def strongest(weights: Iterable[Weight]) -> Weight:
        """The one that counts when several rules ask for the same; mandatory when none does."""
        return min(weights, key=list(Weight).index, default=Weight.MANDATORY)


class State(StrEnum):
    """withdrawn with reasons left means waived by an exemption: it opens again when the exemption ends."""

    OPEN = "open"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Proof lasts `every`; the next cycle opens `window` before it expires and is due on that day.

    Renewal inside the window keeps the anniversary, outside it restarts. Renewal is by `renew_with` where given;
    later than `grace` after the expiry the initial requirement is needed again.
    """

    every: Duration
    window: Duration = field(default_factory=lambda: Duration(days=30))
    grace: Duration = field(default_factory=Duration)
    renew_with: RequirementKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningRule:
    """Who gets what, until when. `version` is the content hash of how it was written."""

    name: str
    version: str
    when: Condition
    give: tuple[RequirementKey, ...] = ()
    groups: tuple[str, ...] = ()
    due: Due | None = None
    recurs: Recurrence | None = None
    counts_if_done_within: Duration | None = None
    applies_to: AppliesTo = AppliesTo.EVERYONE
    when_match_ends: WhenMatchEnds = WhenMatchEnds.KEEP
    mandatory: Weight = Weight.MANDATORY
    published_on: date

    @property
    def key(self) -> str:
        """`FR_warehouse@3f2a91c04b7d`: this version of this rule."""
        return f"{self.name}@{self.version}"

    @property
    def keeps(self) -> bool:
        """True when the end of the match changes nothing: by policy, or because it fired on a change."""
        return self.when.is_edge or self.when_match_ends is WhenMatchEnds.KEEP

    def asks_for(self, requirement: RequirementKey) -> bool:
        """True when the rule gives it, as the initial requirement or as its renewal."""
        return requirement in self.give or (self.recurs is not None and self.recurs.renew_with == requirement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Somebody decided that no rule gives this to this person, up to and including `until`."""

    person_key: PersonKey
    requirement: RequirementKey
    owner: str
    reason: str
    until: date | None = None

    def in_force(self, as_of: date) -> bool:
        """True until the end of its last day."""
        return self.until is None or as_of <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualAssignment:
    """Somebody assigned this by hand; no rule takes it away. It ends after `until`, or when it is removed.

    `asked_on`: what was done before that day does not answer it; None: any earlier answer does.
    """

    person_key: PersonKey
    requirement: RequirementKey
    cycle: str = ""
    due_on: date | None = None
    owner: str
    reason: str
    until: date | None = None
    asked_on: date | None = None

    def in_force(self, as_of: date) -> bool:
        """True until the end of its last day."""
        return self.until is None or as_of <= self.until

    def outdated(self, row: Assignment) -> bool:
        """True when the row was completed before this was asked."""
        if row.completed_on is None or self.asked_on is None:
            return False
        return row.completed_on < self.asked_on

    @property
    def label(self) -> str:
        """How it appears among the reasons of an assignment."""
        return f"{MANUAL}{self.owner}"


MANUAL = "manual:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One remembered assignment of one person, as decided (not as the target has it).

    `cycle` is empty for the first one, else the ISO date on which the cycle starts. `reasons` are rule names or
    `manual:<owner>`. `renews` is the expiry of the proof that this cycle renews. Dates are local calendar dates.
    """

    requirement: RequirementKey
    cycle: str = ""
    due_on: date | None = None
    reasons: frozenset[str] = frozenset()
    state: State = State.OPEN
    assigned_on: date
    completed_on: date | None = None
    withdrawn_on: date | None = None
    paused_on: date | None = None
    paused_days: int = 0
    renews: date | None = None
    weight: Weight = Weight.MANDATORY
    #: the zone in which `due_on` was set
    time_zone: str = ""
    #: rule name -> day its match began; kept after the match has ended
    match_started: Mapping[str, date] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """`path:Onboarding_Path` or `course:FORKLIFT#2026-03-01`, as in `Enrolment.key`."""
        return f"{self.requirement}#{self.cycle}" if self.cycle else str(self.requirement)

    @property
    def waived(self) -> bool:
        """True when only an exemption keeps it from being open."""
        return self.state is State.WITHDRAWN and bool(self.reasons)

    @property
    def standing(self) -> bool:
        """True while it is asked for and not done: open, or only waived."""
        return self.state is State.OPEN or self.waived

    @property
    def by_hand(self) -> bool:
        """True when a person is among its reasons."""
        return any(reason.startswith(MANUAL) for reason in self.reasons)
