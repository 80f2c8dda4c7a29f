"""One sheet of a workbook as rows of texts, as a person sees them.

Rule 1: a number is written out whole, a date is ISO, an error stays visible as its text; no cell is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

from joinery.core.model.finding import Finding, Severity
from joinery.intake.package import Marks

Span: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
#: beyond these digits a spreadsheet has put zeros for what it could not keep
_EXACT: Final = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`values`: what the reader of values gives (calamine); `spans`: merged cells, first and last, from 0."""

    name: str
    values: Any
    marks: Marks
    spans: Sequence[Span]

    def rows(self, most: int | None = None) -> Iterator[tuple[int, list[str]]]:
        """(row from 0, its texts without empty ones at the end); rows that are empty come too."""
        start = self.values.start
        if start is None:
            return
        first, left = start
        fill = _Filling(self.spans)
        # calamine leaves out what is empty above and to the left; `iter_rows` only to the left
        source = (
            enumerate(self.values.iter_rows()) if most is None else enumerate(self.values.to_python(nrows=most), first)
        )
        for number, cells in source:
            texts = [""] * left + [text_of(cell) for cell in cells]
            self._as_seen(number, texts)
            fill.into(number, texts)
            while texts and not texts[-1].strip():
                texts.pop()
            yield number, texts

    def _as_seen(self, row: int, texts: list[str]) -> None:
        marks = self.marks
        if not (marks.errors or marks.padded):
            return
        for column, text in enumerate(texts):
            if (error := marks.errors.get((row, column))) is not None:
                texts[column] = error
            elif (digits := marks.padded.get((row, column))) is not None and text.isdecimal():
                texts[column] = text.zfill(digits)


class _Filling:
    """A cell that is merged downwards says the same in each of its rows."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._down: dict[int, list[tuple[int, int]]] = {
            column: [] for (_, column), (_, last) in spans if column == last
        }
        for (first, column), (last, right) in spans:
            if column == right and last > first:
                self._down[column].append((first, last))
        self._kept: dict[int, str] = {}

    def into(self, row: int, texts: list[str]) -> None:
        for column, spans in self._down.items():
            for first, last in spans:
                if row == first:
                    self._kept[column] = texts[column] if column < len(texts) else ""
                elif first < row <= last and (kept := self._kept.get(column)):
                    texts.extend([""] * (column + 1 - len(texts)))
                    texts[column] = kept


def text_of(cell: object) -> str:
    """The cell as a person reads it, without what its format does to it."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return _number(cell)
        case datetime():
            moment = (cell + timedelta(milliseconds=500)).replace(microsecond=0)
            return moment.date().isoformat() if moment.time() == time() else moment.isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case _:
            return "" if cell is None else str(cell)


def _number(value: float) -> str:
    """123.0 is 123; what has more digits than a spreadsheet keeps is written so that it is seen to be mangled."""
    if abs(value) < _EXACT and value == int(value):
        return str(int(value))
    return repr(float(value))


def findings_of(sheet: Sheet, rows: range, columns: Sequence[int], *, since_1904: bool) -> Iterator[Finding]:
    """What is hidden, merged or otherwise easily overlooked in this part of the sheet."""
    marks = sheet.marks
    if hidden := sum(1 for row in marks.hidden_rows if row in rows):
        why = "a filter is on" if marks.filtered else "by hand"
        yield _finding("hidden_rows", f"{_are(hidden, 'row')} hidden ({why}) and read like all others.")
    if hidden := sum(1 for column in marks.hidden_columns if column in set(columns)):
        yield _finding("hidden_columns", f"{_are(hidden, 'column')} hidden and can be read like all others.", note=True)
    merged = [span for span in sheet.spans if span[1][0] in rows or span[0][0] in rows]
    if merged:
        message = (
            f"{_are(len(merged), 'cell')} merged: one merged downwards counts for each of its rows, "
            "a row with one merged sideways is set aside."
        )
        yield _finding("merged_cells", message, line=merged[0][0][0] + 1)
    if padded := sum(1 for row, _ in marks.padded if row in rows):
        message = f"{_are(padded, 'number')} shown with zeros in front by the format, and read as shown."
        yield _finding("zeros_by_format", message, note=True)
    if since_1904:
        message = "The workbook counts days from 1904 (old Macs); its dates were read that way."
        yield _finding("dates_since_1904", message, note=True)


def _are(count: int, what: str) -> str:
    return f"1 {what} is" if count == 1 else f"{count} {what}s are"


def _finding(check: str, message: str, *, note: bool = False, line: int | None = None) -> Finding:
    return Finding(check=check, severity=Severity.NOTE if note else Severity.WARNING, message=message, line=line)


def merged_sideways(spans: Sequence[Span]) -> set[int]:
    """Rows in which a cell goes over several columns: nobody can say whose value it is."""
    return {row for (first, left), (last, right) in spans if right > left for row in range(first, last + 1)}
