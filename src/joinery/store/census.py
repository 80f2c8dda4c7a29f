"""Accounts in numbers. Rule: counts only; who they are is for `accounts.py`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, case, func, select

from joinery.store.tables import accounts, links

#: accounts that no HR record vouches for
NOBODYS: Final = "without a person"


def account_counts(connection: Connection, target: str) -> dict[str, int]:
    """Linked accounts by state, and how many stand `without a person`."""
    mine = (links.c.target == accounts.c.target) & (links.c.account_id == accounts.c.id)
    word = case((links.c.person_key.is_(None), NOBODYS), else_=accounts.c.state).label("word")
    query = select(word, func.count()).select_from(accounts.outerjoin(links, mine))
    rows = connection.execute(query.where(accounts.c.target == target).group_by(word))
    return {state: count for state, count in rows}
