"""Decides who may come in: one-time links, slips with a code, sessions. Nothing that opens a door is stored in clear.

A session holds only as long as its row is there and its account is active, and that is looked up at every request.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from joinery_classroom.days import zone_of
from joinery_classroom.errors import Conflict, TooManyTries
from joinery_classroom.model import Account
from joinery_classroom.sealing import keyed, token_hash
from joinery_classroom.settings import ClassroomSettings
from joinery_classroom.tables import accounts, failed_tries, sessions, sign_in_tokens
from joinery_classroom.world import folded, read_accounts

TRIES_WINDOW = timedelta(minutes=15)
TRIES_PER_PERSON = 5
TRIES_PER_PLACE = 60
FRESH_LINK_PAUSE = timedelta(minutes=5)
_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

Kind = Literal["link", "slip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Something that opens the door once: a link's token or a slip's code, in clear, shown this one time."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A started session: the cookie's value and how long it lasts."""

    token: str
    lasts: timedelta


def make_link(
    connection: Connection, account: Account, settings: ClassroomSettings, now: datetime, starts_on: date | None = None
) -> Key:
    """A new sign-in link's token, valid until 14 days from now, or from the start if that is later.

    Raises Conflict for accounts that may not sign in.
    """
    _may_enter(account)
    begins = now
    if starts_on is not None:
        begins = max(now, datetime.combine(starts_on, time.min, zone_of(account, settings)))
    token = secrets.token_urlsafe(32)
    return _keep(connection, account, "link", token, (now, begins + timedelta(days=settings.sign_in_link_days)))


def make_slip(connection: Connection, account: Account, settings: ClassroomSettings, now: datetime) -> Key:
    """A new code for the worker ID; earlier unused codes of the person stop working.

    Raises Conflict for accounts that may not sign in or have no worker ID.
    """
    _may_enter(account)
    if not folded(account.attributes.get("worker_id")):
        raise Conflict(f"Account {account.id} has no worker ID to sign in with; no slip was made.")
    mine = (sign_in_tokens.c.account_seq == account.seq, sign_in_tokens.c.kind == "slip")
    connection.execute(delete(sign_in_tokens).where(*mine))
    code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(8))
    ends = now + timedelta(days=settings.sign_in_link_days)
    stored = _keep(connection, account, "slip", _slip_text(settings, account.seq, code), (now, ends))
    return Key(secret=f"{code[:4]}-{code[4:]}", expires_at=stored.expires_at)


def link_is_open(connection: Connection, token: str, now: datetime) -> bool:
    """Would this token let somebody in now?"""
    return _open_key(connection, token, now) is not None


def enter_by_link(connection: Connection, token: str, settings: ClassroomSettings, now: datetime) -> Session | None:
    """Uses the token up and starts a session; None if it is used, expired or unknown."""
    row = _open_key(connection, token, now)
    if row is None or row.kind != "link":
        return None
    return _enter(connection, row, timedelta(hours=settings.session_hours), now)


def enter_by_slip(
    connection: Connection, worker_id: str, code: str, settings: ClassroomSettings, now: datetime
) -> Session | None:
    """Uses the slip up and starts a short session; None if worker ID and code do not belong together."""
    seq = connection.execute(select(accounts.c.seq).where(accounts.c.worker_key == folded(worker_id))).scalar()
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    row = _open_key(connection, _slip_text(settings, seq or 0, typed), now)
    if row is None or row.kind != "slip":
        return None
    return _enter(connection, row, timedelta(minutes=settings.slip_session_minutes), now)


def check_tries(connection: Connection, worker_id: str, place: str, now: datetime) -> None:
    """Raises TooManyTries after too many wrong codes for this worker ID or from this place."""
    for door, most in ((person_door(worker_id), TRIES_PER_PERSON), (f"place {place}", TRIES_PER_PLACE)):
        recent = (failed_tries.c.door == door, failed_tries.c.at > now - TRIES_WINDOW)
        tries = connection.execute(select(func.count()).select_from(failed_tries).where(*recent)).scalar_one()
        if tries >= most:
            raise TooManyTries("Too many wrong codes were typed. The code is not lost.")


