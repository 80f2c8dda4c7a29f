"""The closed union of what a target can be asked to do. Operations name the person, not the account.

For a joiner the account ID does not exist yet, so assignments can sit in the same plan as the creation:
apply resolves the ID through the link that the creation makes. Adding an operation: one dataclass here and in
`Operation`; mypy then lists every `match` to extend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from joinery.core.model.ids import AccountId, PersonKey, RequirementKey


class ActionClass(StrEnum):
    """What modes are set for, and what a reader of a plan counts."""

    LINK = "link"
    CREATE = "create"
    UPDATE = "update"
    GROUP = "group"
    ASSIGN = "assign"
    WITHDRAW = "withdraw"
    SUSPEND = "suspend"
    ARCHIVE = "archive"
    RESTORE = "restore"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One attribute, target name; empty text means "none"."""

    attribute: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAccount:
    """Remember that this account is theirs (and write our key into it where the target can hold it)."""

    person_key: PersonKey
    account_id: AccountId
    #: worker_id | email | person
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """A new account, active, with its attributes and groups."""

    person_key: PersonKey
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAccount:
    """Changed attributes; each `old` is what the account must still hold, or the line is skipped."""

    person_key: PersonKey
    changes: tuple[Change, ...]
    #: the guard that counts it: update | manager_change | email_change | name_change
    guard: str = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinGroup:
    """Membership of a group; `create` only where missing groups may be made."""

    person_key: PersonKey
    group: str
    create: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveGroup:
    """End of a membership that Joinery made."""

    person_key: PersonKey
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """An assignment is (person, requirement, cycle); a changed reason or due date never restarts it."""

    person_key: PersonKey
    requirement: RequirementKey
    cycle: str = ""
    due_on: date | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """The last reason has gone."""

    person_key: PersonKey
    requirement: RequirementKey
    cycle: str = ""
    only_if_not_started: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendAccount:
    """Sign-in off, sessions ended, everything kept."""

    person_key: PersonKey
    #: a terminated administrator loses the roles first
    revoke_roles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveAccount:
    """Suspended and out of the current lists, history kept."""

    person_key: PersonKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreAccount:
    """Undoes a suspension or an archiving; comes back whole."""

    person_key: PersonKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSignInMail:
    """Once per account and employment, only after the creation and its assignments are confirmed."""

    person_key: PersonKey
    #: the employment it belongs to: ISO hire date, part of the once-only key
    employment: str
    language: str = ""


Operation: TypeAlias = (
    LinkAccount
    | CreateAccount
    | UpdateAccount
    | JoinGroup
    | LeaveGroup
    | Assign
    | Withdraw
    | SuspendAccount
    | ArchiveAccount
    | RestoreAccount
    | SendSignInMail
)
