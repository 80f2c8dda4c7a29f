"""People and their facts: the append-only history and the current row that is projected from it.

Rule: every write here belongs to the transaction that accepts the facts; nothing commits by itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, delete, func, insert, literal_column, or_, select, update
from sqlalchemy.engine import Row

from joinery.core.model.codec import (
    canonical,
    decode_employments,
    decode_standing,
    decode_worker,
    encode_employments,
    encode_standing,
    encode_worker,
    instant_text,
)
from joinery.core.model.employment import Employment
from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Standing
from joinery.core.model.worker import Worker
from joinery.core.rules.events import Known
from joinery.store.bulk import execute_many
from joinery.store.tables import people

T = TypeVar("T")
CHUNK = 500
# asked in every run: putting a statement together takes longer than the answer
_BY_KEY: Final = select(people).where(people.c.key.in_(bindparam("keys", expanding=True)))


def in_chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most `size`: IN lists and executemany stay below every database's limit."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The current row of one person. `memory` is what the next decision needs to know of the last."""

    key: PersonKey
    worker: Worker
    standing: Standing
    memory: Mapping[str, Any] = field(default_factory=dict)
    wake_at: datetime | None = None
    unsettled: bool = False
    #: why nothing is written for them until somebody has decided who they are
    frozen: str = ""
    #: all their records, where there are several; `worker` and `standing` are what these come to
    employments: tuple[Employment, ...] = ()
    #: how often a look was asked for so far, by news or by anything else
    asked: int = field(default=0, compare=False)

    @property
    def known(self) -> Known:
        """Facts and standing together."""
        return Known(worker=self.worker, standing=self.standing)

    @property
    def numbers(self) -> frozenset[str]:
        """Their employee numbers."""
        return frozenset({self.worker.worker_id, *(job.worker.worker_id for job in self.employments)})

    @property
    def jobs(self) -> tuple[Employment, ...]:
        """Their records, one or several."""
        return self.employments or (Employment(worker=self.worker, standing=self.standing, primary=True),)


def memory_text(memory: Mapping[str, Any]) -> str:
    """What is remembered of somebody, as it is stored."""
    return canonical(dict(memory))


def _person(row: Row[Any]) -> Person:
    return Person(
        key=PersonKey(row.key),
        worker=decode_worker(json.loads(row.worker)),
        standing=decode_standing(json.loads(row.standing)),
        memory=json.loads(row.memory),
        wake_at=datetime.fromisoformat(row.wake_at) if row.wake_at else None,
        unsettled=row.unsettled,
        frozen=row.frozen,
        employments=decode_employments(json.loads(row.employments)) if row.employments != "[]" else (),
        asked=row.asked,
    )


def _row(connection_name: str, person: Person) -> dict[str, Any]:
    worker = person.worker
    return {
        "key": person.key,
        "connection": connection_name,
        "source": worker.source,
        "source_id": worker.source_id,
        "worker_id": worker.worker_id,
        "work_email": worker.work_email.lower(),
        "manager_id": worker.manager_id,
        "department": worker.department,
        "location": worker.location,
        "legal_entity": worker.legal_entity,
        "stage": str(person.standing.stage),
        "worker": canonical(encode_worker(worker)),
        "standing": canonical(encode_standing(person.standing)),
        "memory": memory_text(person.memory),
        "wake_at": instant_text(person.wake_at) if person.wake_at else "",
        "unsettled": person.unsettled,
        "frozen": person.frozen,
        "person_id": worker.person_id,
        "employments": canonical(encode_employments(person.employments)),
    }


_FIXED: Final = frozenset({"key", "connection"})


def _indexed(person: Person) -> dict[str, Any]:
    """The columns of a row that stand in an index, and that only HR changes."""
    worker = person.worker
    return {
        "source": worker.source,
        "source_id": worker.source_id,
        "worker_id": worker.worker_id,
        "work_email": worker.work_email.lower(),
        "manager_id": worker.manager_id,
        "person_id": worker.person_id,
        "wake_at": instant_text(person.wake_at) if person.wake_at else "",
    }


class Written(NamedTuple):
    """A row as it is written; no `columns`: a new one, whole."""

    columns: tuple[str, ...]
    values: Mapping[str, Any]


def written(name: str, before: Person | None, after: Person) -> Written:
    """The row of somebody new, or what of a known one is to be written again: what is as it was is not.

    An index costs as much as its row, and most changes touch none: they are written without those columns.
    """
    return _rewritten(name, before, after) if before is not None else Written((), _row(name, after))


def _rewritten(name: str, before: Person | None, after: Person) -> Written:
    row, was = _row(name, after), _indexed(before) if before else {}
    same = {column for column, value in was.items() if row[column] == value}
    columns = tuple(column for column in row if column not in _FIXED and column not in same)
    return Written(columns, {f"b_{column}": row[column] for column in ("key", *columns)})


