"""Tables whose rows hold from one day to another: HR's codes and their words, departments and what is above them.

Rule 1: a row holds on its first and on its last day; on one day a code has one row at most, which settings see to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

#: changes of a code: (first day, its value from then on, None for none); the first has no day
Schedule = tuple[tuple[date | None, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """`valid_from` None: since ever; `valid_to` None: without an end."""

    code: str
    value: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        """True from its first to its last day, both included."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def meets(self, other: DatedRow) -> bool:
        """True when both hold on some day."""
        first = max(self.valid_from or date.min, other.valid_from or date.min)
        return first <= min(self.valid_to or date.max, other.valid_to or date.max)


@dataclass(frozen=True, kw_only=True)
class DatedTable:
    """All rows, whatever their days. Without slots: what was looked up for one person serves the next."""

    rows: tuple[DatedRow, ...] = ()
    _known: dict[date, Mapping[str, str]] = field(default_factory=dict, compare=False, repr=False)

    def on(self, day: date) -> Mapping[str, str]:
        """code -> value of the rows that hold on this day."""
        if day not in self._known:
            self._known[day] = {row.code: row.value for row in self.rows if row.holds(day)}
        return self._known[day]

    @cached_property
    def _by_code(self) -> Mapping[str, tuple[DatedRow, ...]]:
        found: dict[str, tuple[DatedRow, ...]] = {}
        for row in self.rows:
            found[row.code] = (*found.get(row.code, ()), row)
        return found

    def rows_of(self, code: str) -> tuple[DatedRow, ...]:
        """The rows of one code."""
        return self._by_code.get(code, ())

    def next_change(self, codes: Iterable[str], after: date) -> date | None:
        """The first day after `after` on which a row of one of these codes begins or has ended."""
        days = [day for code in codes for row in self.rows_of(code) for day in _turns(row)]
        return min((day for day in days if day > after), default=None)

    def schedule(self, code: str, since: date) -> Schedule:
        """What the code stands for on `since` and each time it changes afterwards."""
        rows = self.rows_of(code)
        found: list[tuple[date | None, str | None]] = []
        for day in (None, *sorted({turn for row in rows for turn in _turns(row) if turn > since})):
            value = next((row.value for row in rows if row.holds(day or since)), None)
            if not found or found[-1][1] != value:
                found.append((day, value))
        return tuple(found)


def _turns(row: DatedRow) -> Iterable[date]:
    if row.valid_from is not None:
        yield row.valid_from
    if row.valid_to is not None and row.valid_to < date.max:
        yield row.valid_to + timedelta(days=1)


def clash(rows: Iterable[DatedRow]) -> tuple[int, int] | None:
    """Places (from 0) of two rows that give one code two values on one day; None when there are none."""
    seen: dict[str, list[tuple[int, DatedRow]]] = {}
    for place, row in enumerate(rows):
        for earlier, other in seen.setdefault(row.code, []):
            if row.meets(other) and row.value != other.value:
                return earlier, place
        seen[row.code].append((place, row))
    return None
