"""Training records read from a target, and whether HR has them. Rule: each (target, id, revision) reaches HR once.

Nothing is dropped: records of unknown people, of leavers, before hire or in the future are kept and flagged.
`delivered_in` is empty while a record waits, `pending:<file>` and `ready:<file>` on its way, then the file's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select, update

from joinery.core.model.codec import canonical, instant_of, instant_text
from joinery.core.model.ids import AccountId, PersonKey, WorkerId
from joinery.kit.contract import Completion, CompletionPage
from joinery.store.accounts import upsert
from joinery.store.database import Database
from joinery.store.people import in_chunks
from joinery.store.tables import completions, cursors, people

UNKNOWN_PERSON: Final = "unknown_person"
FUTURE: Final = "future"
#: the target's date cannot be read: kept, and not delivered until it is corrected there
UNCLEAR_DATE: Final = "unclear_date"
#: HR's table cannot hold it: `delivered_in` says why, and every run tries again
REFUSED: Final = "refused"

#: (target, id, revision)
Key: TypeAlias = tuple[str, str, int]
Stage = Literal["pending", "ready"]

#: clocks differ; a date without a time may be tomorrow already east of us
_SKEW = timedelta(minutes=15)
_EAST = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """What the ledger asks about people; a flow answers from links and facts."""

    person_of: Callable[[AccountId], PersonKey | None]
    #: department, location, legal_entity, manager_id, cost_center, job_title as of that instant
    org_of: Callable[[PersonKey, datetime], Mapping[str, str]]
    #: `before_hire`, `leaver`, … for a record of that day; nothing when all is as it should be
    flags_of: Callable[[PersonKey, date], Iterable[str]] = lambda _person, _day: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One completion as kept. `person_key` and `worker_id` are empty while nobody knows whose it is."""

    target: str
    completion: Completion
    person_key: PersonKey
    worker_id: WorkerId
    org_then: Mapping[str, str]
    flags: tuple[str, ...]
    delivered_in: str
    read_at: datetime

    @property
    def key(self) -> Key:
        """What makes it one record."""
        return self.target, self.completion.id, self.completion.revision

    @property
    def action(self) -> str:
        """new | update | revoke, as HR is to understand it."""
        if self.completion.revokes:
            return "revoke"
        return "update" if self.completion.revision > 1 else "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a page brought. `changed`: records that came again with the same revision and other content, left alone."""

    new: int = 0
    known: int = 0
    unknown_people: int = 0
    flagged: int = 0
    changed: tuple[str, ...] = ()


