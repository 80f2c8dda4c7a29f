"""The promises between Joinery and the systems it joins. Pure: no I/O here.

A source brings raw records; a target has accounts and performs operations, one receipt each, and can be asked
whether an operation of unknown outcome took effect. Connectors translate vendor failures into `joinery.errors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import ActionClass, Operation
from joinery.core.model.receipt import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a target can do. What it cannot do is held and visible, never silently dropped."""

    actions: frozenset[ActionClass]
    #: most operations in one `perform` call
    batch_size: int = 50
    #: most `perform` calls at one time
    concurrency: int = 4
    #: operations a second; None where the vendor names no limit
    rate: float | None = None
    #: the target keeps our person key, so a lost answer can be looked up by it
    holds_external_id: bool = True
    #: how long a session can survive a suspension, in seconds; 0 when the next click is refused
    session_survives: int = 0
    #: `Erases.erase` takes the person out of the system itself, not only out of what the target remembers
    erases: bool = False
    #: the target is a simulation: writes for a moment ahead of the real clock are allowed
    simulation: bool = False
    #: not empty: a receipt does not say that the system took it in. Lines end as unconfirmed, with this text
    unconfirmed: str = ""
    #: text for people: what the target does for each thing it cannot do itself
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One line as handed to a target: the stable key, the operation, and the account once it is known."""

    key: str
    operation: Operation
    #: None only for CreateAccount, and for operations whose creation failed
    account_id: AccountId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One page of accounts in stable order; `total` is the target's own count, to prove completeness."""

    items: tuple[Account, ...]
    next: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One training record as the target has it; `id` and `revision` make it exactly-once."""

    id: str
    account_id: AccountId
    course: str
    course_title: str
    course_version: str
    completed_at: str
    result: str
    score: str = ""
    expires_on: str = ""
    certificate_id: str = ""
    attempt: int = 1
    revision: int = 1
    revokes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """`found`: there was an account. `scrubbed`: unused bytes of its files hold nothing of before."""

    found: bool
    scrubbed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionPage:
    """Completions after a cursor, oldest first; `next` is the cursor to keep."""

    items: tuple[Completion, ...]
    next: str
    more: bool


class Target(Protocol):
    """A learning system. Raises StopRun errors when it cannot go on; one person's trouble is a receipt."""

    name: str
    capabilities: Capabilities

    async def check(self) -> None:
        """Raise when credentials or permissions do not do; called before settings are trusted."""

    async def accounts(self, after: str | None = None) -> AccountPage:
        """One page of all accounts, `after` the previous page's `next`."""

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        """The live accounts of these people or IDs; what is not there is simply missing from the answer."""

    def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """Perform in order, one receipt each. Every operation is idempotent in effect. An operation that needs an
        account and has none gets a `failed` receipt. May raise TryAgain or StopRun at any point: what was yielded
        counts, the rest is unknown and will be looked up before it is tried again."""

    async def close(self) -> None:
        """Give back connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an export says of accounts, as far as it is newer than what each was last told. Of others: nothing.

    `by` names it for people; `at` is its moment (UTC).
    """

    by: str
    at: datetime
    accounts: Mapping[AccountId, Account] = field(default_factory=dict)
    #: of them: exactly as they were told, in everything that is told and shown
    as_told: frozenset[AccountId] = frozenset()
    #: told, and not there
    missing: frozenset[AccountId] = frozenset()
    #: `group:X` and requirements that stand beside an account, where it tells `groups` or `courses`
    lists: Mapping[AccountId, frozenset[str]] = field(default_factory=dict)
    #: attributes that are told and shown, and `state`, `groups`, `courses`
    tells: frozenset[str] = frozenset()


@runtime_checkable
class Confirming(Protocol):
    """A target that cannot be asked what is there: an export shows it, later."""

    async def news(self) -> bool:
        """Whether there is an export that was not read. Raises SourceUntrusted when it cannot be."""

    async def shown(self) -> Shown | None:
        """What the exports that were read say; None before the first."""


class SignIn(Protocol):
    """A target that can make sign-in links for people."""

    async def sign_in_link(self, account_id: AccountId) -> str:
        """A one-time link; raises Rejected when the account may not sign in."""


@runtime_checkable
class RecordSource(Protocol):
    """A target whose completions can be read."""

    async def completions(self, after: str) -> CompletionPage:
        """Completions after this cursor (empty text: from the beginning)."""


@runtime_checkable
class Erases(Protocol):
    """A target that can take a person out of what it holds. No sync asks for it."""

    async def erase(self, account_id: AccountId, pseudonym: str) -> Emptied:
        """Everything that says who it is goes; training records stay to be counted, the account as a closed shell, so
        that its ID is given to nobody else. Twice is once. Raises Conflict, with nothing erased, while it may sign in.
        """
