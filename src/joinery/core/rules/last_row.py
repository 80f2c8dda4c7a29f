"""Decides whether the last row of a file that may have been cut inside it ends somebody's access.

Rule: on the word of such a row nobody's access ends, and no end comes nearer; everything else in it is believed. Only
its last cell can be cut, so a row whose last cell says nothing of this is as good as any other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from joinery.core.model.employment import Employment
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import IDENTITY_NAMES, Worker

#: half a number is somebody else's: nobody can say whose row it is, and so not whose is missing
WHOSE: Final = IDENTITY_NAMES
#: what an end, or the day of it, is read from
_DECIDES: Final = frozenset(
    {"status", "hire_date", "termination_date", "leave_end_date", "leave_class", "effective_date", "job_end_date"}
)
#: nobody loses anything any more
OVER: Final = frozenset({Stage.LEFT, Stage.NO_SHOW})
WAYS_OUT: Final = (
    "Have the export end its last line with a line end, add a last row with the count (trailer), or send a .done file "
    "with it. The row counts once a file shows it whole, or a later day's file ends with it again. To end access now: "
    "joinery person end-access."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """The last row (`line`, from 1) of a file, where nothing proves that it is whole.

    `key`: whose record, as the file has it; `digest`: tells the same row in the next file; `in_doubt`: the attributes
    that are read from where it may have been cut; `scope`: those that decide who is managed at all.
    """

    key: str
    line: int
    digest: str
    in_doubt: frozenset[str]
    scope: frozenset[str] = frozenset()

    @property
    def nobody_knows_whose(self) -> bool:
        """The number itself may be half of one."""
        return bool(self.in_doubt & WHOSE)

    @property
    def decides(self) -> bool:
        """What may have been cut can end access."""
        return bool(self.in_doubt & (_DECIDES | self.scope))

    def leaves_scope(self, before: Employment, after: Worker) -> bool:
        """What decides who is managed at all is not what it was, and may have been cut."""
        asked = self.in_doubt & self.scope if before.standing.stage not in OVER else frozenset[str]()
        return any(before.worker.value(name) != after.value(name) for name in asked)

    def finding(self, worker_id: str) -> Finding:
        """Why nothing of this row was written."""
        return Finding(
            check="last_row_may_be_cut",
            severity=Severity.QUARANTINE,
            worker_id=worker_id,
            line=self.line,
            message=f"The file does not end with a line end, so its last row (line {self.line}) may have been cut; it "
            "would end access, or end it sooner. Nothing was written for this person; all other rows were read.",
            suggestion=WAYS_OUT,
        )


def ends_sooner(before: Standing | None, after: Standing) -> bool:
    """By the second somebody has no access, or loses it on an earlier day than by the first (None: unknown so far)."""
    if before is None:
        return after.stage in OVER or after.armed_end is not None
    if before.stage in OVER:
        return False
    if after.stage in OVER or (before.stage.employed and not after.stage.employed):
        return True
    if after.access_off and not before.access_off:
        return True
    return after.armed_end is not None and (before.armed_end is None or after.armed_end < before.armed_end)


def reads(in_doubt: Collection[str], numbered: bool) -> frozenset[str]:
    """The attributes, with the number among them where the legal entity is part of it."""
    by_entity = numbered and "legal_entity" in in_doubt
    return frozenset(in_doubt) | (frozenset({"worker_id"}) if by_entity else frozenset())
