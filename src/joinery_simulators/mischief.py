"""What can go wrong between us and another system, by name, and who decides when it does.

Rule: a plan of mischief depends on its seed or its script alone, so that every failure can be had again.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Mischief(StrEnum):
    """One thing going wrong in one call; what it means depends on the call, see `HostileTarget`."""

    NONE = "none"
    #: asked to come back, without saying when; nothing was done
    TRY_AGAIN = "try_again"
    #: asked to come back after a while; nothing was done
    TRY_AGAIN_LATER = "try_again_later"
    #: the line goes dead before anything was done
    BREAK_BEFORE = "break_before"
    #: everything was done, then the line goes dead without a word
    BREAK_AFTER = "break_after"
    #: half was done, half of that was answered, then the line goes dead
    HALF = "half"
    #: everything was done, every second receipt never comes, and nobody says so
    LOSE_RECEIPTS = "lose_receipts"
    #: everything was done, the receipts come in another order
    SHUFFLE = "shuffle"
    #: the first order is answered "done" and was not done
    LIE_DONE = "lie_done"
    #: the first order is answered "failed" and was done
    LIE_FAILED = "lie_failed"
    #: the credentials are refused; nothing was done
    STOP_RUN = "stop_run"
    #: the answer takes its time
    SLOW = "slow"
    #: somebody edits the accounts by hand just before
    MEDDLE = "meddle"
    #: one of the page comes twice
    REPEAT = "repeat"
    #: one of the page is missing, the total says otherwise
    LOSE = "lose"
    #: one of the page is missing and another comes twice, so that the count adds up
    SWAP = "swap"
    #: the total is one too high
    WRONG_TOTAL = "wrong_total"


#: what can befall a `perform`
WRITES = (
    Mischief.TRY_AGAIN,
    Mischief.TRY_AGAIN_LATER,
    Mischief.BREAK_BEFORE,
    Mischief.BREAK_AFTER,
    Mischief.HALF,
    Mischief.LOSE_RECEIPTS,
    Mischief.SHUFFLE,
    Mischief.LIE_DONE,
    Mischief.LIE_FAILED,
    Mischief.STOP_RUN,
    Mischief.SLOW,
    Mischief.MEDDLE,
)
#: what can befall a `perform` of a system that is honest about what it did
HONEST_WRITES = tuple(one for one in WRITES if one not in {Mischief.LIE_DONE, Mischief.LIE_FAILED, Mischief.MEDDLE})
#: what can befall a page of accounts
PAGES = (
    Mischief.TRY_AGAIN,
    Mischief.TRY_AGAIN_LATER,
    Mischief.BREAK_BEFORE,
    Mischief.STOP_RUN,
    Mischief.SLOW,
    Mischief.REPEAT,
    Mischief.LOSE,
    Mischief.SWAP,
    Mischief.WRONG_TOTAL,
)
#: what can befall a look-up; LOSE is a system that does not show at once what it has
LOOK_UPS = (
    Mischief.TRY_AGAIN,
    Mischief.TRY_AGAIN_LATER,
    Mischief.BREAK_BEFORE,
    Mischief.STOP_RUN,
    Mischief.SLOW,
    Mischief.LOSE,
)
#: what can befall a page of completions
RECORDS = (
    Mischief.TRY_AGAIN,
    Mischief.TRY_AGAIN_LATER,
    Mischief.BREAK_BEFORE,
    Mischief.STOP_RUN,
    Mischief.SLOW,
    Mischief.REPEAT,
)
_POSSIBLE = {"perform": WRITES, "accounts": PAGES, "look_up": LOOK_UPS, "completions": RECORDS}


class Mood(Protocol):
    """Decides what goes wrong with the next call."""

    def next(self, call: str) -> Mischief:
        """`call` is perform, accounts, look_up or completions."""


@dataclass(slots=True)
class OnCommand:
    """Goes well until it is told otherwise: `mood.then("perform", Mischief.HALF, Mischief.NONE, …)`."""

    _waiting: dict[str, deque[Mischief]] = field(default_factory=dict)

    def then(self, call: str, *mischief: Mischief) -> None:
        """One of these for each of the next calls of this kind."""
        for one in mischief:
            if one not in (*_POSSIBLE[call], Mischief.NONE):
                raise ValueError(f"{one} cannot befall {call}")
        self._waiting.setdefault(call, deque()).extend(mischief)

    def next(self, call: str) -> Mischief:
        """The next of the commands, or none."""
        waiting = self._waiting.get(call)
        return waiting.popleft() if waiting else Mischief.NONE


@dataclass(slots=True)
class Seeded:
    """With this chance (0 to 1) something of `among` goes wrong; after `calms_after` calls all goes well."""

    seed: int
    chance: float = 0.5
    among: Iterable[Mischief] = tuple(Mischief)
    calms_after: int | None = None
    _random: random.Random = field(init=False)
    _calls: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a plan of accidents, not a secret
        self.among = frozenset(self.among)

    def next(self, call: str) -> Mischief:
        """Drawn from the seed."""
        self._calls += 1
        draw, pick = self._random.random(), self._random.random()
        possible = [one for one in _POSSIBLE[call] if one in self.among]
        calm = self.calms_after is not None and self._calls > self.calms_after
        if calm or not possible or draw >= self.chance:
            return Mischief.NONE
        return possible[int(pick * len(possible))]
