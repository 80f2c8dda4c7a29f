"""What we believe of somebody's account once the learning system has shown it again beside something else. Pure.

Rule: nobody's change by hand is believed in passing. What differs and is not of our doing stays as last confirmed, so
that the next reconcile finds it, tells it and does as `learning.drift` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final, assert_never

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.operation import (
    ActionClass,
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

_ACCESS: Final = frozenset({ActionClass.SUSPEND, ActionClass.ARCHIVE, ActionClass.RESTORE})
_DUTIES: Final = frozenset({ActionClass.ASSIGN, ActionClass.WITHDRAW})


def after(operation: Operation, known: Account, shown: Account) -> Account:
    """What an answer to this operation says: the thing it was about as it is shown, and the rest as it was `known`.

    However it ended: a line that was skipped because a value had moved starts from that value next time.
    """
    passed = _open_as_shown(known, shown)
    match operation:
        case UpdateAccount(changes=changes):
            return replace(passed, attributes=_attributes(known, shown, (change.attribute for change in changes)))
        case SuspendAccount(revoke_roles=True):
            return replace(passed, state=shown.state, roles=shown.roles)
        case SuspendAccount() | ArchiveAccount() | RestoreAccount():
            return replace(passed, state=shown.state)
        case JoinGroup(group=group) | LeaveGroup(group=group):
            return replace(passed, groups=(known.groups - {group}) | (shown.groups & {group}))
        case Assign(requirement=requirement, cycle=cycle) | Withdraw(requirement=requirement, cycle=cycle):
            return replace(passed, enrolments=_enrolments(passed, shown, requirement, cycle))
        case CreateAccount() | LinkAccount() | SendSignInMail():
            return passed
        case _:
            assert_never(operation)


def after_actions(actions: Collection[str], known: Account, shown: Account) -> Account:
    """The same where only the kinds of action are known (`ActionClass`), not what each was about."""
    passed = _open_as_shown(known, shown)
    if ActionClass.UPDATE in actions:
        passed = replace(passed, attributes=shown.attributes)
    if ActionClass.GROUP in actions:
        passed = replace(passed, groups=shown.groups)
    if _DUTIES.intersection(actions):
        passed = replace(passed, enrolments=shown.enrolments)
    return replace(passed, state=shown.state, roles=shown.roles) if _ACCESS.intersection(actions) else passed


def _open_as_shown(known: Account, shown: Account) -> Account:
    """As in passing, but an account that is open is open: a call that was under way may have written back what it had
    read before an end of access, and whoever is to be out must not be taken for out."""
    passed = in_passing(known, shown)
    return replace(passed, state=shown.state) if shown.state is AccountState.ACTIVE else passed


def in_passing(known: Account, shown: Account) -> Account:
    """What nobody changes by hand: our key, the version, and how far the learner has come."""
    learnt = {key: _learnt(known.enrolments.get(key), there) for key, there in shown.enrolments.items()}
    enrolments = {**known.enrolments, **learnt}
    return replace(known, external_id=shown.external_id, version=shown.version, enrolments=enrolments)


def _learnt(known: Enrolment | None, shown: Enrolment) -> Enrolment:
    """Given or not, and due when, is as it was known; what we never knew of was given by others, which is no drift."""
    if known is None:
        return shown
    if "withdrawn" in {known.state, shown.state}:
        return known
    return replace(shown, due_on=known.due_on)


def _attributes(known: Account, shown: Account, names: Iterable[str]) -> Mapping[str, str]:
    attributes = dict(known.attributes)
    for name in names:
        attributes.pop(name, None)
        if name in shown.attributes:
            attributes[name] = shown.attributes[name]
    return attributes


def _enrolments(passed: Account, shown: Account, requirement: str, cycle: str) -> Mapping[str, Enrolment]:
    key = f"{requirement}#{cycle}" if cycle else requirement
    rest = {name: enrolment for name, enrolment in passed.enrolments.items() if name != key}
    return {**rest, key: shown.enrolments[key]} if key in shown.enrolments else rest
