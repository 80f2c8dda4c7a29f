"""What goes wrong with a learning system reached over HTTP, by name, and when: the weather behind a `Door`.

Rule: what befalls a request depends on the seed, on what is asked and on how often the same was asked before, never on
the order in which requests of several people come in. So a bad day can be had again.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Trouble(StrEnum):
    """One thing going wrong with one request."""

    NONE = "none"
    #: done, answered late
    SLOW = "slow"
    #: 429 without Retry-After; nothing was done
    BUSY = "busy"
    #: 429 with Retry-After; nothing was done
    BUSY_UNTIL = "busy_until"
    #: 500; nothing was done
    BROKEN = "broken"
    #: 500, and it was done: success that reports failure
    DONE_BUT_BROKEN = "done_but_broken"
    #: the connection is reset; nothing was done
    RESET = "reset"
    #: it was done, then the connection is reset
    DONE_BUT_RESET = "done_but_reset"
    #: it was done, and the answer ends in the middle
    HALF = "half"
    #: answered as done, and nothing was done: failure that reports success
    LIE = "lie"
    #: refused with 400 whenever it is asked
    REFUSED = "refused"
    #: the access token is over: 401 until another one is used
    EXPIRED = "expired"
    #: the system is away: every connection is reset
    OUTAGE = "outage"


#: what may befall a question
QUESTIONS = (Trouble.SLOW, Trouble.BUSY, Trouble.BUSY_UNTIL, Trouble.BROKEN, Trouble.RESET, Trouble.HALF)
#: what may befall a change
CHANGES = (*QUESTIONS, Trouble.DONE_BUT_BROKEN, Trouble.DONE_BUT_RESET, Trouble.LIE)
#: troubles after which the system has done what it was asked
DONE = frozenset({Trouble.NONE, Trouble.SLOW, Trouble.DONE_BUT_BROKEN, Trouble.DONE_BUT_RESET, Trouble.HALF})
#: fields of a new account by which people are told apart, the first that is there
_NAMES = ("userName", "email", "externalId", "external_id", "worker_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came in. `target` is path and query; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it is about: the path, or for something new the names that its body gives (several in a bulk)."""
        if self.method != "POST":
            return (self.target,)
        try:
            said = json.loads(self.body)
        except ValueError:
            return (self.target,)
        bodies = [one.get("data") for one in said["Operations"]] if _is_bulk(said) else [said]
        return tuple(_name(body) or self.target for body in bodies)


def _is_bulk(said: Any) -> bool:
    several = said.get("Operations") if isinstance(said, dict) else None
    return isinstance(several, list) and all(isinstance(one, dict) and "data" in one for one in several)


def _name(body: Any) -> str:
    named = [str(body[name]) for name in _NAMES if body.get(name)] if isinstance(body, dict) else []
    return named[0] if named else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One request and what became of it. `refused`: which of its subjects will never be taken."""

    number: int
    method: str
    target: str
    trouble: Trouble
    subjects: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the system was let do it, whatever was answered."""
        return self.trouble in DONE


@dataclass(slots=True)
class Weather:
    """`chance` (0 to 1) of trouble at each of the first `at_most` times that the same thing is asked.

    `refuses` (0 to 1): the share of changes that are refused for good. `token_dies_after` so many requests, once.
    `names`: what the system calls people -> what they are called in what was asked, as IDs differ from day to day.
    Not thread-safe: one per `Door`.
    """

    seed: int
    chance: float = 0.3
    among: tuple[Trouble, ...] = CHANGES
    at_most: int = 3
    refuses: float = 0.0
    token_dies_after: int | None = None
    away: bool = False
    events: list[Event] = field(default_factory=list, init=False)
    names: dict[str, str] = field(default_factory=dict, init=False)
    _times: Counter[tuple[str, ...]] = field(default_factory=Counter, init=False)
    _dead_token: str | None = field(default=None, init=False)

    def befalls(self, asked: Asked) -> Event:
        """What goes wrong with this request; it is remembered."""
        subjects = tuple(self._called(one) for one in asked.subjects)
        refused = tuple(one for one in subjects if asked.changes and self._never(asked.method, one))
        trouble = self._barred(asked) or (Trouble.REFUSED if refused else self._drawn(asked, subjects))
        event = Event(
            number=len(self.events) + 1,
            method=asked.method,
            target=asked.target,
            trouble=trouble,
            subjects=subjects,
            refused=refused,
        )
        self.events.append(event)
        return event

    def learns(self, body: bytes) -> None:
        """What an answer says about who has which ID."""
        try:
            said = json.loads(body)
        except ValueError:
            return
        listed = said.get("Resources", [said]) if isinstance(said, dict) else []
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and one.get("id") and (name := _name(one)):
                self.names.setdefault(str(one["id"]), name)

    def never_taken(self) -> set[tuple[str, str]]:
        """(method, subject) of the changes that were asked for alone and refused for good."""
        single = [one for one in self.events if one.trouble is Trouble.REFUSED and len(one.subjects) == 1]
        return {(one.method, one.refused[0]) for one in single}

    def report(self) -> dict[str, Any]:
        """Requests in all, how many of them met which trouble, and what is never taken."""
        met = Counter(str(one.trouble) for one in self.events)
        never = sorted(f"{method} {subject}" for method, subject in self.never_taken())
        return {"seed": self.seed, "requests": len(self.events), "met": dict(sorted(met.items())), "never_taken": never}

    def _called(self, subject: str) -> str:
        before, slash, last = subject.rpartition("/")
        return f"{before}{slash}{self.names.get(last, last)}"

    def _barred(self, asked: Asked) -> Trouble | None:
        """Nobody gets through at all."""
        if self.away:
            return Trouble.OUTAGE
        token = asked.headers.get("authorization", "")
        if self.token_dies_after is not None and len(self.events) >= self.token_dies_after:
            self._dead_token, self.token_dies_after = token, None
        return Trouble.EXPIRED if token == self._dead_token else None

    def _never(self, method: str, subject: str) -> bool:
        return self._dice("never", method, subject).random() < self.refuses

    def _drawn(self, asked: Asked, subjects: tuple[str, ...]) -> Trouble:
        same = (asked.method, *subjects)
        self._times[same] += 1
        if self._times[same] > self.at_most:
            return Trouble.NONE
        dice = self._dice(str(self._times[same]), *same)
        possible = [one for one in (CHANGES if asked.changes else QUESTIONS) if one in self.among]
        return dice.choice(possible) if possible and dice.random() < self.chance else Trouble.NONE

    def _dice(self, *about: str) -> random.Random:
        return random.Random("\n".join((str(self.seed), *about)))  # noqa: S311 - accidents, not secrets
