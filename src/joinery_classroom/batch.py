"""Runs a list of operations as one transaction: read once, decide in memory, write once, answer in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert

from joinery_classroom import catalogue, ledger
from joinery_classroom import operations as ops
from joinery_classroom.database import Store
from joinery_classroom.deciding import Around, Result, decide
from joinery_classroom.tables import writes
from joinery_classroom.world import Wanted, World, folded, load, save

Asked = ops.Operation | ops.Unreadable


def run(store: Store, asked: Sequence[Asked], now: datetime) -> list[Result]:
    """One result per operation, in order. When this returns, all of them are durable; on an error, none."""
    with store.writing() as connection:
        world = load(connection, _wanted(asked))
        around = Around(
            now=now,
            targets=catalogue.targets(connection) if any(isinstance(one, ops.Assign) for one in asked) else {},
            learning=ledger.learning_of(connection, _learners(asked, world)),
        )
        results = [decide(one, world, around) for one in asked]
        save(connection, world, now)
        _log(connection, asked, results, now)
    return results


def _wanted(asked: Sequence[Asked]) -> Wanted:
    accounts, externals, emails, workers = set[str](), set[str](), set[str | None](), set[str | None]()
    for one in asked:
        match one:
            case ops.Create(external_id=external_id, attributes=attributes):
                externals.add(external_id)
                emails.add(folded(attributes.get("email")))
                workers.add(folded(attributes.get("worker_id")))
                continue
            case ops.Update(changes=changes):
                emails.update(folded(change.new) for change in changes if change.attribute == "email")
                workers.update(folded(change.new) for change in changes if change.attribute == "worker_id")
            case ops.SetExternalId(external_id=external_id):
                externals.add(external_id)
        if not isinstance(one, ops.Unreadable):
            accounts.add(one.account_id)
    return Wanted(
        account_ids=frozenset(accounts),
        external_ids=frozenset(externals),
        emails=frozenset(email for email in emails if email),
        worker_ids=frozenset(worker for worker in workers if worker),
    )


def _learners(asked: Sequence[Asked], world: World) -> set[int]:
    assigned = {one.account_id for one in asked if isinstance(one, ops.Assign)}
    return {account.seq for key, account in world.accounts.items() if key in assigned}


def _log(connection: Connection, asked: Sequence[Asked], results: Sequence[Result], now: datetime) -> None:
    rows = [
        {
            "at": now,
            "key": result.key,
            "op": "unreadable" if isinstance(one, ops.Unreadable) else one.op,
            "account_id": result.account.id if result.account else None,
            "outcome": result.outcome,
            "changed": result.changed,
        }
        for one, result in zip(asked, results, strict=True)
    ]
    if rows:
        connection.execute(insert(writes), rows)
