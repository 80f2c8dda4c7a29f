"""What the accounts are and what one operation does to them. Pure apart from the `World` it is given.

Rule 1: every operation is idempotent in effect: the second time it is done and changes nothing.
Rule 2: an operation replaces the account as a whole or leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeAlias, assert_never

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import (
    ArchiveAccount,
    Assign,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome, Receipt
from joinery.errors import Conflict
from joinery.kit.contract import Completion, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class No:
    """Not done, nothing written, and why."""

    outcome: Outcome
    detail: str


#: what happens to an account that is there; creation and mail are not of this kind
_Handled: TypeAlias = (
    LinkAccount
    | UpdateAccount
    | JoinGroup
    | LeaveGroup
    | Assign
    | Withdraw
    | SuspendAccount
    | ArchiveAccount
    | RestoreAccount
)


_INDEXES: tuple[tuple[str, Callable[[Account], str]], ...] = (
    ("_people", attrgetter("external_id")),
    ("_emails", attrgetter("email")),
    ("_workers", attrgetter("worker_id")),
)


@dataclass(slots=True, kw_only=True)
class World:
    """All accounts, in order of creation. `progress` is how far a learner came, kept while withdrawn."""

    accounts: dict[AccountId, Account] = field(default_factory=dict)
    #: what the IDs of new accounts begin with
    prefix: str = "m"
    groups: set[str] = field(default_factory=set)
    completions: list[Completion] = field(default_factory=list)
    #: account -> enrolment key -> in_progress | completed
    progress: dict[AccountId, dict[str, str]] = field(default_factory=dict)
    _emails: dict[str, AccountId] = field(default_factory=dict)
    _people: dict[str, AccountId] = field(default_factory=dict)
    _workers: dict[str, AccountId] = field(default_factory=dict)

    def put(self, account: Account) -> None:
        """Sets or replaces one account and keeps the indexes right."""
        before = self.accounts.get(account.id)
        for index, key_of in _INDEXES:
            known: dict[str, AccountId] = getattr(self, index)
            # an address may be on two accounts where somebody edited by hand; the index then keeps the later one
            if before is not None and known.get(key_of(before)) == account.id:
                del known[key_of(before)]
            if key := key_of(account):
                known[key] = account.id
        self.accounts[account.id] = account

    def of(self, person_key: PersonKey) -> Account | None:
        """The account that is this person's."""
        found = self._people.get(person_key)
        return self.accounts[found] if found else None

    def taken(self, attributes: Mapping[str, str], own: AccountId | None) -> str:
        """Whose address or worker ID this is, as a sentence; empty when it is free."""
        for index, value, called in (
            (self._emails, attributes.get("email", "").lower(), "e-mail"),
            (self._workers, attributes.get("worker_id", ""), "worker ID"),
        ):
            if value and (holder := index.get(value)) not in {None, own}:
                return f"the {called} belongs to account {holder}"
        return ""


def empty(world: World, account_id: AccountId, pseudonym: str) -> bool:
    """A closed shell of the account stays, and its training records under it; False where there is none.

    Raises Conflict, with nothing erased, while it may sign in.
    """
    found = world.accounts.get(account_id)
    if found is None:
        return False
    if found.state is AccountState.ACTIVE:
        raise Conflict("The account may still sign in; nothing was erased.", data={"account_id": account_id})
    shell = Account(
        id=found.id,
        attributes={"display_name": pseudonym},
        state=AccountState.ARCHIVED,
        enrolments=found.enrolments,
        version=str(int(found.version or "0") + (found.attributes != {"display_name": pseudonym})),
    )
    world.put(shell)
    number = found.worker_id
    for place, one in enumerate(world.completions):
        if one.account_id == account_id and number and number in one.id:
            world.completions[place] = replace(one, id=f"{pseudonym}/{one.course}/{one.completed_at}")
    return True


def perform(world: World, order: Order) -> Receipt:
    """Carries one order out."""
    operation = order.operation
    if isinstance(operation, SendSignInMail):
        return _receipt(order, No(outcome=Outcome.FAILED, detail="not an operation of a target"), None)
    if isinstance(operation, CreateAccount):
        return _create(world, order, operation)
    found = world.accounts.get(order.account_id) if order.account_id else world.of(operation.person_key)
    if found is None:
        why = "no such account" if order.account_id else "its account was not created"
        return _receipt(order, No(outcome=Outcome.FAILED, detail=why), None)
    after = _changed(world, found, operation)
    if isinstance(after, No):
        return _receipt(order, after, found)
    if after == found:
        return Receipt(key=order.key, outcome=Outcome.DONE, detail="already so", changed=False, account=found)
    after = replace(after, version=str(int(found.version) + 1))
    world.put(after)
    return Receipt(key=order.key, outcome=Outcome.DONE, account=after)


