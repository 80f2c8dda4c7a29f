"""The accounts a batch touches, read once, changed in memory, written once. Frozen accounts go in and out.

Whoever adds a column of `accounts` adds it to `_row` and `_account` here and nowhere else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from joinery_classroom.model import Account, AccountId, Assignment
from joinery_classroom.tables import accounts, assignments, groups, members, sessions, sign_in_tokens

_ASSIGNMENT_VALUES = tuple(c.name for c in assignments.c if not c.primary_key)


def folded(value: str | None) -> str | None:
    """An e-mail address or worker id as it is compared: trimmed, case ignored, empty is none."""
    return (value or "").strip().casefold() or None


@dataclass(slots=True, kw_only=True)
class World:
    """A working set. `by_*` find accounts as they are now, changes of this batch included."""

    accounts: dict[AccountId, Account]
    group_names: set[str]
    next_seq: int
    original: dict[AccountId, Account] = field(default_factory=dict)
    new_groups: list[str] = field(default_factory=list)
    end_access: set[int] = field(default_factory=set)
    by_external_id: dict[str, AccountId] = field(default_factory=dict)
    by_email: dict[str, AccountId] = field(default_factory=dict)
    by_worker_id: dict[str, AccountId] = field(default_factory=dict)

    def put(self, account: Account) -> None:
        """Sets or replaces one account."""
        before = self.accounts.get(account.id)
        self.accounts[account.id] = account
        for index, key_of in self._indexes():
            if before is not None and (old := key_of(before)) is not None:
                index.pop(old, None)
            if (key := key_of(account)) is not None:
                index[key] = account.id

    def _indexes(self) -> Iterable[tuple[dict[str, AccountId], Any]]:
        yield self.by_external_id, lambda account: account.external_id
        yield self.by_email, lambda account: folded(account.attributes.get("email"))
        yield self.by_worker_id, lambda account: folded(account.attributes.get("worker_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a batch will look at."""

    account_ids: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    worker_ids: frozenset[str] = frozenset()


def load(connection: Connection, wanted: Wanted) -> World:
    """Everything `wanted` names that exists."""
    last = connection.execute(select(func.max(accounts.c.seq))).scalar() or 0
    names = set(connection.execute(select(groups.c.name)).scalars())
    world = World(accounts={}, group_names=names, next_seq=last + 1)
    by_column = (
        (accounts.c.id, wanted.account_ids),
        (accounts.c.external_id, wanted.external_ids),
        (accounts.c.email_key, wanted.emails),
        (accounts.c.worker_key, wanted.worker_ids),
    )
    # an empty IN () among the alternatives would cost the index
    alternatives = [column.in_(values) for column, values in by_column if values]
    for account in read_accounts(connection, or_(*alternatives)) if alternatives else ():
        world.put(account)
        world.original[account.id] = account
    return world


def read_accounts(connection: Connection, where: ColumnElement[bool], limit: int | None = None) -> list[Account]:
    """Whole accounts in order of their row, at most `limit`."""
    rows = connection.execute(select(accounts).where(where).order_by(accounts.c.seq).limit(limit)).all()
    if not rows:
        return []
    in_groups: dict[int, set[str]] = defaultdict(set)
    for seq, name in connection.execute(select(members).where(_belongs(members.c.account_seq, rows))):
        in_groups[seq].add(name)
    to_do: dict[int, dict[str, Assignment]] = defaultdict(dict)
    chosen = select(assignments).where(_belongs(assignments.c.account_seq, rows))
    for row in connection.execute(chosen.order_by(assignments.c.account_seq, assignments.c.key)):
        to_do[row.account_seq][row.key] = _assignment(row)
    return [_account(row, frozenset(in_groups.get(row.seq, ())), to_do.get(row.seq, {})) for row in rows]


def _belongs(column: ColumnElement[int], rows: Sequence[Row[Any]]) -> ColumnElement[bool]:
    if len(rows) > 1000:  # a page of accounts: its range is quicker than a list of its numbers
        return column.between(rows[0].seq, rows[-1].seq)
    return column.in_([row.seq for row in rows])


def _account(row: Row[Any], in_groups: frozenset[str], to_do: Mapping[str, Assignment]) -> Account:
    return Account(
        seq=row.seq,
        id=AccountId(row.id),
        external_id=row.external_id,
        attributes=json.loads(row.attributes),
        state=row.state,
        roles=tuple(json.loads(row.roles)),
        groups=in_groups,
        assignments=to_do,
        version=row.version,
        last_sign_in_at=row.last_sign_in_at,
    )


