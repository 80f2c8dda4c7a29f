"""An operation in words, for plans, receipts and questions. IDs and values of the plan itself, nothing else."""

from __future__ import annotations

from typing import assert_never

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
