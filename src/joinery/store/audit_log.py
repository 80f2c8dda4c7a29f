"""The audit log: noted inside the transaction that does the thing, sealed as the last act before it commits.

Rule: a note and what it speaks of are one transaction. Notes are chained at its end, because there is one chain for
everybody: whoever took its lock earlier would make others wait, or wait for them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select

from joinery.core.model.chain import Anchor, Break, Entry, Verdict, digest_of, rfc8785, sealed, verify
from joinery.core.model.codec import instant_text
from joinery.store.accounts import upsert
from joinery.store.audit_tables import audit_log, audit_values
from joinery.store.people import in_chunks
from joinery.store.tables import counters

#: who acts, where the call does not say: a face sets it, a run on a schedule leaves it
ACTOR: Final[ContextVar[str]] = ContextVar("joinery_actor", default="joinery")
#: what a transaction has noted and not sealed yet, in `Connection.info`
PENDING: Final = "joinery_audit"
#: the action that answers for values that are gone
FORGOTTEN: Final = "audit.forgotten"
_COUNTER: Final = "A"
# asked in most transactions: putting a statement together takes longer than the answer
_HASH: Final = select(audit_log.c.hash).where(audit_log.c.seq == bindparam("number"))
_INTO: Final = insert(audit_log)
_GIVEN_OUT: Final = select(counters.c.value).where(counters.c.kind == _COUNTER)
_PAGE: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What is noted. `facts` are plain and never about a person; `private` are texts that may be, kept beside the
    chain and gone with an erasure of `person_key`.
    """

    action: str
    at: datetime
    connection: str
    subject: str = ""
    person_key: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry as people read it: with the personal values that are still there."""

    entry: Entry
    person_key: str
    facts: Mapping[str, Any]


def act_as(who: str) -> None:
    """From here on in this context, this user acts."""
    ACTOR.set(who)


def note(connection: Connection, happened: Happened) -> None:
    """It is in the log when this transaction commits, and is not when it does not."""
    facts = dict(happened.facts)
    for name, value in happened.private.items():
        if value:
            facts[name] = {"digest": _keep(connection, "text", value, happened.person_key)}
    words = Entry(
        seq=0,
        at=instant_text(happened.at),
        connection=happened.connection,
        actor=happened.actor or ACTOR.get(),
        action=happened.action,
        subject=happened.subject,
        person=_person(connection, happened.person_key),
        facts=rfc8785(facts),
    )
    pending = connection.info.get(PENDING)
    if pending is None:
        _append(connection, [words])
    else:
        pending.append(words)


def begin_notes(connection: Connection) -> None:
    """A transaction begins; what an earlier one left behind was rolled back with it."""
    connection.info[PENDING] = []


def seal_notes(connection: Connection) -> None:
    """The transaction is about to commit: its notes join the chain."""
    pending = connection.info.pop(PENDING, None)
    if pending:
        _append(connection, pending)


def _append(connection: Connection, words: Sequence[Entry]) -> None:
    # the counter's row is the lock of the chain, and tells afterwards how long the log was
    count = upsert(connection)(counters).values(kind=_COUNTER, value=len(words))
    more = {"value": counters.c.value + len(words)}
    connection.execute(count.on_conflict_do_update(index_elements=["kind"], set_=more))
    first = given_out(connection) - len(words) + 1
    prev = connection.scalar(_HASH, {"number": first - 1}) or ""
    rows = []
    for seq, entry in enumerate(words, first):
        made = sealed(replace(entry, seq=seq, prev=prev))
        rows.append(_row(made))
        prev = made.hash
    connection.execute(_INTO, rows)


def _row(entry: Entry) -> dict[str, Any]:
    return {column.name: getattr(entry, column.name) for column in audit_log.c}


def _person(connection: Connection, key: str) -> str:
    """The digest under which this person is in the log; the same in every entry."""
    if not key:
        return ""
    c = audit_values.c
    known = select(c.digest).where(c.person_key == key, c.kind == "person").order_by(c.digest).limit(1)
    return connection.scalar(known) or _keep(connection, "person", key, key)


def _keep(connection: Connection, kind: str, value: str, person_key: str) -> str:
    salt = secrets.token_hex(16)
    row = {"digest": digest_of(salt, value), "kind": kind, "person_key": person_key, "salt": salt, "value": value}
    connection.execute(insert(audit_values), row)
    return str(row["digest"])


def forget(connection: Connection, name: str, key: str, words: Collection[str], at: datetime) -> int:
    """An erasure: the salts of this person go, and every text that is one of their numbers. The chain still holds, and
    names the digests that nobody can read any more.
    """
    c = audit_values.c
    mine = or_(c.person_key == key, c.value.in_(sorted(words))) if words else c.person_key == key
    digests = sorted(connection.scalars(delete(audit_values).where(mine).returning(c.digest)))
    if digests:
        note(connection, Happened(action=FORGOTTEN, at=at, connection=name, facts={"digests": digests}))
    return len(digests)


# --------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries; empty means all. `since` and `until` are instant texts, the end is not included."""

    connection: str = ""
    actor: str = ""
    action: str = ""
    subject: str = ""
    person_key: str = ""
    since: str = ""
    until: str = ""
    limit: int = 0