class Completions:
    """The training records of one connection. What belongs to a larger transaction takes it (`tx`)."""

    def __init__(self, database: Database, connection: str) -> None:
        self.database = database
        self.connection = connection

    def cursor(self, target: str) -> str:
        """Where reading goes on; empty text at the beginning."""
        with self.database.read() as tx:
            return _cursor(tx, target, "completions")

    def take(self, tx: Connection, target: str, page: CompletionPage, whose: Whose, now: datetime) -> Taken:
        """Keeps a page, each (id, revision) once, and moves the cursor: both or neither.

        `read_at` orders a target's records as they came, also within a page.
        """
        bodies = self._known(tx, target, page.items)
        unique = {(item.id, item.revision): item for item in page.items}
        new = [item for key, item in unique.items() if key not in bodies]
        first = self._next_instant(tx, target, len(new), now)
        rows = [
            self._row(target, item, whose, first + timedelta(microseconds=index), now) for index, item in enumerate(new)
        ]
        if rows:
            tx.execute(upsert(tx)(completions).on_conflict_do_nothing(), rows)
        _move(tx, target, "completions", page.next)
        other = {k[0] for k, item in unique.items() if k in bodies and bodies[k] != canonical(asdict(item))}
        return Taken(
            new=len(rows),
            known=len(unique) - len(rows),
            unknown_people=sum(not row["person_key"] for row in rows),
            flagged=sum(bool(row["flags"]) for row in rows),
            changed=tuple(sorted(other)),
        )

    def look_again(self, tx: Connection, target: str, whose: Whose, now: datetime) -> int:
        """Records of people nobody knew: a link made since gives them their person. Returns how many found one."""
        unknown = and_(completions.c.person_key == "", completions.c.target == target)
        query = select(completions).where(completions.c.connection == self.connection, unknown)
        found = 0
        for row in tx.execute(query).all():
            record = _record(row, worker_id="")
            if whose.person_of(record.completion.account_id) is None:
                continue
            values = self._row(target, record.completion, whose, record.read_at, now)
            changed = {name: values[name] for name in ("person_key", "org_then", "flags")}
            tx.execute(update(completions).where(_is(record.key)).values(changed))
            found += 1
        return found

    def undelivered(self, limit: int = 50_000) -> Sequence[Record]:
        """What HR does not have yet and could take, in the order it was read."""
        with self.database.read() as tx:
            return self._waiting(tx, limit)

    def flagged(self, limit: int = 1000) -> Sequence[Record]:
        """Records a person should look at: unknown people first of all."""
        where = and_(completions.c.connection == self.connection, completions.c.flags != "")
        with self.database.read() as tx:
            return self._select(tx, where, limit, known_people_only=False)

    def counts(self) -> dict[str, int]:
        """waiting | on_its_way | delivered | needs_you | unknown_person, over all targets of the connection."""
        c = completions.c
        total = select(func.count()).where(c.connection == self.connection)
        on_its_way = c.delivered_in.like("pending:%") | c.delivered_in.like("ready:%")
        refused = c.delivered_in.like(f"{REFUSED}:%")
        questions = {
            "waiting": and_(c.delivered_in == "", c.person_key != ""),
            "on_its_way": on_its_way,
            "delivered": and_(c.delivered_in != "", ~on_its_way, ~refused),
            "needs_you": refused,
            "unknown_person": and_(c.delivered_in == "", c.person_key == ""),
        }
        with self.database.read() as tx:
            return {name: tx.execute(total.where(where)).scalar_one() for name, where in questions.items()}

    def waiting(self) -> int:
        """How many HR has not got yet, of people that it knows."""
        c = completions.c
        mine = c.connection == self.connection, c.delivered_in == "", c.person_key != ""
        with self.database.read() as tx:
            return tx.execute(select(func.count()).where(*mine)).scalar_one()

    def mark_delivered(self, tx: Connection, keys: Iterable[Key], name: str) -> int:
        """These records reached HR by the call or file of this name; a record that has a name keeps it."""
        statement = _set_delivered().where(completions.c.delivered_in == "")
        return sum(
            tx.execute(statement, dict(zip(("t", "i", "r", "name"), (*key, name), strict=True))).rowcount
            for key in keys
        )

    def reserve(
        self, stem: str, used: Callable[[str], bool], limit: int, ending: str = ".csv"
    ) -> tuple[str, Sequence[Record]] | None:
        """Gives waiting records to the file `<stem>[_NN].csv`, committed; None when nothing waits.

        From here on they belong to that file, whatever happens: see `unfinished`. `used` says that a file of this
        name exists already.
        """
        with self.database.write() as tx:
            rows = self._waiting(tx, limit, lock=True)
            if not rows:
                return None
            name = self._free_name(tx, stem, used, ending)
            values = [dict(zip("tir", row.key, strict=True)) | {"name": f"pending:{name}"} for row in rows]
            tx.execute(_set_delivered(), values)
            return name, rows

    def unfinished(self) -> Sequence[tuple[str, Stage]]:
        """Files that a crash interrupted, oldest first: (name, how far it got)."""
        c = completions.c
        found: list[tuple[str, Stage]] = []
        with self.database.read() as tx:
            for stage in _STAGES:
                like = c.delivered_in.like(f"{stage}:%")
                names = tx.execute(select(c.delivered_in).where(c.connection == self.connection, like).distinct())
                found.extend((name.partition(":")[2], stage) for name in names.scalars())
        return sorted(found)

    def rows_of(self, name: str, stage: Stage) -> Sequence[Record]:
        """The records that belong to this file, in its order."""
        where = and_(completions.c.connection == self.connection, completions.c.delivered_in == f"{stage}:{name}")
        with self.database.read() as tx:
            return self._select(tx, where, limit=10_000_000, known_people_only=False)

    def ready(self, name: str) -> None:
        """The file is complete in its working folder and is about to be put where HR looks."""
        self._advance(f"pending:{name}", f"ready:{name}")

    def finish(self, name: str) -> None:
        """The file is where HR looks."""
        self._advance(f"ready:{name}", name)

    def refuse(self, why: Mapping[Key, str]) -> None:
        """HR's table cannot hold these; they need somebody, and are no longer part of the batch."""
        flags = func.trim(completions.c.flags.concat(f" {REFUSED}"))
        with self.database.write() as tx:
            for key, said in why.items():
                tx.execute(update(completions).where(_is(key)).values(delivered_in=f"{REFUSED}:{said}", flags=flags))

    def try_refused_again(self) -> None:
        """Those that HR's table could not hold wait once more."""
        c = completions.c
        flags = func.trim(func.replace(c.flags, REFUSED, ""))
        mine = c.connection == self.connection, c.delivered_in.like(f"{REFUSED}:%")
        with self.database.write() as tx:
            tx.execute(update(completions).where(*mine).values(delivered_in="", flags=flags))

    def _advance(self, before: str, after: str) -> None:
        c = completions.c
        here = and_(c.connection == self.connection, c.delivered_in == before)
        with self.database.write() as tx:
            tx.execute(update(completions).where(here).values(delivered_in=after))

    def of_person(self, tx: Connection, key: PersonKey) -> Sequence[Record]:
        """Everything recorded of one person, every revision."""
        c = completions.c
        return self._select(tx, and_(c.connection == self.connection, c.person_key == key), 100_000)

    def _waiting(self, tx: Connection, limit: int, *, lock: bool = False) -> tuple[Record, ...]:
        c = completions.c
        waits = and_(c.delivered_in == "", c.person_key != "", ~c.flags.like(f"%{UNCLEAR_DATE}%"))
        return self._select(tx, and_(c.connection == self.connection, waits), limit, lock=lock)

    def _select(
        self,
        tx: Connection,
        where: ColumnElement[bool],
        limit: int,
        *,
        known_people_only: bool = True,
        lock: bool = False,
    ) -> tuple[Record, ...]:
        joined = completions.join(people, completions.c.person_key == people.c.key, isouter=not known_people_only)
        query = select(completions, people.c.worker_id).select_from(joined).where(where)
        query = query.order_by(completions.c.read_at, completions.c.target).limit(limit)
        if lock:  # PostgreSQL only; SQLite's writer has the whole file to itself
            query = query.with_for_update(of=completions, skip_locked=True)
        return tuple(_record(row, worker_id=row.worker_id or "") for row in tx.execute(query))

    def _free_name(self, tx: Connection, stem: str, used: Callable[[str], bool], ending: str) -> str:
        c = completions.c
        for number in range(10_000):
            name = f"{stem}_{number:02}{ending}" if number else f"{stem}{ending}"
            forms = (name, f"pending:{name}", f"ready:{name}")
            if used(name):
                continue
            if tx.execute(select(c.id).where(c.delivered_in.in_(forms)).limit(1)).first() is None:
                return name
        raise AssertionError("ten thousand files within one second")

    def _known(self, tx: Connection, target: str, items: Sequence[Completion]) -> dict[tuple[str, int], str]:
        c = completions.c
        known: dict[tuple[str, int], str] = {}
        for chunk in in_chunks({item.id for item in items}):
            rows = tx.execute(select(c.id, c.revision, c.body).where(c.target == target, c.id.in_(chunk)))
            known.update({(row.id, row.revision): row.body for row in rows})
        return known

    def _next_instant(self, tx: Connection, target: str, count: int, now: datetime) -> datetime:
        last = _cursor(tx, target, "read_order")
        first = max(now, instant_of(last) + timedelta(microseconds=1)) if last else now
        if count:
            _move(tx, target, "read_order", instant_text(first + timedelta(microseconds=count - 1)))
        return first

    def _row(self, target: str, item: Completion, whose: Whose, read_at: datetime, now: datetime) -> dict[str, Any]:
        person = whose.person_of(item.account_id)
        at, dated = when(item.completed_at)
        org = dict(whose.org_of(person, at)) if person and at else {}
        return {
            "target": target,
            "id": item.id,
            "revision": item.revision,
            "connection": self.connection,
            "person_key": person or "",
            "account_id": item.account_id,
            "course": item.course,
            "completed_at": instant_text(at) if at else "",
            "body": canonical(asdict(item)),
            "org_then": canonical(org),
            "flags": " ".join(_flags(person, at, dated=dated, whose=whose, now=now)),
            "read_at": instant_text(read_at),
        }


