"""Lists as CSV and XLSX that no spreadsheet program takes for formulas. Every cell leaves as text or number."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TypeAlias

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table to be shown or sent: a file name without ending, column titles, rows of the same width."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def as_csv(listing: Listing) -> bytes:
    """UTF-8 with a byte order mark, so that Excel reads the accents; texts that begin like a formula get a quote."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(title) for title in listing.columns])
    for row in listing.rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(listing: Listing) -> bytes:
    """One sheet; texts are written as texts, so nothing is ever calculated."""
    import xlsxwriter

    out = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(listing.name[:31])
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for place, title in enumerate(listing.columns):
            sheet.set_column(place, place, max(12, min(40, len(title) + 4)))
            sheet.write_string(0, place, title, bold)
        for line, row in enumerate(listing.rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, place, cell)
                elif cell is not None:
                    sheet.write_number(line, place, cell)
    return out.getvalue()


def harmless(text: str) -> str:
    """The text, with a quote before it where a spreadsheet program would take it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