def _assignment(row: Row[Any]) -> Assignment:
    return Assignment(
        key=row.key,
        kind=row.kind,
        target=row.target,
        cycle=row.cycle,
        due_on=row.due_on,
        reasons=tuple(json.loads(row.reasons)),
        counts_since=row.counts_since,
        assigned_at=row.assigned_at,
        progress=row.progress,
        completed_at=row.completed_at,
        withdrawn=row.withdrawn,
    )


def save(connection: Connection, world: World, now: datetime) -> None:
    """Writes what differs from what was loaded."""
    if world.new_groups:
        connection.execute(insert(groups), [{"name": name} for name in world.new_groups])
    fresh = [account for key, account in world.accounts.items() if key not in world.original]
    changed = [account for key, account in world.accounts.items() if world.original.get(key, account) is not account]
    _release_unique_keys(connection, world, changed)
    if fresh:
        rows = [{**_row(account), "seq": account.seq, "created_at": now} for account in fresh]
        connection.execute(insert(accounts), rows)
    if changed:
        values: dict[str, Any] = {name: bindparam(name) for name in _row(changed[0])}
        statement = update(accounts).where(accounts.c.seq == bindparam("this_seq")).values(values)
        connection.execute(statement, [{**_row(account), "this_seq": account.seq} for account in changed])
    _save_groups(connection, world, [*fresh, *changed])
    _save_assignments(connection, world, [*fresh, *changed])
    if world.end_access:
        connection.execute(delete(sessions).where(sessions.c.account_seq.in_(world.end_access)))
        unused = sign_in_tokens.c.used_at.is_(None)  # used ones stay, to recognise somebody who follows an old link
        connection.execute(delete(sign_in_tokens).where(sign_in_tokens.c.account_seq.in_(world.end_access), unused))


def _release_unique_keys(connection: Connection, world: World, changed: Sequence[Account]) -> None:
    """Within one batch an address may pass from one account to another; row by row that would collide for a moment."""
    cleared = {"email_key": None, "worker_key": None, "external_id": None}

    def moved(account: Account) -> bool:
        before, after = _row(world.original[account.id]), _row(account)
        return any(before[name] != after[name] for name in cleared)

    seqs = [account.seq for account in changed if moved(account)]
    if seqs:
        connection.execute(update(accounts).where(accounts.c.seq.in_(seqs)).values(cleared))


def _row(account: Account) -> dict[str, Any]:
    attributes = account.attributes
    shown = ("display_name", "given_name", "family_name", "email", "worker_id")
    return {
        "id": account.id,
        "external_id": account.external_id,
        "email_key": folded(attributes.get("email")),
        "worker_key": folded(attributes.get("worker_id")),
        "attributes": json.dumps(attributes, ensure_ascii=False),
        "state": account.state,
        "roles": json.dumps(account.roles),
        "search": " ".join(attributes.get(name) or "" for name in shown).casefold(),
        "version": account.version,
    }


def _save_groups(connection: Connection, world: World, touched: Iterable[Account]) -> None:
    into: list[dict[str, Any]] = []
    out: list[dict[str, Any]] = []
    for account in touched:
        before = world.original[account.id].groups if account.id in world.original else frozenset()
        into += [{"account_seq": account.seq, "group_name": name} for name in sorted(account.groups - before)]
        out += [{"this_seq": account.seq, "this_group": name} for name in sorted(before - account.groups)]
    if into:
        connection.execute(insert(members), into)
    if out:
        this = (members.c.account_seq == bindparam("this_seq"), members.c.group_name == bindparam("this_group"))
        connection.execute(delete(members).where(*this), out)


def _save_assignments(connection: Connection, world: World, touched: Iterable[Account]) -> None:
    rows = []
    for account in touched:
        before = world.original[account.id].assignments if account.id in world.original else {}
        rows += [
            assignment_row(account.seq, one) for key, one in account.assignments.items() if before.get(key) is not one
        ]
    if rows:
        put_assignments(connection, rows)


def put_assignments(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Writes assignments made with `assignment_row`, new or known."""
    statement = sqlite_insert(assignments)
    known = {name: statement.excluded[name] for name in _ASSIGNMENT_VALUES}
    connection.execute(statement.on_conflict_do_update(index_elements=["account_seq", "key"], set_=known), rows)


def assignment_row(account_seq: int, one: Assignment) -> dict[str, Any]:
    """The columns of one assignment."""
    return {
        "account_seq": account_seq,
        "key": one.key,
        "kind": one.kind,
        "target": one.target,
        "cycle": one.cycle,
        "due_on": one.due_on,
        "reasons": json.dumps(one.reasons, ensure_ascii=False),
        "counts_since": one.counts_since,
        "assigned_at": one.assigned_at,
        "progress": one.progress,
        "completed_at": one.completed_at,
        "withdrawn": one.withdrawn,
    }
