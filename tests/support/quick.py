"""What makes thousands of tests quick without testing less: nothing of what is looked at is left out.

- Statements are compiled once for all SQLite stores of a process; the product opens one store, a session thousands.
- An empty store is copied from one that the migrations made, instead of being migrated anew: a file on SQLite, what
  `pg_dump` says on PostgreSQL. What tests the migrations themselves calls them directly.
- The same settings are read as YAML once.
- What takes longest begins first.
- Commands that are only waited for are forked from a process that has loaded them (`forked.py`).
- Properties show at most `EXAMPLES` examples; `script/test --all` shows as many as each asks for.
- What is left to `script/test --all` as a whole is in `shorter.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import URL, create_engine, inspect
from sqlalchemy.util import LRUCache

from tests.support import peers

#: of each property in a quick run; a smaller number may be asked for
EXAMPLES = int(os.environ.get("JOINERY_EXAMPLES", "20"))


#: modules whose tests take longest: begun first, so that no process is left alone with one of them at the end
LONGEST = (
    "tests/jobs/test_nodes.py",
    "tests/house/test_howto.py",
    "tests/properties/",
    "tests/faces/test_worker.py",
    "tests/jobs/test_kill.py",
    "tests/stories/test_killed_sync.py",
    "tests/house/test_core_coverage.py",
    "tests/classroom/test_axe.py",
    "tests/replay/",
    "tests/stories/test_veterans.py",
    "tests/jobs/",
    "tests/faces/",
    "tests/house/",
    "tests/classroom/",
)


def longest_first(items: list[pytest.Item]) -> None:
    """In this order, all others after them as they are."""
    items.sort(key=lambda item: next((n for n, path in enumerate(LONGEST) if item.nodeid.startswith(path)), 99))


def share_statements() -> None:
    """Every SQLite engine of this process compiles into one cache."""
    from joinery.store import database

    cache: LRUCache[Any, Any] = LRUCache(3000)
    dialects: dict[str, Any] = {}

    def make(url: Any, **options: Any) -> Any:
        engine = create_engine(url, **options)
        if engine.dialect.name == "sqlite":
            # the cache knows a statement by its dialect
            engine.dialect = dialects.setdefault("sqlite", engine.dialect)
            engine._compiled_cache = cache
        return engine

    database.create_engine = make  # type: ignore[attr-defined]


def share_settings() -> None:
    """The same text of settings is read into the same nodes of YAML, which nobody changes: once for each process."""
    from joinery.settings import reading

    read, known = reading._compose, dict[str, Any]()

    def compose(text: str, top: Any, problems: Any) -> Any:
        if text not in known:
            node = read(text, top, problems)
            if node is None:
                return None  # what is wrong with it is told each time
            known[text] = node
        return known[text]

    reading._compose = compose


def share_empty_store() -> None:
    """What `opened` brings up to date is copied when it is new."""
    from joinery.app import upgrading
    from joinery.store.database import Database
    from joinery.store.migrate import migrate

    kept = Path(tempfile.mkdtemp(prefix="joinery-empty-store-"))
    template = kept / "empty.db"
    statements: list[str] = []

    def quickly(database: Database) -> None:
        if _tables(database):
            migrate(database)
            return
        if not database.embedded:
            if not statements:
                migrate(database)
                statements.append(_as_statements(database.url))
                return
            with psycopg.connect(_plain(database.url)) as connection:
                connection.execute("SELECT pg_advisory_xact_lock(1)")  # two threads may bring it up
                if connection.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
                    connection.execute(statements[0].encode())
            return
        if not template.exists():
            made = Database(f"sqlite:///{template}")
            migrate(made)
            made.close()
        database.engine.dispose()
        file = Path(database.url.database or "")
        for beside in file.parent.glob(f"{file.name}-*"):
            beside.unlink()
        shutil.copyfile(template, file)

    upgrading.migrate = quickly  # type: ignore[attr-defined]


def _as_statements(url: URL) -> str:
    """Everything in this database, as PostgreSQL's own tool writes it."""
    program = peers.need("postgresql").parent / "pg_dump"
    done = subprocess.run(
        [program, "--inserts", "--no-owner", "--no-privileges", _plain(url)], capture_output=True, text=True, check=True
    )
    # the rest is for psql
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("\\", "--")))


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _tables(database: Any) -> list[str]:
    with database.read() as connection:
        return inspect(connection).get_table_names()


def fewer_examples(item: pytest.Item) -> None:
    """Properties ask for as many as a night may take; a quick run shows some of them."""
    test = getattr(item, "obj", None)
    asked = getattr(test, "_hypothesis_internal_use_settings", None)
    if asked is not None and asked.max_examples > EXAMPLES:
        getattr(test, "__func__", test)._hypothesis_internal_use_settings = settings(asked, max_examples=EXAMPLES)
