"""What is asked, and from where on. Rule: a watermark is bound, never written into the statement.

Everybody: the query as it stands. Changes: the same query with a condition around it (`column >= :watermark`, or the
column is empty), or a query of its own that holds `:watermark`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from sqlalchemy import Dialect, TextClause, text

from joinery.errors import ConfigError
from joinery.kit.statement import one_select

Mark: TypeAlias = datetime | date | Decimal | int | str

_BIND: Final = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")
_OURS: Final = re.compile(r"\\:watermark\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """`overlap`: how far before the last seen value reading begins again, for what was committed late."""

    column: str
    overlap: timedelta | int
    #: after this time everybody is read once more
    full_every: timedelta
    #: instead of the condition around the query
    changes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One SELECT, how long it may take and how many rows are believed."""

    sql: str
    within: timedelta
    most_rows: int
    watermark: Watermark | None = None

    def everybody(self) -> str:
        """The statement for a full reading."""
        return one_select(self.sql)

    def changes(self, watermark: Watermark, since: Mark, dialect: Dialect) -> tuple[TextClause, Mark]:
        """The statement for what changed, and the value to bind."""
        if watermark.changes:
            statement = _OURS.sub(":watermark", _literal(one_select(watermark.changes)))
        else:
            column = dialect.identifier_preparer.quote(watermark.column)
            # the line end stops a comment at the query's end from swallowing the bracket
            inner = f"SELECT * FROM (\n{_literal(self.everybody())}\n) joinery_rows"
            statement = f"{inner} WHERE {column} >= :watermark OR {column} IS NULL"
        return text(statement), before(since, watermark.overlap)


def _literal(sql: str) -> str:
    """No colon of the query's own is taken for a parameter."""
    return _BIND.sub(r"\\:", sql)


def before(mark: Mark, overlap: timedelta | int) -> Mark:
    """The value from which on reading begins again. Raises ConfigError when the overlap is not of the column's kind."""
    if isinstance(mark, datetime) and isinstance(overlap, timedelta):
        return mark - overlap
    if isinstance(mark, date) and isinstance(overlap, timedelta):
        # a part of a day is a day: two of them never miss the hours between
        return mark - timedelta(days=-(-overlap // timedelta(days=1)))
    if isinstance(mark, str) and isinstance(overlap, timedelta):
        return _text_before(mark, overlap)
    if isinstance(mark, int | Decimal) and isinstance(overlap, int):
        return mark - overlap
    raise ConfigError(
        f"The overlap does not fit the watermark column, which holds {type(mark).__name__}; nothing was read.",
        fix="A duration such as 10 minutes for times, a whole number such as 1000 for numbers.",
    )


def _text_before(mark: str, overlap: timedelta) -> str:
    """SQLite keeps times as text; the form it is written in stays."""
    try:
        moment = datetime.fromisoformat(mark) - overlap
    except ValueError:
        raise ConfigError(
            "The watermark column holds text that is not a time; nothing was read.",
            fix="Name a column that holds when a row was changed, or a number that only grows.",
        ) from None
    return moment.isoformat(sep="T" if "T" in mark else " ")


def encoded(mark: Mark) -> dict[str, str]:
    """For keeping: the kind of the value and its text."""
    shown = mark.isoformat() if isinstance(mark, date) else str(mark)
    return {"kind": type(mark).__name__, "value": shown}


def decoded(kept: Any) -> Mark:
    """The inverse of `encoded`. Raises KeyError or ValueError."""
    read: dict[str, Any] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "Decimal": Decimal,
        "int": int,
        "str": str,
    }
    mark: Mark = read[kept["kind"]](kept["value"])
    return mark
