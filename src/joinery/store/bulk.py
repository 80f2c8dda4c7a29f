"""Many rows by one statement, quickly: while they are written on SQLite, nobody else writes.

SQLAlchemy makes a new set of parameters for each row, which costs more than SQLite's own work; here the statement is
made into text once. Values must be what the driver knows: text, whole numbers, truth values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.dml import UpdateBase


def execute_many(connection: Connection, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> int:
    """Once for each row, all of which name the same columns or binds; how many rows of the store it befell.

    On PostgreSQL that number may be -1: not known.
    """
    if not rows:
        return 0
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, rows).rowcount
    made = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = list(getattr(made, "positiontup", None) or ())
    fixed = {name: value for name, value in made.params.items() if name not in rows[0]}
    if len(names) > 1 and not fixed:
        pick = itemgetter(*names)
        values = [pick(row) for row in rows]
    else:
        values = [tuple(row[name] if name in row else fixed[name] for name in names) for row in rows]
    return connection.exec_driver_sql(str(made), values).rowcount