def told(connection: Connection, wanted: Wanted) -> list[Told]:
    """The newest first."""
    query = select(audit_log).where(*_where(connection, wanted)).order_by(audit_log.c.seq.desc())
    rows = [_entry(row) for row in connection.execute(query.limit(wanted.limit) if wanted.limit else query)]
    named = {digest: value for chunk in in_chunks(rows, 200) for digest, value in _named(connection, chunk)}
    return [_told(entry, named) for entry in rows]


def _where(connection: Connection, wanted: Wanted) -> list[Any]:
    c = audit_log.c
    same = {c.connection: wanted.connection, c.actor: wanted.actor, c.subject: wanted.subject}
    where = [column == value for column, value in same.items() if value]
    if wanted.action:
        where.append(or_(c.action == wanted.action, c.action.startswith(f"{wanted.action}.", autoescape=True)))
    if wanted.since:
        where.append(c.at >= wanted.since)
    if wanted.until:
        where.append(c.at < wanted.until)
    if wanted.person_key:
        mine = select(audit_values.c.digest).where(audit_values.c.person_key == wanted.person_key)
        where.append(c.person.in_(list(connection.scalars(mine))))
    return where


def _named(connection: Connection, entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    digests = {digest for entry in entries for digest in (entry.person, *_digests(entry).values()) if digest}
    c = audit_values.c
    for row in connection.execute(select(c.digest, c.value).where(c.digest.in_(sorted(digests)))):
        yield row.digest, row.value


def _digests(entry: Entry) -> dict[str, str]:
    facts = json.loads(entry.facts)
    return {name: value["digest"] for name, value in facts.items() if isinstance(value, dict) and "digest" in value}


def _told(entry: Entry, named: Mapping[str, str]) -> Told:
    facts = json.loads(entry.facts)
    facts |= {name: named.get(digest, "(erased)") for name, digest in _digests(entry).items()}
    return Told(entry=entry, person_key=named.get(entry.person, ""), facts=facts)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**{column.name: getattr(row, column.name) for column in audit_log.c})


def head_of(connection: Connection) -> Entry | None:
    """The newest entry; None for an empty log."""
    row = connection.execute(select(audit_log).order_by(audit_log.c.seq.desc()).limit(1)).one_or_none()
    return _entry(row) if row is not None else None


def given_out(connection: Connection) -> int:
    """The last number that was ever given to an entry, kept apart from the log."""
    return int(connection.scalar(_GIVEN_OUT) or 0)


def verified(connection: Connection, anchors: Sequence[Anchor]) -> Verdict:
    """The whole log read once, and every value beside it. A million entries take no more memory than a page."""
    anchors = [anchor for anchor in anchors if not _put_back_since(connection, anchor)]
    seen = _Seen(values=dict(_values(connection)))
    verdict = verify(seen.watching(_pages(connection)), head=given_out(connection), anchors=anchors)
    return replace(verdict, breaks=(*verdict.breaks, *seen.breaks()))


def _put_back_since(connection: Connection, anchor: Anchor) -> bool:
    """A copy of before the anchor was put in the store's place after it, and the log says so itself."""
    c = audit_log.c
    found = select(c.seq).where(c.action == "store.restored", c.seq <= anchor.seq, c.at >= anchor.at).limit(1)
    return connection.scalar(found) is not None


def _pages(connection: Connection) -> Iterator[Entry]:
    after: int | None = None
    while True:
        query = select(audit_log).order_by(audit_log.c.seq).limit(_PAGE)
        rows = connection.execute(query if after is None else query.where(audit_log.c.seq > after)).all()
        yield from (_entry(row) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1].seq


def _values(connection: Connection) -> Iterator[tuple[str, bool]]:
    """digest -> whether the value is the one that was noted."""
    for row in connection.execute(select(audit_values)):
        yield row.digest, digest_of(row.salt, row.value) == row.digest


@dataclass(slots=True)
class _Seen:
    """Values that the log speaks of: changed ones, and those that are gone although no erasure took them."""

    values: Mapping[str, bool]
    changed: set[int] = field(default_factory=set)
    #: a digest without a value -> the first entry that speaks of it
    lacking: dict[str, int] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def watching(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if entry.action == FORGOTTEN:
                self.forgotten.update(re.findall("[0-9a-f]{64}", entry.facts))
            for digest in {entry.person, *_spoken(entry)} - {""}:
                if digest not in self.values:
                    self.lacking.setdefault(digest, entry.seq)
                elif not self.values[digest]:
                    self.changed.add(entry.seq)
            yield entry

    def breaks(self) -> Iterator[Break]:
        gone = {seq for digest, seq in self.lacking.items() if digest not in self.forgotten}
        for numbers, why in (
            (self.changed, "a text beside the chain is not the one that was noted"),
            (gone, "a text beside the chain is gone, and no erasure took it"),
        ):
            for seq in sorted(numbers):
                yield Break(kind="value", first=seq, last=seq, why=why)


def _spoken(entry: Entry) -> Collection[str]:
    try:
        return _digests(entry).values()
    except (ValueError, AttributeError):
        return ()  # not what was sealed: the chain says so
