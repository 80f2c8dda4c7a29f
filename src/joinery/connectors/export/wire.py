"""One row of a user export -> one account. Pure.

Rule 1: an account has an ID of its own, else its login, else its e-mail: whatever stays the same in the next export.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from joinery.core.mapping.account_headings import TOLD, roles_of, state_of
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId
from joinery.errors import SourceUntrusted

#: what can name an account, the best first
NAMES = ("account_id", "username", "email", "worker_id")


def naming_column(columns: Mapping[str, str]) -> str:
    """The attribute whose value becomes the account's ID; empty text when none can."""
    return next((name for name in NAMES if name in columns), "")


def accounts_of(rows: Iterable[Sequence[str]], header: Sequence[str], columns: Mapping[str, str]) -> list[Account]:
    """All accounts; `columns` is attribute -> heading. Raises SourceUntrusted when rows cannot be told apart.

    A report has a row for each course or branch of somebody: rows that repeat an account are one account. Two people
    under one e-mail stay two, where the e-mail is all that names them.
    """
    at = {attribute: header.index(heading) for attribute, heading in columns.items()}
    naming = naming_column(columns)
    found: dict[str, Account] = {}
    nameless = clashes = 0
    for row in rows:
        account = _account(row, at, naming, columns.get("state", ""))
        if account is None:
            nameless += 1
            continue
        known = found.get(account.id)
        if known is not None and _somebody_else(known, account):
            clashes += 1
            if naming == "email":
                account = replace(account, id=AccountId(f"{account.id}#{clashes + 1}"))
        found.setdefault(account.id, account)
    _refuse(columns[naming], nameless, 0 if naming == "email" else clashes, len(found))
    return list(found.values())


def _somebody_else(one: Account, other: Account) -> bool:
    """Two rows that name the same account and cannot be the same person's."""
    if one.email != other.email:
        return bool(one.email and other.email)
    names = ("worker_id", "username", "given_name", "family_name", "display_name")
    return any(one.attributes.get(name, "") != other.attributes.get(name, "") for name in names)


def _account(row: Sequence[str], at: Mapping[str, int], naming: str, state_column: str) -> Account | None:
    cells = {attribute: row[n].strip() for attribute, n in at.items()}
    name = cells[naming].lower() if naming == "email" else cells[naming]
    if not name:
        return None
    attributes = {attribute: cells[attribute] for attribute in TOLD if cells.get(attribute)}
    if "@" in attributes.get("username", "") and "email" not in at:
        attributes["email"] = attributes["username"]
    return Account(
        id=AccountId(name),
        attributes=attributes,
        state=state_of(state_column, cells["state"]) if "state" in at else AccountState.ACTIVE,
        roles=roles_of(cells.get("roles", "")),
    )


def _refuse(heading: str, nameless: int, clashes: int, good: int) -> None:
    """A few odd rows are left out; a column that does not tell accounts apart is the wrong one."""
    if clashes > max(good // 50, 1):
        raise SourceUntrusted(
            f"The column {heading!r} of the export does not tell accounts apart: {clashes} rows repeat a value for "
            "somebody else. Nothing was read.",
            fix="Name the column that does, as account_id: learning: { into: export, fields: { account_id: … } }.",
            data={"code": "accounts_not_told_apart", "rows": clashes},
        )
    if nameless > good:
        raise SourceUntrusted(
            f"{nameless} rows of the export have nothing in the column {heading!r}. Nothing was read.",
            fix="Name the column that is filled, as account_id: learning: { into: export, fields: { account_id: … } }.",
            data={"code": "accounts_without_id", "rows": nameless},
        )
