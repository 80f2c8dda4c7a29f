"""Decides what one operation does to an account. Pure apart from the `World` it is given.

Every operation is idempotent in effect: asked twice, the second time says done and changes nothing. It either
replaces the account or leaves the world as it was, so a bad neighbour harms nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from joinery_classroom import operations as ops
from joinery_classroom.model import Account, AccountId, Assignment, CourseId
from joinery_classroom.progress import NOTHING, Learning, measured
from joinery_classroom.world import World, folded

Outcome = Literal["done", "skipped", "failed", "needs_you"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one operation; `account` is its account afterwards, where there is one."""

    key: str
    outcome: Outcome
    detail: str
    changed: bool
    account: Account | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What deciding needs besides the accounts. `learning` is filled for the accounts that are assigned something."""

    now: datetime
    targets: Mapping[tuple[str, str], Sequence[CourseId]]
    learning: Mapping[int, Learning]


@dataclass(frozen=True, slots=True, kw_only=True)
class _No:
    """The operation is not done; nothing is written."""

    outcome: Outcome
    detail: str


def decide(operation: ops.Operation | ops.Unreadable, world: World, around: Around) -> Result:
    """Carries one operation out in the world."""
    if isinstance(operation, ops.Unreadable):
        return Result(key=operation.key, outcome="failed", detail=operation.why, changed=False, account=None)
    if isinstance(operation, ops.Create):
        return _create(operation, world)
    before = world.accounts.get(operation.account_id)
    if before is None:
        return Result(key=operation.key, outcome="failed", detail="no such account", changed=False, account=None)
    after = _changed(operation, before, world, around)
    if isinstance(after, _No):
        return Result(key=operation.key, outcome=after.outcome, detail=after.detail, changed=False, account=before)
    if after is before or after == before:
        return Result(key=operation.key, outcome="done", detail="already so", changed=False, account=before)
    after = replace(after, version=before.version + 1)
    world.put(after)
    return Result(key=operation.key, outcome="done", detail="", changed=True, account=after)


def _create(operation: ops.Create, world: World) -> Result:
    known = world.by_external_id.get(operation.external_id)
    if known is not None:
        account = world.accounts[known]
        return Result(key=operation.key, outcome="done", detail="already there", changed=False, account=account)
    taken = _taken(operation.attributes, None, world)
    if taken is not None:
        return Result(key=operation.key, outcome="needs_you", detail=taken, changed=False, account=None)
    account = Account(
        seq=world.next_seq,
        id=AccountId(f"c-{world.next_seq:06d}"),
        external_id=operation.external_id,
        attributes=operation.attributes,
        state=operation.state,
        roles=(),
        groups=frozenset(),
        assignments={},
        version=1,
        last_sign_in_at=None,
    )
    world.next_seq += 1
    world.put(account)
    return Result(key=operation.key, outcome="done", detail="", changed=True, account=account)


def _taken(attributes: Mapping[str, str | None], own: AccountId | None, world: World) -> str | None:
    for name, index, called in (("email", world.by_email, "e-mail"), ("worker_id", world.by_worker_id, "worker ID")):
        holder = index.get(folded(attributes.get(name)) or "")
        if holder is not None and holder != own:
            return f"the {called} belongs to account {holder}"
    return None


_Handled = ops.Update | ops.Suspend | ops.Archive | ops.Restore | ops.SetExternalId
_Joined = ops.AddToGroup | ops.RemoveFromGroup | ops.Assign | ops.Withdraw


def _changed(operation: _Handled | _Joined, account: Account, world: World, around: Around) -> Account | _No:
    match operation:
        case ops.Update():
            return _update(operation, account, world)
        case ops.Suspend() | ops.Archive():
            return _close(operation, account, world)
        case ops.Restore():
            return replace(account, state="active")
        case ops.SetExternalId():
            return _set_external_id(operation, account, world)
        case ops.AddToGroup() | ops.RemoveFromGroup():
            return _regroup(operation, account, world)
        case ops.Assign():
            return _assign(operation, account, around)
        case ops.Withdraw():
            return _withdraw(operation, account)
        case _:
            assert_never(operation)


def _update(operation: ops.Update, account: Account, world: World) -> Account | _No:
    attributes = dict(account.attributes)
    for change in operation.changes:
        current, new = attributes.get(change.attribute) or "", change.new or ""
        if current == new:
            continue
        if change.old is not None and change.old != current:
            return _No(outcome="skipped", detail=f"{change.attribute} is no longer what it was; nothing was written")
        if change.new is None:
            attributes.pop(change.attribute, None)
        else:
            attributes[change.attribute] = change.new
    if attributes == account.attributes:
        return account
    taken = _taken(attributes, account.id, world)
    return _No(outcome="needs_you", detail=taken) if taken else replace(account, attributes=attributes)


def _close(operation: ops.Suspend | ops.Archive, account: Account, world: World) -> Account:
    world.end_access.add(account.seq)
    if isinstance(operation, ops.Archive):
        return replace(account, state="archived")
    roles = () if operation.revoke_roles else account.roles
    return replace(account, state="archived" if account.state == "archived" else "suspended", roles=roles)


def _set_external_id(operation: ops.SetExternalId, account: Account, world: World) -> Account | _No:
    if account.external_id == operation.external_id:
        return account
    holder = world.by_external_id.get(operation.external_id)
    if holder is not None:
        return _No(outcome="needs_you", detail=f"this person is linked to account {holder}")
    if account.external_id != operation.old:
        return _No(outcome="skipped", detail="external_id is no longer what it was; nothing was written")
    return replace(account, external_id=operation.external_id)


def _regroup(operation: ops.AddToGroup | ops.RemoveFromGroup, account: Account, world: World) -> Account | _No:
    if isinstance(operation, ops.RemoveFromGroup):
        return replace(account, groups=account.groups - {operation.group})
    if operation.group not in world.group_names:
        if not operation.create:
            return _No(outcome="needs_you", detail="group does not exist")
        world.group_names.add(operation.group)
        world.new_groups.append(operation.group)
    return replace(account, groups=account.groups | {operation.group})


def _assign(operation: ops.Assign, account: Account, around: Around) -> Account | _No:
    courses = around.targets.get((operation.kind, operation.target))
    if courses is None:
        return _No(outcome="needs_you", detail=f"there is no {operation.kind} {operation.target}")
    key = operation.assignment or operation.key
    known = account.assignments.get(key)
    if known is not None and (known.kind, known.target) != (operation.kind, operation.target):
        return _No(outcome="needs_you", detail=f"this assignment is for the {known.kind} {known.target}")
    asked = Assignment(
        key=key,
        kind=operation.kind,
        target=operation.target,
        cycle=operation.cycle,
        due_on=operation.due_on,
        reasons=tuple(operation.reasons),
        counts_since=operation.counts_since,
        assigned_at=known.assigned_at if known else around.now,
        progress=known.progress if known else "assigned",
        completed_at=known.completed_at if known else None,
    )
    asked = measured(asked, courses, around.learning.get(account.seq, NOTHING))
    return account if asked == known else _with(account, asked)


def _withdraw(operation: ops.Withdraw, account: Account) -> Account | _No:
    known = account.assignments.get(operation.assignment or operation.key)
    if known is None or known.withdrawn:
        return account
    if operation.only_if_not_started and known.progress != "assigned":
        return _No(outcome="skipped", detail="already started; left as it is")
    return _with(account, replace(known, withdrawn=True))


def _with(account: Account, assignment: Assignment) -> Account:
    return replace(account, assignments={**account.assignments, assignment.key: assignment})
