"""What the columns of a table hold, in numbers and a few values: what recognising them needs. Decides nothing."""

from __future__ import annotations

import polars as pl

from joinery.core.mapping.recognition import Cells
from joinery.intake.read import Table

#: values looked at of one column
SAMPLE = 2000


def cells_of(table: Table) -> dict[str, Cells]:
    """column -> what it holds. The values are different ones, so that a rare one is seen too."""
    return {name: _cells(table.frame.get_column(name)) for name in table.header}


def _cells(column: pl.Series) -> Cells:
    filled = column.str.strip_chars()
    filled = filled.filter(filled != "")
    different = filled.unique(maintain_order=True)
    return Cells(
        values=tuple(different.head(SAMPLE).to_list()),
        rows=len(column),
        filled=len(filled),
        distinct=len(different),
    )
