"""Excel files: typed cells, a fixed header, one sheet per million rows. Rule: text is text, never formula or link."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from joinery.reports.tables import Cell, Table, plain

#: Excel's own limits
MOST_ROWS: Final = 1_048_575
MOST_TEXT: Final = 32_767
#: beyond this Excel rounds a number: an ID would change
_EXACT: Final = 10**15

_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def write_xlsx(shown: Table, path: Path, made_at: datetime) -> None:
    """The table as .xlsx; `made_at` (aware) goes into the file's properties, so that equal tables give equal files."""
    write_book([shown], path, made_at)


def write_book(tables: Sequence[Table], path: Path, made_at: datetime) -> None:
    """Each table on a sheet of its own (several where it is too long for one), in this order."""
    names: set[str] = set()
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        book.set_properties({"title": tables[0].title, "created": made_at.astimezone(UTC).replace(tzinfo=None)})
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "instant": book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss"Z"'}),
        }
        for shown in tables:
            widths = _widths(shown)
            for number, start in enumerate(range(0, max(1, len(shown.rows)), MOST_ROWS), start=1):
                sheet = book.add_worksheet(_unused(_sheet_name(shown.title, number), names))
                _fill(sheet, shown.headings, shown.rows[start : start + MOST_ROWS], formats, widths)


def _fill(
    sheet: Any,
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    formats: dict[str, Any],
    widths: Sequence[int],
) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    if headings:
        sheet.autofilter(0, 0, len(rows), len(headings) - 1)
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, formats["head"])
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            _write(sheet, (line, column), cell, formats)


def _write(sheet: Any, at: tuple[int, int], cell: Cell, formats: dict[str, Any]) -> None:
    match cell:
        case None | "":
            pass
        case bool():
            sheet.write_boolean(*at, cell)
        case int() | float() | Decimal() if _exact(cell):
            sheet.write_number(*at, cell)
        case datetime() if cell.tzinfo is not None and cell.year >= 1900:
            sheet.write_datetime(*at, cell.astimezone(UTC).replace(tzinfo=None), formats["instant"])
        case date() if not isinstance(cell, datetime) and cell.year >= 1900:
            sheet.write_datetime(*at, cell, formats["date"])
        case _:
            text = plain(cell)
            sheet.write_string(*at, text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…")


def _exact(number: int | float | Decimal) -> bool:
    return math.isfinite(number) and -_EXACT < number < _EXACT


def _widths(shown: Table) -> list[int]:
    """By the headings and the first rows; nobody needs a column wider than 60."""
    sample = [shown.headings, *([plain(cell) for cell in row] for row in shown.rows[:200])]
    return [min(60, max(8, *(len(row[column]) + 2 for row in sample))) for column in range(len(shown.columns))]


def _unused(name: str, names: set[str]) -> str:
    """Excel tells sheets apart without case."""
    number, free = 2, name
    while free.lower() in names:
        free, number = f"{name[: 30 - len(str(number))]} {number}", number + 1
    names.add(free.lower())
    return free


def _sheet_name(title: str, number: int) -> str:
    """Excel allows 31 characters and no []:*?/\\ in it, nor an apostrophe at its ends."""
    clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title)[:27].strip(" '") or "List"
    clean = f"{clean}_" if clean.lower() == "history" else clean
    return clean if number == 1 else f"{clean} {number}"
