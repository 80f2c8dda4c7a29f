"""Where somebody stands in their employment, as last concluded: the memory that lifecycle decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Stage(StrEnum):
    """prehire -> active <-> leave -> left; no_show instead of a start; held when HR's status means nothing to us."""

    PREHIRE = "prehire"
    ACTIVE = "active"
    LEAVE = "leave"
    LEFT = "left"
    NO_SHOW = "no_show"

    @property
    def employed(self) -> bool:
        """At work or on leave: somebody a move can happen to."""
        return self in {Stage.ACTIVE, Stage.LEAVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`armed_end`: an end date that was seen while still to come, and so fires without another file.

    `since` is the instant (UTC) the stage began for us, `ended_on` HR's end date of the last ended employment,
    `consumed_end` an end date that already ended an employment (stale when the person is active again),
    `missing_files` how many good complete files in a row did not contain the person.
    """

    stage: Stage
    since: datetime
    started_on: date | None = None
    armed_end: date | None = None
    ended_on: date | None = None
    consumed_end: date | None = None
    missing_since: date | None = None
    missing_files: int = 0
    #: the local day they came back after an employment that ended, or after all; None for an end that was taken back
    back_on: date | None = None
    #: a leave's last day that was seen while still to come: the leave ends after it without another file
    leave_ends: date | None = None
    #: the employment that ended never took place: the hire was taken back, or it ended on its first day or before
    never_worked: bool = False
    #: the next record of a confirmed conversion starts then: no gap until that day
    bridged_until: date | None = None
    #: access is off although employed (garden leave, leave of class suspend)
    access_off: bool = False
    #: no mail to or about them
    deceased: bool = False
    #: HR's status means nothing to us: nothing is written until it does
    held: str = ""
