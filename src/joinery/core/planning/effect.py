"""What an operation leaves behind in an account, and what must not be tried once something else has failed.

Rule: `in_effect` may say False too often (the operation is then performed again, and is idempotent), never True
too often (the line would end as done without anything having happened).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from joinery.core.model.account import Account, AccountState
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


def in_effect(operation: Operation, account: Account) -> bool:  # noqa: C901 one line per operation is the simplest form
    """Whether the account already is as the operation wants it.

    A created account counts as soon as it carries our key: attributes that were normalised or are still missing
    are the next plan's business, a second account would be worse. A mail leaves no trace in an account.
    """
    match operation:
        case LinkAccount():
            return account.id == operation.account_id and account.external_id == operation.person_key
        case CreateAccount():
            return account.external_id == operation.person_key
        case UpdateAccount():
            return all(_holds(account, change) for change in operation.changes)
        case JoinGroup():
            return operation.group in account.groups
        case LeaveGroup():
            return operation.group not in account.groups
        case Assign():
            return _assigned(operation, account)
        case Withdraw():
            return _withdrawn(operation, account)
        case SuspendAccount():
            return account.state is not AccountState.ACTIVE and not (operation.revoke_roles and account.roles)
        case ArchiveAccount():
            return account.state is AccountState.ARCHIVED
        case RestoreAccount():
            return account.state is AccountState.ACTIVE
        case SendSignInMail():
            return False
        case _ as never:
            assert_never(never)


def shows(
    operation: Operation,
    account: Account,
    tells: Collection[str],
    *,
    as_told: bool,
    listed: Collection[str] = (),
) -> bool | None:
    """Whether an export that tells these attributes shows the operation in `account`; None when it does not say.

    `as_told`: the account is as it was told last, so that this line took effect, or a later one after it. `listed`:
    `group:X` and the requirements that stand beside the account, where it tells `groups` or `courses`.
    """
    match operation:
        case CreateAccount():
            return True
        case UpdateAccount(changes=changes):
            told = all(change.attribute in tells for change in changes)
            return (as_told or in_effect(operation, account)) if told else None
        case SuspendAccount() | ArchiveAccount() | RestoreAccount():
            return (as_told or in_effect(operation, account)) if "state" in tells else None
        case JoinGroup(group=group) | LeaveGroup(group=group):
            # what a later line took back says nothing of this one
            stands = "groups" in tells and in_effect(operation, account)
            return (f"group:{group}" in listed) is isinstance(operation, JoinGroup) if stands else None
        case Assign(requirement=requirement):
            stands = "courses" in tells and in_effect(operation, account)
            return str(requirement) in listed if stands else None
        case LinkAccount() | Withdraw() | SendSignInMail():
            return None
        case _ as never:
            assert_never(never)


def left_as_it_was(operation: UpdateAccount, account: Account) -> tuple[str, ...]:
    """Attributes that were to change and are seen to be what they were. A value of the system's own making is none."""
    return tuple(
        change.attribute
        for change in operation.changes
        if account.attributes.get(change.attribute, "") == change.old and not _holds(account, change)
    )


def opens_account(operation: Operation) -> bool:
    """What comes after it for the same person makes no sense without it."""
    return isinstance(operation, LinkAccount | CreateAccount | RestoreAccount)


def blocked_by(operation: Operation, failed: Operation) -> bool:
    """Whether `operation` must not be tried after `failed` failed, or waits for somebody, for the same person.

    One course that the target refuses must not keep the others, or a suspension, from a person for ever: only what
    opens the account blocks. The sign-in mail is different: it promises that everything before it is there.
    """
    match operation:
        case SendSignInMail():
            return True
        case SuspendAccount() | ArchiveAccount():
            return isinstance(failed, LinkAccount | CreateAccount)
        case _:
            return opens_account(failed)


def _holds(account: Account, change: Change) -> bool:
    held = account.attributes.get(change.attribute, "")
    return held == change.new or (change.attribute == "email" and held.casefold() == change.new.casefold())


def _assigned(operation: Assign, account: Account) -> bool:
    key = f"{operation.requirement}#{operation.cycle}" if operation.cycle else str(operation.requirement)
    enrolment = account.enrolments.get(key)
    if enrolment is None or enrolment.state == "withdrawn":
        return False
    return enrolment.state == "completed" or enrolment.due_on == operation.due_on


def _withdrawn(operation: Withdraw, account: Account) -> bool:
    key = f"{operation.requirement}#{operation.cycle}" if operation.cycle else str(operation.requirement)
    enrolment = account.enrolments.get(key)
    return enrolment is None or enrolment.state == "withdrawn"
