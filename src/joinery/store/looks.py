"""That a plan has looked at people, as they were read; and whether anything was written of them since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select, tuple_, update

from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.bulk import execute_many
from joinery.store.people import in_chunks
from joinery.store.tables import people

_C: Final = people.c
_ROW: Final = (_C.key, _C.asked, _C.looked, _C.unsettled, _C.wake_at, _C.frozen, _C.memory)
_FACTS: Final = (_C.worker, _C.standing, _C.employments)


class Were(NamedTuple):
    """Somebody at one moment, to be compared: their row as far as whoever writes of them changes it, and a number that
    is another, in this process, when what is believed of them is."""

    key: PersonKey
    row: tuple[Any, ...]
    facts: int


def were_by_source_id(connection: Connection, name: str, source: str, ids: Collection[str]) -> dict[str, Were]:
    """source ID -> whose record it is by their row."""
    c = people.c
    query = select(c.source_id, *_ROW, *_FACTS).where(c.connection == name, c.source == source)
    found: dict[str, Were] = {}
    for chunk in in_chunks(ids):
        rows = connection.execute(query.where(c.source_id.in_(chunk)))
        found.update((row[0], _were(tuple(row)[1:])) for row in rows)
    return found


def were_by_key(connection: Connection, keys: Collection[PersonKey]) -> dict[PersonKey, Were]:
    """key -> they, as they are now."""
    query, found = select(*_ROW, *_FACTS), dict[PersonKey, Were]()
    for chunk in in_chunks(keys):
        rows = connection.execute(query.where(people.c.key.in_(chunk)))
        found.update((PersonKey(row[0]), _were(tuple(row))) for row in rows)
    return found


def _were(row: tuple[Any, ...]) -> Were:
    return Were(PersonKey(row[0]), row[: len(_ROW)], hash(row[len(_ROW) :]))


def rows_of(connection: Connection, keys: Collection[PersonKey]) -> dict[PersonKey, tuple[Any, ...]]:
    """key -> what changes in a row whenever anything is written of this person: to be compared, and not read."""
    query, found = select(*_ROW), dict[PersonKey, tuple[Any, ...]]()
    for chunk in in_chunks(keys):
        rows = connection.execute(query.where(people.c.key.in_(chunk)))
        found.update((PersonKey(row[0]), tuple(row)) for row in rows)
    return found


def looked_at(connection: Connection, known: Mapping[PersonKey, int], settled: Collection[PersonKey]) -> set[PersonKey]:
    """A plan has looked at these (key -> `asked` as they were read); those with nothing to do are settled by it.

    Returns those of whom it does not know the last: somebody asked for another look meanwhile, and gets it.
    """
    missed, done = dict(known), frozenset(settled)
    if _seen_all(connection, known, done):
        return set()
    for keys, values in ((known.keys() & done, {"unsettled": False}), (known.keys() - done, {})):
        for chunk in in_chunks([(key, known[key]) for key in sorted(keys)]):
            as_read = tuple_(people.c.key, people.c.asked).in_(chunk)
            seen = update(people).where(as_read).values({"looked": people.c.asked} | values)
            for key in connection.scalars(seen.returning(people.c.key)):
                del missed[PersonKey(key)]
    return set(missed)


def _seen_all(connection: Connection, known: Mapping[PersonKey, int], done: Collection[PersonKey]) -> bool:
    """The same where one transaction writes at a time, row by row, which is quicker; whether none was missed."""
    if connection.dialect.name != "sqlite":
        return False
    count = 0
    as_read = update(people).where(people.c.key == bindparam("b_key"), people.c.asked == bindparam("b_asked"))
    seen = as_read.values(looked=people.c.asked)
    for statement, keys in ((seen.values(unsettled=False), known.keys() & done), (seen, known.keys() - done)):
        rows = [{"b_key": key, "b_asked": known[key]} for key in sorted(keys)]
        count += execute_many(connection, statement, rows)
    return count == len(known)


def wake_earlier(connection: Connection, wakes: Mapping[PersonKey, datetime]) -> None:
    """Wake at this instant unless an earlier one is set already."""
    later = or_(people.c.wake_at == "", people.c.wake_at > bindparam("b_at"))
    statement = update(people).where(people.c.key == bindparam("b_key"), later).values(wake_at=bindparam("b_at"))
    rows = [{"b_key": key, "b_at": instant_text(at)} for key, at in wakes.items()]
    for chunk in in_chunks(rows, 5000):
        execute_many(connection, statement, chunk)
