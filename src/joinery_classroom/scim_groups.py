"""Groups over the groups and members tables. Membership belongs to the accounts; a group is only its name and an ID."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from scim2_models import InvalidValueException, Meta, Reference, Resource, SearchRequest, UniquenessException
from scim2_server.storage import SearchPage
from sqlalchemy import Connection, delete, insert, select, update

from joinery_classroom.scim_people import version_of
from joinery_classroom.tables import accounts, groups, members, scim_groups
from joinery_scim.schema import MOST_RESULTS, Group, GroupMember, User

_BEGINNING = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def group_ids(connection: Connection) -> dict[str, str]:
    """Name -> SCIM ID of every group: as remembered, else made from its name."""
    chosen = select(groups.c.name, scim_groups.c.id).outerjoin_from(groups, scim_groups)
    return {name: known or _made_from(name) for name, known in connection.execute(chosen)}


def _made_from(name: str) -> str:
    return f"g-{sha256(name.encode()).hexdigest()[:16]}"


class ScimGroups:
    """Groups in one transaction."""

    def __init__(self, connection: Connection, now: Callable[[], datetime]) -> None:
        self._db = connection
        self._now = now

    def get(self, resource_id: str) -> Group | None:
        """The group with its members; None when there is none."""
        name = self._name_of(resource_id)
        return None if name is None else self._group(name, resource_id)

    def search(self, asked: SearchRequest[Any]) -> SearchPage:
        """A page in the order of names."""
        found = [self._group(name, key) for name, key in sorted(group_ids(self._db).items())]
        if asked.filter is not None:
            found = [group for group in found if asked.filter.match(group)]
        first = asked.start_index_0 or 0
        count = MOST_RESULTS if asked.count is None else asked.count
        return SearchPage(len(found), list(found[first : first + count]))

    def create(self, resource: Resource[Any]) -> Group:
        """A new group with these members."""
        group = _as_group(resource)
        name = str(group.display_name)
        if name in group_ids(self._db):
            raise UniquenessException(detail="displayName belongs to another Group; nothing was written")
        self._db.execute(insert(groups).values(name=name))
        return self._store(group, name, _made_from(name))

    def update(self, resource: Resource[Any]) -> Group:
        """The whole of a group: its name and its members."""
        group = _as_group(resource)
        key, name = str(group.id), str(group.display_name)
        before = self._name_of(key)
        assert before is not None  # noqa: S101 - looked at in this transaction
        if name != before:
            self._rename(before, name, key)
        return self._store(group, name, key)

    def delete(self, resource_id: str) -> None:
        """Nobody is in it any more, and it is gone."""
        name = self._name_of(resource_id)
        self._touch(self._members(name))
        self._db.execute(delete(members).where(members.c.group_name == name))
        self._db.execute(delete(scim_groups).where(scim_groups.c.name == name))
        self._db.execute(delete(groups).where(groups.c.name == name))

    def _rename(self, before: str, name: str, key: str) -> None:
        if name in group_ids(self._db):
            raise UniquenessException(detail="displayName belongs to another Group; nothing was written")
        self._db.execute(insert(groups).values(name=name))
        self._db.execute(update(members).where(members.c.group_name == before).values(group_name=name))
        self._db.execute(update(scim_groups).where(scim_groups.c.name == before).values(name=name))
        self._db.execute(delete(groups).where(groups.c.name == before))

    def _store(self, group: Group, name: str, key: str) -> Group:
        self._put_members(group, name)
        known = self._db.execute(select(scim_groups).where(scim_groups.c.id == key)).one_or_none()
        row: dict[str, Any] = {"name": name, "external_id": group.external_id, "modified_at": self._now()}
        if known is None:
            self._db.execute(insert(scim_groups).values(id=key, version=1, created_at=self._now(), **row))
        else:
            changed = update(scim_groups).where(scim_groups.c.id == key)
            self._db.execute(changed.values(version=known.version + 1, **row))
        return self._group(name, key)

    def _put_members(self, group: Group, name: str) -> None:
        wanted = {str(member.value) for member in group.members or [] if member.value}
        chosen = select(accounts.c.id, accounts.c.seq).where(accounts.c.id.in_(wanted), accounts.c.state != "archived")
        there = {one: seq for one, seq in self._db.execute(chosen)}
        if missing := wanted - there.keys():
            raise InvalidValueException(detail=f"There is no User {min(missing)}; nothing was written")
        now, before = set(there.values()), self._members(name)
        gone, fresh = before - now, now - before
        if gone:
            left = delete(members).where(members.c.group_name == name, members.c.account_seq.in_(gone))
            self._db.execute(left)
        if fresh:
            self._db.execute(insert(members), [{"account_seq": seq, "group_name": name} for seq in sorted(fresh)])
        self._touch(gone | fresh)

    def _members(self, name: str | None) -> set[int]:
        chosen = select(members.c.account_seq).join(accounts, accounts.c.seq == members.c.account_seq)
        here = chosen.where(members.c.group_name == name, accounts.c.state != "archived")
        return set(self._db.execute(here).scalars())

    def _touch(self, seqs: set[int]) -> None:
        """Whoever comes or goes has another version: their groups are part of them."""
        if seqs:
            self._db.execute(update(accounts).where(accounts.c.seq.in_(seqs)).values(version=accounts.c.version + 1))

    def _name_of(self, key: str) -> str | None:
        return next((name for name, known in group_ids(self._db).items() if known == key), None)

    def _group(self, name: str, key: str) -> Group:
        known = self._db.execute(select(scim_groups).where(scim_groups.c.id == key)).one_or_none()
        chosen = select(accounts.c.id).where(accounts.c.seq.in_(self._members(name))).order_by(accounts.c.seq)
        inside = [
            GroupMember(value=one, ref=Reference[User[Any]](f"Users/{one}"), type="User")
            for one in self._db.execute(chosen).scalars()
        ]
        meta = Meta(
            resource_type="Group",
            created=known.created_at if known else _BEGINNING,
            last_modified=known.modified_at if known else _BEGINNING,
            version=version_of(known.version if known else 0),
        )
        external_id = known.external_id if known else None
        return Group(id=key, external_id=external_id, display_name=name, members=inside or None, meta=meta)


def _as_group(resource: Resource[Any]) -> Group:
    assert isinstance(resource, Group)  # noqa: S101 - the only model bound to /Groups
    return resource
