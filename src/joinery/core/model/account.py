"""An account as the learning system has it, and the link that says whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from joinery.core.model.ids import AccountId, PersonKey, RequirementKey


class AccountState(StrEnum):
    """Suspended: sign-in off, all kept. Archived: suspended and out of current lists. Nothing is ever deleted."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One assignment as the target has it; `key` is ours: (requirement, cycle)."""

    requirement: RequirementKey
    cycle: str = ""
    due_on: date | None = None
    #: assigned | in_progress | completed | withdrawn
    state: str = "assigned"
    #: where the target tells it
    completed_at: datetime | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """`path:Onboarding_Path` or `course:FORKLIFT#2026-03-01`: the assignment's identity for one person."""
        return f"{self.requirement}#{self.cycle}" if self.cycle else str(self.requirement)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as last confirmed by the target. `attributes` are target names, text values."""

    id: AccountId
    #: our person key where the target can hold it
    external_id: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    state: AccountState = AccountState.ACTIVE
    roles: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    #: opaque; changes when the account does, where the target has such a thing
    version: str = ""

    @property
    def email(self) -> str:
        """The address, lower case; empty when there is none."""
        return self.attributes.get("email", "").lower()

    @property
    def worker_id(self) -> str:
        """The employee number held in the target; empty when it holds none."""
        return self.attributes.get("worker_id", "")

    @property
    def protected(self) -> bool:
        """Elevated in the target: never touched by bulk or unlinked changes."""
        return bool(self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Our memory of whose account it is. Only linked accounts are ever written."""

    person_key: PersonKey
    account_id: AccountId
    #: created | worker_id | email | person (a human said so)
    made_by: str
    made_at: datetime
