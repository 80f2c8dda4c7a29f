"""Numbers, keys and addresses that people have besides those of their row, or had before, each with its validity.

Rule: an alias finds a person, and keeps anybody else from being taken for them; it never decides by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, or_, select, update

from joinery.core.model.ids import PersonKey
from joinery.store.accounts import upsert
from joinery.store.bulk import execute_many
from joinery.store.people import People, Person, in_chunks
from joinery.store.tables import aliases, facts

SOURCE_ID, WORKER_ID, EMAIL, OUR_KEY = "source_id", "worker_id", "work_email", "key"
#: how much of a value is kept: no number and no address is longer
LONGEST = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """`kind`: source_id | worker_id | work_email | key. `until` None: in use."""

    person_key: PersonKey
    kind: str
    value: str
    source: str = ""
    since: date | None = None
    until: date | None = None


class Aliases:
    """The aliases of one connection, inside the caller's transaction."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._db = connection
        self._name = name
        self._mine = aliases.c.connection == name

    def add(self, new: Iterable[Alias]) -> None:
        """One row for each; known ones get their later end."""
        statement = upsert(self._db)(aliases)
        statement = statement.on_conflict_do_update(
            index_elements=["connection", "kind", "source", "value", "person_key"],
            set_={"valid_to": statement.excluded.valid_to},
        )
        for chunk in in_chunks(new, 1000):
            execute_many(self._db, statement, [self._row(alias) for alias in chunk])

    def _row(self, alias: Alias) -> dict[str, str]:
        return {
            "connection": self._name,
            "kind": alias.kind,
            "source": alias.source,
            "value": _kept(alias.kind, alias.value),
            "person_key": alias.person_key,
            "valid_from": alias.since.isoformat() if alias.since else "",
            "valid_to": alias.until.isoformat() if alias.until else "",
        }

    def by_source_id(self, source: str, ids: Collection[str]) -> dict[str, Person]:
        """source ID -> the person one of whose records has it."""
        keys: dict[str, PersonKey] = {}
        for chunk in in_chunks(ids):
            query = select(aliases.c.value, aliases.c.person_key).where(
                self._mine, aliases.c.kind == SOURCE_ID, aliases.c.source == source, aliases.c.value.in_(chunk)
            )
            keys.update((row.value, PersonKey(row.person_key)) for row in self._db.execute(query))
        known = People(self._db, self._name).by_key(set(keys.values()))
        return {value: known[key] for value, key in keys.items() if key in known}

    def owners(self, kind: str, values: Collection[str]) -> dict[str, set[PersonKey]]:
        """value -> everybody who has or had it besides what their row says."""
        found: dict[str, set[PersonKey]] = {}
        for chunk in in_chunks({_kept(kind, value) for value in values if value}):
            query = select(aliases.c.value, aliases.c.person_key).where(
                self._mine, aliases.c.kind == kind, aliases.c.value.in_(chunk)
            )
            for row in self._db.execute(query):
                found.setdefault(row.value, set()).add(PersonKey(row.person_key))
        return found

    def find(self, text: str) -> list[Person]:
        """By any former number, key or address."""
        needle = text.strip()
        where = or_(
            aliases.c.value.in_([needle]) & (aliases.c.kind != EMAIL),
            (aliases.c.value == _kept(EMAIL, needle)) & (aliases.c.kind == EMAIL),
        )
        keys = {PersonKey(key) for key in self._db.scalars(select(aliases.c.person_key).where(self._mine, where))}
        return list(People(self._db, self._name).by_key(keys).values())

    def of(self, key: PersonKey) -> list[Alias]:
        """All of one person, oldest first."""
        query = select(aliases).where(self._mine, aliases.c.person_key == key)
        rows = self._db.execute(query.order_by(aliases.c.valid_from, aliases.c.kind, aliases.c.value))
        return [
            Alias(
                person_key=key,
                kind=row.kind,
                value=row.value,
                source=row.source,
                since=date.fromisoformat(row.valid_from) if row.valid_from else None,
                until=date.fromisoformat(row.valid_to) if row.valid_to else None,
            )
            for row in rows
        ]

    def give_up(self, key: PersonKey, numbers: Collection[str]) -> None:
        """These numbers and source IDs were never this person's."""
        kinds = aliases.c.kind.in_((SOURCE_ID, WORKER_ID))
        where = aliases.c.person_key == key, kinds, aliases.c.value.in_([_kept(SOURCE_ID, each) for each in numbers])
        self._db.execute(delete(aliases).where(self._mine, *where))

    def hand_over(self, old: PersonKey, new: PersonKey) -> None:
        """Two were one person: what found the one finds the other."""
        mine = aliases.c.person_key == old
        known = select(aliases.c.value).where(self._mine, aliases.c.person_key == new)
        self._db.execute(delete(aliases).where(self._mine, mine, aliases.c.value.in_(known)))
        self._db.execute(update(aliases).where(self._mine, mine).values(person_key=new))
        self.add([Alias(person_key=new, kind=OUR_KEY, value=old)])


def _kept(kind: str, value: str) -> str:
    text = value.strip()
    return (text.lower() if kind == EMAIL else text)[:LONGEST]


def known_since(connection: Connection, key: PersonKey, attribute: str) -> date | None:
    """The day from which the present value of an attribute holds, by the facts; None when there are none."""
    query = select(facts.c.effective_from).where(
        facts.c.person_key == key, facts.c.attribute == attribute, facts.c.known_to == ""
    )
    text = connection.scalar(query.order_by(facts.c.id.desc()).limit(1))
    return date.fromisoformat(text) if text else None
