"""People as they were written over SCIM: what the other side sees of what it wrote. One row each, never deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from joinery.core.model.codec import canonical, instant_of, instant_text
from joinery.store.accounts import upsert
from joinery.store.tables import scim_people

_C = scim_people.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimPerson:
    """One User. `gone`: deleted over there, so not shown any more; the row stays, and comes back when it does."""

    id: str
    user_name: str
    external_id: str
    body: Mapping[str, Any]
    version: int
    gone: bool
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ScimPeople:
    """Those of one source, inside the caller's transaction."""

    db: Connection
    connection: str
    source: str

    def get(self, key: str) -> ScimPerson | None:
        """By ID, deleted or not."""
        return next(iter(self._read(_C.id == key)), None)

    def named(self, user_name: str) -> ScimPerson | None:
        """By user name, in any case, deleted or not."""
        return next(iter(self._read(_C.user_key == user_name.casefold())), None)

    def known_as(self, external_id: str) -> ScimPerson | None:
        """By the other side's own ID, deleted or not; one that is not deleted before one that is."""
        return next(iter(self._read(_C.external_id == external_id)), None) if external_id else None

    def count(self) -> int:
        """How many are shown."""
        return int(self.db.scalar(select(func.count()).select_from(scim_people).where(*self._mine, ~_C.gone)) or 0)

    def page(self, limit: int | None, skip: int = 0) -> Sequence[ScimPerson]:
        """Those that are shown, in the order in which they were made."""
        return self._read(~_C.gone, limit=limit, skip=skip)

    def put(self, person: ScimPerson) -> None:
        """New, or the whole of one that is there."""
        keys = {"connection": self.connection, "source": self.source, "id": person.id}
        values = {
            "user_name": person.user_name,
            "user_key": person.user_name.casefold(),
            "external_id": person.external_id,
            "body": canonical(dict(person.body)),
            "version": person.version,
            "gone": person.gone,
            "made_at": instant_text(person.made_at),
            "changed_at": instant_text(person.changed_at),
        }
        statement = upsert(self.db)(scim_people).values(**keys, **values)
        self.db.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values))

    @property
    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return _C.connection == self.connection, _C.source == self.source

    def _read(self, *where: ColumnElement[bool], limit: int | None = None, skip: int = 0) -> list[ScimPerson]:
        query = select(scim_people).where(*self._mine, *where).order_by(_C.gone, _C.made_at, _C.id)
        rows = self.db.execute(query.limit(limit).offset(skip))
        return [_person(dict(row._mapping)) for row in rows]


def _person(kept: Mapping[str, Any]) -> ScimPerson:
    return ScimPerson(
        id=kept["id"],
        user_name=kept["user_name"],
        external_id=kept["external_id"],
        body=json.loads(kept["body"]),
        version=kept["version"],
        gone=kept["gone"],
        made_at=instant_of(kept["made_at"]),
        changed_at=instant_of(kept["changed_at"]),
    )