def note_wrong_code(connection: Connection, worker_id: str, place: str, now: datetime) -> None:
    """Counts a wrong code; counts of yesterday are forgotten."""
    connection.execute(delete(failed_tries).where(failed_tries.c.at < now - timedelta(days=1)))
    rows = [{"door": person_door(worker_id), "at": now}, {"door": f"place {place}", "at": now}]
    connection.execute(insert(failed_tries), rows)


def account_of_session(connection: Connection, token: str, now: datetime) -> Account | None:
    """Whose session this is, if it still holds and the account is active."""
    chosen = select(sessions.c.account_seq).where(sessions.c.hash == token_hash(token), sessions.c.expires_at > now)
    seq = connection.execute(chosen).scalar()
    if seq is None:
        return None
    found = read_accounts(connection, (accounts.c.seq == seq) & (accounts.c.state == "active"))
    return found[0] if found else None


def end_session(connection: Connection, token: str) -> None:
    """Signs out."""
    connection.execute(delete(sessions).where(sessions.c.hash == token_hash(token)))


def fresh_link(
    connection: Connection, token: str, settings: ClassroomSettings, now: datetime
) -> tuple[Account, Key] | None:
    """A new link for somebody who followed an old one; None if nobody may have it, or one went out just now."""
    seq = connection.execute(
        select(sign_in_tokens.c.account_seq).where(
            sign_in_tokens.c.hash == token_hash(token), sign_in_tokens.c.kind == "link"
        )
    ).scalar()
    found = read_accounts(connection, accounts.c.seq == (seq or 0))
    if not found or found[0].state != "active" or not folded(found[0].attributes.get("email")):
        return None
    mine = (sign_in_tokens.c.account_seq == found[0].seq, sign_in_tokens.c.kind == "link")
    just_now = select(sign_in_tokens.c.hash).where(*mine, sign_in_tokens.c.made_at > now - FRESH_LINK_PAUSE)
    if connection.execute(just_now).first() is not None:
        return None
    return found[0], make_link(connection, found[0], settings, now)


def find_accounts(connection: Connection, account_ids: Sequence[str]) -> dict[str, Account]:
    """Accounts by id, as far as they exist."""
    return {one.id: one for one in read_accounts(connection, accounts.c.id.in_(account_ids))}


def _may_enter(account: Account) -> None:
    if account.state != "active":
        raise Conflict(
            f"Account {account.id} is {account.state}; no sign-in was prepared.", fix="Restore the account first."
        )


def _keep(connection: Connection, account: Account, kind: Kind, text: str, span: tuple[datetime, datetime]) -> Key:
    made_at, expires_at = span
    row = {"hash": token_hash(text), "account_seq": account.seq, "kind": kind}
    connection.execute(insert(sign_in_tokens).values(row | {"made_at": made_at, "expires_at": expires_at}))
    return Key(secret=text, expires_at=expires_at)


def _open_key(connection: Connection, text: str, now: datetime) -> Row[Any] | None:
    chosen = select(sign_in_tokens).join_from(sign_in_tokens, accounts)
    return connection.execute(
        chosen.where(
            sign_in_tokens.c.hash == token_hash(text),
            sign_in_tokens.c.used_at.is_(None),
            sign_in_tokens.c.expires_at > now,
            accounts.c.state == "active",
        )
    ).first()


def _enter(connection: Connection, key: Row[Any], lasts: timedelta, now: datetime) -> Session:
    connection.execute(update(sign_in_tokens).where(sign_in_tokens.c.hash == key.hash).values(used_at=now))
    connection.execute(update(accounts).where(accounts.c.seq == key.account_seq).values(last_sign_in_at=now))
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    token = secrets.token_urlsafe(32)
    row = {"hash": token_hash(token), "account_seq": key.account_seq, "started_at": now, "expires_at": now + lasts}
    connection.execute(insert(sessions).values(row))
    return Session(token=token, lasts=lasts)


def _slip_text(settings: ClassroomSettings, account_seq: int, code: str) -> str:
    """Eight letters are few enough to be guessed from a plain hash, so the secret goes in first."""
    return keyed(settings.secret, "slip", f"{account_seq} {code}").hex()


def person_door(worker_id: str) -> str:
    """Under which wrong codes for this worker ID are counted; nobody can be read out of it."""
    return f"person {token_hash(folded(worker_id) or '')}"
