"""The answer of a query, row by row into a file. Rule: a file gets its name only after its marker is there.

Memory is constant: a batch of rows at a time, from a cursor on the server where the driver has one.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, CursorResult

from joinery.connectors.sql.address import kind_of, reading_engine
from joinery.connectors.sql.cells import cell
from joinery.connectors.sql.query import Mark, Query
from joinery.errors import ConfigError, SourceUntrusted

#: rows fetched at a time: what is in memory, whatever the size of the answer
BATCH: Final = 2000
#: what a transaction begins with, where the session cannot be told
_BEGIN: Final = {"oracle": "SET TRANSACTION READ ONLY"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many rows there were, and the highest watermark among them."""

    rows: int
    mark: Mark | None = None


def write_answer(url: str, query: Query, since: Mark | None, path: Path) -> Answer:
    """All rows into this file; it is worth nothing after SourceUntrusted, ConfigError or SQLAlchemyError."""
    ends = time.monotonic() + query.within.total_seconds()
    engine = reading_engine(url, query.within)
    try:
        with (
            engine.connect() as connection,
            _hung_up_when_it_breaks(connection),
            path.open("w", encoding="utf-8", newline="") as file,
        ):
            if begin := _BEGIN.get(kind_of(url)[0]):
                connection.exec_driver_sql(begin)
            answer = _write(_ask(connection, query, since), query, csv.writer(file), ends)
            file.flush()
            os.fsync(file.fileno())
            return answer
    finally:
        engine.dispose()


@contextmanager
def _hung_up_when_it_breaks(connection: Connection) -> Iterator[None]:
    """Nobody reads the rest of an answer that is given up: the line is cut."""
    driver = connection.connection.driver_connection
    try:
        yield
    except BaseException:
        # pymysql would read on to the end of the answer, also over a line that is gone (seen with 1.2.4)
        if (answer := getattr(driver, "_result", None)) is not None:
            answer.unbuffered_active = False
        connection.invalidate()
        raise


def _ask(connection: Connection, query: Query, since: Mark | None) -> CursorResult[Any]:
    streamed = connection.execution_options(stream_results=True, max_row_buffer=BATCH)
    if since is None or query.watermark is None:
        # as it is written: a % or a colon in it is nothing but a % or a colon
        statement = query.everybody()
        return streamed.exec_driver_sql(statement, execution_options={"no_parameters": True})
    changes, mark = query.changes(query.watermark, since, connection.dialect)
    return streamed.execute(changes, {"watermark": mark})


def _write(result: CursorResult[Any], query: Query, out: Any, ends: float) -> Answer:
    header = list(result.keys())
    column = _watermark_at(header, query)
    out.writerow(header)
    rows, mark = 0, None
    for batch in _batches(result, query, ends):
        out.writerows([[cell(value) for value in row] for row in batch])
        rows += len(batch)
        if rows > query.most_rows:
            raise SourceUntrusted(
                f"The query gave more than {query.most_rows} rows; nobody was touched.",
                fix="See whether a join multiplies people; if it is right, raise most_rows.",
                data={"code": "too_many_rows"},
            )
        if column is not None:
            mark = _highest(mark, (row[column] for row in batch))
    return Answer(rows=rows, mark=mark)


def _batches(result: CursorResult[Any], query: Query, ends: float) -> Iterator[Sequence[Any]]:
    for batch in result.partitions(BATCH):
        if time.monotonic() > ends:
            raise SourceUntrusted(
                f"The query took longer than {int(query.within.total_seconds())} seconds; nobody was touched.",
                fix="Make it quicker, or raise timeout.",
                data={"code": "query_too_slow"},
            )
        yield batch


def _highest(mark: Mark | None, values: Iterator[Any]) -> Mark | None:
    seen = [value for value in values if value is not None]
    if mark is not None:
        seen.append(mark)
    highest: Mark | None = max(seen, default=None)
    return highest


def _watermark_at(header: Sequence[str], query: Query) -> int | None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ConfigError(
            f"The query gives two columns called {twice[0]}; nothing was read.",
            fix="Give one of them another name with AS.",
        )
    if query.watermark is None:
        return None
    if query.watermark.column not in header:
        raise ConfigError(
            f"The query gives no column {query.watermark.column}, which is to be the watermark; nothing was read.",
            fix=f"Add it to the SELECT. There are: {', '.join(header)}.",
        )
    return header.index(query.watermark.column)


def publish(part: Path, name: str, told: Mapping[str, object]) -> None:
    """The marker first, then the file under its name: a reader sees both or neither."""
    stated = json.dumps(dict(told), default=_as_text).encode()
    marker = part.with_name(f"{name}.done")
    with marker.open("wb") as file:
        file.write(stated)
        file.flush()
        os.fsync(file.fileno())
    part.replace(part.with_name(name))
    handle = os.open(part.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Of the whole file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
