"""Training records as rows of a table of HR's. Rule: a key is looked up before its row is written, in one transaction.
A record that the table cannot hold is left out by itself, and said.

So a batch that is written again after a crash adds nothing: what the crash let through is found by its key. Where the
table has a unique key on that column, the database watches over it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from sqlalchemy import Column, Connection, MetaData, Table, insert, select, update
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, NoSuchTableError, OperationalError, SQLAlchemyError

from joinery.connectors.sql.address import said, writing_engine
from joinery.errors import StopRun, SystemUnreachable

#: records in one transaction
BATCH: Final = 500

#: field of the record -> its text; `record_key` names the record and `revision` its version
Record = Mapping[str, str]
Cell = str | int | float | bool | Decimal | date | datetime | None


#: key, and column -> cell
Row = tuple[str, Mapping[str, Cell]]
#: a CHECK that failed, as MariaDB and MySQL say it: an error of operation there
_CHECK_FAILED: Final = frozenset({4025, 3819})


def _of_a_row(error: DatabaseError) -> bool:
    """What a database says of one row, and not of itself."""
    if isinstance(error, DataError | IntegrityError):
        return True
    return (
        isinstance(error, OperationalError)
        and error.orig is not None
        and error.orig.args[:1] != ()
        and (error.orig.args[0] in _CHECK_FAILED)
    )


class Unfit(ValueError):
    """A column cannot hold what a record says; the text never repeats the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTable:
    """A table that records go to. `columns`: column -> field of the record; one of them is `record_key`.

    `corrections`: each revision is a row of its own, or is written over the row of the record.
    """

    address: Callable[[], str]
    table: str
    columns: Mapping[str, str]
    corrections: Literal["new_row", "update"]
    timeout: timedelta

    @property
    def key_column(self) -> str:
        """The column that the key stands in."""
        return next(column for column, field in self.columns.items() if field == "record_key")

    def write(self, records: Sequence[Record]) -> Mapping[int, str]:
        """All of them, each once, in the order given; place -> why, of those that the table cannot hold.

        Raises StopRun when it holds none of several, and SystemUnreachable, StopRun or ConfigError with nothing lost.
        """
        engine, refused = writing_engine(self.address(), self.timeout), dict[int, str]()
        try:
            with self._said(), engine.connect() as connection:
                table = self._reflected(connection)
                connection.rollback()
                for start in range(0, len(records), BATCH):
                    part = records[start : start + BATCH]
                    refused |= {start + place: why for place, why in self._batch(connection, table, part).items()}
        finally:
            engine.dispose()
        if len(refused) == len(records) > 1:
            raise StopRun(
                f"None of {len(records)} training records fits the table {self.table}: {next(iter(refused.values()))}. "
                "They wait, and nothing is lost.",
                fix="Make the column one that holds it, for example a column of text; the next run tries again.",
                data={"table": self.table},
            )
        return refused

    def _batch(self, connection: Connection, table: Table, records: Sequence[Record]) -> Mapping[int, str]:
        """In one go; where HR's database takes exception to a row, once more with each row by itself."""
        rows, refused = dict[int, Row](), dict[int, str]()
        for place, record in enumerate(records):
            try:
                rows[place] = record["record_key"], {c: _cell(record, f, table.c[c]) for c, f in self.columns.items()}
            except Unfit as no:
                refused[place] = str(no)
        try:
            with connection.begin():
                self._write(connection, table, rows.values())
        except DatabaseError as error:
            if not _of_a_row(error):
                raise
            with connection.begin():
                for place, row in rows.items():
                    try:
                        with connection.begin_nested():
                            self._write(connection, table, [row])
                    except DatabaseError as error:
                        if not _of_a_row(error):
                            raise
                        refused[place] = f"HR's database refuses it ({type(error).__name__})"
        return refused

    def _write(self, connection: Connection, table: Table, rows: Collection[Row]) -> None:
        key = table.c[self.key_column]
        known = set(connection.execute(select(key).where(key.in_([name for name, _ in rows]))).scalars())
        for name, values in rows:
            if name not in known:
                connection.execute(insert(table).values(values))
                known.add(name)
            elif self.corrections == "update":
                connection.execute(update(table).where(key == name).values(values))

    def _reflected(self, connection: Connection) -> Table:
        """The table as it is, for its types. Raises StopRun when it or a column is not there."""
        schema, _, name = self.table.rpartition(".")
        try:
            table = Table(name, MetaData(), autoload_with=connection, schema=schema or None, resolve_fks=False)
        except NoSuchTableError as error:
            raise StopRun(
                f"There is no table {self.table}; no training record was written.",
                fix="Make it (docs/howto/records-back.md shows how), or correct completions.send_to.sql.table.",
            ) from error
        missing = [column for column in self.columns if column not in table.c]
        if missing:
            raise StopRun(
                f"The table {self.table} has no column {', '.join(missing)}; no training record was written.",
                fix="Add it, or say with `columns` which of its columns take what. It has: "
                + ", ".join(table.c.keys()),
            )
        return table

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise SystemUnreachable(
                f"HR's database did not take the training records into {self.table}: {said(error)}. They wait, and "
                "nothing is lost.",
                fix="See that it runs and that this login may read and write that table; the next run tries again.",
                data={"table": self.table},
            ) from error


def _cell(record: Record, field: str, column: Column[Any]) -> Cell:
    """The text as the column holds it: moments in UTC, days, numbers; empty is NULL where that is allowed.

    Raises Unfit when the column cannot hold it: names the field, never the value.
    """
    text, kind = record[field], _kind_of(column)
    if not text and (column.nullable or kind is not str):
        return None
    try:
        return _READ[kind](text, column) if kind in _READ else text
    except (ValueError, InvalidOperation) as error:
        raise Unfit(f"its {field} does not fit the column {column.name}") from error


def _kind_of(column: Column[Any]) -> type:
    try:
        return column.type.python_type
    except NotImplementedError:
        return str


def _moment(text: str, column: Column[Any]) -> datetime:
    """In UTC; a column that keeps no zone gets it without one."""
    found = datetime.fromisoformat(text)
    found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return found if getattr(column.type, "timezone", False) else found.replace(tzinfo=None)


def _day(text: str, column: Column[Any]) -> date:
    return _moment(text, column).date()


_READ: Final[dict[type, Callable[[str, Column[Any]], Cell]]] = {
    datetime: _moment,
    date: _day,
    int: lambda text, _column: int(text),
    float: lambda text, _column: float(text),
    Decimal: lambda text, _column: Decimal(text),
}
