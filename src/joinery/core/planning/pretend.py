"""The account as an operation would leave it: for looking ahead, where nothing is written anywhere.

Rule: whatever is pretended here counts as done in `effect.in_effect`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.ids import AccountId
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

#: the ID of an account that nobody has made yet
NOT_YET = AccountId("(to be made)")


def left_by(operation: Operation, account: Account) -> Account:
    """The account afterwards. For a creation, `account` is what `unmade` gives."""
    match operation:
        case LinkAccount() | CreateAccount() | UpdateAccount():
            return _attributes(operation, account)
        case SuspendAccount(revoke_roles=revoke):
            closed = AccountState.ARCHIVED if account.state is AccountState.ARCHIVED else AccountState.SUSPENDED
            return replace(account, state=closed, roles=() if revoke else account.roles)
        case ArchiveAccount():
            return replace(account, state=AccountState.ARCHIVED)
        case RestoreAccount():
            return replace(account, state=AccountState.ACTIVE)
        case JoinGroup() | LeaveGroup() | Assign() | Withdraw():
            return _learning(operation, account)
        case SendSignInMail():
            return account
        case _:
            assert_never(operation)


def unmade() -> Account:
    """An account that is still to be made."""
    return Account(id=NOT_YET)


def _attributes(operation: LinkAccount | CreateAccount | UpdateAccount, account: Account) -> Account:
    match operation:
        case LinkAccount(account_id=account_id, person_key=key):
            return replace(account, id=account_id, external_id=key)
        case CreateAccount(attributes=attributes, person_key=key):
            return replace(account, external_id=key, attributes={**account.attributes, **attributes})
        case UpdateAccount(changes=changes):
            return replace(account, attributes={**account.attributes, **{c.attribute: c.new for c in changes}})
        case _:
            assert_never(operation)


def _learning(operation: JoinGroup | LeaveGroup | Assign | Withdraw, account: Account) -> Account:
    match operation:
        case JoinGroup(group=group):
            return replace(account, groups=account.groups | {group})
        case LeaveGroup(group=group):
            return replace(account, groups=account.groups - {group})
        case Assign(requirement=requirement, cycle=cycle, due_on=due_on):
            wanted = Enrolment(requirement=requirement, cycle=cycle, due_on=due_on)
            there = account.enrolments.get(wanted.key)
            if there is not None and there.state != "withdrawn":
                wanted = replace(there, due_on=due_on)
            return replace(account, enrolments={**account.enrolments, wanted.key: wanted})
        case Withdraw(requirement=requirement, cycle=cycle):
            key = Enrolment(requirement=requirement, cycle=cycle).key
            there = account.enrolments.get(key)
            if there is None:
                return account
            return replace(account, enrolments={**account.enrolments, key: replace(there, state="withdrawn")})
        case _:
            assert_never(operation)