def _receipt(order: Order, no: No, account: Account | None) -> Receipt:
    return Receipt(key=order.key, outcome=no.outcome, detail=no.detail, changed=False, account=account)


def _create(world: World, order: Order, operation: CreateAccount) -> Receipt:
    known = world.of(operation.person_key)
    if known is not None:
        return Receipt(key=order.key, outcome=Outcome.DONE, detail="already there", changed=False, account=known)
    if taken := world.taken(operation.attributes, None):
        return _receipt(order, No(outcome=Outcome.NEEDS_YOU, detail=taken), None)
    account = Account(
        id=AccountId(f"{world.prefix}-{len(world.accounts) + 1:06d}"),
        external_id=operation.person_key,
        attributes={name: value for name, value in operation.attributes.items() if value},
        version="1",
    )
    world.put(account)
    return Receipt(key=order.key, outcome=Outcome.DONE, account=account)


def _changed(world: World, account: Account, operation: _Handled) -> Account | No:
    match operation:
        case LinkAccount():
            return _link(world, account, operation)
        case UpdateAccount():
            return _update(world, account, operation)
        case JoinGroup() | LeaveGroup():
            return _regroup(world, account, operation)
        case Assign():
            return _assign(world, account, operation)
        case Withdraw():
            return _withdraw(account, operation)
        case SuspendAccount() | ArchiveAccount() | RestoreAccount():
            return _turned(account, operation)
        case _:
            assert_never(operation)


def _link(world: World, account: Account, operation: LinkAccount) -> Account | No:
    if account.external_id == operation.person_key:
        return account
    other = world.of(operation.person_key)
    if other is not None:
        return No(outcome=Outcome.NEEDS_YOU, detail=f"this person is linked to account {other.id}")
    if account.external_id:
        return No(outcome=Outcome.SKIPPED, detail="the account is linked to somebody else; nothing was written")
    return replace(account, external_id=operation.person_key)


def _update(world: World, account: Account, operation: UpdateAccount) -> Account | No:
    attributes = dict(account.attributes)
    for change in operation.changes:
        current = attributes.pop(change.attribute, "")
        if current not in {change.old, change.new}:
            detail = f"{change.attribute} is no longer what it was; nothing was written"
            return No(outcome=Outcome.SKIPPED, detail=detail)
        if change.new:
            attributes[change.attribute] = change.new
    if taken := world.taken(attributes, account.id):
        return No(outcome=Outcome.NEEDS_YOU, detail=taken)
    return replace(account, attributes=attributes)


def _regroup(world: World, account: Account, operation: JoinGroup | LeaveGroup) -> Account | No:
    if isinstance(operation, LeaveGroup):
        return replace(account, groups=account.groups - {operation.group})
    if operation.group not in world.groups:
        if not operation.create:
            return No(outcome=Outcome.NEEDS_YOU, detail="group does not exist")
        world.groups.add(operation.group)
    return replace(account, groups=account.groups | {operation.group})


def _assign(world: World, account: Account, operation: Assign) -> Account:
    asked = Enrolment(requirement=operation.requirement, cycle=operation.cycle, due_on=operation.due_on)
    state = world.progress.get(account.id, {}).get(asked.key, "assigned")
    return _with(account, replace(asked, state=state))


def _withdraw(account: Account, operation: Withdraw) -> Account | No:
    key = Enrolment(requirement=operation.requirement, cycle=operation.cycle).key
    known = account.enrolments.get(key)
    if known is None or known.state == "withdrawn":
        return account
    if operation.only_if_not_started and known.state != "assigned":
        return No(outcome=Outcome.SKIPPED, detail="already started; left as it is")
    return _with(account, replace(known, state="withdrawn"))


def _with(account: Account, enrolment: Enrolment) -> Account:
    return replace(account, enrolments={**account.enrolments, enrolment.key: enrolment})


def _turned(account: Account, operation: SuspendAccount | ArchiveAccount | RestoreAccount) -> Account:
    match operation:
        case RestoreAccount():
            return replace(account, state=AccountState.ACTIVE)
        case ArchiveAccount():
            return replace(account, state=AccountState.ARCHIVED)
        case SuspendAccount(revoke_roles=revoke):
            # an archived account is suspended already; suspending must not bring it back into the lists
            state = account.state if account.state is AccountState.ARCHIVED else AccountState.SUSPENDED
            return replace(account, state=state, roles=() if revoke else account.roles)
        case _:
            assert_never(operation)
