"""Sorts rows into kinds that are alike to every check of one worker, so that one can stand for hundreds of thousands.

Rule 1: a cell that is not plainly one of the known shapes is `odd`, and its row is looked at by itself. A check may
look at: whether a cell is filled, the status, a time zone, the domain of the work e-mail, dates against the day and
each other. One that looks at more needs its part here; `tests/intake/test_kinds.py` compares with every row looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

import polars as pl

from joinery.core.hygiene.contact import FREE_MAIL
from joinery.core.hygiene.dates import boundaries
from joinery.core.mapping.dates import parse_date
from joinery.core.mapping.inbound import text_of
from joinery.core.mapping.spec import ADDRESS_NAMES, ID_NAMES, MappingRow, MappingSpec
from joinery.core.mapping.transforms import Transform
from joinery.core.model.addresses import SHARED_MAILBOXES

BLANK, PLAIN, PRIVATE, ODD = 0, 1, 2, 3

#: no space a checker would trim, no control character, nothing invisible: all there is is what is seen
_SEEN: Final = r"[\p{L}\p{N}]"
_NUMBER: Final = r"^[A-Za-z0-9_/ -]*[A-Za-z1-9][A-Za-z0-9_/ -]*$"
_DIGIT: Final = r"^[A-Za-z0-9_/ -]*[1-9][A-Za-z0-9_/ -]*$"
_ADDRESS: Final = (
    r"^[A-Za-z0-9_%+'&-]{1,32}(?:\.[A-Za-z0-9_%+'&-]{1,16}){0,2}@(?:[A-Za-z0-9_-]{1,60}\.){1,3}[A-Za-z]{2,20}$"
)
#: these may leave nothing of a text, or make a number of it
_CUTTING: Final = frozenset({Transform.DIGITS, Transform.STRIP_LEADING_ZEROS})
#: whose words are looked at themselves
_BY_WORD: Final = frozenset({"status", "time_zone"})
#: columns with more different words than that are compared by shape only
_WORDS: Final = 5_000


def kinds_of(frame: pl.DataFrame, spec: MappingSpec, as_of: date) -> pl.DataFrame:
    """`kind` (equal numbers for rows that every check answers alike) and `odd` (to be looked at by itself)."""
    shapes = frame.select(_shape(frame, row, as_of) for row in spec.rows)
    compared = pl.DataFrame(list(_compared(frame, spec)))
    together = pl.concat([shapes, compared], how="horizontal") if compared.width else shapes
    odd = [pl.col(name) == ODD for name in together.columns if together.schema[name] == pl.Int8]
    return together.select(kind=pl.struct(pl.all()).hash(), odd=pl.any_horizontal(odd) if odd else pl.lit(value=False))


def _shape(frame: pl.DataFrame, row: MappingRow, as_of: date) -> pl.Series:
    column = frame.get_column(row.column)
    if row.is_date:
        return _different(column, _dated(row, as_of)).alias(row.to)
    if row.to in _BY_WORD:
        return _word(column).alias(row.to)
    return frame.select(_text(row).cast(pl.Int8).alias(row.to)).to_series()


def _text(row: MappingRow) -> pl.Expr:
    cell = pl.col(row.column)
    plain = cell.str.contains(_SEEN)
    if not _CUTTING.isdisjoint(row.transforms):
        plain = cell.str.contains(_DIGIT)
    elif row.to in ID_NAMES:
        plain = cell.str.contains(_NUMBER)
    elif row.to in ADDRESS_NAMES:
        plain = cell.str.contains(_ADDRESS)
    shape = pl.when(cell.str.strip_chars(" ") == "").then(BLANK).when(plain).then(PLAIN).otherwise(ODD)
    if row.to != "work_email":
        return shape
    small = cell.str.to_lowercase()
    free = small.str.extract(r"@(.*)$").is_in(list(FREE_MAIL))
    shared = small.str.extract(r"^([^@]*)@").is_in(list(SHARED_MAILBOXES))
    private = pl.when((shape == PLAIN) & free).then(PRIVATE).otherwise(shape)
    return pl.when((shape == PLAIN) & shared).then(ODD).otherwise(private)


def _word(column: pl.Series) -> pl.Series:
    if column.n_unique() > _WORDS:
        return pl.Series(column.name, [ODD], pl.Int8).new_from_index(0, len(column))
    return column


def _dated(row: MappingRow, as_of: date) -> Callable[[str], int]:
    """Between which days that matter to a check it lies; ODD for what is not a day."""
    turns = sorted(boundaries(as_of))

    def shape(cell: str) -> int:
        text = text_of(row, cell)
        found = parse_date(text, row.format, row.order) if text else None
        if found is None:
            return BLANK
        return 4 + sum(turn <= found for turn in turns) if isinstance(found, date) else ODD

    return shape


def _different(column: pl.Series, shape: Callable[[str], int]) -> pl.Series:
    """Each different cell is read once."""
    different = column.unique()
    shapes = pl.Series([shape(cell) for cell in different.to_list()], dtype=pl.Int8)
    return column.replace_strict(different, shapes, return_dtype=pl.Int8)


def _compared(frame: pl.DataFrame, spec: MappingSpec) -> Iterator[pl.Series]:
    """What one cell says about another: dates in order, and whether somebody is their own manager."""
    rows = {row.to: row for row in spec.rows}
    if "hire_date" in rows and "termination_date" in rows:
        days = [_different_days(frame, rows[name]) for name in ("hire_date", "termination_date")]
        yield (days[1] < days[0]).fill_null(value=False).alias("ends first")
    if "manager_id" in rows:
        ids = [pl.col(rows[name].column) for name in ("worker_id", "manager_id")]
        alike = (_small(ids[0]) == _small(ids[1])) | ((_bare(ids[0]) == _bare(ids[1])) & (_bare(ids[0]) != ""))
        own = pl.when(alike & (ids[1] != "")).then(ODD).otherwise(PLAIN)
        yield frame.select(own.cast(pl.Int8).alias("own manager")).to_series()


def _different_days(frame: pl.DataFrame, row: MappingRow) -> pl.Series:
    def day(cell: str) -> int | None:
        text = text_of(row, cell)
        found = parse_date(text, row.format, row.order) if text else None
        return found.toordinal() if isinstance(found, date) else None

    column = frame.get_column(row.column)
    different = column.unique()
    days = pl.Series([day(cell) for cell in different.to_list()], dtype=pl.Int32)
    return column.replace_strict(different, days, return_dtype=pl.Int32)


def _small(number: pl.Expr) -> pl.Expr:
    return number.str.strip_chars().str.to_lowercase()


def _bare(number: pl.Expr) -> pl.Expr:
    """Whatever transforms may do to a number, two that are equal after them are equal so."""
    return number.str.replace_all(r"[^0-9]", "").str.strip_chars_start("0")
