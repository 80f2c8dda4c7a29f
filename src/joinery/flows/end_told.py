"""What is believed of a row that cannot be used: the end of an employment, and nothing else.

Rule: a bad row never keeps somebody in who is out. It ends nothing before the day from which HR says that it holds, and
nothing of which something newer is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from joinery.core.mapping.inbound import Mapped, end_said
from joinery.core.mapping.spec import MappingSpec
from joinery.core.mapping.succession import Said, agreed_end
from joinery.core.model.employment import Employment
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.worker import Status, Worker
from joinery.flows.in_time import Taken, in_time, known_of
from joinery.flows.setting import Setting
from joinery.store.people import Person

_ENDS = frozenset({"status", "termination_date"})


@dataclass(frozen=True, slots=True)
class Ends:
    """Reads ends in rows about `was`, one of the records of `owner`; None where it is not known."""

    setting: Setting
    spec: MappingSpec
    owner: Person | None
    was: Employment | None

    def told(self, row: RawRecord, said: Worker | None = None) -> Taken | None:
        """The record with the end that this row tells; None where it tells none. `said`: as far as it could be read.

        A word that nobody knows ends nothing by itself; with an end date already past it does.
        """
        word, status, end = end_said(self.spec, row)
        if said is not None:
            word, status, end = said.status_text, said.status, said.termination_date
        return self._taken(word, status, end, [row])

    def agreed(self, rows: Sequence[RawRecord]) -> Taken | None:
        """The record with the end that every one of these tells, of which nobody can say which is the last."""
        end = agreed_end([Said(self.spec, row) for row in rows])
        return self._taken(*end, rows) if end is not None else None

    def _taken(self, word: str, status: Status, end: date | None, rows: Sequence[RawRecord]) -> Taken | None:
        if self.owner is None or self.was is None:
            return None
        past = end is not None and end < self.setting.moment(self.was.worker).today
        if status not in {Status.TERMINATED, Status.DECEASED} and not (status is Status.UNKNOWN and past):
            return None
        said = [Said(self.spec, row) for row in rows]
        found = Mapped(
            worker=replace(self.was.worker, status=status, status_text=word, termination_date=end),
            changed_at=max((each.at for each in said if each.at), default=None),
            effective_on=max((day for each in said if (day := each.day("effective_date"))), default=None),
        )
        # of everything else the row says nothing
        known = known_of(self.setting, self.owner, self.was)
        taken = in_time(replace(self.setting, partial=True), _ENDS, found, known)
        return None if taken.says_nothing else taken
