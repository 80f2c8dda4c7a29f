"""The outbox: which mail is planned, which left, and which nobody can tell. Rule: a mail leaves at most once per key.

`claim` commits before the SMTP conversation starts, `mark` after it; a row that a crash left in `sending` becomes
`unknown`, is shown, and goes out again only when a person says so (`send_again`). No address is kept here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from joinery.core.model.codec import canonical, instant_of, instant_text
from joinery.core.model.ids import PersonKey
from joinery.store.accounts import upsert
from joinery.store.database import Database
from joinery.store.people import in_chunks
from joinery.store.tables import mails


class MailState(StrEnum):
    """planned -> sending -> sent | failed | unknown. Waiting: no address yet. Silenced: recorded, never to be sent."""

    PLANNED = "planned"
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SILENCED = "silenced"
    CANCELLED = "cancelled"


OPEN = (MailState.PLANNED, MailState.WAITING)
#: a mail may have reached somebody: these count against the budget
SPENT = (MailState.SENDING, MailState.SENT, MailState.UNKNOWN)

Outcome = Literal["sent", "failed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail and how it stands. Instants are UTC; `at` is the last change of state; `note` never holds an address."""

    key: str
    person_key: PersonKey
    #: sign_in | rehire
    kind: str
    due_at: datetime
    state: MailState = MailState.PLANNED
    at: datetime | None = None
    note: str = ""
    #: how often a server asked us to come back later
    tries: int = 0


def sign_in_key(person_key: PersonKey, hire_date: date) -> str:
    """`signin:<person>:<hire date>`: at most one sign-in mail per account and employment."""
    return f"signin:{person_key}:{hire_date.isoformat()}"


def mailed(connection: Connection, keys: Iterable[PersonKey]) -> frozenset[str]:
    """Keys of mails to these people that left, or may have left: nothing more is to be sent under them."""
    found: set[str] = set()
    for chunk in in_chunks(keys):
        query = select(mails.c.key).where(mails.c.person_key.in_(chunk), mails.c.state.in_(SPENT))
        found.update(connection.scalars(query))
    return frozenset(found)


