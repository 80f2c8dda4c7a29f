"""Who might own which account, asked of the store in bulk: look-alikes, claims, answers, and links that end.

Rule: an account row is forgotten only when it belongs to nobody; a link ends only on somebody's word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, union, update

from joinery.core.model.codec import instant_text
from joinery.core.model.ids import AccountId, PersonKey
from joinery.store.people import in_chunks
from joinery.store.tables import accounts, decisions, links, people


def unlinked_alike(connection: Connection, name: str, target: str) -> list[PersonKey]:
    """People without an account here who share a number or an address with one, in the order of employee IDs."""
    p, a = people.c, accounts.c
    alone = p.connection == name, ~_linked(target)
    by_number = select(p.key, p.worker_id).join(accounts, (a.target == target) & (a.worker_id == p.worker_id))
    by_email = select(p.key, p.worker_id).join(accounts, (a.target == target) & (a.email == p.work_email))
    both = union(
        by_number.where(*alone, p.worker_id != ""),
        by_email.where(*alone, p.work_email != ""),
    ).subquery()
    query = select(both.c.key).order_by(both.c.worker_id, both.c.key)
    return [PersonKey(key) for key in connection.scalars(query)]


def _linked(target: str) -> ColumnElement[bool]:
    return select(links.c.person_key).where(links.c.target == target, links.c.person_key == people.c.key).exists()


def confirmed_for(connection: Connection, name: str, ids: Collection[str]) -> dict[AccountId, PersonKey]:
    """account -> the person for whom somebody confirmed it, of answers that are in force."""
    c, found = decisions.c, dict[AccountId, PersonKey]()
    for chunk in in_chunks(ids):
        query = select(c.subject, c.person_key).where(
            c.connection == name, c.kind == "match", c.released_at == "", c.subject.in_(chunk)
        )
        found.update((AccountId(row.subject), PersonKey(row.person_key)) for row in connection.execute(query))
    return found


def seen_at(connection: Connection, target: str, ids: Collection[str]) -> dict[str, datetime]:
    """account -> when the learning system last showed it (UTC)."""
    found: dict[str, datetime] = {}
    for chunk in in_chunks(ids):
        query = select(accounts.c.id, accounts.c.confirmed_at).where(
            accounts.c.target == target, accounts.c.id.in_(chunk)
        )
        found.update((row.id, datetime.fromisoformat(row.confirmed_at)) for row in connection.execute(query))
    return found


def owners_of(connection: Connection, target: str, ids: Collection[str]) -> dict[AccountId, str]:
    """account -> employee number of the person it is linked to."""
    found: dict[AccountId, str] = {}
    joined = links.join(people, links.c.person_key == people.c.key)
    for chunk in in_chunks(ids):
        query = (
            select(links.c.account_id, people.c.worker_id)
            .select_from(joined)
            .where(links.c.target == target, links.c.account_id.in_(chunk))
        )
        found.update((AccountId(row.account_id), row.worker_id) for row in connection.execute(query))
    return found


def unlink(connection: Connection, target: str, key: PersonKey) -> None:
    """Somebody said that the account is not theirs, or that it is gone: the person has none."""
    connection.execute(delete(links).where(links.c.target == target, links.c.person_key == key))


def move_links(connection: Connection, target: str, where_to: Mapping[PersonKey, AccountId | None]) -> None:
    """These people's links go to another account (None: end); how and when they were made is kept."""
    for chunk in in_chunks(where_to):
        mine = links.c.target == target, links.c.person_key.in_(chunk)
        rows = [dict(row) for row in connection.execute(select(links).where(*mine)).mappings()]
        connection.execute(delete(links).where(*mine))
        kept = [row | {"account_id": to} for row in rows if (to := where_to[PersonKey(row["person_key"])])]
        if kept:
            connection.execute(insert(links), kept)


def answers_about(connection: Connection, name: str) -> set[AccountId]:
    """Accounts about which somebody said yes or no, where that is in force."""
    c = decisions.c
    query = select(c.subject).where(c.connection == name, c.kind.in_(("match", "no_match")), c.released_at == "")
    return {AccountId(one) for one in connection.scalars(query)}


