"""Carries operations out: look, compare, write, one person after the other's last.

Rule: every operation is idempotent in effect; what is already so is done and changes nothing, and a value that is not
what the plan saw is left alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, assert_never

from joinery.connectors.scim import wire
from joinery.connectors.scim.groups import is_not_offered
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import (
    ArchiveAccount,
    Assign,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import BadAnswer, Conflict, NotFound, Rejected
from joinery.kit.contract import Order

_TAKEN = "its user name, e-mail or number belongs to another account; nothing was written"
_GONE = "the account is not there; nothing was written"


class Desk(Protocol):
    """What carrying out needs of the connection."""

    async def read(self, account_id: AccountId) -> dict[str, Any] | None:
        """The User, None when there is none."""

    async def find(self, key: PersonKey) -> dict[str, Any] | None:
        """The User that carries our key."""

    async def send(self, method: str, path: str, body: object, at: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON."""

    async def group_id(self, name: str, *, create: bool) -> str | None:
        """The ID of a group."""

    async def is_taken(self, user_name: str, account_id: AccountId) -> bool:
        """Whether another User shows this user name."""

    async def regroup(self, account_id: AccountId, name: str, group_id: str, *, joins: bool) -> None:
        """Into the group or out of it."""


class Work:
    """One `perform`: what was born in it, and which orders have their receipt."""

    def __init__(self, desk: Desk, *, features: wire.Features, user_name_from: str, external_id: bool) -> None:
        self._desk = desk
        self._can = features
        self._user_name_from = user_name_from
        self._external_id = external_id
        self._born: dict[PersonKey, AccountId] = {}
        self.answered: set[str] = set()

    async def create_many(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Through /Bulk; whoever is not simply created there is left for `person`, which looks closer."""
        firsts: dict[PersonKey, Order] = {}
        for order in orders:
            firsts.setdefault(order.operation.person_key, order)
        waiting = list(firsts.values())
        for start in range(0, len(waiting), self._can.bulk):
            whose = {f"b{place}": order for place, order in enumerate(waiting[start : start + self._can.bulk])}
            users = {name: self._new(one.operation) for name, one in whose.items()}
            try:
                answer = await self._desk.send("POST", "/Bulk", wire.bulk(users))
            except (Rejected, NotFound, Conflict):
                return
            for one in answer.get("Operations") or () if isinstance(answer, Mapping) else ():
                name = str(one.get("bulkId"))
                if name in whose and str(one.get("status")) == "201":
                    yield await self._created(whose[name], str(one.get("location", "")).rpartition("/")[2])

    async def _created(self, order: Order, account_id: str) -> Receipt:
        raw = await self._desk.read(AccountId(account_id)) if account_id else None
        if raw is None:
            raise BadAnswer("The system said that it created an account and does not show it; it will be looked up.")
        self.answered.add(order.key)
        self._born[order.operation.person_key] = AccountId(str(raw["id"]))
        return _receipt(order, Outcome.DONE, raw=raw)

    async def person(self, orders: Sequence[Order]) -> list[Receipt]:
        """One person's operations in order."""
        return [await self._one(order) for order in orders]

    async def _one(self, order: Order) -> Receipt:
        try:
            return await self._perform(order)
        except Conflict:
            return _receipt(order, Outcome.NEEDS_YOU, _TAKEN)
        except NotFound:
            return _receipt(order, Outcome.FAILED, _GONE)
        except Rejected as no:
            return _receipt(order, Outcome.FAILED, no.message)

    async def _perform(self, order: Order) -> Receipt:
        operation = order.operation
        match operation:
            case CreateAccount():
                return await self._create(order, operation)
            case _:
                pass
        account_id = order.account_id or self._born.get(operation.person_key)
        raw = await self._desk.read(account_id) if account_id else None
        if account_id is None or raw is None:
            return _receipt(order, Outcome.FAILED, _GONE if account_id else "its account was not created")
        match operation:
            case UpdateAccount():
                return await self._update(order, operation, raw)
            case LinkAccount():
                return await self._link(order, operation, raw)
            case JoinGroup() | LeaveGroup():
                return await self._regroup(order, operation, raw)
            case SuspendAccount() | RestoreAccount():
                return await self._turn(order, operation, raw)
            case SendSignInMail() | Assign() | Withdraw() | ArchiveAccount():
                return _receipt(order, Outcome.NEEDS_YOU, "SCIM has no way to do this; nothing was written")
            case _:
                assert_never(operation)

    async def _create(self, order: Order, operation: CreateAccount) -> Receipt:
        known = await self._desk.find(operation.person_key)
        if known is not None:
            self._born[operation.person_key] = AccountId(str(known["id"]))
            return _receipt(order, Outcome.DONE, "already there", raw=known, changed=False)
        made = await self._desk.send("POST", "/Users", self._new(operation))
        if not isinstance(made, dict) or not made.get("id"):
            raise BadAnswer("The system created an account and did not say which; it will be looked up.")
        self._born[operation.person_key] = AccountId(str(made["id"]))
        return _receipt(order, Outcome.DONE, raw=made)

    def _new(self, operation: Operation) -> dict[str, Any]:
        assert isinstance(operation, CreateAccount)  # noqa: S101 - only creations are handed in
        attributes = operation.attributes
        return wire.new_user(
            operation.person_key,
            {name: value for name, value in attributes.items() if name in wire.ATTRIBUTES},
            user_name_from=self._user_name_from,
            external_id=self._external_id,
        )

    async def _update(self, order: Order, operation: UpdateAccount, raw: dict[str, Any]) -> Receipt:
        held = wire.account(raw).attributes
        values: dict[str, str] = {}
        for change in operation.changes:
            now = held.get(change.attribute, "")
            if now == change.new:
                continue
            if now != change.old:
                detail = f"{change.attribute} is no longer what it was; nothing was written"
                return _receipt(order, Outcome.SKIPPED, detail, raw=raw, changed=False)
            values[change.attribute] = change.new
        if not values:
            return _receipt(order, Outcome.DONE, "already so", raw=raw, changed=False)
        renamed = self._renamed(raw, values)
        # asked before: some answer 500 to a name that is taken, which would be tried for ever
        if renamed and await self._desk.is_taken(renamed["userName"], AccountId(str(raw["id"]))):
            return _receipt(order, Outcome.NEEDS_YOU, _TAKEN, raw=raw, changed=False)
        return await self._write(order, raw, values, renamed)

    def _renamed(self, raw: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
        """Whoever signs in by e-mail signs in by the new one."""
        before, new = wire.address_of(raw), values.get("email")
        follows = new and before and str(raw.get("userName", "")).lower() == before.lower()
        return {"userName": new} if follows else {}

    async def _link(self, order: Order, operation: LinkAccount, raw: dict[str, Any]) -> Receipt:
        holder = str(raw.get("externalId") or "")
        if holder == operation.person_key or not self._external_id:
            return _receipt(order, Outcome.DONE, "already so", raw=raw, changed=False)
        if holder:
            return _receipt(order, Outcome.SKIPPED, "the account is somebody else's", raw=raw, changed=False)
        if await self._desk.find(operation.person_key) is not None:
            return _receipt(order, Outcome.NEEDS_YOU, "this person has another account", raw=raw, changed=False)
        return await self._write(order, raw, {}, {"externalId": str(operation.person_key)})

    async def _turn(self, order: Order, operation: SuspendAccount | RestoreAccount, raw: dict[str, Any]) -> Receipt:
        active, before = isinstance(operation, RestoreAccount), wire.account(raw)
        values: dict[str, Any] = {}
        if (before.state == "active") is not active:
            values["active"] = active
        if isinstance(operation, SuspendAccount) and operation.revoke_roles and before.roles:
            values["roles"] = None
        if not values:
            return _receipt(order, Outcome.DONE, "already so", raw=raw, changed=False)
        return await self._write(order, raw, {}, values)

    async def _regroup(self, order: Order, operation: JoinGroup | LeaveGroup, raw: dict[str, Any]) -> Receipt:
        joins = isinstance(operation, JoinGroup)
        if not self._can.groups:
            return _receipt(order, Outcome.NEEDS_YOU, "the system has no groups in SCIM", raw=raw, changed=False)
        if (operation.group in wire.account(raw).groups) is joins:
            return _receipt(order, Outcome.DONE, "already so", raw=raw, changed=False)
        create = isinstance(operation, JoinGroup) and operation.create
        group = await self._desk.group_id(operation.group, create=create)
        if group is None:
            outcome = Outcome.NEEDS_YOU if joins else Outcome.DONE
            return _receipt(order, outcome, "group does not exist", raw=raw, changed=False)
        await self._desk.regroup(AccountId(str(raw["id"])), operation.group, group, joins=joins)
        receipt = await self._shown(order, raw)
        if receipt.account is not None and (operation.group in receipt.account.groups) is not joins:
            detail = "the system said that the group was changed, and shows the account as before"
            return replace(receipt, outcome=Outcome.FAILED, detail=detail, changed=False)
        return receipt

    async def _write(
        self, order: Order, raw: dict[str, Any], values: Mapping[str, str], fields: Mapping[str, Any]
    ) -> Receipt:
        """PATCH where and as far as the peer can, else the whole User as it is with what changes."""
        at = {"id": str(raw["id"])}
        if not (self._can.patch and await self._patched(at, wire.patch(raw, {**values, **fields}))):
            whole = {**wire.with_values(raw, values), **fields}
            await self._desk.send("PUT", "/Users/{id}", {k: v for k, v in whole.items() if v is not None}, at)
        return await self._shown(order, raw)

    async def _patched(self, at: Mapping[str, str], body: object) -> bool:
        """False when the peer says that it has no such PATCH: some can replace a value and not take one away."""
        try:
            await self._desk.send("PATCH", "/Users/{id}", body, at)
        except (Rejected, BadAnswer) as no:
            if not is_not_offered(no):
                raise
            return False
        return True

    async def _shown(self, order: Order, raw: Mapping[str, Any]) -> Receipt:
        """Read back: what the peer took is what it shows."""
        after = await self._desk.read(AccountId(str(raw["id"])))
        if after is None:
            return _receipt(order, Outcome.FAILED, _GONE)
        return _receipt(order, Outcome.DONE, raw=after)


def _receipt(
    order: Order,
    outcome: Outcome,
    detail: str = "",
    *,
    raw: Mapping[str, Any] | None = None,
    changed: bool | None = None,
) -> Receipt:
    shown = wire.account(raw) if raw is not None else None
    changed = outcome is Outcome.DONE if changed is None else changed
    return Receipt(key=order.key, outcome=outcome, detail=detail, changed=changed, account=shown)
