"""Groups of a SCIM service: which there are, who is in them, and the ways in and out that this peer takes.

Rule: the ways of RFC 7644 come first; the one that Entra made common comes last, and whom it took along is put back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, Protocol

from joinery.connectors.scim import wire
from joinery.core.model.ids import AccountId
from joinery.errors import BadAnswer, Conflict, JoineryError, Rejected
from joinery.kit.believing import believed

PAGE = 200
_ONE = "/Groups/{id}"
_believed = partial(believed, "The system", form="a form that is not SCIM")


class Service(Protocol):
    """What groups need of the connection."""

    async def can(self) -> wire.Features:
        """What the peer can do."""

    async def ask(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """What is read there."""

    async def send(self, method: str, path: str, body: object, at: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON."""

    async def search(self, path: str, condition: str, attribute: str, value: str) -> dict[str, Any] | None:
        """The one that matches."""


def is_not_offered(error: JoineryError) -> bool:
    """The peer has no such method here, whatever it would be asked to write."""
    return error.data.get("status") in {405, 501}


class Groups:
    """Of one connection; what it learns of the peer it keeps."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ids: dict[str, str] = {}
        #: account -> names of its groups, for peers whose Users do not say
        self._members: dict[str, set[str]] | None = None
        #: some User, asked for alone, has said its groups: one that says none has none
        self._users_say = False
        #: refused once: joining, leaving by the filter of the RFC
        self._no_patch: set[bool] = set()
        self._leaves_by_value = False
        self._lock = asyncio.Lock()

    def forget_members(self) -> None:
        """They are read anew when next needed."""
        self._members = None

    async def shown_on(self, raw: dict[str, Any], *, listed: bool = False) -> dict[str, Any]:
        """The User with its groups: by its own word, else by that of the groups, read once.

        In a list some leave groups out of every User, so there an empty one is never believed.
        """
        if raw.get("groups"):
            self._users_say = self._users_say or not listed
            return raw
        if (self._users_say and not listed) or not (await self._service.can()).groups:
            return raw
        async with self._lock:
            if self._members is None:
                self._members = await self._read_members()
        return {**raw, "groups": [{"display": name} for name in self._members.get(str(raw.get("id")), ())]}

    async def id_of(self, name: str, *, create: bool) -> str | None:
        """The ID of the group of this name, made if `create`; None when there is none."""
        async with self._lock:  # two people at once must not make it twice
            if name not in self._ids:
                known = await self._find(name)
                if known is None and create:
                    known = await self._make(name)
                if known is None:
                    return None
                with _believed("/Groups"):
                    self._ids[name] = str(known["id"])
            return self._ids[name]

    async def move(self, account_id: AccountId, name: str, group_id: str, *, joins: bool) -> None:
        """Into the group or out of it; raises Rejected when the peer takes no way that works."""
        if not await self._by_patch(account_id, group_id, joins=joins):
            async with self._lock:  # the whole group is read and written: two people at once would undo each other
                await self._by_whole(account_id, group_id, joins=joins)
        if self._members is not None:
            known = self._members.setdefault(account_id, set())
            (known.add if joins else known.discard)(name)

    async def _by_patch(self, account_id: AccountId, group_id: str, *, joins: bool) -> bool:
        if joins in self._no_patch or not (await self._service.can()).patch:
            return False
        try:
            await self._service.send("PATCH", _ONE, wire.membership(account_id, joins=joins), {"id": group_id})
        except (Rejected, BadAnswer) as no:
            if is_not_offered(no):
                self._no_patch.add(joins)
                return False
            # many refuse a filter in a path as a mistake of ours
            if joins or not isinstance(no, Rejected):
                raise
            return False
        return True

    async def _by_whole(self, account_id: AccountId, group_id: str, *, joins: bool) -> None:
        before = await self._read(group_id)
        if not joins and account_id not in wire.members_of(before):
            raise Rejected("The group does not show this member, so it cannot be written whole; nothing was written.")
        if not joins and self._leaves_by_value:
            return await self._by_value(account_id, group_id, before)
        try:
            whole = wire.with_member(before, account_id, joins=joins)
            await self._service.send("PUT", _ONE, whole, {"id": group_id})
        except (Rejected, BadAnswer) as no:
            if joins or not is_not_offered(no):
                raise
        if (account_id in wire.members_of(await self._read(group_id))) is joins:
            return None
        if joins or not (await self._service.can()).patch:
            raise Rejected("The system said that the group was changed, and it was not.")
        return await self._by_value(account_id, group_id, before)

    async def _by_value(self, account_id: AccountId, group_id: str, before: Mapping[str, Any]) -> None:
        """As Entra sends it. To the letter of the RFC this empties the group, so the others are looked after."""
        at = {"id": group_id}
        await self._service.send("PATCH", _ONE, wire.leaving_by_value(account_id), at)
        after = wire.members_of(await self._read(group_id))
        if lost := wire.members_of(before) - after - {account_id}:
            await self._service.send("PATCH", _ONE, wire.joining(sorted(lost)), at)
            raise Rejected("The system takes one member out of a group only together with all; they were put back.")
        if account_id in after:
            raise Rejected("The system said that the member was taken out of the group, and it was not.")
        self._leaves_by_value = True

    async def _find(self, name: str) -> dict[str, Any] | None:
        if (await self._service.can()).filter:
            try:
                return await self._service.search("/Groups", f"displayName eq {wire.quoted(name)}", "displayName", name)
            except BadAnswer:  # it answers with all of them, or not at all
                pass
        return await self._listed(name)

    async def _make(self, name: str) -> Any:
        try:
            return await self._service.send("POST", "/Groups", {"schemas": [wire.GROUP], "displayName": name})
        except Conflict:  # a filter that finds nothing is no proof that there is nothing
            if (known := await self._listed(name)) is None:
                raise
            return known

    async def _listed(self, name: str) -> dict[str, Any] | None:
        async for group in self._all():
            if group.get("displayName") == name:
                return dict(group)
        return None

    async def _read(self, group_id: str) -> dict[str, Any]:
        group = await self._service.send("GET", _ONE, None, {"id": group_id})
        if not isinstance(group, dict):
            raise BadAnswer("The system answered for one group with something else; nothing of it was believed.")
        return group

    async def _read_members(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        async for group in self._all():
            with _believed("/Groups"):
                for member in group.get("members") or ():
                    found.setdefault(str(member["value"]), set()).add(str(group["displayName"]))
        return found

    async def _all(self) -> AsyncIterator[Mapping[str, Any]]:
        start = 1
        while True:
            answer = await self._service.ask("/Groups", {"startIndex": start, "count": PAGE})
            with _believed("/Groups"):
                groups, total = answer.get("Resources") or (), int(answer["totalResults"])
            for group in groups:
                yield group
            start += len(groups)
            if not groups or start > total:
                return
