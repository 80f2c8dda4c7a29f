"""CSV for people who open it in a spreadsheet. Rule: no text cell can start a formula there; numbers stay numbers.

Machine feeds are not made here: they are raw (see `completions_file.py`).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from joinery.reports.tables import Cell, Table, plain

#: what spreadsheets take for the start of a formula, the full-width signs of East Asian input included
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_csv(shown: Table) -> str:
    """Comma, CRLF, one header line; text cells that could start a formula get a leading apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(heading) for heading in shown.headings])
    writer.writerows([_cell(cell) for cell in row] for row in shown.rows)
    return text.getvalue()


def write_csv(shown: Table, path: Path) -> None:
    """The same in a file, UTF-8 with the mark that spreadsheets need to read it as such."""
    path.write_text(as_csv(shown), encoding="utf-8-sig", newline="")


def harmless(text: str) -> str:
    """The text, with an apostrophe before it when a spreadsheet would calculate it."""
    return f"'{text}" if text.startswith(_STARTS) else text


def _cell(cell: Cell) -> str:
    return harmless(plain(cell)) if isinstance(cell, str) else plain(cell)
