"""What an export of the system's users says of those it was told about. Pure.

Rule: an export older than what somebody was last told about an account says nothing of that account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from joinery.connectors.fileout.layout import Layout
from joinery.connectors.fileout.rows import course_values
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId

#: what a column holds -> what an export with such a column tells
LISTS: Final = {"group": "groups", "requirement": "courses", "requirement_id": "courses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export of users. `mark` names this very file; `tells`: what its columns say of an account."""

    mark: str
    #: for people
    name: str = "the export"
    taken_at: datetime
    accounts: Sequence[Account]
    tells: frozenset[str]
    #: account -> column of the layout -> the texts that stand there
    texts: Mapping[AccountId, Mapping[str, frozenset[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Accounts that are otherwise there than they were told, those that are not there, and those that are."""

    other: tuple[Account, ...]
    missing: frozenset[AccountId]
    there: frozenset[AccountId]
    #: of those that are there: `group:X` and requirements that stand beside them
    lists: Mapping[AccountId, frozenset[str]]


def told_and_shown(layout: Layout, tells: frozenset[str]) -> frozenset[str]:
    """What the files tell the system, in the row of somebody, and the export tells us."""
    users = [file for file in layout.files if file.of == "users"]
    written = {name for file in users for column in file.columns for name in (column.source, column.instead)}
    return frozenset((written & tells) | (tells & frozenset(LISTS.values())))


def compare(
    layout: Layout, believed: Iterable[Account], told: Mapping[AccountId, datetime], export: Exported
) -> Compared:
    """Each account by its employee number, its ID, its e-mail or its login, whichever the export shows first."""
    known = [_by(export.accounts, key) for key in ("worker_id", "id", "email", "username")]
    other, missing, lists = [], set(), dict[AccountId, frozenset[str]]()
    for account in believed:
        if (at := told.get(account.id)) is not None and at >= export.taken_at:
            continue
        names = (account.worker_id, account.id, account.email.lower(), account.email.lower())
        row = next((found[name] for found, name in zip(known, names, strict=True) if name and name in found), None)
        if row is None:
            missing.add(account.id)
            continue
        lists[account.id] = frozenset(_listed(layout, account, export.texts.get(row.id, {})))
        if (shown := _as_shown(layout, account, row, export.tells)) != account:
            other.append(shown)
    return Compared(other=tuple(other), missing=frozenset(missing), there=frozenset(lists), lists=lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A column that holds groups or courses. `tells`: which; `form`: the headings it may have, with its number.

    `beside`: the heading of the column that says of each whether it is given or taken away; `undone`: the text there
    of what is taken away.
    """

    tells: str
    form: re.Pattern[str]
    beside: str = ""
    undone: str = ""

    def status(self, heading: str) -> str:
        """The heading of the column beside the one with this heading."""
        found = self.form.fullmatch(heading)
        return self.beside.replace("{n}", found[1]) if found and found.groups() else self.beside


def listing(layout: Layout) -> Mapping[str, Listing]:
    """Columns that hold groups or courses, by their heading in the layout."""
    found: dict[str, Listing] = {}
    for file in layout.files:
        for column in file.columns:
            if column.source in LISTS:
                says = "membership" if column.source == "group" else "assignment"
                status = next((each for each in file.columns if each.source == says and "removed" in each.words), None)
                found[column.heading] = Listing(
                    tells=LISTS[column.source],
                    form=re.compile(re.escape(column.heading).replace(r"\{n\}", r"(\d+)")),
                    beside=status.heading if status else "",
                    undone=status.words["removed"] if status else "",
                )
    return found


def _listed(layout: Layout, account: Account, texts: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What of that which the account was told is among these texts, written as the files write it."""
    for file in layout.files:
        for column in file.columns:
            there = texts.get(column.heading, frozenset()) if column.source in LISTS else frozenset()
            if there and column.source == "group":
                yield from (f"group:{group}" for group in account.groups if column.cell({"group": group}) in there)
            elif there:
                names = {str(one.requirement) for one in account.enrolments.values()}
                yield from (name for name in names if column.cell(course_values(name)) in there)


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
