"""What is wrong when the store does not answer: away, full, busy or broken. Rule: codes are read, never texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import exc

from joinery.errors import StoreFull, StoreTrouble, StoreUnreachable

AGAIN = "Nothing needs to be repaired: once it is back, run the same command again. `joinery serve` goes on by itself."
ROOM = "Make room, then run the same command again. `joinery serve` goes on by itself."
BUSY = "Run the same command again; if it stays so, look who else has this store open."
BROKEN = "See whether its disk has room and is sound; if the file is damaged, `joinery db restore` brings a copy back."
#: what is known of everything that was under way
_KEPT = "What was recorded before is safe; of what was under way nothing counts as done before it was looked at again."

#: this process has met a store that did not answer
met = False

#: the second: the file beside it that all processes share could not grow
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT}
_BROKEN |= {sqlite3.SQLITE_NOTADB}
#: of PostgreSQL: no connection, shutting down, too many of them, and a transaction that stood still for too long
_AWAY = ("08", "57P", "53300", "25P02", "25P03")


@contextmanager
def told() -> Iterator[None]:
    """Raises StoreTrouble for what a database says when it cannot do its work; every other error stays as it is."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        if (found := trouble_of(error)) is not None:
            raise found from error
        raise


def trouble_of(error: BaseException) -> StoreTrouble | None:
    """What is wrong with the store; None when the error is about something else, like a mistake of ours."""
    if isinstance(error, exc.TimeoutError):
        return _said(StoreUnreachable, "The store is busy: no connection to it became free", BUSY, error)
    if isinstance(error, exc.PendingRollbackError):
        return _said(StoreUnreachable, "The store went away", AGAIN, error)
    if not isinstance(error, exc.DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error)
    return _of_postgresql(error)


def _of_sqlite(error: exc.DBAPIError) -> StoreTrouble | None:
    # the lowest byte: the rest says more of the same
    whole = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    code = whole & 0xFF
    if whole in _FULL:
        return _said(StoreFull, "There is no room left where the store is", ROOM, error)
    if code in _BUSY:
        return _said(StoreUnreachable, "The store is busy: another process has been writing for too long", BUSY, error)
    if code in _BROKEN:
        return _said(StoreTrouble, "The file of the store cannot be used", BROKEN, error)
    return None


def _of_postgresql(error: exc.DBAPIError) -> StoreTrouble | None:
    state: Any = getattr(error.orig, "sqlstate", None) or ""
    if state == "53100":
        return _said(StoreFull, "There is no room left where the store is", ROOM, error)
    nameless = isinstance(error, exc.OperationalError) and not state
    if nameless or error.connection_invalidated or state.startswith(_AWAY):
        return _said(StoreUnreachable, "The store cannot be reached", AGAIN, error)
    if state.startswith(("40", "55P03")):
        return _said(StoreUnreachable, "The store is busy: others were writing the same", BUSY, error)
    if state.startswith(("58", "25006", "XX")):
        return _said(StoreTrouble, "The store cannot be written to", BROKEN, error)
    return None


def _said(kind: type[StoreTrouble], what: str, fix: str, error: exc.SQLAlchemyError) -> StoreTrouble:
    global met
    met = True
    orig = error.orig if isinstance(error, exc.DBAPIError) else None
    name = getattr(orig, "sqlite_errorname", None) or getattr(orig, "sqlstate", None) or type(orig or error).__name__
    return kind(f"{what} ({name}). {_KEPT}", fix=fix, data={"said": name})