_STAGES: Final[tuple[Stage, ...]] = ("pending", "ready")


def when(text: str) -> tuple[datetime | None, bool]:
    """(instant in UTC, whether it is a date without a time); no zone means UTC, and None that it cannot be read."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None, False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), len(text.strip()) <= 10


def _flags(person: PersonKey | None, at: datetime | None, *, dated: bool, whose: Whose, now: datetime) -> Iterable[str]:
    if person is None:
        yield UNKNOWN_PERSON
    if at is None:
        yield UNCLEAR_DATE
        return
    if at > now + (_EAST if dated else _SKEW):
        yield FUTURE
    if person is not None:
        yield from whose.flags_of(person, at.date())


def _cursor(tx: Connection, target: str, kind: str) -> str:
    query = select(cursors.c.value).where(cursors.c.target == target, cursors.c.kind == kind)
    return tx.execute(query).scalar_one_or_none() or ""


def _move(tx: Connection, target: str, kind: str, value: str) -> None:
    statement = upsert(tx)(cursors).values(target=target, kind=kind, value=value)
    tx.execute(statement.on_conflict_do_update(index_elements=["target", "kind"], set_={"value": value}))


def _is(key: Key) -> ColumnElement[bool]:
    target, id_, revision = key
    return and_(completions.c.target == target, completions.c.id == id_, completions.c.revision == revision)


def _set_delivered() -> Any:
    c = completions.c
    named = and_(c.target == bindparam("t"), c.id == bindparam("i"), c.revision == bindparam("r"))
    return update(completions).where(named).values(delivered_in=bindparam("name"))


def _record(row: Row[Any], *, worker_id: str) -> Record:
    return Record(
        target=row.target,
        completion=Completion(**json.loads(row.body)),
        person_key=PersonKey(row.person_key),
        worker_id=WorkerId(worker_id),
        org_then=json.loads(row.org_then),
        flags=tuple(row.flags.split()),
        delivered_in=row.delivered_in,
        read_at=instant_of(row.read_at),
    )
