"""An operation in words, for plans, receipts and questions. IDs and values of the plan itself, nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from joinery.core.model.operation import (
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
from joinery.core.model.plan import Reason

#: stands for a value that is told only to whoever asks for confidential things
UNTOLD = "not told here"


def withheld(operation: Operation, former: frozenset[str], ends: frozenset[str]) -> tuple[Operation, int]:
    """The operation without former names and ends of employment, and how many values that were.

    `former`: account attributes of which the old value is a former name, or an address that may hold one;
    `ends`: account attributes that an announced end, or a leave, is written to.
    """
    if isinstance(operation, CreateAccount):
        hidden = {name: UNTOLD for name, value in operation.attributes.items() if name in ends and value}
        return replace(operation, attributes={**operation.attributes, **hidden}), len(hidden)
    if not isinstance(operation, UpdateAccount):
        return operation, 0
    changes = tuple(_change(each, former, ends) for each in operation.changes)
    return replace(operation, changes=changes), sum(a != b for a, b in zip(changes, operation.changes, strict=True))


def withheld_reason(reason: Reason, former: frozenset[str], ends: frozenset[str]) -> Reason:
    """The reason without the same values; `former` and `ends` are HR's attributes here."""
    if reason.attribute not in former | ends:
        return reason
    gone = [reason.old] if reason.attribute in former else [reason.old, reason.new]
    text = reason.text
    for value in filter(None, gone):
        text = text.replace(value, UNTOLD)
    new = UNTOLD if reason.new and reason.attribute in ends else reason.new
    return replace(reason, text=text, old=UNTOLD if reason.old else "", new=new)


def _change(change: Change, former: frozenset[str], ends: frozenset[str]) -> Change:
    if change.attribute in ends:
        return replace(change, old=UNTOLD, new=UNTOLD)
    return replace(change, old=UNTOLD) if change.attribute in former and change.old else change


def said(operation: Operation) -> str:
    """What would be done, in a few plain words."""
    match operation:
        case CreateAccount() | SuspendAccount() | ArchiveAccount() | RestoreAccount() | LinkAccount():
            return _account(operation)
        case UpdateAccount(changes=changes):
            return "; ".join(f"{c.attribute}: {c.old or 'nothing'} -> {c.new or 'nothing'}" for c in changes)
        case JoinGroup(group=group):
            return f"put into group {group}"
        case LeaveGroup(group=group):
            return f"take out of group {group}"
        case Assign() | Withdraw() | SendSignInMail():
            return _learning(operation)
        case _:
            assert_never(operation)


def _account(
    operation: CreateAccount | SuspendAccount | ArchiveAccount | RestoreAccount | LinkAccount,
) -> str:
    match operation:
        case CreateAccount(attributes=attributes):
            return f"make an account for {attributes.get('email') or 'somebody without e-mail'}"
        case LinkAccount(account_id=account, made_by=by):
            how = "somebody said so" if by == "person" else f"same {by.replace('_', ' ')}"
            return f"recognise account {account} as theirs ({how})"
        case SuspendAccount(revoke_roles=revoke):
            return "end access" + (" and take administrator roles away" if revoke else "")
        case ArchiveAccount():
            return "archive: out of current lists, history kept"
        case RestoreAccount():
            return "give access back"
        case _:
            assert_never(operation)


def _learning(operation: Assign | Withdraw | SendSignInMail) -> str:
    match operation:
        case Assign(requirement=requirement, due_on=due):
            return f"assign {requirement.partition(':')[2]}" + (f", due {due.isoformat()}" if due else "")
        case Withdraw(requirement=requirement):
            return f"withdraw {requirement.partition(':')[2]}"
        case SendSignInMail():
            return "send the sign-in mail"
        case _:
            assert_never(operation)
