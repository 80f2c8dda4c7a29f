"""A plan is data: lines with reasons, holds, numbers and a fingerprint. JSON in, JSON out, no closures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from joinery.core.model.ids import PersonKey, PlanId, WorkerId
from joinery.core.model.operation import ActionClass, Operation


class Lane(StrEnum):
    """urgent: the kill-switch lane, a queue of its own. normal: everything else, phase by phase."""

    URGENT = "urgent"
    NORMAL = "normal"


class LineState(StrEnum):
    """waiting: for an approval. held: by a guard or a hold. planned -> sent -> one of the five outcomes;
    unconfirmed -> done | failed | needs_you when the learning system shows what it made of it, and assumed when it
    shows the account and has no way to show this."""

    WAITING = "waiting"
    HELD = "held"
    PLANNED = "planned"
    SENT = "sent"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    NEEDS_YOU = "needs_you"
    UNCONFIRMED = "unconfirmed"
    ASSUMED = "assumed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: the rule and its version, or the changed fact with old and new value and where it came from."""

    text: str
    rule: str = ""
    attribute: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One operation for one person. `segment` are the values that guards count by, e.g. {"location": "Lille"}."""

    worker_id: WorkerId
    operation: Operation
    action: ActionClass
    because: tuple[Reason, ...]
    guard: str
    segment: tuple[tuple[str, str], ...] = ()
    lane: Lane = Lane.NORMAL
    #: why it is wanted but not allowed now; empty when nothing objects
    held: str = ""
    #: the kill-switch lane may take it: an explicit termination of this person
    evidenced: bool = False

    @property
    def person_key(self) -> PersonKey:
        """Whose line it is."""
        return self.operation.person_key


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardResult:
    """One guard's answer, the same in plan and in apply."""

    guard: str
    count: int
    population: int
    tripped: bool
    #: "" for the whole connection, else `location=Lille`
    segment: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """What a reader needs before the lines; `counts` are lines by action class, `held` those that wait."""

    id: PlanId
    as_of: datetime
    made_at: datetime
    cause: str
    fingerprint: str
    config_version: str
    snapshot_id: str
    counts: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    guards: tuple[GuardResult, ...] = ()
    seats_before: int = 0
    seats_after: int = 0
    expires_at: datetime | None = None
    state: str = "new"
