"""The migration steps add up to exactly the tables, on both engines, once, whoever runs them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from joinery.errors import StopRun
from joinery.store.database import Database
from joinery.store.migrate import migrate, pending, revisions
from joinery.store.tables import metadata


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    database = Database(store_url)
    yield database
    database.close()


def test_from_empty_the_steps_add_up_to_the_tables(database: Database) -> None:
    migrate(database)
    with database.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_server_default": not database.embedded})
        assert compare_metadata(context, metadata) == []


def test_the_migrated_file_reads_like_the_tables_to_the_letter(tmp_path: Path) -> None:
    """What Alembic does not compare: partial indexes, the order of keys, constraint names."""
    ddl = []
    for name in ("migrated", "created"):
        database = Database(f"sqlite:///{tmp_path / name}.db")
        migrate(database) if name == "migrated" else metadata.create_all(database.engine)
        query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
        with database.read() as tx:
            ddl.append({_tidy(sql) for sql in tx.execute(text(query)).scalars()})
        database.close()
    assert ddl[0] == ddl[1]


def _tidy(sql: str) -> tuple[str, ...]:
    """The statement as a sorted list of its parts: constraints come in another order, added columns at the end."""
    begin, _, inside = sql.partition("(")
    body, _, end = inside.rpartition(")")
    parts, depth, part = [begin.strip(), end.strip()], 0, ""
    for letter in body:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        part = "" if letter == "," and not depth and not parts.append(part.strip()) else part + letter  # type: ignore[func-returns-value]
    return tuple(sorted([*parts, part.strip()]))


def test_partial_indexes_are_partial_on_postgresql_too(postgres_url: str) -> None:
    database = Database(postgres_url)
    migrate(database)
    query = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_plan_lines_open'"
    with database.read() as tx:
        assert "WHERE" in tx.execute(text(query)).scalar_one()
    database.close()


def test_every_step_is_pending_before_and_none_afterwards(database: Database) -> None:
    assert pending(database) == revisions()
    migrate(database)
    assert pending(database) == ()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)
    migrate(database)
    assert pending(database) == ()


def test_a_store_of_a_newer_version_is_refused(database: Database) -> None:
    migrate(database)
    with database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StopRun, match="does not know"):
        migrate(database)


def test_a_step_that_breaks_leaves_nothing_behind(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as tx:
        tx.execute(text("CREATE TABLE runs (id INTEGER)"))
    with pytest.raises(Exception, match="runs"):
        migrate(database)
    with database.read() as tx:
        assert inspect(tx).get_table_names() == ["runs"]


def test_two_processes_may_migrate_at_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        others = [Database(database.url) for _ in range(4)]
        list(pool.map(migrate, others))
    for other in others:
        other.close()
    assert pending(database) == ()


def test_a_store_that_is_up_to_date_costs_little_and_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'joinery.db'}"
    database = Database(url)
    migrate(database)
    times = []
    for _ in range(10):
        started = time.perf_counter()
        migrate(database)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.05
    database.close()
    program = (
        "import sys; from joinery.store.database import Database; from joinery.store.migrate import migrate;"
        f"migrate(Database({url!r})); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