#: a plan that is being made or applied beside us does not know of this
_ASKED: Final = {"unsettled": True, "asked": people.c.asked + 1}


class People:
    """The people of one connection, inside the caller's transaction."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._db = connection
        self._name = name
        self._mine = people.c.connection == name

    def by_source_id(self, source: str, ids: Collection[str]) -> dict[str, Person]:
        """source_id -> person, of those that are known."""
        found: dict[str, Person] = {}
        for chunk in in_chunks(ids):
            query = select(people).where(self._mine, people.c.source == source, people.c.source_id.in_(chunk))
            found.update((row.source_id, _person(row)) for row in self._db.execute(query))
        return found

    def by_worker_id(self, ids: Collection[str]) -> dict[str, list[Person]]:
        """worker_id -> everybody with that number (two legal entities may share it)."""
        found: dict[str, list[Person]] = {}
        for chunk in in_chunks(ids):
            query = select(people).where(self._mine, people.c.worker_id.in_(chunk))
            for row in self._db.execute(query):
                found.setdefault(row.worker_id, []).append(_person(row))
        return found

    def holding(self, source: str, numbers: Collection[str]) -> dict[str, list[Person]]:
        """number -> everybody who has it: as employee number anywhere, or as this source's own key."""
        found = self.by_worker_id(numbers)
        for number, person in self.by_source_id(source, numbers).items():
            if all(known.key != person.key for known in found.get(number, ())):
                found.setdefault(number, []).append(person)
        return found

    def numbered_within(self, number: str) -> list[Person]:
        """Everybody with this number in a legal entity: `A/000123` and `B/000123` for 000123."""
        like = people.c.worker_id.endswith(f"/{number}", autoescape=True)
        return [_person(row) for row in self._db.execute(select(people).where(self._mine, like))]

    def by_person_id(self, ids: Collection[str]) -> dict[str, list[Person]]:
        """person_id -> everybody with it: one person, unless records came before they could be joined."""
        found: dict[str, list[Person]] = {}
        for chunk in in_chunks(ids):
            query = select(people).where(self._mine, people.c.person_id.in_(chunk)).order_by(people.c.key)
            for row in self._db.execute(query):
                found.setdefault(row.person_id, []).append(_person(row))
        return found

    def with_address(self, emails: Collection[str]) -> dict[str, list[Person]]:
        """lower-case address -> everybody whose row has it."""
        found: dict[str, list[Person]] = {}
        for chunk in in_chunks({email.strip().lower() for email in emails if email.strip()}):
            query = select(people).where(self._mine, people.c.work_email.in_(chunk)).order_by(people.c.key)
            for row in self._db.execute(query):
                found.setdefault(row.work_email, []).append(_person(row))
        return found

    def sharing_address(self, numbers: Collection[str]) -> set[str]:
        """The lower-case addresses of these employee numbers that somebody else's row has too."""
        c, mine = people.c, set[str]()
        for chunk in in_chunks(numbers):
            query = select(c.work_email).where(self._mine, c.worker_id.in_(chunk), c.work_email != "")
            mine.update(self._db.scalars(query))
        shared = set[str]()
        for chunk in in_chunks(mine):
            query = select(c.work_email).where(self._mine, c.work_email.in_(chunk))
            shared.update(self._db.scalars(query.group_by(c.work_email).having(func.count() > 1)))
        return shared

    def in_question(self) -> list[Person]:
        """Those of whom it is not decided who they are."""
        frozen = people.c.frozen != literal_column("''")  # in the words of its partial index
        query = select(people).where(self._mine, frozen).order_by(people.c.worker_id, people.c.key)
        return [_person(row) for row in self._db.execute(query)]

    def remove(self, keys: Collection[PersonKey]) -> None:
        """Rows of people who turned out to be somebody else we know; facts and events stay."""
        for chunk in in_chunks(keys):
            self._db.execute(delete(people).where(people.c.key.in_(chunk)))

    def by_key(self, keys: Collection[PersonKey]) -> dict[PersonKey, Person]:
        """key -> person."""
        found: dict[PersonKey, Person] = {}
        for chunk in in_chunks(keys):
            rows = self._db.execute(_BY_KEY, {"keys": chunk})
            found.update((PersonKey(row.key), _person(row)) for row in rows)
        return found

    def due(self, as_of: datetime) -> list[PersonKey]:
        """Whose wake date has come."""
        asleep = people.c.wake_at != literal_column("''")
        query = select(people.c.key).where(self._mine, asleep, people.c.wake_at <= instant_text(as_of))
        return [PersonKey(key) for key in self._db.scalars(query)]

    def unsettled(self) -> list[PersonKey]:
        """Whose desired state has to be looked at: changed facts, or lines that did not end well. In worker order."""
        query = select(people.c.key).where(self._mine, people.c.unsettled).order_by(people.c.worker_id, people.c.key)
        return [PersonKey(key) for key in self._db.scalars(query)]

    def everybody(self) -> list[PersonKey]:
        """All keys, in worker order."""
        query = select(people.c.key).where(self._mine).order_by(people.c.worker_id, people.c.key)
        return [PersonKey(key) for key in self._db.scalars(query)]

    def mark_all(self) -> None:
        """Have everybody looked at by the next plan."""
        self._db.execute(update(people).where(self._mine).values(_ASKED))

    def pages(self, size: int = 2000) -> Iterator[list[Person]]:
        """Everybody, in the order of keys, so many at a time."""
        last = ""
        while True:
            query = select(people).where(self._mine, people.c.key > last).order_by(people.c.key).limit(size)
            page = [_person(row) for row in self._db.execute(query)]
            if not page:
                return
            last = page[-1].key
            yield page

    def numbers_and_addresses(self) -> tuple[set[str], set[str]]:
        """Every employee ID and every e-mail (lower case) of everybody, whatever became of them."""
        rows = self._db.execute(select(people.c.worker_id, people.c.work_email).where(self._mine)).all()
        return {row.worker_id for row in rows}, {row.work_email for row in rows if row.work_email}

    def reports_of(self, worker_ids: Collection[str]) -> list[PersonKey]:
        """Everybody whose manager is one of these, and on through managers who are away: theirs is further up."""
        found: list[PersonKey] = []
        seen: set[str] = set()
        wanted = set(worker_ids)
        while wanted:
            seen |= wanted
            away: set[str] = set()
            for chunk in in_chunks(wanted):
                query = select(people.c.key, people.c.worker_id, people.c.stage)
                for row in self._db.execute(query.where(self._mine, people.c.manager_id.in_(chunk))):
                    found.append(PersonKey(row.key))
                    if row.stage != "active":
                        away.add(row.worker_id)
            wanted = away - seen
        return found

    def counts(self) -> dict[str, int]:
        """stage -> people."""
        query = select(people.c.stage, func.count()).where(self._mine).group_by(people.c.stage)
        return {stage: count for stage, count in self._db.execute(query)}

    def employed_by(self, attribute: str) -> dict[str, int]:
        """Value of department, location or legal_entity -> employed people: what segment guards compare with."""
        column = people.c[attribute]
        query = select(column, func.count()).where(self._mine, people.c.stage.in_(("active", "leave"))).group_by(column)
        return {value: count for value, count in self._db.execute(query)}

    def add(self, new: Sequence[Person]) -> None:
        """People seen for the first time."""
        self.write([written(self._name, None, person) for person in new])

    def replace(self, known: Sequence[Person]) -> None:
        """The new current rows of known people."""
        self.write([_rewritten(self._name, None, person) for person in known])

    def write(self, rows: Iterable[Written]) -> None:
        """New rows, and what is another in known ones."""
        for chunk in in_chunks(rows, 5000):
            by_columns: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
            for row in chunk:
                by_columns.setdefault(row.columns, []).append(row.values)
            for names, values in by_columns.items():
                new: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names} | {"asked": people.c.asked + 1}
                known = update(people).where(people.c.key == bindparam("b_key")).values(new)
                execute_many(self._db, known if names else insert(people), values)

    def mark(self, keys: Collection[PersonKey], *, unsettled: bool) -> None:
        """Have these looked at by the next plan, or not."""
        for chunk in in_chunks(keys):
            where = people.c.key.in_(chunk), people.c.unsettled != unsettled
            if unsettled:
                self._db.execute(update(people).where(people.c.key.in_(chunk)).values(_ASKED))
            else:
                self._db.execute(update(people).where(*where).values(unsettled=False))

    def remember(self, memories: Mapping[PersonKey, Mapping[str, Any]]) -> None:
        """What the next decision needs to know of this one."""
        self.remember_texts({key: memory_text(memory) for key, memory in memories.items()})

    def remember_texts(self, memories: Mapping[PersonKey, str]) -> None:
        """The same, of what `memory_text` made of them."""
        statement = update(people).where(people.c.key == bindparam("b_key")).values(memory=bindparam("b_memory"))
        rows = [{"b_key": key, "b_memory": memory} for key, memory in memories.items()]
        for chunk in in_chunks(rows, 5000):
            execute_many(self._db, statement, chunk)

    def find(self, text: str) -> list[Person]:
        """By employee ID, source ID, e-mail or our key: what somebody types at a prompt."""
        needle = text.strip()
        match = or_(
            people.c.worker_id == needle,
            people.c.source_id == needle,
            people.c.work_email == needle.lower(),
            people.c.key == needle,
        )
        return [_person(row) for row in self._db.execute(select(people).where(self._mine, match))]
