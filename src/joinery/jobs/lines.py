"""What a worker holds in its hands: a job, the lines it claimed, and how each of them ended. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey, PlanId
from joinery.core.model.operation import Operation
from joinery.core.model.receipt import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One chunk given to a worker for the `attempt`-th time. Its ID is the token that fences earlier attempts."""

    plan_id: PlanId
    phase: int
    chunk: int
    attempt: int

    @property
    def id(self) -> str:
        """`P-204/1/17/1`."""
        return f"{self.plan_id}/{self.phase}/{self.chunk}/{self.attempt}"

    @property
    def urgent(self) -> bool:
        """Phase 0 is the kill-switch lane."""
        return self.phase == 0


#: at the end of an owner: whoever had the lines is done with them, and they are not over
LET_GO = "!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a job, as its owner token says. `node` is empty while nobody claimed it; `over`: it was let go."""

    node: str = ""
    claimed: bool = False
    over: bool = False

    @classmethod
    def of(cls, owner: str) -> Holder:
        """`P-1/1/17/1` waits, `P-1/1/17/1#9f3c.77aa` is at work on node 9f3c, `P-1/1/17/1!` was let go."""
        _, claimed, token = owner.partition("#")
        node, named, _ = token.partition(".")
        return cls(node=node if named else "", claimed=bool(claimed), over=owner.endswith(LET_GO))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A line that is ours to perform. `unknown`: it was handed out before, and its outcome was never recorded."""

    seq: int
    key: str
    person_key: PersonKey
    action: str
    operation: Operation
    unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A line of this plan that failed or waits for somebody: it may block later lines of the same person."""

    seq: int
    action: str
    operation: Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one run of a job may do. `links` and `troubles` are of the people in `lines`, as they stood at the claim."""

    token: str
    plan_id: PlanId
    target: str
    lines: tuple[Claimed, ...]
    links: Mapping[PersonKey, AccountId] = field(default_factory=dict)
    troubles: Mapping[PersonKey, tuple[Trouble, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one claimed line ended; `account` as the target showed it afterwards, `account_id` whose it was before."""

    line: Claimed
    outcome: Outcome
    detail: str = ""
    changed: bool = True
    account: Account | None = None
    account_id: AccountId | None = None
