"""What must be true of somebody by the rows that were told: a model of its own, which asks the product nothing.

A row is its cells, as HR writes them. The rules are those of docs/howto/changes.md and docs/howto/push.md: what HR
dates ahead waits for its day; the newer word counts; absence counts in full files only; a bad row says nothing but the
end of an employment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

Cells = dict[str, str]
#: standings
AHEAD, WORK, OFF, OUT, ABSENT, EITHER = "ahead", "work", "off", "out", "absent", "either"
GONE, GARDEN, LEAVE = "Terminated", "Garden leave", "On leave"
#: complete files without somebody until they are archived
MISSING = 3


def day_in(cell: str) -> date | None:
    """The day of a cell that is empty or a good date."""
    return date.fromisoformat(cell) if cell else None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """keep | suspend: what a leave and a garden leave do to access where the row does not say."""

    leave: str
    garden: str


@dataclass(kw_only=True)
class Told:
    """One person as the rows have told them."""

    policy: Policy
    cells: Cells = field(default_factory=dict)
    #: day -> cells that hold from then on
    waiting: dict[date, Cells] = field(default_factory=dict)
    #: complete files without them since they were last told of
    missing: int = 0
    #: an end date that was told while it was to come
    armed: date | None = None
    #: the day on which a row last told something new
    told_on: date | None = None
    #: not in a full file before their first day
    came_not: bool = False
    #: the last complete file did not have them
    unlisted: bool = False
    #: where they stood when that was last certain, and how often they left
    stood: str = AHEAD
    leavings: int = 0
    #: their last day may be over or not; and how often it may have been over, before HR moved or took back the end
    last_day: bool = False
    perhaps: int = 0
    #: the numbers that they had before this one
    former: frozenset[str] = frozenset()
    #: what was pushed of them since the last file was written
    pushed: frozenset[str] = frozenset()
    #: the days of what waits by such a push
    pushed_on: frozenset[date] = frozenset()

    # ------------------------------------------------------------ rows

    def row(self, cells: Mapping[str, str], on: date | None, today: date, *, full: bool, old: bool = False) -> None:
        """A row that can be read: these cells hold from `on`. `full`: it is all that HR has to say of them; `old`: as
        far as nothing newer was pushed."""
        self.missing, self.came_not, self.unlisted = 0, False, False
        self.dawn(today)
        if not self.cells:
            self.cells, self.told_on = dict(cells), today
            self._arm(today)
            return
        said = {**self.cells, **cells}
        day = max(on or today, today, self._back(said) or today)
        newer = {when: self.waiting.pop(when) for when in self.pushed_on if old and when in self.waiting}
        kept = {} if full else self._still_waiting(cells, said, day)
        held = self._held(said, day) if day > today else set()
        there = self._with(kept, before=day)
        told_newer = {name for values in newer.values() for name in values}
        news = {name: said[name] for name in held - told_newer if there[name] != said[name]}
        if news:
            kept[day] = {**kept.get(day, {}), **news}
        self.waiting = kept
        for when, values in newer.items():
            kept[when] = {**kept.get(when, {}), **values}
        now = {name: self.cells[name] if name in held else value for name, value in said.items()}
        self.told_on = today if now != self.cells else self.told_on
        self.cells = now
        self._arm(today)

    def _back(self, said: Cells) -> date | None:
        """The new first day of somebody at work whose end is known and to come: nothing of the row holds before it."""
        end, starts = day_in(self.cells["termination_date"]), day_in(said["hire_date"])
        known = self.stood in {WORK, OFF} and said["hire_date"] != self.cells["hire_date"]
        return starts if known and end is not None and starts is not None and starts > end else None

    def _with(self, waiting: Mapping[date, Cells], *, before: date) -> Cells:
        there = dict(self.cells)
        for day in sorted(day for day in waiting if day < before):
            there |= waiting[day]
        return there

    def _still_waiting(self, cells: Mapping[str, str], said: Cells, day: date) -> dict[date, Cells]:
        """A row that changes nothing takes back, another value takes the place of what was to come, a change of
        something else leaves it waiting."""
        there = self._with(self.waiting, before=day)
        changed = {name for name in cells if said[name] != there[name]}
        kept = {}
        for when, values in self.waiting.items():
            gone = set(cells) if not changed or when == day else changed if when > day else set()
            if rest := {name: value for name, value in values.items() if name not in gone}:
                kept[when] = rest
        return kept

    def _held(self, said: Cells, day: date) -> set[str]:
        hired = day_in(said["hire_date"])
        if self.stood not in {WORK, OFF} and hired is not None and hired >= day:
            return set()  # it begins with the employment
        own = {"termination_date"}
        if said["status"] == GONE and said["termination_date"]:
            own.add("status")
        comes = self.cells["status"] == GONE and self.cells["termination_date"] and self.stood in {WORK, OFF}
        if self._back(said):
            own.discard("termination_date")
        elif comes and not said["termination_date"]:
            own.add("status")  # an end to come is taken back at once, on whatever day the rest holds
        return {name for name in said if said[name] != self.cells[name]} - own

    def push(self, cells: Mapping[str, str], on: date | None, today: date) -> None:
        """A row that is newer than a file which was written before it and comes after it."""
        self.row(cells, on, today, full=False)
        self.pushed |= {name for name, value in cells.items() if self.cells[name] == value}
        self.pushed_on |= {on} if on in self.waiting else set()

    def bad_row(self, cells: Mapping[str, str], on: date | None, today: date, *, old: bool) -> None:
        """Nothing counts but an end, and that not before its day."""
        end = {name: cells[name] for name in ("status", "termination_date") if name in cells}
        if self.cells and end.get("status") == GONE:
            self.row(end, on, today, full=False, old=old)

    def absent(self) -> None:
        """A complete file does not have them."""
        self.unlisted = True
        if self.stood == AHEAD:
            self.came_not = True
        elif self.stood in {WORK, OFF}:
            self.missing += 1

    def dawn(self, today: date) -> None:
        """What waits for a day that has come is in force."""
        for day in sorted(self.waiting):
            if day <= today:
                self.cells |= self.waiting.pop(day)
                self._arm(today)

    def _arm(self, today: date) -> None:
        end = day_in(self.cells["termination_date"])
        if self.cells["status"] == GONE or end is None:
            self.armed = None
        elif self.armed != end:
            # one that is past already when it is first told is a question, and no end
            self.armed = end if end >= today else None

    # ------------------------------------------------------------ where they stand

    def stands(self, today: date) -> str:
        """By all that is known today. EITHER: the rules leave it open whether the last day's evening has come."""
        if self._ended(today):
            return OUT if self._ended(today) == OUT else EITHER
        if self.came_not:
            return AHEAD
        hired = day_in(self.cells["hire_date"])
        if self.stood in {AHEAD, OUT} and hired is not None and hired > today:
            return self.stood
        if self.stood == OUT and self.unlisted:
            return OUT  # what HR said of their return, its newest file does not say any more
        if self.missing >= MISSING:
            return ABSENT
        return OFF if self._off() else WORK

    def _ended(self, today: date) -> str:
        end = day_in(self.cells["termination_date"])
        if self.cells["status"] == GONE:
            if end is None or end < today or (end == today and self.told_on == today):
                return OUT
            return EITHER if end == today else ""
        return OUT if self.armed is not None and self.armed < today else ""

    def _off(self) -> bool:
        status = self.cells["status"]
        if status == GARDEN:
            return self.policy.garden == "suspend"
        return status == LEAVE and (self.cells["leave_class"] or self.policy.leave) == "suspend"

    def night(self, today: date) -> str:
        """Dates come, and what they make of the person is remembered."""
        self.dawn(today)
        now = self.stands(today)
        if now == OUT and self.stood in {WORK, OFF}:
            self.leavings += 1
        elif now != EITHER and self.last_day:
            self.perhaps += 1
        self.last_day = now == EITHER and self.stood in {WORK, OFF}
        if now in {AHEAD, WORK, OFF, OUT}:
            self.stood = now
        return now


def soon(today: date, days: int) -> date:
    """So many days ahead."""
    return today + timedelta(days=days)