def move_answers(connection: Connection, name: str, where_to: Mapping[AccountId, AccountId]) -> None:
    """What was said about an account now speaks of another one."""
    c = decisions.c
    rows = connection.execute(
        select(c.id, c.subject).where(c.connection == name, c.kind.in_(("match", "no_match")), c.released_at == "")
    ).all()
    for row in rows:
        to = where_to.get(AccountId(row.subject))
        if to is not None and to != row.subject:
            connection.execute(update(decisions).where(c.id == row.id).values(subject=to))


def linked_accounts(connection: Connection, target: str) -> dict[AccountId, PersonKey]:
    """Every account that is somebody's -> whose."""
    query = select(links.c.account_id, links.c.person_key).where(links.c.target == target)
    return {AccountId(row.account_id): PersonKey(row.person_key) for row in connection.execute(query)}


def known_ids(connection: Connection, target: str) -> set[AccountId]:
    """Every account we remember."""
    return {AccountId(one) for one in connection.scalars(select(accounts.c.id).where(accounts.c.target == target))}


def forget(connection: Connection, target: str, ids: Collection[AccountId]) -> None:
    """Accounts of nobody that the learning system has no more; a linked one is never forgotten."""
    for chunk in in_chunks(ids):
        mine = select(links.c.account_id).where(links.c.target == target, links.c.account_id.in_(chunk))
        where = accounts.c.target == target, accounts.c.id.in_(chunk), accounts.c.id.not_in(mine)
        connection.execute(delete(accounts).where(*where))


def numbers_in_use_twice(connection: Connection, name: str, numbers: Collection[str]) -> set[str]:
    """Of these employee numbers, those that several people have, whoever they are."""
    found: set[str] = set()
    for chunk in in_chunks(numbers):
        query = (
            select(people.c.worker_id)
            .where(people.c.connection == name, people.c.worker_id.in_(chunk))
            .group_by(people.c.worker_id)
            .having(func.count() > 1)
        )
        found.update(connection.scalars(query))
    return found


def remembered(connection: Connection, target: str, ids: Collection[AccountId]) -> dict[AccountId, str]:
    """account -> its body in canonical form, as last confirmed: equal text is an equal account."""
    found: dict[AccountId, str] = {}
    for chunk in in_chunks(ids):
        query = select(accounts.c.id, accounts.c.body).where(accounts.c.target == target, accounts.c.id.in_(chunk))
        found.update((AccountId(row.id), row.body) for row in connection.execute(query))
    return found


def confirmed_since(
    connection: Connection, target: str, ids: Collection[AccountId], since: datetime
) -> frozenset[AccountId]:
    """Of these accounts, those of which something newer than this moment is known."""
    a, found = accounts.c, set[AccountId]()
    for chunk in in_chunks(ids):
        query = select(a.id).where(a.target == target, a.id.in_(chunk), a.confirmed_at > instant_text(since))
        found.update(AccountId(one) for one in connection.scalars(query))
    return frozenset(found)


def some_of_nobody(connection: Connection, target: str, limit: int) -> list[AccountId]:
    """The first few accounts that no HR record vouches for."""
    mine = (links.c.target == accounts.c.target) & (links.c.account_id == accounts.c.id)
    query = (
        select(accounts.c.id).outerjoin(links, mine).where(accounts.c.target == target, links.c.person_key.is_(None))
    )
    return [AccountId(one) for one in connection.scalars(query.order_by(accounts.c.id).limit(limit))]


def second_accounts(connection: Connection, name: str, target: str) -> list[tuple[AccountId, str, str]]:
    """(account of nobody, number of somebody who has another one, what they share), in the order of account IDs."""
    a, p = accounts.c, people.c
    mine = (links.c.target == a.target) & (links.c.account_id == a.id)
    theirs = links.alias("theirs")
    found: list[tuple[AccountId, str, str]] = []
    for what, there, here in (("number", a.worker_id, p.worker_id), ("e-mail", a.email, p.work_email)):
        query = (
            select(a.id, p.worker_id)
            .select_from(accounts.outerjoin(links, mine))
            .join(people, (p.connection == name) & (here == there))
            .join(theirs, (theirs.c.target == target) & (theirs.c.person_key == p.key))
            .where(a.target == target, there != "", links.c.person_key.is_(None))
        )
        found += [(AccountId(row.id), row.worker_id, what) for row in connection.execute(query)]
    return sorted(found)
