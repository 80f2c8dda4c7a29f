"""HR's own database in three kinds, and a drop that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from joinery.connectors.file import FolderDrop, Ready
from joinery.connectors.sql import Query, SqlDrop, Watermark

NOW = datetime(2026, 3, 9, 6, tzinfo=UTC)


@contextmanager
def hr(url: str) -> Iterator[sa.Connection]:
    """HR at work in its database; kept at the end."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def run(url: str, *statements: str) -> None:
    """HR runs these statements."""
    with hr(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def drop_of(url: str, folder: Path, sql: str, **more: Any) -> SqlDrop:
    """A drop over this query; `now` is NOW unless given."""
    query = Query(
        sql=sql,
        within=more.pop("within", timedelta(seconds=60)),
        most_rows=more.pop("most_rows", 1_000_000),
        watermark=more.pop("watermark", None),
    )
    into = FolderDrop(inbox=folder / "spool" / "*.csv", ready_when=Ready.MARKER)
    return SqlDrop(
        name="hris", address=lambda: url, query=query, folder=folder, into=into, now=more.pop("now", lambda: NOW)
    )


def mark(column: str = "changed_at", **more: Any) -> Watermark:
    """A watermark with an overlap of 10 minutes, and everybody once a day."""
    return Watermark(column=column, **{"overlap": timedelta(minutes=10), "full_every": timedelta(days=1), **more})
