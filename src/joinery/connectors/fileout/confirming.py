"""What an export of the system's users says of those it was told about. Pure.

Rule: an export older than what somebody was last told about an account says nothing of that account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from joinery.connectors.fileout.layout import Layout
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export of users. `mark` names this very file; `tells`: what its columns say of an account."""

    mark: str
    #: for people
    name: str = "the export"
    taken_at: datetime
    accounts: Sequence[Account]
    tells: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Accounts that are otherwise there than they were told, those that are not there, and those that are."""

    other: tuple[Account, ...]
    missing: frozenset[AccountId]
    there: frozenset[AccountId]


def told_and_shown(layout: Layout, tells: frozenset[str]) -> frozenset[str]:
    """What the files tell the system, in the row of somebody, and the export tells us."""
    users = [file for file in layout.files if file.of == "users"]
    written = {name for file in users for column in file.columns for name in (column.source, column.instead)}
    return frozenset(written & tells)


def compare(
    layout: Layout, believed: Iterable[Account], told: Mapping[AccountId, datetime], export: Exported
) -> Compared:
    """Each account by its employee number, its ID, its e-mail or its login, whichever the export shows first."""
    known = [_by(export.accounts, key) for key in ("worker_id", "id", "email", "username")]
    other, missing, there = [], set(), set()
    for account in believed:
        if (at := told.get(account.id)) is not None and at >= export.taken_at:
            continue
        names = (account.worker_id, account.id, account.email.lower(), account.email.lower())
        row = next((found[name] for found, name in zip(known, names, strict=True) if name and name in found), None)
        if row is None:
            missing.add(account.id)
            continue
        there.add(account.id)
        if (shown := _as_shown(layout, account, row, export.tells)) != account:
            other.append(shown)
    return Compared(other=tuple(other), missing=frozenset(missing), there=frozenset(there))


def _by(accounts: Iterable[Account], key: str) -> dict[str, Account]:
    def named(account: Account) -> str:
        if key == "id":
            return account.id
        value = account.attributes.get(key, "")
        return value if key == "worker_id" else value.lower()

    return {name: account for account in accounts if (name := named(account))}


def _as_shown(layout: Layout, account: Account, row: Account, tells: frozenset[str]) -> Account:
    """The account as the export has it, in what the layout tells the system and the export tells us."""
    known = told_and_shown(layout, tells)
    attributes = dict(account.attributes)
    for name in known & attributes.keys():
        value = row.attributes.get(name, "")
        if value.casefold() != attributes[name].casefold():
            attributes[name] = value
    state = account.state
    # suspended and archived are one word for most imports
    if "state" in known and (row.state is AccountState.ACTIVE) is not (state is AccountState.ACTIVE):
        state = row.state
    return replace(account, attributes=attributes, state=state)
