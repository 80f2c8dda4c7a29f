"""What every list of the CLI is: a title, columns, rows of typed cells. Rule: cells are values; renderers make text.

Instants are aware and shown in UTC with `Z`; dates are ISO; IDs are text and stay text in every format.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Cell: TypeAlias = str | int | float | Decimal | bool | date | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`name` is for machines (JSON), `label` for people."""

    name: str
    label: str = ""

    @property
    def heading(self) -> str:
        """The label, or the name with blanks for underscores."""
        return self.label or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows have one cell per column; a shorter or longer row is a mistake of the caller and refused."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row has more or fewer cells than the table has columns")

    @property
    def headings(self) -> tuple[str, ...]:
        """Column titles for people."""
        return tuple(column.heading for column in self.columns)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    """A table from bare column names, or `name=Label` where people need another word."""
    parts = [column.partition("=") for column in columns]
    return Table(title=title, columns=[Column(name=name, label=label) for name, _, label in parts], rows=rows)


def plain(cell: Cell) -> str:
    """The cell as text: ISO dates, `yes`/`no`, empty for nothing; never a thousands separator."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def as_json(shown: Table) -> str:
    """`{"title": …, "columns": […], "rows": [{name: value}]}`; decimals and dates as text, so that none is rounded."""
    names = [column.name for column in shown.columns]
    rows = [{name: _json(cell) for name, cell in zip(names, row, strict=True)} for row in shown.rows]
    return json.dumps({"title": shown.title, "columns": names, "rows": rows}, ensure_ascii=False, indent=1)


def _json(cell: Cell) -> str | int | float | bool | None:
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    if isinstance(cell, float) and math.isfinite(cell):
        return cell
    return plain(cell)


def records(shown: Table) -> Iterator[dict[str, Cell]]:
    """Row by row as `{column name: cell}`."""
    names = [column.name for column in shown.columns]
    return (dict(zip(names, row, strict=True)) for row in shown.rows)
