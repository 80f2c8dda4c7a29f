"""Opens Classroom's database file and hands out transactions; the only module that knows that it is SQLite.

Every write begins with BEGIN IMMEDIATE, so that what a batch has read stays true until it commits.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, update

from joinery_classroom import tables
from joinery_classroom.errors import DatabaseTooNew

BUSY_SECONDS = 30


def _add_scim(connection: Connection) -> None:
    tables.metadata.create_all(connection, tables=[tables.scim_users, tables.scim_groups])


#: Step n brings a file of version n to n + 1. Steps are never edited once released.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: _add_scim}


class Store:
    """An open database file. Safe to share between threads and, through the file, between processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._one_writer = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is durable at the end of the block, or none of it on an error."""
        with self._one_writer, self._engine.connect() as connection:
            connection = connection.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection

    def scrub(self) -> bool:
        """After an erasure, outside any transaction: writes the file anew, so that unused bytes hold nothing of before.

        False when it could not be done now.
        """
        with self._one_writer, self._engine.connect() as connection:
            plain: Any = connection.connection.dbapi_connection
            try:
                for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    plain.execute(statement).fetchall()
            except sqlite3.OperationalError:
                return False
        return True

    def close(self) -> None:
        """Closes every connection; the store cannot be used afterwards."""
        self._engine.dispose()


def open_database(path: Path) -> Store:
    """Opens the file, made and brought to the present schema where needed.

    Raises DatabaseTooNew if a newer version wrote it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    store = Store(engine)
    try:
        with store.writing() as connection:
            migrate(connection)
    except BaseException:
        store.close()
        raise
    return store


def migrate(connection: Connection) -> None:
    """Creates the tables in an empty file, or runs the steps that are missing."""
    if not inspect(connection).has_table("schema_version"):
        tables.metadata.create_all(connection)
        connection.execute(insert(tables.schema_version).values(version=tables.SCHEMA_VERSION))
        return
    version = connection.execute(select(tables.schema_version.c.version)).scalar_one()
    if version > tables.SCHEMA_VERSION:
        raise DatabaseTooNew(
            f"The Classroom database has schema {version}; this version knows {tables.SCHEMA_VERSION}."
        )
    for step in range(version, tables.SCHEMA_VERSION):
        MIGRATIONS[step](connection)
    connection.execute(update(tables.schema_version).values(version=tables.SCHEMA_VERSION))


def _configure(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # SQLAlchemy begins; the driver's own begin would come too late for IMMEDIATE
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
