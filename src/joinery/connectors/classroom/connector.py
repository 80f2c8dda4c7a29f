"""Talks to Classroom: accounts, operations, completions and sign-in links over `/api/v1`.

Rule: a page or a batch that does not add up is BadAnswer; nothing of it is believed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from joinery.connectors.classroom import wire
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import ActionClass, CreateAccount, SendSignInMail
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import BadAnswer, Conflict, NotFound, Rejected
from joinery.kit.believing import believed
from joinery.kit.contract import AccountPage, Capabilities, CompletionPage, Emptied, Order
from joinery.kit.transport import Transport

Row = TypeVar("Row")
PAGE = 5000
MOST_OPERATIONS = 500
CAPABILITIES = Capabilities(
    actions=frozenset(ActionClass) - {ActionClass.MAIL},
    batch_size=200,
    concurrency=2,
    rate=None,
    holds_external_id=True,
    session_survives=0,
    erases=True,
    notes={
        "mail": "Classroom makes the sign-in link; Joinery sends the mail.",
        "erase": "an empty shell of the account stays, and training records to be counted",
    },
)


@dataclass(slots=True, kw_only=True)
class _Listing:
    """One reading of all accounts, page by page."""

    cursor: str | None = None
    total: int | None = None
    seen: set[AccountId] = field(default_factory=set)


_believed = partial(believed, "Classroom")


class ClassroomTarget:
    """Classroom through a transport; one reading of all accounts at a time."""

    def __init__(self, transport: Transport, *, name: str = "classroom") -> None:
        self.name = name
        self.capabilities = CAPABILITIES
        self._transport = transport
        self._listing = _Listing()

    async def check(self) -> None:
        """Asks for its health and one account; learns whether it lives in made-up time."""
        health = await self._ask("GET", "health")
        with _believed("health"):
            self.capabilities = replace(self.capabilities, simulation=bool(health["simulation"]))
        await self._ask("GET", "accounts", params={"limit": 1})

    async def accounts(self, after: str | None = None) -> AccountPage:
        """One page of at most 5,000; raises BadAnswer on the page where the reading stops adding up."""
        if after is None:
            self._listing = _Listing()
        elif after != self._listing.cursor:
            raise BadAnswer("Another reading of the accounts began in between.", fix="Start again from the first page.")
        found = await self._ask("GET", "accounts", params={"limit": PAGE, **({"after": after} if after else {})})
        with _believed("accounts"):
            items, total, cursor = tuple(map(wire.account, found["items"])), int(found["total"]), found["next"]
            self._add_up(items, total, None if cursor is None else str(cursor))
        return AccountPage(items=items, next=self._listing.cursor, total=total)

    def _add_up(self, items: Sequence[Account], total: int, cursor: str | None) -> None:
        listing = self._listing
        if listing.total not in {None, total}:
            raise BadAnswer(f"The number of accounts changed from {listing.total} to {total} while they were read.")
        seen = listing.seen | {account.id for account in items}
        if len(seen) != len(listing.seen) + len(items):
            raise BadAnswer("An account was listed twice while the accounts were read.")
        if cursor is None and len(seen) != total:
            raise BadAnswer(f"The system counts {total} accounts but listed {len(seen)}.")
        if cursor is not None and (not items or cursor == listing.cursor):
            raise BadAnswer("The pages of accounts do not get any further.")
        self._listing = _Listing(cursor=cursor, total=total, seen=seen if cursor else set())

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """The live accounts of these people or IDs, each once."""
        found: dict[AccountId, Account] = {}
        asked = [("external_ids", one) for one in person_keys] + [("account_ids", one) for one in account_ids]
        for part in _parts(list(dict.fromkeys(asked)), PAGE):
            body: dict[str, list[str]] = {"external_ids": [], "account_ids": []}
            for name, value in part:
                body[name].append(value)
            answer = await self._ask("POST", "lookup", body)
            with _believed("lookup"):
                found.update((one.id, one) for one in map(wire.account, answer["items"]))
        return tuple(found.values())

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """One POST, and a second one for people whose account the first one made."""
        first = [one for one in orders if _can_go(one)]
        people = {one.key: one.operation.person_key for one in first if not one.account_id}
        born: dict[PersonKey, AccountId] = {}
        async for receipt in self._post(first):
            if receipt.outcome is Outcome.DONE and receipt.account is not None and receipt.key in people:
                born[people[receipt.key]] = receipt.account.id
            yield receipt
        second: list[Order] = []
        for order in orders:
            if isinstance(order.operation, SendSignInMail):
                yield _failed(order, "not an operation of a target")
            elif not _can_go(order) and order.operation.person_key in born:
                second.append(replace(order, account_id=born[order.operation.person_key]))
            elif not _can_go(order):
                yield _failed(order, "its account was not created")
        async for receipt in self._post(second):
            yield receipt

    async def _post(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        for part in _parts(orders, MOST_OPERATIONS):
            waiting = {order.key: order for order in part}
            body = {"operations": [wire.encode(one.key, one.operation, one.account_id) for one in part]}
            try:
                answer = await self._ask("POST", "operations", body)
            except Rejected as no:
                for order in part:
                    yield _failed(order, f"the whole batch was rejected: {no.message}")
                continue
            with _believed("operations"):
                receipts = [wire.receipt(one) for one in answer["results"]]
            for receipt in receipts:
                if waiting.pop(receipt.key, None) is None:
                    raise BadAnswer("Classroom answered for an operation that it was not asked, or twice for one.")
                yield receipt
            if waiting:
                raise BadAnswer(
                    f"Classroom did not answer for {len(waiting)} operations.", data={"keys": list(waiting)}
                )

    async def sign_in_link(self, account_id: AccountId) -> str:
        """A one-time link; raises Rejected when the account may not sign in, NotFound when there is none."""
        try:
            answer = await self._transport.request("POST", "/api/v1/sign-in-links", json={"account_id": account_id})
        except Conflict as closed:
            raise Rejected(f"Account {account_id} may not sign in; no link was made.") from closed
        with _believed("sign-in-links"):
            return str(answer.json["url"])

    async def completions(self, after: str) -> CompletionPage:
        """The ledger after a sequence number, in order."""
        answer = await self._ask("GET", "completions", params={"after": after or "0", "limit": PAGE})
        with _believed("completions"):
            items = tuple(map(wire.completion, answer["items"]))
            last = str(answer["items"][-1]["seq"]) if items else after
            return CompletionPage(items=items, next=last, more=answer["next"] is not None)

    async def erase(self, account_id: AccountId, pseudonym: str) -> Emptied:
        """Takes the person out of Classroom's own database; raises Conflict while the account may sign in."""
        try:
            answer = await self._transport.request(
                "POST", f"/api/v1/accounts/{quote(account_id, safe='')}/erase", json={"pseudonym": pseudonym}
            )
        except Conflict as still_open:
            message = f"Account {account_id} may still sign in; nothing was erased."
            raise Conflict(message, data={"account_id": account_id}) from still_open
        except NotFound as older:
            raise BadAnswer(
                "This Classroom cannot erase anybody; nothing was erased.", fix="Bring it up to this version."
            ) from older
        with _believed("erase"):
            return Emptied(found=bool(answer.json["found"]), scrubbed=bool(answer.json["scrubbed"]))

    async def close(self) -> None:
        """Gives back connections."""
        await self._transport.close()

    async def _ask(self, method: str, what: str, body: object = None, params: dict[str, Any] | None = None) -> Any:
        try:
            return (await self._transport.request(method, f"/api/v1/{what}", json=body, params=params)).json
        except (NotFound, Conflict) as astray:
            raise BadAnswer(
                f"There is no Classroom at this address: {what} is not there.",
                fix="Check the address.",
                data=astray.data,
            ) from astray


def _can_go(order: Order) -> bool:
    """Whether it needs no account, or has one."""
    mail = isinstance(order.operation, SendSignInMail)
    return not mail and (order.account_id is not None or isinstance(order.operation, CreateAccount))


def _parts(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _failed(order: Order, detail: str) -> Receipt:
    return Receipt(key=order.key, outcome=Outcome.FAILED, detail=detail, changed=False)
