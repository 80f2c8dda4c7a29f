"""Sets aside rows whose employee number cannot be one any more.

Rule 1: such a row says nothing of anybody, so nobody is gone because of it, and nobody is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import polars as pl

from joinery.core.mapping.inbound import MANGLED
from joinery.core.model.finding import Finding, Severity
from joinery.intake.strict import RejectedRow
from joinery.intake.table import LINE, Table

_MANGLED: Final = f"^(?:{MANGLED.pattern})$"


def without_mangled(table: Table, key: str) -> tuple[Table, tuple[Finding, ...]]:
    """The table without rows that have no number (`no_worker_id`) or one that a spreadsheet rounded (`id_mangled`), and
    a BLOCKER when that is most of them."""
    number = pl.col(key).str.strip_chars()
    why = table.frame.select(
        pl.when(number == "")
        .then(1)
        .when(number.str.contains(_MANGLED))
        .then(2)
        .otherwise(0)
        .cast(pl.UInt8)
        .alias("why")
    ).to_series()
    if not why.max():
        return table, ()
    codes = {1: ("no_worker_id", "has no employee number"), 2: ("id_mangled", f"has {_SAID}")}
    rejected = [
        RejectedRow(line=line, code=codes[code][0], reason=codes[code][1])
        for line, code in zip(table.frame.get_column(LINE).filter(why > 0), why.filter(why > 0), strict=True)
    ]
    mangled = int((why == 2).sum())
    kept = replace(table, frame=table.frame.filter(why == 0), rejected=(*table.rejected, *rejected))
    return kept, (_mostly(mangled, table.frame.height),) if mangled * 2 > table.frame.height else ()


_SAID: Final = (
    "an employee number that a spreadsheet turned into another one (1.23457E+11): its last digits are lost, so nobody "
    "can say whose row it is; format the column as text before anything is put into it"
)


def _mostly(mangled: int, rows: int) -> Finding:
    return Finding(
        check="id_mangled",
        severity=Severity.BLOCKER,
        attribute="worker_id",
        message=f"{mangled} of {rows} employee numbers were turned into other numbers by a spreadsheet (1.23457E+11). "
        "The file is held; nobody is touched.",
        suggestion="Export again and do not open the file in a spreadsheet program, or format the column as text.",
    )


def without_rezeroed(table: Table, key: str, pairs: Mapping[str, str]) -> Table:
    """The table without rows whose number differs from a known one by zeros in front only (`id_width_changed`)."""
    if not pairs:
        return table
    odd = pl.col(key).str.strip_chars().is_in(list(pairs))
    rejected = [
        RejectedRow(
            line=line,
            code="id_width_changed",
            reason=f"has the employee number {now}; the last accepted file had {pairs[now]}, and only zeros in front "
            "differ: a spreadsheet has eaten or added them",
            fields=tuple(number if name == key else "" for name in table.header),
        )
        for line, number in table.frame.filter(odd).select(LINE, key).iter_rows()
        for now in [number.strip()]
    ]
    return replace(table, frame=table.frame.filter(~odd), rejected=(*table.rejected, *rejected))
