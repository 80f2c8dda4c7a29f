"""Accounts as last confirmed by the target, and the links that say whose they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from joinery.core.model.account import Account, Link
from joinery.core.model.codec import canonical, decode_account, encode_account, instant_text
from joinery.core.model.ids import AccountId, PersonKey
from joinery.store.people import in_chunks
from joinery.store.tables import accounts, links


def upsert(connection: Connection) -> Any:
    """The dialect's INSERT with `on_conflict_do_update`: the same words on SQLite and PostgreSQL."""
    return sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert


class Accounts:
    """The accounts of one target, inside the caller's transaction."""

    def __init__(self, connection: Connection, target: str) -> None:
        self._db = connection
        self._target = target

    def confirm(self, seen: Iterable[Account], at: datetime, *, asked_at: datetime | None = None) -> None:
        """What the target showed replaces what we remembered of these accounts, as far as nothing newer is known of
        them than `asked_at`, when the question was put."""
        stamp = instant_text(at)
        statement = upsert(self._db)(accounts)
        new = {name: statement.excluded[name] for name in ("email", "worker_id", "state", "body", "confirmed_at")}
        older = accounts.c.confirmed_at <= instant_text(asked_at) if asked_at is not None else None
        statement = statement.on_conflict_do_update(index_elements=["target", "id"], set_=new, where=older)
        for chunk in in_chunks(seen, 1000):
            rows = [
                {
                    "target": self._target,
                    "id": account.id,
                    "email": account.email,
                    "worker_id": account.worker_id,
                    "state": str(account.state),
                    "body": canonical(encode_account(account)),
                    "confirmed_at": stamp,
                }
                for account in chunk
            ]
            self._db.execute(statement, rows)

    def link(self, made: Iterable[Link]) -> None:
        """Remember whose account it is; an existing link of the person is kept."""
        statement = upsert(self._db)(links).on_conflict_do_nothing()
        for chunk in in_chunks(made, 1000):
            rows = [
                {
                    "target": self._target,
                    "person_key": link.person_key,
                    "account_id": link.account_id,
                    "made_by": link.made_by,
                    "made_at": instant_text(link.made_at),
                }
                for link in chunk
            ]
            self._db.execute(statement, rows)

    def of_people(self, keys: Collection[PersonKey]) -> dict[PersonKey, Account]:
        """person -> their linked account as last confirmed."""
        found: dict[PersonKey, Account] = {}
        joined = links.join(accounts, (links.c.target == accounts.c.target) & (links.c.account_id == accounts.c.id))
        for chunk in in_chunks(keys):
            query = (
                select(links.c.person_key, accounts.c.body)
                .select_from(joined)
                .where(links.c.target == self._target, links.c.person_key.in_(chunk))
            )
            for row in self._db.execute(query):
                found[PersonKey(row.person_key)] = decode_account(json.loads(row.body))
        return found

    def by_email(self, emails: Collection[str]) -> dict[str, list[Account]]:
        """lower-case e-mail -> accounts that hold it."""
        return self._by("email", {email.lower() for email in emails if email})

    def by_worker_id(self, ids: Collection[str]) -> dict[str, list[Account]]:
        """employee ID -> accounts that hold it."""
        return self._by("worker_id", {text for text in ids if text})

    def _by(self, column: str, values: Collection[str]) -> dict[str, list[Account]]:
        found: dict[str, list[Account]] = {}
        for chunk in in_chunks(values):
            query = select(accounts.c[column], accounts.c.body).where(
                accounts.c.target == self._target, accounts.c[column].in_(chunk)
            )
            for value, body in self._db.execute(query):
                found.setdefault(value, []).append(decode_account(json.loads(body)))
        return found

    def by_id(self, ids: Collection[str]) -> dict[str, Account]:
        """account ID -> the account as last confirmed, of those that are known."""
        found: dict[str, Account] = {}
        for chunk in in_chunks(ids):
            query = select(accounts.c.id, accounts.c.body).where(
                accounts.c.target == self._target, accounts.c.id.in_(chunk)
            )
            found.update((row.id, decode_account(json.loads(row.body))) for row in self._db.execute(query))
        return found

    def link_of(self, key: PersonKey) -> Link | None:
        """Which account is theirs, how we know, since when."""
        row = self._db.execute(select(links).where(links.c.target == self._target, links.c.person_key == key)).first()
        if row is None:
            return None
        return Link(
            person_key=key,
            account_id=AccountId(row.account_id),
            made_by=row.made_by,
            made_at=datetime.fromisoformat(row.made_at),
        )

    def created_at(self, keys: Collection[PersonKey]) -> dict[PersonKey, datetime]:
        """person -> when we made their account (UTC), of those whose account we made."""
        found: dict[PersonKey, datetime] = {}
        mine = links.c.target == self._target, links.c.made_by == "created"
        for chunk in in_chunks(keys):
            query = select(links.c.person_key, links.c.made_at).where(*mine, links.c.person_key.in_(chunk))
            for key, at in self._db.execute(query):
                found[PersonKey(key)] = datetime.fromisoformat(at)
        return found

    def linked_ids(self, ids: Collection[AccountId]) -> dict[AccountId, PersonKey]:
        """account -> person, of those of these accounts that are linked."""
        found: dict[AccountId, PersonKey] = {}
        for chunk in in_chunks(ids):
            query = select(links.c.account_id, links.c.person_key).where(
                links.c.target == self._target, links.c.account_id.in_(chunk)
            )
            found.update((AccountId(row.account_id), PersonKey(row.person_key)) for row in self._db.execute(query))
        return found

    def linked_active(self) -> int:
        """Linked accounts that may sign in: the population that guards compare with."""
        joined = links.join(accounts, (links.c.target == accounts.c.target) & (links.c.account_id == accounts.c.id))
        query = (
            select(func.count()).select_from(joined).where(links.c.target == self._target, accounts.c.state == "active")
        )
        return int(self._db.scalar(query) or 0)

    def seats(self) -> int:
        """Accounts that may sign in, linked or not: what the contract counts."""
        query = select(func.count()).where(accounts.c.target == self._target, accounts.c.state == "active")
        return int(self._db.scalar(query) or 0)

    def known(self) -> int:
        """Accounts seen so far."""
        return int(self._db.scalar(select(func.count()).where(accounts.c.target == self._target)) or 0)

    def all(self) -> dict[AccountId, Account]:
        """Every account as last confirmed."""
        query = select(accounts.c.body).where(accounts.c.target == self._target)
        found = (decode_account(json.loads(body)) for body in self._db.scalars(query))
        return {account.id: account for account in found}

    def forget_all(self) -> dict[AccountId, Account]:
        """Another system stands under this name now: the accounts of the one before; links are left as they are."""
        known = self.all()
        self._db.execute(accounts.delete().where(accounts.c.target == self._target))
        return known

    def managed(self) -> Iterator[tuple[PersonKey, Account]]:
        """Every linked account as last confirmed, in the order of employee IDs."""
        joined = links.join(accounts, (links.c.target == accounts.c.target) & (links.c.account_id == accounts.c.id))
        query = (
            select(links.c.person_key, accounts.c.body)
            .select_from(joined)
            .where(links.c.target == self._target)
            .order_by(accounts.c.worker_id, accounts.c.id)
        )
        for key, body in self._db.execute(query):
            yield PersonKey(key), decode_account(json.loads(body))

    def orphans(self) -> list[Account]:
        """Accounts that no HR record vouches for: a worklist, never touched."""
        query = (
            select(accounts.c.body)
            .outerjoin(links, (links.c.target == accounts.c.target) & (links.c.account_id == accounts.c.id))
            .where(accounts.c.target == self._target, links.c.person_key.is_(None))
            .order_by(accounts.c.id)
        )
        return [decode_account(json.loads(body)) for body in self._db.scalars(query)]


def replace_link(connection: Connection, target: str, link: Link) -> None:
    """A person said so: the link of this person becomes this one."""
    connection.execute(links.delete().where(links.c.target == target, links.c.person_key == link.person_key))
    row = {
        "target": target,
        "person_key": link.person_key,
        "account_id": link.account_id,
        "made_by": link.made_by,
        "made_at": instant_text(link.made_at),
    }
    connection.execute(insert(links), row)