class Mails:
    """The outbox of one connection. What belongs to a larger transaction takes it (`tx`); the rest commits itself."""

    def __init__(self, database: Database, connection: str) -> None:
        self.database = database
        self.connection = connection

    def enqueue(self, tx: Connection, wanted: Iterable[Mail], now: datetime, *, silent: bool = False) -> int:
        """Plans mails, once per key; a cancelled one is planned again. `silent`: recorded, and never sent by itself.

        Returns how many were new or planned again; a key that is known in any other state is left alone.
        """
        rows = tuple(wanted)
        state_of = {mail.key: _first_state(mail, silent=silent) for mail in rows}
        known = self._states(tx, tuple(state_of))
        new = {mail.key: mail for mail in rows if mail.key not in known}
        revived = {mail.key: mail for mail in rows if known.get(mail.key) is MailState.CANCELLED}
        if new:
            values = [self._values(mail, state_of[mail.key], now) for mail in new.values()]
            tx.execute(upsert(tx)(mails).on_conflict_do_nothing(), values)
        for mail in revived.values():
            _change(tx, self._named(mail.key, MailState.CANCELLED), self._values(mail, state_of[mail.key], now))
        return len(new) + len(revived)

    def move(self, tx: Connection, mail: Mail, now: datetime, *, ended: date | None = None) -> bool:
        """The hire date moved: what is still open for this person continues under `mail.key` at `mail.due_at`.

        True when the mail is (still) to be sent. When one already left under the old date, the new key is recorded as
        silenced: the same employment gets no second mail. `ended`: the end of the employment before this one, whose
        mails say nothing about it.
        """
        mine = and_(mails.c.connection == self.connection, mails.c.person_key == mail.person_key)
        others = and_(mine, mails.c.key != mail.key)
        same = and_(others, mails.c.key > sign_in_key(mail.person_key, ended)) if ended else others
        gone = tx.execute(select(func.count()).where(same, mails.c.state.in_(SPENT))).scalar_one()
        _change(tx, and_(others, mails.c.state.in_(OPEN)), _state(MailState.CANCELLED, now, "the hire date moved"))
        self.enqueue(tx, [mail], now, silent=bool(gone))
        row = tx.execute(select(mails.c.state).where(mails.c.key == mail.key)).scalar_one()
        if row in OPEN:
            _change(tx, self._named(mail.key, *OPEN), {"due_at": instant_text(mail.due_at)})
        return row in OPEN

    def cancel(self, tx: Connection, person_key: PersonKey, now: datetime, why: str) -> int:
        """Nothing that is still open goes to this person; returns how many mails that were."""
        mine = and_(mails.c.connection == self.connection, mails.c.person_key == person_key)
        return _change(tx, and_(mine, mails.c.state.in_(OPEN)), _state(MailState.CANCELLED, now, why))

    def address_arrived(self, tx: Connection, people: Sequence[PersonKey], now: datetime) -> int:
        """Mails that waited for an address are planned again, at the time they were meant for."""
        count = 0
        for chunk in in_chunks(people):
            waiting = and_(mails.c.connection == self.connection, mails.c.person_key.in_(chunk))
            values = _state(MailState.PLANNED, now, "the address arrived")
            count += _change(tx, and_(waiting, mails.c.state == MailState.WAITING), values)
        return count

    def send_again(self, tx: Connection, key: str, now: datetime, by: str) -> bool:
        """A person decided: an unknown, failed, silenced or cancelled mail is planned once more."""
        states = (MailState.UNKNOWN, MailState.FAILED, MailState.SILENCED, MailState.CANCELLED)
        values = _state(MailState.PLANNED, now, f"sent again for {by}") | {"due_at": instant_text(now)}
        return _change(tx, self._named(key, *states), values) == 1

    def recover(self, now: datetime) -> int:
        """At start, under the run lock: what a crash left in `sending` becomes `unknown`. Returns how many."""
        crashed = and_(mails.c.connection == self.connection, mails.c.state == MailState.SENDING)
        note = "Joinery stopped between sending and recording: it may have arrived"
        with self.database.write() as tx:
            return _change(tx, crashed, _state(MailState.UNKNOWN, now, note))

    def due(self, as_of: datetime, limit: int) -> Sequence[Mail]:
        """Planned mails whose time has come, oldest first."""
        ready = and_(mails.c.state == MailState.PLANNED, mails.c.due_at <= instant_text(as_of))
        with self.database.read() as tx:
            return self._select(tx, ready, limit)

    def listed(self, *states: MailState, limit: int = 1000) -> Sequence[Mail]:
        """Mails in these states, by due time; `waiting` is the slip list once their day has come."""
        with self.database.read() as tx:
            return self._select(tx, mails.c.state.in_(states), limit)

    def counts(self) -> dict[MailState, int]:
        """How many mails stand in each state; states without mails are left out."""
        grouped = select(mails.c.state, func.count()).where(mails.c.connection == self.connection)
        with self.database.read() as tx:
            return {MailState(state): count for state, count in tx.execute(grouped.group_by(mails.c.state))}

    def spent_since(self, since: datetime) -> int:
        """Mails that left, or may have left, since then: what the day's budget counts."""
        spent = and_(mails.c.connection == self.connection, mails.c.state.in_(SPENT), mails.c.at >= instant_text(since))
        with self.database.read() as tx:
            return tx.execute(select(func.count()).where(spent)).scalar_one()

    def claim(self, key: str, now: datetime) -> bool:
        """planned -> sending, committed; False when somebody else has it or it is not planned any more."""
        values = {"state": MailState.SENDING, "at": instant_text(now)}
        with self.database.write() as tx:
            return _change(tx, self._named(key, MailState.PLANNED), values) == 1

    def mark(self, key: str, outcome: Outcome, now: datetime, note: str = "") -> bool:
        """What became of a claimed mail; the claimer may still say so when another start called it unknown."""
        with self.database.write() as tx:
            named = self._named(key, MailState.SENDING, MailState.UNKNOWN)
            return _change(tx, named, _state(MailState(outcome), now, note)) == 1

    def put_back(self, key: str, due_at: datetime, now: datetime, note: str) -> bool:
        """Claimed, and certainly not sent: planned again for `due_at`; counts as a try."""
        with self.database.write() as tx:
            found = self._select(tx, self._named(key, MailState.SENDING), 1)
            values = {"due_at": instant_text(due_at)}
            for mail in found:
                values |= _state(MailState.PLANNED, now, note, mail.tries + 1)
                _change(tx, self._named(key, MailState.SENDING), values)
            return bool(found)

    def postpone(self, key: str, due_at: datetime, now: datetime, note: str) -> bool:
        """Planned, and not to go now: looked at again at `due_at`."""
        values = _state(MailState.PLANNED, now, note) | {"due_at": instant_text(due_at)}
        with self.database.write() as tx:
            return _change(tx, self._named(key, MailState.PLANNED), values) == 1

    def wait_for_address(self, key: str, now: datetime) -> bool:
        """Planned, but there is nowhere to send it yet."""
        with self.database.write() as tx:
            values = _state(MailState.WAITING, now, "no address yet")
            return _change(tx, self._named(key, MailState.PLANNED), values) == 1

    def withdraw(self, key: str, now: datetime, why: str) -> bool:
        """Planned, and not to go at all; a later `enqueue` may plan it again."""
        with self.database.write() as tx:
            named = self._named(key, MailState.PLANNED)
            return _change(tx, named, _state(MailState.CANCELLED, now, why)) == 1

    def _named(self, key: str, *states: MailState) -> ColumnElement[bool]:
        return and_(mails.c.connection == self.connection, mails.c.key == key, mails.c.state.in_(states))

    def _values(self, mail: Mail, state: MailState, now: datetime) -> dict[str, Any]:
        return {
            "key": mail.key,
            "connection": self.connection,
            "person_key": mail.person_key,
            "kind": mail.kind,
            "due_at": instant_text(mail.due_at),
        } | _state(state, now, mail.note)

    def _states(self, tx: Connection, keys: Sequence[str]) -> dict[str, MailState]:
        found: dict[str, MailState] = {}
        for chunk in in_chunks(keys):
            rows = tx.execute(select(mails.c.key, mails.c.state).where(mails.c.key.in_(chunk)))
            found.update({key: MailState(state) for key, state in rows})
        return found

    def _select(self, tx: Connection, where: ColumnElement[bool], limit: int) -> tuple[Mail, ...]:
        mine = select(mails).where(mails.c.connection == self.connection, where)
        return tuple(_mail(row) for row in tx.execute(mine.order_by(mails.c.due_at, mails.c.key).limit(limit)))


def _first_state(mail: Mail, *, silent: bool) -> MailState:
    return MailState.SILENCED if silent else mail.state if mail.state in OPEN else MailState.PLANNED


def _change(tx: Connection, where: ColumnElement[bool], values: dict[str, Any]) -> int:
    return tx.execute(update(mails).where(where).values(values)).rowcount


def _state(state: MailState, now: datetime, note: str, tries: int = 0) -> dict[str, Any]:
    detail = canonical({"note": note, "tries": tries}) if note or tries else ""
    return {"state": state, "at": instant_text(now), "detail": detail}


def _mail(row: Row[Any]) -> Mail:
    detail: dict[str, Any] = json.loads(row.detail) if row.detail else {}
    return Mail(
        key=row.key,
        person_key=PersonKey(row.person_key),
        kind=row.kind,
        due_at=instant_of(row.due_at),
        state=MailState(row.state),
        at=instant_of(row.at),
        note=detail.get("note", ""),
        tries=detail.get("tries", 0),
    )
