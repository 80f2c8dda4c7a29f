"""Whom the Duplicate User Audit has yet to look at, and everybody to compare them with. Rule: in bulk, no objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, literal_column, select, update

from joinery.core.model.ids import PersonKey
from joinery.store.people import in_chunks
from joinery.store.tables import people

_PAGE: Final = 20_000


class Row(NamedTuple):
    """One person; `worker` is JSON as it is stored, `asked` another number whenever something of them was written."""

    key: str
    worker_id: str
    stage: str
    worker: str
    asked: int


def _waiting(connection: Connection, name: str) -> Any:
    # in the words of the partial index
    flag = "compared = 0" if connection.dialect.name == "sqlite" else "NOT compared"
    return people.c.connection == name, literal_column(flag)


def waiting(connection: Connection, name: str) -> list[PersonKey]:
    """People who are new, or of whom something that says who they are has changed, since the last look."""
    query = select(people.c.key).where(*_waiting(connection, name)).order_by(people.c.key)
    return [PersonKey(key) for key in connection.scalars(query)]


def everybody(connection: Connection, name: str) -> Iterator[list[Row]]:
    """All people ever known, leavers included, in pages."""
    c, after = people.c, ""
    while True:
        query = select(c.key, c.worker_id, c.stage, c.worker, c.asked).where(c.connection == name, c.key > after)
        rows = [Row(*row) for row in connection.execute(query.order_by(c.key).limit(_PAGE))]
        if rows:
            yield rows
            after = rows[-1].key
        if len(rows) < _PAGE:
            return


def still_waiting(connection: Connection, name: str) -> Iterator[list[tuple[str, int]]]:
    """(key, `asked`) of people who wait by now, in pages."""
    c, after = people.c, ""
    while True:
        query = select(c.key, c.asked).where(*_waiting(connection, name), c.key > after).order_by(c.key).limit(_PAGE)
        rows = [(row.key, row.asked) for row in connection.execute(query)]
        if rows:
            yield rows
            after = rows[-1][0]
        if len(rows) < _PAGE:
            return


def look_at(connection: Connection, keys: Collection[str]) -> None:
    """The next audit compares these people with everybody."""
    _mark(connection, keys, compared=False)


def looked_at(connection: Connection, name: str, keys: Collection[str] | None) -> None:
    """The audit has compared these people; all who waited for None."""
    if keys is None:
        connection.execute(update(people).where(*_waiting(connection, name)).values(compared=True))
    else:
        _mark(connection, keys, compared=True)


def _mark(connection: Connection, keys: Collection[str], *, compared: bool) -> None:
    for chunk in in_chunks(keys):
        connection.execute(update(people).where(people.c.key.in_(chunk)).values(compared=compared))
