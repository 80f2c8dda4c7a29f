"""What became of one line. Every attempted line ends in exactly one receipt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from joinery.core.model.account import Account


class Outcome(StrEnum):
    """done: in effect now. unconfirmed: told, and nobody has shown yet that it is so. skipped: the account moved
    since the plan. failed: refused or out of tries. needs_you: a person must decide."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    NEEDS_YOU = "needs_you"
    UNCONFIRMED = "unconfirmed"

    @property
    def believed(self) -> bool:
        """The next plan starts from it: nobody is told the same twice."""
        return self in {Outcome.DONE, Outcome.UNCONFIRMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """`key` is the line's stable key; `account` is the account as the target showed it afterwards, if it did."""

    key: str
    outcome: Outcome
    detail: str = ""
    #: False when the target already was as wanted
    changed: bool = True
    account: Account | None = None
