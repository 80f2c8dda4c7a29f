"""Decides from all values of a column whether 03/04 is a day in April or in March.

Rule 1: one value with a number above 12 decides for its column, and for columns beside it in which nothing does; what
was decided stays. Where nothing decides, and where values contradict it, the file is held and somebody is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from joinery.core.mapping.spec import DateFormat, MappingRow, MappingSpec
from joinery.core.model.finding import Finding, Severity

_MONTHS: Final = 12
#: so many different values of each kind before their pattern says anything
_SOME: Final = 3
_NAMES: Final = {DateFormat.DAY_FIRST: "day first", DateFormat.MONTH_FIRST: "month first"}
_MONTH_NAMES: Final = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The different values of one column: (first, second) number of `03/04/2026`, days of `2026-04-03`."""

    pairs: frozenset[tuple[int, int]] = frozenset()
    iso_days: frozenset[int] = frozenset()
    isos: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The mapping with an order for each column of dates; `decided` by attribute; BLOCKER findings are doubts."""

    spec: MappingSpec
    decided: Mapping[str, str]
    findings: tuple[Finding, ...] = ()

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """What holds the file."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKER)

    @property
    def sure(self) -> MappingSpec:
        """The mapping without the columns whose dates nobody can read yet."""
        open_ones = {finding.attribute for finding in self.doubts if finding.check == "ambiguous_dates"}
        return replace(self.spec, rows=tuple(row for row in self.spec.rows if row.to not in open_ones))


def in_workbook(spec: MappingSpec) -> MappingSpec:
    """A cell that is a date comes as ISO, whatever format the texts beside it have: a format is an order there."""
    rows = (replace(row, format=None, order=row.format if row.format in _NAMES else None) for row in spec.rows)
    return replace(spec, rows=tuple(rows))


def settle(spec: MappingSpec, seen: Mapping[str, Seen], given: str | None, before: Mapping[str, str]) -> Settled:
    """`given`: what the settings say for the whole source; `before`: what earlier files decided."""
    rows: list[MappingRow] = []
    found: list[Finding] = []
    decided = dict(before)
    beside = {order for each in seen.values() for order in _order(each)}
    for row in spec.rows:
        if row.asks_order and row.to in seen:
            known = DateFormat(given or before[row.to]) if given or row.to in before else None
            order = _order(seen[row.to])
            if known is None and not order and len(beside) == 1:
                order = [*beside]
            found += _doubts(row, seen[row.to], order, known, given=given is not None)
            rows.append(replace(row, order=known or (order[0] if len(order) == 1 else None)))
        else:
            rows.append(row)
    decided |= {row.to: row.order.value for row in rows if row.order is not None}
    return Settled(spec=replace(spec, rows=tuple(rows)), decided=decided, findings=tuple(found))


def _order(seen: Seen) -> Sequence[DateFormat]:
    """The orders that values with a number above 12 speak for."""
    day = any(first > _MONTHS >= second for first, second in seen.pairs)
    month = any(second > _MONTHS >= first for first, second in seen.pairs)
    return [order for order, is_so in ((DateFormat.DAY_FIRST, day), (DateFormat.MONTH_FIRST, month)) if is_so]


def _open(seen: Seen) -> list[tuple[int, int]]:
    """Values that can be read as two days."""
    return sorted(pair for pair in seen.pairs if max(pair) <= _MONTHS and pair[0] != pair[1])


def _doubts(
    row: MappingRow, seen: Seen, order: Sequence[DateFormat], known: DateFormat | None, *, given: bool
) -> Iterator[Finding]:
    if known is not None and any(other is not known for other in order):
        yield _changed(row, known, given=given)
    elif known is None and not order and (unsure := _open(seen)):
        yield _ambiguous(row, unsure)
    elif known is None and len(order) > 1 and _open(seen):
        yield _mixed(row)
    elif order and not _open(seen) and _half_converted(seen):
        yield _converted(row)


def _half_converted(seen: Seen) -> bool:
    """A spreadsheet with the other order made dates of what it could: of days up to 12, read the wrong way."""
    return seen.isos >= _SOME and max(seen.iso_days) <= _MONTHS and len(seen.pairs) >= _SOME


def _blocker(check: str, row: MappingRow, message: str, suggestion: str) -> Finding:
    return Finding(
        check=check,
        severity=Severity.BLOCKER,
        attribute=row.to,
        message=f"{message} The file is held; nobody is touched.",
        suggestion=suggestion,
    )


def _ambiguous(row: MappingRow, unsure: Sequence[tuple[int, int]]) -> Finding:
    first, second = unsure[0]
    return _blocker(
        "ambiguous_dates",
        row,
        f"No date in the column {row.column!r} tells days from months: {first:02}/{second:02} is "
        f"{first} {_MONTH_NAMES[second - 1]} or {second} {_MONTH_NAMES[first - 1]}.",
        "Say it once in the settings, under the source, and send the file again: `dates: DD/MM/YYYY` for "
        f"{first} {_MONTH_NAMES[second - 1]}, `dates: MM/DD/YYYY` for {second} {_MONTH_NAMES[first - 1]}.",
    )


def _changed(row: MappingRow, known: DateFormat, *, given: bool) -> Finding:
    other = next(name for order, name in _NAMES.items() if order is not known)
    said = "the settings say" if given else "earlier files had"
    return _blocker(
        "date_order_changed",
        row,
        f"Dates in the column {row.column!r} are written {other}, and {said} {_NAMES.get(known, known.value)}.",
        "Export as before. If the new way is meant to stay, say so under the source: "
        f"`dates: {'MM/DD/YYYY' if known is DateFormat.DAY_FIRST else 'DD/MM/YYYY'}`.",
    )


def _converted(row: MappingRow) -> Finding:
    return _blocker(
        "dates_half_converted",
        row,
        f"In the column {row.column!r} every date as text has a day above 12 and every converted one a day up to 12: a "
        "spreadsheet of another country has turned days into months.",
        "Export again and do not open the file in a spreadsheet program; or let HR's system write YYYY-MM-DD.",
    )


def _mixed(row: MappingRow) -> Finding:
    return Finding(
        check="mixed_dates",
        severity=Severity.WARNING,
        attribute=row.to,
        message=f"The column {row.column!r} holds dates written day first and dates written month first; those that "
        "can be read in two ways are kept back.",
        suggestion="Let HR's system write one way, best YYYY-MM-DD.",
    )
