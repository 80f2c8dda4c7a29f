"""A table of texts, whatever kind of file it is. Rule 1: a cell is the text of the file, or its row is rejected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import polars as pl

from joinery.core.model.finding import Finding
from joinery.intake.decode import UNREADABLE, untrusted
from joinery.intake.layout import Layout
from joinery.intake.strict import RejectedRow

LINE: Final = "__line__"

#: below this many rows even a few broken ones would be a majority
_JUDGED_FROM: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`frame`: one column of texts per header name, empty cells "", and `__line__` (UInt32, physical, 1-based)."""

    frame: pl.DataFrame
    header: tuple[str, ...]
    rejected: tuple[RejectedRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    #: `xlsx` for a workbook
    encoding: str
    #: empty for a workbook and for fixed width
    delimiter: str
    final_newline: bool
    sha256: str
    sheet: str = ""
    #: the row (from 1) of the headings; 0 when the settings name the columns
    header_row: int = 0
    #: what the last row begins with when it is no row of people
    trailer: str = ""
    #: columns in which the last row may have been cut; empty where something proves that it is whole
    open_in: tuple[str, ...] = ()
    #: columns that cannot be used, each with the reason: the file is refused when one of them is read
    unusable: Mapping[str, str] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """What to remember for the next file of this source."""
        if self.encoding == "xlsx":
            return Layout(sheet_before=self.sheet, trailer=self.trailer or None)
        return Layout(
            encoding=self.encoding if self.encoding != "utf-8" else None,
            delimiter=self.delimiter or None,
            final_newline=self.final_newline or None,
            trailer=self.trailer or None,
        )

    @property
    def described(self) -> str:
        """How the file was read, for people."""
        if self.encoding == "xlsx":
            return f"Excel, sheet {self.sheet!r}" + (f", headings in row {self.header_row}" if self.header_row else "")
        if not self.delimiter:
            return f"{self.encoding}, fixed width"
        return f"{self.encoding}, separated by {'tabs' if self.delimiter == chr(9) else repr(self.delimiter)}"

    def refuse_unusable(self, columns: Iterable[str]) -> None:
        """Raises SourceUntrusted `formula_without_value` when one of these columns cannot be used."""
        said = [self.unusable[column] for column in columns if column in self.unusable]
        if said:
            raise untrusted(
                "formula_without_value",
                f"{' '.join(said)} Nothing was read and nobody was touched.",
                "Open the workbook in a spreadsheet program and save it once, or export values instead of formulas.",
            )

    def rejected_keys(self, column: str) -> tuple[frozenset[str], int]:
        """(keys that rejected rows may still show in this column, how many rejected rows show none).

        In a row of the wrong width a cell can stand aside; all that can be the key are given, some of them are none.
        """
        at = self.header.index(column)
        shown = [_possible_keys(row, at, len(self.header)) for row in self.rejected]
        return frozenset(key for keys in shown for key in keys), sum(1 for keys in shown if not keys)


def _possible_keys(row: RejectedRow, at: int, width: int) -> list[str]:
    first = last = at
    if row.code in {"too_few_fields", "too_many_fields"}:
        first, last = sorted((at, at + len(row.fields) - width))
    cells = (cell.strip() for cell in row.fields[max(first, 0) : max(last, 0) + 1])
    return [cell for cell in cells if cell and "\0" not in cell and UNREADABLE not in cell]


def frame_of(records: Iterable[tuple[int, Sequence[str]]], names: Sequence[str]) -> pl.DataFrame:
    """(line, cells) of each row as a frame; in chunks, so that memory stays small."""
    schema = {LINE: pl.UInt32, **dict.fromkeys(names, pl.String)}
    chunks: list[pl.DataFrame] = [pl.DataFrame(schema=schema)]
    source = iter(records)
    while chunk := list(islice(source, 20_000)):
        columns = list(zip(*(cells for _, cells in chunk), strict=True))
        series = [pl.Series(name, cells, pl.String) for name, cells in zip(names, columns, strict=True)]
        chunks.append(pl.DataFrame([pl.Series(LINE, [line for line, _ in chunk], pl.UInt32), *series]))
    return pl.concat(chunks, rechunk=False)


def refuse_when_hardly_readable(table: Table) -> None:
    """Raises SourceUntrusted `not_a_table` when more rows are broken than whole."""
    rows, rejected = table.frame.height, table.rejected
    total = rows + len(rejected)
    if not rejected or (rows and (total < _JUDGED_FROM or len(rejected) <= rows)):
        return
    first = rejected[0]
    against = f"the header in line {table.header_row}" if table.header_row else "the columns that the settings name"
    raise untrusted(
        "not_a_table",
        f"{len(rejected)} of {total} rows do not fit {against} ({len(table.header)} columns): "
        f"line {first.line} {first.reason}. Nothing was read.",
        "Look at the separator, and at title lines above the header.",
        line=first.line,
        rows=total,
    )
