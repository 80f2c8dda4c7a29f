"""Users over the accounts table. An account that is archived does not exist for SCIM until it is created again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from scim2_models import Resource, SearchRequest, UniquenessException
from scim2_server.storage import SearchPage
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from joinery_classroom.model import Account, AccountId, AccountState
from joinery_classroom.scim_groups import group_ids
from joinery_classroom.scim_people import Kept, attributes_from, body_of, user_of
from joinery_classroom.tables import accounts, scim_users, writes
from joinery_classroom.world import Wanted, World, folded, load, read_accounts, save
from joinery_scim.filters import equality_of
from joinery_scim.schema import MOST_RESULTS, Person, User

#: what an index answers: attribute of a filter -> column
_INDEXED = {
    "id": accounts.c.id,
    "externalid": accounts.c.external_id,
    "emails.value": accounts.c.email_key,
    "emails": accounts.c.email_key,
    "employeenumber": accounts.c.worker_key,
}
_EXACT = frozenset({"id", "externalid"})
_HERE = accounts.c.state != "archived"
_PAGE = 500


class ScimUsers:
    """Users in one transaction."""

    def __init__(self, connection: Connection, now: Callable[[], datetime]) -> None:
        self._db = connection
        self._now = now

    def get(self, resource_id: str) -> Person | None:
        """The User; None when there is none, or it is archived."""
        return next(iter(self._read(accounts.c.id == resource_id, 1)), None)

    def search(self, asked: SearchRequest[Any]) -> SearchPage:
        """A page; an equality of a unique attribute costs one look-up, no filter one page, the rest a walk."""
        first = asked.start_index_0 or 0
        count = MOST_RESULTS if asked.count is None else asked.count
        if asked.filter is None:
            total = self._db.execute(select(func.count()).select_from(accounts).where(_HERE)).scalar_one()
            return SearchPage(total, list(self._read(None, count, first)) if count else [])
        found = [person for person in self._candidates(asked) if asked.filter.match(person)]
        return SearchPage(len(found), list(found[first : first + count]))

    def create(self, resource: Resource[Any]) -> Person:
        """A new account, or the archived one of the same external ID or user name, open again."""
        person = _person(resource)
        world = self._world(person, None)
        again = self._archived(person, world)
        if again is not None:
            return self._store(person, again, world)
        fresh = Account(
            seq=world.next_seq,
            id=AccountId(f"c-{world.next_seq:06d}"),
            external_id=None,
            attributes={},
            state="active",
            roles=(),
            groups=frozenset(),
            assignments={},
            version=0,
            last_sign_in_at=None,
        )
        world.next_seq += 1
        return self._store(person, fresh, world)

    def update(self, resource: Resource[Any]) -> Person:
        """The whole of an account that is there."""
        person = _person(resource)
        world = self._world(person, str(person.id))
        return self._store(person, world.accounts[AccountId(str(person.id))], world)

    def delete(self, resource_id: str) -> None:
        """Archived: sessions end at once, the history stays."""
        world = load(self._db, Wanted(account_ids=frozenset({resource_id})))
        account = world.accounts[AccountId(resource_id)]
        world.end_access.add(account.seq)
        world.put(replace(account, state="archived", version=account.version + 1))
        save(self._db, world, self._now())
        self._log("archive", account.id)

    def _store(self, person: Person, before: Account, world: World) -> Person:
        user_name = str(person.user_name).strip()
        self._unique(person, user_name, before.id, world)
        state: AccountState = "suspended" if person.active is False else "active"
        if state != "active":
            world.end_access.add(before.seq)
        after = replace(
            before,
            external_id=person.external_id or None,
            attributes=attributes_from(person, before.attributes),
            state=state,
            version=before.version + 1,
        )
        world.put(after)
        save(self._db, world, self._now())
        row = {
            "account_seq": after.seq,
            "user_name": user_name,
            "user_key": folded(user_name),
            "body": json.dumps(body_of(person), ensure_ascii=False),
            "modified_at": self._now(),
        }
        self._db.execute(upsert(scim_users).values(row).on_conflict_do_update(["account_seq"], set_=row))
        self._log("create" if not before.version else "update", after.id)
        stored = self.get(str(after.id))
        assert stored is not None  # noqa: S101 - written in this transaction
        return stored

    def _unique(self, person: Person, user_name: str, own: AccountId, world: World) -> None:
        attributes = attributes_from(person, {})
        holders = {
            "userName": self._named(user_name),
            "externalId": world.by_external_id.get(person.external_id or ""),
            "emails": world.by_email.get(folded(attributes.get("email")) or ""),
            "employeeNumber": world.by_worker_id.get(folded(attributes.get("worker_id")) or ""),
        }
        for attribute, holder in holders.items():
            if holder is not None and holder != own:
                raise UniquenessException(detail=f"{attribute} belongs to another User; nothing was written")

    def _named(self, user_name: str) -> AccountId | None:
        """Whose user name this is: as given, else as it follows from an account made through another door."""
        key = folded(user_name)
        named = select(accounts.c.id).join(scim_users).where(scim_users.c.user_key == key)
        if (found := self._db.execute(named).scalar()) is not None:
            return AccountId(found)
        for column in (accounts.c.email_key, accounts.c.worker_key, func.lower(accounts.c.id)):
            unnamed = select(accounts.c.id).outerjoin(scim_users).where(column == key, scim_users.c.user_key.is_(None))
            if (found := self._db.execute(unnamed).scalar()) is not None:
                return AccountId(found)
        return None

    def _archived(self, person: Person, world: World) -> Account | None:
        """The account somebody had here before."""
        same = world.by_external_id.get(person.external_id or "") or self._named(str(person.user_name))
        if same is None:
            return None
        (account,) = read_accounts(self._db, accounts.c.id == same)
        if account.state != "archived":
            return None
        world.accounts[account.id] = world.original[account.id] = account
        return account

    def _world(self, person: Person, own: str | None) -> World:
        attributes = attributes_from(person, {})
        email, worker = folded(attributes.get("email")), folded(attributes.get("worker_id"))
        return load(
            self._db,
            Wanted(
                account_ids=frozenset({own} if own else ()),
                external_ids=frozenset({person.external_id} if person.external_id else ()),
                emails=frozenset({email} if email else ()),
                worker_ids=frozenset({worker} if worker else ()),
            ),
        )

    def _candidates(self, asked: SearchRequest[Any]) -> Iterator[Person]:
        equal = equality_of(asked.filter)
        if equal is not None and equal.attribute == "username":
            account = self._named(equal.value)
            return self._read(accounts.c.id == account, 1) if account else iter(())
        if equal is not None and equal.attribute in _INDEXED:
            value = equal.value if equal.attribute in _EXACT else folded(equal.value)
            return self._read(_INDEXED[equal.attribute] == value, None)
        return self._read(None, None)

    def _read(self, where: ColumnElement[bool] | None, limit: int | None, skip: int = 0) -> Iterator[Person]:
        """Users in the order in which they were made, a page of accounts at a time."""
        chosen = select(accounts.c.seq).where(_HERE, *(() if where is None else (where,))).order_by(accounts.c.seq)
        seqs = list(self._db.execute(chosen.limit(limit).offset(skip)).scalars())
        ids = group_ids(self._db) if seqs else {}
        for start in range(0, len(seqs), _PAGE):
            yield from self._people(seqs[start : start + _PAGE], ids)

    def _people(self, seqs: Sequence[int], ids: dict[str, str]) -> Iterator[Person]:
        within = and_(_HERE, accounts.c.seq.in_(seqs))
        made = select(accounts.c.seq, accounts.c.created_at).where(within)
        created = {seq: at for seq, at in self._db.execute(made)}
        kept = {
            row.account_seq: Kept(user_name=row.user_name, body=json.loads(row.body), modified_at=row.modified_at)
            for row in self._db.execute(select(scim_users).where(scim_users.c.account_seq.in_(seqs)))
        }
        for account in read_accounts(self._db, within):
            yield user_of(account, kept.get(account.seq, Kept()), created[account.seq], ids)

    def _log(self, op: str, account_id: AccountId) -> None:
        row = {"at": self._now(), "key": "scim", "op": op, "account_id": account_id, "outcome": "done", "changed": True}
        self._db.execute(insert(writes).values(row))


def _person(resource: Resource[Any]) -> Person:
    assert isinstance(resource, User)  # noqa: S101 - the only model bound to /Users
    return resource
