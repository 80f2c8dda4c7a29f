"""Bring a store to the tables of this version. Rule: a store that is up to date costs one SELECT, and no Alembic.

Steps are files in `migrations/versions`, named `r<number>_<what>.py`, one line of history without branches. All steps
that are pending run in one transaction: a store is never half-way.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from joinery.errors import StopRun
from joinery.store.database import Database

SCRIPTS = Path(__file__).parent / "migrations"
#: any number, as long as it is ours: two processes that migrate at the same time queue up on it (PostgreSQL)
_LOCK = 0x6A6F696E


def revisions() -> tuple[str, ...]:
    """All steps of this version in their order: `("0001", …)`."""
    return tuple(sorted(file.stem[1:].partition("_")[0] for file in (SCRIPTS / "versions").glob("r[0-9]*.py")))


def pending(database: Database) -> tuple[str, ...]:
    """The steps that this store still lacks. Raises StopRun when the store was written by a newer Joinery."""
    known = revisions()
    current = _current(database)
    if current and current not in known:
        raise StopRun(
            f"The store is at step {current}, which this version of Joinery does not know; nothing was changed.",
            fix="Use the newer version that made it, or restore the backup from before the upgrade.",
        )
    return tuple(revision for revision in known if revision > current)


def migrate(database: Database) -> None:
    """Run what is pending, all or nothing. Safe to call from several processes at once."""
    if not pending(database):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with database.write() as tx:
        if not database.embedded:
            tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = tx
        command.upgrade(config, "head")


def _current(database: Database) -> str:
    """The step that the store is at; empty for an empty store."""
    try:
        with database.read() as tx:
            return _version(tx)
    except DBAPIError:
        with database.read() as tx:
            if inspect(tx).has_table("alembic_version"):
                raise
        return ""


def _version(tx: Connection) -> str:
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
