"""Rows of a table file, CSV or XLSX: code, value, and the days from which and to which they hold. Everything is text.

Rule: a row that cannot be read is named by its line, and no row is skipped in silence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from itertools import dropwhile
from pathlib import Path
from typing import Final

from joinery.core.mapping.dated import DatedRow, clash
from joinery.core.mapping.dates import parse_date

KINDS: Final = (".csv", ".tsv", ".txt", ".xlsx")
#: headings by which the columns are known; without a heading they stand in this order
CODE: Final = ("code", "hr code", "department")
VALUE: Final = ("value", "word", "parent", "above")
FROM: Final = ("valid from", "from")
TO: Final = ("valid to", "to", "until")
NUMBER: Final = ("worker id", "employee number", "employee id", "number", "id", "person", "employee")
_MOST_ROWS = 200_000


class TableTrouble(ValueError):
    """What is wrong with a table, and in which line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    code: int = 0
    value: int = 1
    valid_from: int | None = 2
    valid_to: int | None = 3


def read_rows(file: Path, sheet: str | None = None) -> tuple[DatedRow, ...]:
    """The rows of this file. Raises TableTrouble."""
    return rows_of(_cells(file, sheet))


def _cells(file: Path, sheet: str | None = None) -> Iterable[Sequence[str]]:
    return _sheet(file, sheet) if file.suffix.lower() == ".xlsx" else _text(file)


def pairs_in(file: Path) -> list[tuple[str, str]]:
    """The first two cells of each row: employee number and what they have. Raises TableTrouble."""
    rows = [[cell.strip() for cell in row] for row in _cells(file)]
    found = [(row[0], row[1]) for row in rows if len(row) > 1 and row[0] and row[1]]
    heading = found and found[0][0].lower().replace("_", " ") in NUMBER
    return found[1:] if heading else found


def rows_of(cells: Iterable[Sequence[str]]) -> tuple[DatedRow, ...]:
    """The rows of a table that was read or pasted. Raises TableTrouble."""
    lines = [
        (number, [cell.strip() for cell in row]) for number, row in enumerate(cells, 1) if any(map(str.strip, row))
    ]
    lines = list(dropwhile(lambda line: line[1][0].startswith("#"), lines))
    if len(lines) > _MOST_ROWS:
        raise TableTrouble(f"it has {len(lines):,} rows; {_MOST_ROWS:,} are allowed")
    columns, body = _headed(lines)
    rows = [(number, _row(number, row, columns)) for number, row in body]
    if (two := clash(row for _, row in rows)) is not None:
        first, second = (rows[place][0] for place in two)
        raise TableTrouble(f"lines {first} and {second} give the same code two values on the same day")
    return tuple(row for _, row in rows)


def _headed(lines: Sequence[tuple[int, Sequence[str]]]) -> tuple[_Columns, Sequence[tuple[int, Sequence[str]]]]:
    if not lines:
        return _Columns(), lines
    names = [cell.lower().replace("_", " ") for cell in lines[0][1]]
    if names[0] not in CODE and not set(names) & {"code", "hr code", "valid from", "valid to"}:
        return _Columns(), lines

    def place(known: Sequence[str]) -> int | None:
        return next((number for number, name in enumerate(names) if name in known), None)

    code, value = place(CODE) or 0, place(VALUE)
    columns = _Columns(
        code=code, value=1 - code if value is None else value, valid_from=place(FROM), valid_to=place(TO)
    )
    return columns, lines[1:]


def _row(number: int, cells: Sequence[str], columns: _Columns) -> DatedRow:
    def cell(place: int | None) -> str:
        return cells[place] if place is not None and 0 <= place < len(cells) else ""

    if len(cells) < 2:
        raise TableTrouble(f"line {number} has one column; a code and its value are needed")
    row = DatedRow(
        code=cell(columns.code),
        value=cell(columns.value),
        valid_from=_day(number, cell(columns.valid_from)),
        valid_to=_day(number, cell(columns.valid_to)),
    )
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        raise TableTrouble(f"line {number} ends on {row.valid_to}, before it begins on {row.valid_from}")
    return row


def _day(number: int, text: str) -> date | None:
    if not text:
        return None
    found = parse_date(text, None)
    if not isinstance(found, date):
        raise TableTrouble(f"line {number} has a day that cannot be read; write 2026-01-31")
    return found


def _text(file: Path) -> Iterator[list[str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableTrouble("it is not UTF-8 text; save it as CSV UTF-8") from error
    except OSError as error:
        raise TableTrouble(f"it cannot be read: {error.strerror}") from error
    return cells_of(text)


def cells_of(text: str) -> Iterator[list[str]]:
    """The cells of CSV text, or of what was copied from a spreadsheet (tabs)."""
    first = next((line for line in text.lstrip().splitlines() if not line.startswith("#")), "")
    delimiter = max("\t;,", key=first.count)
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise TableTrouble(f"it is not a table: {error}") from error


def _sheet(file: Path, name: str | None) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook  # here, because few have such a table

    try:
        book = CalamineWorkbook.from_path(str(file))
        if name is not None and name not in book.sheet_names:
            raise TableTrouble(f"it has no sheet {name!r}; its sheets are {', '.join(book.sheet_names)}")
        sheet = book.get_sheet_by_name(name or book.sheet_names[0])
        yield from ([_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False))
    except CalamineError as error:
        raise TableTrouble("it is not an Excel workbook that can be read") from error
    except OSError as error:
        raise TableTrouble(f"it cannot be read: {error.strerror}") from error


def _cell(value: object) -> str:
    """As people see it: 4711, not 4711.0; a day without its midnight."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
