"""An address -> an engine that can only read, or one that writes records. Rule: an address never enters a message.

What each database can be told: PostgreSQL, MariaDB and MySQL refuse every write of the session, SQLite is opened
read-only, Oracle refuses writes of the transaction. SQL Server has no such thing: there the login must be one that may
only read (docs/howto/sql-source.md), the statement check is all that stands before it, and nothing is ever committed.
"""

from __future__ import annotations

import importlib.util
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from joinery.errors import ConfigError

#: seconds that a database may take to answer the knock at its door
CONNECT_WITHIN: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of database: how people call it, its driver, and the extra that brings it (empty: it is there)."""

    called: str
    driver: str
    module: str
    extra: str = ""


KINDS: Final = {
    "postgresql": Kind(called="PostgreSQL", driver="postgresql+psycopg", module="psycopg"),
    "mysql": Kind(called="MySQL", driver="mysql+pymysql", module="pymysql"),
    "mariadb": Kind(called="MariaDB", driver="mariadb+pymysql", module="pymysql"),
    "sqlite": Kind(called="SQLite", driver="sqlite", module="sqlite3"),
    "mssql": Kind(called="SQL Server", driver="mssql+pymssql", module="pymssql", extra="sqlserver"),
    "oracle": Kind(called="Oracle", driver="oracle+oracledb", module="oracledb", extra="oracle"),
}


def kind_of(url: str) -> tuple[str, URL]:
    """The kind's name and the address with our driver in it. Raises ConfigError, which names the line to type when the
    driver is missing."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    name = parsed.get_backend_name() if parsed is not None else ""
    if parsed is None or name not in KINDS:
        raise ConfigError(
            "The address of the database is not one (it is not repeated here); nothing was read.",
            fix="It looks like postgresql://USER:PASSWORD@HOST/DATABASE; it may also begin with mysql, mariadb, mssql, "
            "oracle or sqlite. A sign such as @ or / in the password is written as %40 or %2F.",
        )
    kind = KINDS[name]
    if importlib.util.find_spec(kind.module) is None:
        raise ConfigError(
            f"The driver for {kind.called} is not installed; nothing was read.",
            fix=f'Type: pip install "joinery[{kind.extra}]"',
        )
    return name, parsed.set(drivername=kind.driver)


def reading_engine(url: str, within: timedelta) -> Engine:
    """An engine whose sessions may only read, and whose statements end after `within`."""
    name, address = kind_of(url)
    prepare = _READ_ONLY[name]
    engine = _engine(name, address, within)
    event.listen(engine, "connect", lambda connection, _record: prepare(connection, within))
    return engine


def writing_engine(url: str, within: timedelta) -> Engine:
    """An engine that training records are written with; a SQLite file has to be there."""
    name, address = kind_of(url)
    return _engine(name, address, within, mode="rw")


def _engine(name: str, address: URL, within: timedelta, mode: str = "ro") -> Engine:
    seconds = max(1, int(within.total_seconds()))
    more: dict[str, Any] = {
        "postgresql": {"connect_timeout": CONNECT_WITHIN, "tcp_user_timeout": 1000 * seconds},
        # the answer may be cut off by a firewall that says nothing: no wait is longer than the whole query may last
        "mysql": {"connect_timeout": CONNECT_WITHIN, "read_timeout": seconds + 5, "write_timeout": seconds + 5},
        "mssql": {"login_timeout": CONNECT_WITHIN, "timeout": seconds},
        "oracle": {"tcp_connect_timeout": CONNECT_WITHIN},
        "sqlite": {"timeout": CONNECT_WITHIN},
    }
    more["mariadb"] = more["mysql"]
    if name == "sqlite":
        return create_engine(address, creator=_sqlite(address, mode), poolclass=NullPool)
    return create_engine(address, connect_args=more[name], poolclass=NullPool, hide_parameters=True)


def _sqlite(address: URL, mode: str) -> Callable[[], sqlite3.Connection]:
    path = Path(address.database or "")

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=CONNECT_WITHIN, check_same_thread=False
        )

    return connect


def _run(connection: Any, *statements: str) -> None:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def _postgresql(connection: Any, within: timedelta) -> None:
    limit = int(within.total_seconds() * 1000)
    _run(connection, "SET default_transaction_read_only = on", f"SET statement_timeout = {limit}")
    connection.commit()


def _mysql(connection: Any, within: timedelta) -> None:
    seconds = within.total_seconds()
    maria = "MariaDB" in connection.get_server_info()
    limit = f"max_statement_time = {seconds}" if maria else f"max_execution_time = {int(seconds * 1000)}"
    _run(connection, "SET SESSION TRANSACTION READ ONLY", f"SET SESSION {limit}")
    connection.commit()


def _sqlite_limits(connection: sqlite3.Connection, within: timedelta) -> None:
    ends = time.monotonic() + within.total_seconds()
    connection.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
    _run(connection, "PRAGMA query_only = ON")


def _oracle(connection: Any, within: timedelta) -> None:
    connection.call_timeout = int(within.total_seconds() * 1000)


def _nothing(_connection: Any, _within: timedelta) -> None:
    """SQL Server: the driver has the time-out, and there is no read-only session."""


_READ_ONLY: Final[dict[str, Callable[[Any, timedelta], None]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "sqlite": _sqlite_limits,
    "oracle": _oracle,
    "mssql": _nothing,
}


def said(error: Exception) -> str:
    """What the database said, in one line; only its name where the words may hold a person's data."""
    original = getattr(error, "orig", None) or error
    if not isinstance(error, DBAPIError) or isinstance(error, DataError | IntegrityError):
        return type(original).__name__
    words = original.args[-1] if original.args else type(original).__name__
    return " ".join(str(words).strip().partition("\n")[0].split())[:300] or type(original).__name__
