"""Connect and transact: the only place that knows SQLite from PostgreSQL.

Rule: `read()` never takes a write lock; `write()` takes it at once (BEGIN IMMEDIATE), so that two writers queue up
instead of failing half-way. On SQLite: WAL, synchronous FULL, foreign keys on.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from joinery.errors import StopRun
from joinery.store.audit_log import begin_notes, seal_notes
from joinery.store.trouble import told

_CACHE: Final = "cache_size=-32768"
#: one for each file of SQLite that this process writes
_TURNS: dict[str, threading.Lock] = {}
#: as long as SQLite itself waits for another process, in seconds
_PATIENCE: Final = 30.0
#: what SQLite sleeps at most before it looks again whether it is its turn, and a little more
_BREATH: Final = 0.12
#: before a new file is asked for again, in seconds
_AGAIN: Final = 0.01


class Database:
    """A store at a URL: `sqlite:////path/joinery.db` or `postgresql+psycopg://…`."""

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.engine = open_engine(self.url)
        #: who must be asked before anything is written; each raises when its run was taken over by somebody else
        self.fences: dict[str, Callable[[Connection], None]] = {}
        # SQLite waits for a lock by sleeping, longer each time: threads of one process queue up here instead
        self._turn = _TURNS.setdefault(str(self.url), threading.Lock()) if self.embedded else None

    @property
    def embedded(self) -> bool:
        """SQLite in one file beside the configuration."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; nothing can be written by accident that matters: it is rolled back.

        Raises StoreTrouble.
        """
        with told(), self.engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed at the end, rolled back on any error, or when a fence objects.

        What it noted is chained as its last act. Raises StoreTrouble; when that befell the commit itself, nobody knows
        whether it is in the store.
        """
        with told(), self._in_turn():
            with self.engine.connect().execution_options(joinery_write=True) as connection, connection.begin():
                self._ask(connection)
                begin_notes(connection)
                yield connection
                seal_notes(connection)
                if not self.embedded:  # where nobody else can have written since we began, the answer is the same
                    # asked again: we may have stood still in between
                    self._ask(connection)

    def briefly(self, connection: Connection) -> None:
        """This transaction is short: whoever freezes in it loses it, and its locks, after five seconds (PostgreSQL)."""
        if not self.embedded:
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5s'"))

    def one_by_one(self, connection: Connection, what: str) -> None:
        """Until this transaction ends, every other one that says the same waits here. SQLite lets one in anyway."""
        if not self.embedded:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})

    def let_others(self) -> None:
        """Between two of many transactions: on SQLite another process that waits for its turn asks every tenth of a
        second, and would never find it free."""
        if self.embedded:
            time.sleep(_BREATH)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One writer of this process at a time, where there can be only one; whoever waits too long asks SQLite."""
        mine = self._turn is not None and self._turn.acquire(timeout=_PATIENCE)
        try:
            yield
        finally:
            if mine and self._turn is not None:
                self._turn.release()

    def _ask(self, connection: Connection) -> None:
        for fence in tuple(self.fences.values()):
            fence(connection)

    def scrub(self) -> bool:
        """After an erasure, outside any transaction: SQLite keeps what was written before in unused bytes of its files,
        so the files are written anew. False when they could not be. PostgreSQL's autovacuum does it in its own time."""
        if not self.embedded:
            return True
        with self.engine.connect() as connection:
            plain: Any = connection.connection.dbapi_connection
            try:
                # a copy of the whole store is no guest for the memory
                for statement in ("PRAGMA temp_store=FILE", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    plain.execute(statement).fetchall()
            except sqlite3.OperationalError:
                return False
            finally:
                plain.execute("PRAGMA temp_store=MEMORY")
        return True

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_engine(url: URL) -> Engine:
    """An engine with the pragmas and the locking that the rest relies on."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() == "postgresql":
        # a node that freezes inside a transaction must not hold its locks for ever
        options = {
            "options": "-c idle_in_transaction_session_timeout=60s",
            # a network that was cut is noticed in seconds, not in the quarter of an hour that TCP would take
            "connect_timeout": 10,
            "keepalives_idle": 5,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        }
        return create_engine(
            url, pool_pre_ping=True, pool_size=5, max_overflow=10, hide_parameters=True, connect_args=options
        )
    raise StopRun(
        f"A store of kind {url.get_backend_name()!r} is not known.",
        fix="Use a sqlite:/// or postgresql+psycopg:// URL in `store: {url: …}`.",
    )


def to_wal(connection: sqlite3.Connection) -> None:
    """Several processes may open a new file in one instant: whoever finds it being changed to WAL is refused at once,
    however long SQLite is told to wait."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_AGAIN)
        else:
            return


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30.0, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # SQLAlchemy's own BEGIN below, not sqlite3's hidden one: it would not lock before the first write
        connection.isolation_level = None
        to_wal(connection)
        # 32 MiB of pages: a night at scale touches rows all over the file
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", _CACHE):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("joinery_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
