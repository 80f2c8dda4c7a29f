"""Which troubles people were told of, until they are over. Rule: written message by message, never from a list."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import ColumnElement, Connection, select

from joinery.core.hygiene.alerting import Told
from joinery.store.accounts import upsert
from joinery.store.watch_tables import told_troubles

_t = told_troubles.c


def told_of(tx: Connection, connection: str) -> dict[str, Told]:
    """Trouble -> what was said of it."""
    rows = tx.execute(select(told_troubles).where(_t.connection == connection).order_by(_t.since, _t.key))
    return {row.key: Told(since=row.since, size=row.size, route=row.route, title=row.title) for row in rows}


def remember(tx: Connection, connection: str, key: str, told: Told) -> None:
    """People know of it now, and how big it is."""
    values = asdict(told)
    statement = upsert(tx)(told_troubles).values(connection=connection, key=key, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["connection", "key"], set_=values))


def forget(tx: Connection, connection: str, key: str) -> None:
    """People know that it is over."""
    tx.execute(told_troubles.delete().where(_mine(connection, key)))


def _mine(connection: str, key: str) -> ColumnElement[bool]:
    return (_t.connection == connection) & (_t.key == key)
