"""From every earlier step with data in every table: nothing is lost, the copy before it is whole, and it goes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, Float, Integer, LargeBinary, MetaData, Table, func, insert, select

from joinery.app.upgrading import upgrade
from joinery.store.audit_log import verified
from joinery.store.backup import holds_something
from joinery.store.database import Database
from joinery.store.migrate import SCRIPTS, pending, revisions

AT = datetime(2026, 11, 29, 5, tzinfo=UTC)


def at_step(database: Database, step: str) -> None:
    """A store as that version left it."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with database.write() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, step)


def filled(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Two rows in every table of the store as it is, in its own columns; what was put in."""
    known = MetaData()
    known.reflect(database.engine)
    put: dict[str, list[dict[str, Any]]] = {}
    with database.write() as tx:
        for table in known.sorted_tables:
            if table.name == "alembic_version" or table.name == "audit_log":
                continue
            rows = [{c.name: _value(table, c, n) for c in table.columns} for n in (1, 2)]
            tx.execute(insert(table), rows)
            put[table.name] = rows
    return put


def _value(table: Table, column: Any, n: int) -> Any:
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer | Float):
        return n
    if isinstance(column.type, LargeBinary):
        return b"packed %d" % n
    if column.name == "plan_id":
        return f"id {n}"
    return f"{column.name[:5]} {n}"[: column.type.length or 99]


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    database = Database(store_url)
    yield database
    database.close()


@pytest.mark.parametrize("step", revisions()[:-1])
def test_nothing_is_lost_on_the_way_from_an_earlier_step(database: Database, step: str, tmp_path: Path) -> None:
    at_step(database, step)
    put = filled(database)
    copy = upgrade(database, tmp_path / ".joinery", AT)
    assert pending(database) == () and copy is not None and copy.is_file()
    now = MetaData()
    now.reflect(database.engine)
    with database.read() as tx:
        for name, rows in put.items():
            found = [dict(row) for row in tx.execute(select(now.tables[name])).mappings()]
            for row in rows:
                assert any(row.items() <= each.items() for each in found), name
            assert len(found) == len(rows)
        if step < "0006":
            assert tx.scalar(select(func.count()).select_from(now.tables["audit_log"])) == 0
            assert verified(tx, ()).intact


def test_an_empty_store_needs_no_copy_and_one_up_to_date_nothing(database: Database, tmp_path: Path) -> None:
    assert not holds_something(database)
    assert upgrade(database, tmp_path, AT) is None and pending(database) == ()
    assert upgrade(database, tmp_path, AT) is None and not (tmp_path / "backups").exists()
