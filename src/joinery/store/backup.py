"""Copies of a store and back: SQLite by its own online copy, PostgreSQL by its own programs.

Rule: a copy is whole or not there: it is made beside its place, looked at, and moved. Nothing is overwritten that was
not copied before.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import inspect

from joinery.errors import StopRun
from joinery.store.database import Database
from joinery.store.migrate import revisions


def backup(database: Database, out: Path) -> None:
    """A consistent copy, while others may go on writing. Raises StopRun; then there is no file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists():
        raise StopRun(f"{out} is there already; nothing was written.", fix="Name another file with --out.")
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        if database.embedded:
            _copy_of(_file(database), part)
            _in_one_file(part)
            sound(part)
        else:
            _postgres("pg_dump", database, ("--format=custom", f"--file={part}"))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def restore(database: Database, copy: Path) -> None:
    """Put a copy in the place of the store. Raises StopRun with the store as it was."""
    if not copy.is_file():
        raise StopRun(f"There is no file {copy}; nothing was changed.", fix="Name a file that `db backup` wrote.")
    if database.embedded:
        sound(copy)
        database.close()
        _copy_of(copy, _file(database))
    else:
        database.close()
        options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
        _postgres("pg_restore", database, options, str(copy))


def holds_something(database: Database) -> bool:
    """A store with tables in it."""
    if database.embedded and not _file(database).exists():
        return False
    with database.read() as connection:
        return inspect(connection).has_table("alembic_version")


def sound(copy: Path) -> str:
    """The step that a copied SQLite store is at. Raises StopRun when it is none, broken, or of a newer Joinery."""
    try:
        with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            said = opened.execute("PRAGMA integrity_check").fetchone()[0]
            step = opened.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    except (sqlite3.Error, TypeError) as error:
        raise StopRun(f"{copy} is not a store of Joinery's; nothing was changed.", fix="Use another copy.") from error
    if said != "ok":
        raise StopRun(f"{copy} is broken ({str(said)[:80]}); nothing was changed.", fix="Use another copy.")
    if step not in revisions():
        raise StopRun(
            f"{copy} is at step {step}, which this version of Joinery does not know; nothing was changed.",
            fix="Restore it with the version that made it.",
        )
    return str(step)


def _file(database: Database) -> Path:
    return Path(database.url.database or "")


def _in_one_file(copy: Path) -> None:
    """Nothing of it lies in a file beside it: so it may be moved and read where nobody can write."""
    with closing(sqlite3.connect(copy)) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")


def _copy_of(source: Path, target: Path) -> None:
    """In one reading transaction on one side and one writing transaction on the other: never half of it."""
    try:
        with closing(sqlite3.connect(source, timeout=30)) as old, closing(sqlite3.connect(target, timeout=30)) as new:
            old.backup(new)
    except sqlite3.Error as error:
        raise StopRun(
            f"The store could not be copied to {target} ({error}).", fix="See that there is room, and nobody writes."
        ) from error


def _postgres(program: str, database: Database, options: Sequence[str], *files: str) -> None:
    """PostgreSQL's own program; the password goes by the environment and is never on a command line."""
    url = database.url
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    found = shutil.which(program)
    if found is None:
        raise StopRun(
            f"PostgreSQL's {program} is not installed here; nothing was done.",
            fix=f"Install PostgreSQL's client programs, or on the database's machine: {program} {' '.join(options)}",
        )
    environ = {**os.environ, **({"PGPASSWORD": url.password} if url.password else {})}
    command = [found, *options, f"--dbname={plain}", *files]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 our own words
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
        raise StopRun(f"{program} ended with {done.returncode}: {last[:200]}", fix="The store is as it was.")
