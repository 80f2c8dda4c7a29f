"""Whom to wake, and when not: one message when a trouble begins, one when it is worse, one when it is over.

Rule: the same trouble found again says nothing; what it is called by decides whether it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

_SATURDAY = 5
#: told again when so many times as many are concerned as were told last
WORSE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something wrong now. `key` is the same as long as it is the same; `size`: how many it concerns."""

    key: str
    #: high | low
    route: str
    title: str
    size: int = 1
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was said of a trouble: since when it is there (instant text), and its size then."""

    since: str
    size: int
    route: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message. `kind`: open | worse | solved. `told`: what is remembered when it was sent."""

    kind: str
    key: str
    told: Told
    next_step: str = ""

    @property
    def subject(self) -> str:
        """`open: Late: hris. …`."""
        return f"{self.kind}: {self.told.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Local hours in which what may wait waits: from `begin` to before `end`, over midnight when `end` is earlier."""

    begin: time
    end: time
    weekends: bool = True

    def at(self, local: datetime) -> bool:
        """Whether it is quiet then."""
        if self.weekends and local.weekday() >= _SATURDAY:
            return True
        now = local.time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end

    def keeps(self, alert: Alert, local: datetime) -> bool:
        """Whether this message waits; what must not wait never does."""
        return alert.told.route != "high" and self.at(local)


def alerts(known: Mapping[str, Told], found: Sequence[Trouble], at: str) -> Iterator[Alert]:
    """What has to be said now: of what is new, of what is worse, of what is over."""
    for trouble in found:
        before = known.get(trouble.key)
        told = Told(since=before.since if before else at, size=trouble.size, route=trouble.route, title=trouble.title)
        if before is None:
            yield Alert(kind="open", key=trouble.key, told=told, next_step=trouble.next_step)
        elif trouble.size >= WORSE * before.size:
            yield Alert(kind="worse", key=trouble.key, told=told, next_step=trouble.next_step)
    keys = {trouble.key for trouble in found}
    for key, before in known.items():
        if key not in keys:
            yield Alert(kind="solved", key=key, told=before)
