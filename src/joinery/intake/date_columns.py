"""Looks at all values of the columns of dates, each different one once. Rule 1: nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from joinery.core.mapping.date_order import Seen, in_workbook
from joinery.core.mapping.spec import MappingSpec
from joinery.intake.table import Table

_PAIR = r"^\s*(\d{1,2})([-/])(\d{1,2})[-/]\d{4}"
_ISO_DAY = r"^\s*\d{4}-\d{2}-(\d{2})"


def mapped(mapping_for: Callable[[tuple[str, ...]], MappingSpec], table: Table) -> MappingSpec:
    """What the header of this table means. Raises as `mapping_for`, and SourceUntrusted `formula_without_value`."""
    spec = mapping_for(table.header)
    table.refuse_unusable(spec.columns)
    return in_workbook(spec) if table.encoding == "xlsx" else spec


def dates_in(frame: pl.DataFrame, spec: MappingSpec) -> Mapping[str, Seen]:
    """attribute -> what its column holds, for columns of dates without a format of their own."""
    return {row.to: _seen(frame.get_column(row.column)) for row in spec.rows if row.asks_order}


def _seen(column: pl.Series) -> Seen:
    values = column.unique()
    pairs = values.str.extract_groups(_PAIR).struct.unnest().drop_nulls()
    if not pairs.height:
        return Seen()
    days = values.str.extract(_ISO_DAY).drop_nulls()
    return Seen(
        pairs=frozenset((int(first), int(second)) for first, _, second in pairs.iter_rows()),
        iso_days=frozenset(int(day) for day in days.to_list()),
        isos=len(days),
    )
