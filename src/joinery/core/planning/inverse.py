"""The inverse of a line, from the account as it was before. Pure. What cannot be taken back is named, not faked.

Nothing is ever deleted: a creation is taken back by archiving, an archiving by what the account was before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from joinery.core.model.account import Account, AccountState
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    Assign,
    Change,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """`pins`: what must not be redone by the next run while facts and rules stay as they are: (subject, value)."""

    operation: Operation
    action: ActionClass
    pins: tuple[tuple[str, str], ...] = ()


def inverse_of(operation: Operation, before: Account | None) -> Inverse | str:
    """What takes the line back, or the sentence that says why nothing can."""
    match operation:
        case SendSignInMail():
            return "a mail that was sent cannot be taken back"
        case LinkAccount():
            return "a link is undone by hand: joinery match reject"
        case UpdateAccount() | JoinGroup() | LeaveGroup():
            return _content(operation)
        case Assign() | Withdraw():
            return _learning(operation, before)
        case CreateAccount() | SuspendAccount() | ArchiveAccount() | RestoreAccount():
            return _access(operation, before)
        case _:
            assert_never(operation)


def _content(operation: UpdateAccount | JoinGroup | LeaveGroup) -> Inverse:
    key = operation.person_key
    match operation:
        case UpdateAccount(changes=changes, guard=guard):
            swapped = tuple(Change(attribute=c.attribute, old=c.new, new=c.old) for c in changes)
            update = UpdateAccount(person_key=key, changes=swapped, guard=guard)
            pins = tuple((c.attribute, c.new) for c in changes)
            return Inverse(operation=update, action=ActionClass.UPDATE, pins=pins)
        case JoinGroup(group=group):
            leave = LeaveGroup(person_key=key, group=group)
            return Inverse(operation=leave, action=ActionClass.GROUP, pins=((f"group:{group}", "in"),))
        case LeaveGroup(group=group):
            join = JoinGroup(person_key=key, group=group, create=False)
            return Inverse(operation=join, action=ActionClass.GROUP, pins=((f"group:{group}", "out"),))
        case _:
            assert_never(operation)


def _learning(operation: Assign | Withdraw, before: Account | None) -> Inverse:
    """An assignment that was there before comes back as it was: a line that moved its due date withdraws nothing."""
    key, requirement, cycle = operation.person_key, operation.requirement, operation.cycle
    named = f"{requirement}#{cycle}" if cycle else str(requirement)
    pins = ((named, "assigned" if isinstance(operation, Assign) else "withdrawn"),)
    was = before.enrolments.get(named) if before else None
    if isinstance(operation, Assign) and (was is None or was.state == "withdrawn"):
        withdraw = Withdraw(person_key=key, requirement=requirement, cycle=cycle, only_if_not_started=True)
        return Inverse(operation=withdraw, action=ActionClass.WITHDRAW, pins=pins)
    due = was.due_on if was else None
    assign = Assign(person_key=key, requirement=requirement, cycle=cycle, due_on=due, reasons=("undo",))
    return Inverse(operation=assign, action=ActionClass.ASSIGN, pins=pins)


def _access(
    operation: CreateAccount | SuspendAccount | ArchiveAccount | RestoreAccount, before: Account | None
) -> Inverse | str:
    key = operation.person_key
    if isinstance(operation, CreateAccount):
        archive = ArchiveAccount(person_key=key)
        return Inverse(operation=archive, action=ActionClass.ARCHIVE, pins=(("access", "active"),))
    wanted = {SuspendAccount: "suspended", ArchiveAccount: "archived", RestoreAccount: "active"}[type(operation)]
    pins = (("access", wanted),)
    if before is None:
        return "the account as it was before is not known"
    match before.state:
        case AccountState.ACTIVE:
            return Inverse(operation=RestoreAccount(person_key=key), action=ActionClass.RESTORE, pins=pins)
        case AccountState.SUSPENDED:
            if isinstance(operation, ArchiveAccount):
                return "an archived account that was suspended before stays archived: it could not sign in either way"
            return Inverse(operation=SuspendAccount(person_key=key), action=ActionClass.SUSPEND, pins=pins)
        case AccountState.ARCHIVED:
            return Inverse(operation=ArchiveAccount(person_key=key), action=ActionClass.ARCHIVE, pins=pins)
        case _:
            assert_never(before.state)
