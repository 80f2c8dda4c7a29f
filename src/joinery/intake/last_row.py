"""The last row of a file that does not end with a line end: in which columns it may have been cut, and what it says.

Rule 1: cells before the cut are whole, since a row that is too short is refused; of fixed width all behind it may be
missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl

from joinery.core.mapping.records import key_column
from joinery.core.mapping.spec import RECORD_NAMES, MappingSpec
from joinery.core.rules.last_row import WAYS_OUT, OpenRow, reads
from joinery.intake.decode import untrusted
from joinery.intake.strict import RejectedRow
from joinery.intake.table import LINE, Table

REMEMBERED: Final = "last_row"


def columns_in_doubt(frame: pl.DataFrame, rejected: Sequence[RejectedRow], *, fixed: bool) -> tuple[str, ...]:
    """Of a file whose end is open: the columns in which its last row may have been cut; none when that was rejected."""
    if not frame.height:
        return ()
    line = frame.get_column(LINE).max()
    if any(row.line > int(str(line)) for row in rejected):
        return ()
    names = [name for name in frame.columns if name != LINE]
    if not fixed:
        return (names[-1],)
    cells = frame.tail(1).select(names).row(0)
    first = max((n for n, cell in enumerate(cells) if cell), default=0)
    return tuple(names[first:])


def open_row_of(table: Table, spec: MappingSpec, keyed: pl.DataFrame) -> OpenRow | None:
    """The row that may be cut, as this mapping reads it; None when the file is whole or nothing is read from there.

    `keyed`: the rows with the column that holds the key.
    """
    said = spec.says | RECORD_NAMES
    in_doubt = {row.to for row in spec.rows if row.column in table.open_in and row.to in said}
    last = keyed.tail(1)
    if not in_doubt or not last.height:
        return None
    row = last.row(0, named=True)
    text = "\x1f".join(str(row[column]).strip() for column in sorted(spec.columns))
    return OpenRow(
        key=str(row[key_column(spec)]).strip(),
        line=int(row[LINE]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        in_doubt=reads(in_doubt, spec.numbered),
    )


def shown_before(row: OpenRow | None, remembered: Mapping[str, Any]) -> bool:
    """The last accepted file ended with this very row."""
    return row is not None and remembered.get(REMEMBERED) == row.digest


def without_last(table: Table, row: OpenRow) -> Table:
    """The table without a last row of which nobody can say whose it is, so that nobody is gone by this file either.

    Raises SourceUntrusted `truncated` when it is the only one.
    """
    if table.frame.height < 2:
        raise untrusted(
            "truncated",
            f"The only row (line {row.line}) does not end with a line end, and a part of the number may be missing. "
            "Nothing was read and nobody was touched.",
            WAYS_OUT,
        )
    said = RejectedRow(
        line=row.line,
        code="last_row_may_be_cut",
        reason="is the last one and does not end with a line end: a part of the number may be missing, so nobody can "
        f"say whose row it is. Nothing was written by it, and nobody counts as gone by this file. {WAYS_OUT}",
    )
    return replace(table, frame=table.frame.head(-1), rejected=(*table.rejected, said))
