"""Talks SCIM 2.0 to a learning system: what it can do is asked first, and every write is preceded by a look.

Rule: one person's operations go one after another, people side by side; a refusal is that person's receipt alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from joinery.connectors.scim import wire
from joinery.connectors.scim.work import Work
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import ActionClass, CreateAccount
from joinery.core.model.receipt import Receipt
from joinery.errors import BadAnswer, JoineryError, NotFound, Rejected
from joinery.kit.believing import believed
from joinery.kit.contract import AccountPage, Capabilities, Order
from joinery.kit.transport import Transport

PAGE = 200
#: people of one batch that are written, or looked up, at one time
SIDE_BY_SIDE = 8
NO_TRAINING = "SCIM has no assignments: give this training in the learning system itself, or by its own connector"
NO_LINK = "SCIM makes no sign-in links: people sign in as the learning system offers, mostly by single sign-on"
NO_ARCHIVE = "SCIM knows no archive: the account stays suspended"
CAPABILITIES = Capabilities(
    actions=frozenset(ActionClass) - {ActionClass.MAIL, ActionClass.ASSIGN, ActionClass.WITHDRAW, ActionClass.ARCHIVE},
    # whole rounds of people side by side: the last one of 50 would leave six places of eight empty
    batch_size=6 * SIDE_BY_SIDE,
    concurrency=4,
    notes={"assign": NO_TRAINING, "withdraw": NO_TRAINING, "archive": NO_ARCHIVE, "mail": NO_LINK},
)

T = TypeVar("T")
_believed = partial(believed, "The system", form="a form that is not SCIM")


class ScimTarget:
    """A SCIM service through a transport. `user_name_from` is `email` or `worker_id`."""

    def __init__(
        self,
        transport: Transport,
        *,
        name: str = "scim",
        user_name_from: str = "email",
        external_id: bool = True,
        rate: float | None = None,
        concurrency: int = CAPABILITIES.concurrency,
    ) -> None:
        self.name = name
        self.capabilities = replace(CAPABILITIES, holds_external_id=external_id, rate=rate, concurrency=concurrency)
        self._transport = transport
        self._user_name_from = user_name_from
        self._features: wire.Features | None = None
        self._groups: dict[str, str] = {}
        self._listed: tuple[int, set[AccountId]] = (0, set())
        self._naming = asyncio.Lock()
        #: account -> names of its groups, for peers whose Users do not say
        self._members: dict[str, set[str]] | None = None

    async def check(self) -> None:
        """Asks what it can do, and for one User; raises when the token does not do."""
        self._features = None
        await self._can()
        await self._ask("GET", "/Users", params={"startIndex": 1, "count": 1})

    async def accounts(self, after: str | None = None) -> AccountPage:
        """One page; raises BadAnswer when the pages do not add up to the number that the peer counts."""
        start = int(after or 1)
        if start == 1:
            self._members = None
        answer = await self._ask("GET", "/Users", params={"startIndex": start, "count": PAGE})
        with _believed("/Users"):
            total = int(answer["totalResults"])
            items = tuple([wire.account(await self._grouped(one)) for one in answer.get("Resources") or ()])
        return AccountPage(items=items, next=self._next(start, total, items), total=total)

    def _next(self, start: int, total: int, items: Sequence[Account]) -> str | None:
        counted, seen = (total, set[AccountId]()) if start == 1 else self._listed
        together = seen | {one.id for one in items}
        if counted != total or len(together) != len(seen) + len(items):
            raise BadAnswer("Accounts came or went while they were read.", fix="Run it again.")
        self._listed = (total, together)
        if start - 1 + len(items) >= total:
            return None
        if not items:
            raise BadAnswer(f"The system counts {total} accounts but listed {len(together)}.")
        return str(start + len(items))

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """By our key where the peer holds it, and by ID; each account once."""
        keys = list(dict.fromkeys(person_keys)) if self.capabilities.holds_external_id else []
        ids = dict.fromkeys(account_ids)
        asked = [*(partial(self._by_key, key) for key in keys), *(partial(self._by_id, one) for one in ids)]
        found: dict[AccountId, Account] = {}
        async for raw in _side_by_side(asked):
            if raw is not None:
                with _believed("/Users"):
                    one = wire.account(raw)
                found[one.id] = one
        return tuple(found.values())

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Creations in bulk where the peer takes them so; then everybody's operations, eight people at a time."""
        can = await self._can()
        work = Work(
            self,
            features=can,
            user_name_from=self._user_name_from,
            external_id=self.capabilities.holds_external_id,
        )
        creations = [one for one in orders if isinstance(one.operation, CreateAccount)]
        if can.bulk and len({one.operation.person_key for one in creations}) > 1:
            async for receipt in work.create_many(creations):
                yield receipt
        people: dict[str, list[Order]] = {}
        for order in orders:
            if order.key not in work.answered:
                people.setdefault(order.operation.person_key, []).append(order)
        async for receipts in _side_by_side([partial(work.person, one) for one in people.values()]):
            for receipt in receipts:
                yield receipt

    async def close(self) -> None:
        """Gives back connections."""
        await self._transport.close()

    async def read(self, account_id: AccountId) -> dict[str, Any] | None:
        """`Desk`: the User, None when there is none."""
        return await self._by_id(account_id)

    async def find(self, key: PersonKey) -> dict[str, Any] | None:
        """`Desk`: the User that carries our key."""
        return await self._by_key(key) if self.capabilities.holds_external_id else None

    async def send(self, method: str, path: str, body: object, at: Mapping[str, str] | None = None) -> Any:
        """`Desk`: the answer's JSON, None when it has none."""
        return (await self._transport.request(method, path, at=at, json=body)).json

    async def regroup(self, account_id: AccountId, name: str, group_id: str, *, joins: bool) -> None:
        """`Desk`: into the group or out of it."""
        at = {"id": group_id}
        if (await self._can()).patch:
            await self.send("PATCH", "/Groups/{id}", wire.membership(account_id, joins=joins), at)
        else:
            async with self._naming:  # the whole group is written: two people at once would undo each other
                whole = (await self._transport.request("GET", "/Groups/{id}", at=at)).json
                await self.send("PUT", "/Groups/{id}", wire.with_member(whole, account_id, joins=joins), at)
        if self._members is not None:
            known = self._members.setdefault(account_id, set())
            (known.add if joins else known.discard)(name)

    async def group_id(self, name: str, *, create: bool) -> str | None:
        """`Desk`: the ID of the group of this name, made if `create`; None when there is none."""
        async with self._naming:  # two people at once must not make it twice
            if name not in self._groups:
                known = await self._search("/Groups", f"displayName eq {wire.quoted(name)}", "displayName", name)
                if known is None and create:
                    known = await self.send("POST", "/Groups", {"schemas": [wire.GROUP], "displayName": name})
                if known is None:
                    return None
                with _believed("/Groups"):
                    self._groups[name] = str(known["id"])
            return self._groups[name]

    async def _can(self) -> wire.Features:
        if self._features is None:
            config = await self._ask("GET", "/ServiceProviderConfig")
            try:
                types = (await self._transport.request("GET", "/ResourceTypes")).json
            except (NotFound, Rejected):
                types = None
            with _believed("what it can do"):
                listed = types.get("Resources", []) if isinstance(types, Mapping) else types
                self._features = wire.features_of(config, listed)
        return self._features

    async def _by_id(self, account_id: AccountId) -> dict[str, Any] | None:
        try:
            raw = (await self._transport.request("GET", "/Users/{id}", at={"id": account_id})).json
        except NotFound:
            return None
        if not isinstance(raw, dict):
            raise BadAnswer("The system answered for one account with something else; nothing of it was believed.")
        return await self._grouped(raw)

    async def _by_key(self, key: PersonKey) -> dict[str, Any] | None:
        raw = await self._search("/Users", f"externalId eq {wire.quoted(str(key))}", "externalId", str(key))
        return raw and await self._grouped(raw)

    async def _grouped(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The User with its groups: by its own word, else by that of the groups, read once."""
        if raw.get("groups") or not (await self._can()).groups:
            return raw
        async with self._naming:
            if self._members is None:
                self._members = await self._read_members()
        return {**raw, "groups": [{"display": name} for name in self._members.get(str(raw.get("id")), ())]}

    async def _read_members(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        start = 1
        while True:
            answer = await self._ask("GET", "/Groups", params={"startIndex": start, "count": PAGE})
            with _believed("/Groups"):
                groups = answer.get("Resources") or ()
                for group in groups:
                    for member in group.get("members") or ():
                        found.setdefault(str(member["value"]), set()).add(str(group["displayName"]))
                start += len(groups)
                if not groups or start > int(answer["totalResults"]):
                    return found

    async def _search(self, path: str, condition: str, attribute: str, value: str) -> dict[str, Any] | None:
        """The one that matches; a peer that ignores filters answers with everybody, which is no match."""
        answer = await self._ask("GET", path, params={"filter": condition, "count": 2})
        with _believed(path):
            found = [one for one in answer.get("Resources") or () if one.get(attribute) == value]
            if not found and int(answer["totalResults"]) > 0:
                raise BadAnswer(
                    f"The system does not filter {path} by {attribute}; nothing was believed.",
                    fix="If it does not keep external IDs, say so: learning: { external_id: false }.",
                )
        return found[0] if found else None

    async def _ask(self, method: str, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        try:
            return (await self._transport.request(method, path, params=params)).json
        except NotFound as astray:
            raise BadAnswer(
                f"There is no SCIM service at this address: {path} is not there.",
                fix="The address ends where /Users begins, e.g. https://lms.example.com/scim/v2.",
                data=astray.data,
            ) from astray
        except Rejected as no:
            raise BadAnswer(f"The system does not answer {path}: {no.message}", data=no.data) from no


async def _side_by_side(tasks: Sequence[Callable[[], Awaitable[T]]]) -> AsyncIterator[T]:
    """What each gives as soon as it has it; whenever one ends the next begins.

    The first error is raised once those on their way have ended and given theirs, so that nothing is written unseen.
    """
    waiting, failed = iter(tasks), list[BaseException]()
    under_way: set[asyncio.Future[T]] = set()
    try:
        while True:
            while len(under_way) < SIDE_BY_SIDE and not failed and (begin := next(waiting, None)) is not None:
                under_way.add(asyncio.ensure_future(begin()))
            if not under_way:
                break
            over, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for one in over:
                if (error := one.exception()) is not None:
                    failed.append(error)
                else:
                    yield one.result()
        if failed:
            raise failed[0]
    finally:
        for one in under_way:
            one.cancel()
            with suppress(asyncio.CancelledError, JoineryError):
                await one
