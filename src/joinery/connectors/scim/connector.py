"""Talks SCIM 2.0 to a learning system: what it can do is asked first, and every write is preceded by a look.

Rule: one person's operations go one after another, people side by side; a refusal is that person's receipt alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from joinery.connectors.scim import wire
from joinery.connectors.scim.groups import PAGE, Groups
from joinery.connectors.scim.work import Work
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import ActionClass, CreateAccount
from joinery.core.model.receipt import Receipt
from joinery.errors import BadAnswer, JoineryError, NotFound, Rejected
from joinery.kit.believing import believed
from joinery.kit.contract import AccountPage, Capabilities, Order
from joinery.kit.transport import Transport

#: people of one batch that are written, or looked up, at one time
SIDE_BY_SIDE = 8
# whole rounds of people side by side: the last one of 50 would leave six places of eight empty
ROUNDS = 6
NO_TRAINING = "SCIM has no assignments: give this training in the learning system itself, or by its own connector"
NO_LINK = "SCIM makes no sign-in links: people sign in as the learning system offers, mostly by single sign-on"
NO_ARCHIVE = "SCIM knows no archive: the account stays suspended"
CAPABILITIES = Capabilities(
    actions=frozenset(ActionClass) - {ActionClass.MAIL, ActionClass.ASSIGN, ActionClass.WITHDRAW, ActionClass.ARCHIVE},
    batch_size=ROUNDS * SIDE_BY_SIDE,
    concurrency=4,
    notes={"assign": NO_TRAINING, "withdraw": NO_TRAINING, "archive": NO_ARCHIVE, "mail": NO_LINK},
)

T = TypeVar("T")
_believed = partial(believed, "The system", form="a form that is not SCIM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the system bears: operations a second (None: no limit of ours), batches, and people of a batch at a time."""

    rate: float | None = None
    concurrency: int = CAPABILITIES.concurrency
    side_by_side: int = SIDE_BY_SIDE


class ScimTarget:
    """A SCIM service through a transport. `user_name_from` is `email` or `worker_id`."""

    def __init__(
        self,
        transport: Transport,
        *,
        name: str = "scim",
        user_name_from: str = "email",
        external_id: bool = True,
        pace: Pace = Pace(),
    ) -> None:
        self.name = name
        self.capabilities = replace(
            CAPABILITIES,
            holds_external_id=external_id,
            rate=pace.rate,
            concurrency=pace.concurrency,
            batch_size=ROUNDS * pace.side_by_side,
        )
        self._side_by_side = pace.side_by_side
        self._transport = transport
        self._user_name_from = user_name_from
        self._features: wire.Features | None = None
        self._groups = Groups(self)
        self._listed: tuple[int, set[AccountId]] = (0, set())

    async def check(self) -> None:
        """Asks what it can do, and for some Users; raises when the token does not do, or external IDs are not found."""
        self._features = None
        await self.can()
        answer = await self.ask("/Users", {"startIndex": 1, "count": 10})
        with _believed("/Users"):
            held = [str(one["externalId"]) for one in answer.get("Resources") or () if one.get("externalId")]
        if held and self.capabilities.holds_external_id and await self._by_key(PersonKey(held[0])) is None:
            raise BadAnswer(
                "The system shows external IDs but finds nobody by one; nothing was written.",
                fix="Have its filter on externalId switched on, or say so: learning: { external_id: false }.",
            )

    async def accounts(self, after: str | None = None) -> AccountPage:
        """One page; raises BadAnswer when the pages do not add up to the number that the peer counts."""
        start = int(after or 1)
        if start == 1:
            self._groups.forget_members()
        answer = await self.ask("/Users", {"startIndex": start, "count": PAGE})
        with _believed("/Users"):
            total = int(answer["totalResults"])
            listed = [await self._groups.shown_on(one, listed=True) for one in answer.get("Resources") or ()]
            items = tuple(wire.account(one) for one in listed)
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
        async for raw in _side_by_side(asked, self._side_by_side):
            if raw is not None:
                with _believed("/Users"):
                    one = wire.account(raw)
                found[one.id] = one
        return tuple(found.values())

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Creations in bulk where the peer takes them so; then everybody's operations, some people at a time."""
        can = await self.can()
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
        each = [partial(work.person, one) for one in people.values()]
        async for receipts in _side_by_side(each, self._side_by_side):
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
        await self._groups.move(account_id, name, group_id, joins=joins)

    async def group_id(self, name: str, *, create: bool) -> str | None:
        """`Desk`: the ID of the group of this name, made if `create`; None when there is none."""
        return await self._groups.id_of(name, create=create)

    async def is_taken(self, user_name: str, account_id: AccountId) -> bool:
        """`Desk`: whether another User shows this user name; a peer that cannot say so has to judge the write."""
        try:
            answer = await self.ask("/Users", {"filter": f"userName eq {wire.quoted(user_name)}", "count": 2})
        except BadAnswer:
            return False
        with _believed("/Users"):
            return any(
                str(one.get("userName", "")).lower() == user_name.lower() and one["id"] != account_id
                for one in answer.get("Resources") or ()
            )

    async def can(self) -> wire.Features:
        """`Service`: what the peer can do, asked once."""
        if self._features is None:
            config = await self.ask("/ServiceProviderConfig")
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
        return await self._groups.shown_on(raw)

    async def _by_key(self, key: PersonKey) -> dict[str, Any] | None:
        raw = await self.search("/Users", f"externalId eq {wire.quoted(str(key))}", "externalId", str(key))
        return raw and await self._groups.shown_on(raw)

    async def search(self, path: str, condition: str, attribute: str, value: str) -> dict[str, Any] | None:
        """`Service`: the one that matches; a peer that ignores filters answers with everybody, which is no match."""
        answer = await self.ask(path, {"filter": condition, "count": 2})
        with _believed(path):
            found = [one for one in answer.get("Resources") or () if one.get(attribute) == value]
            if not found and int(answer["totalResults"]) > 0:
                raise BadAnswer(
                    f"The system does not filter {path} by {attribute}; nothing was believed.",
                    fix="If it does not keep external IDs, say so: learning: { external_id: false }.",
                )
        return found[0] if found else None

    async def ask(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """`Service`: what is read there, as JSON."""
        try:
            return (await self._transport.request("GET", path, params=params)).json
        except NotFound as astray:
            raise BadAnswer(
                f"There is no SCIM service at this address: {path} is not there.",
                fix="The address ends where /Users begins, e.g. https://lms.example.com/scim/v2.",
                data=astray.data,
            ) from astray
        except Rejected as no:
            raise BadAnswer(f"The system does not answer {path}: {no.message}", data=no.data) from no


async def _side_by_side(tasks: Sequence[Callable[[], Awaitable[T]]], places: int) -> AsyncIterator[T]:
    """What each gives as soon as it has it; so many at one time, and whenever one ends the next begins.

    The first error is raised once those on their way have ended and given theirs, so that nothing is written unseen.
    """
    waiting, failed = iter(tasks), list[BaseException]()
    under_way: set[asyncio.Future[T]] = set()
    try:
        while True:
            while len(under_way) < places and not failed and (begin := next(waiting, None)) is not None:
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
