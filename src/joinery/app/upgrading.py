"""Steps from one layout of the store to the next, with a copy taken before. Rule: no step without a way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from joinery.errors import RunLocked, StopRun
from joinery.settings import Settings
from joinery.store.audit_log import Happened, note
from joinery.store.backup import backup, holds_something, restore
from joinery.store.connections import busy
from joinery.store.database import Database
from joinery.store.migrate import migrate, pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it: the copy of what was there before (None: there was nothing), and the entry in the log."""

    kept: Path | None
    sha256: str


def upgrade(database: Database, folder: Path, now: datetime) -> Path | None:
    """Bring the store to the tables of this version; the copy that was taken first, None when none was needed.

    A PostgreSQL store is copied by its own programs: without them it is brought up to date without a copy.
    """
    if not pending(database):
        return None
    copy: Path | None = None
    if holds_something(database):
        copy = place(database, folder, now, "before-upgrade")
        try:
            backup(database, copy)
        except StopRun:
            if database.embedded:
                raise
            copy = None
    migrate(database)
    return copy


def place(database: Database, folder: Path, now: datetime, what: str) -> Path:
    """`backups/joinery-20261129T184500Z-before-upgrade.db`."""
    ending = "db" if database.embedded else "dump"
    return folder / "backups" / f"joinery-{now:%Y%m%dT%H%M%S%fZ}-{what}.{ending}"


def restore_copy(settings: Settings, copy: Path, *, force: bool, by: str, now: datetime) -> Restored:
    """Put a copy in the store's place, bring it up to date, and say so in its log.

    Raises StopRun over a store that holds something without `force`, and RunLocked beside a run.
    """
    database = Database(settings.store_url())
    try:
        kept = _keep(database, settings.folder / ".joinery", now, force=force)
        restore(database, copy)
        migrate(database)
        digest = sha256(copy.read_bytes()).hexdigest()
        facts: Mapping[str, object] = {"file": copy.name, "sha256": digest}
        with database.write() as tx:
            happened = Happened(action="store.restored", at=now, connection=settings.name, actor=by, facts=facts)
            note(tx, happened)
    finally:
        database.close()
    return Restored(kept=kept, sha256=digest)


def _keep(database: Database, folder: Path, now: datetime, *, force: bool) -> Path | None:
    """The safety copy of what is there now."""
    if not holds_something(database):
        return None
    if not force:
        raise StopRun(
            "This store is in use; nothing was changed.",
            fix="--force puts the copy in its place; what is there now is copied first.",
        )
    if not pending(database):
        with database.read() as connection:
            at_work = busy(connection)
        if at_work:
            raise RunLocked(f"A run of {at_work[0]!r} is at work; nothing was changed.", fix="Wait until it has ended.")
    kept = place(database, folder, now, "before-restore")
    backup(database, kept)
    return kept


def age_of_backup(settings: Settings, now: datetime) -> timedelta | None:
    """How old the newest copy in the usual folder is; None when there is none."""
    found = list((settings.folder / ".joinery" / "backups").glob("joinery-*"))
    newest = max((file.stat().st_mtime for file in found), default=None)
    return None if newest is None else timedelta(seconds=max(0.0, now.timestamp() - newest))
