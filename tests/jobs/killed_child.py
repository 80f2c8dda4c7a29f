"""Applies a plan as `joinery sync` does, against a learning system in a file of its own; is killed at any instant.

Arguments: store URL, state folder, file of the learning system, plan ID, seconds per operation, connection.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from joinery.core.model.account import Account
from joinery.core.model.codec import canonical, decode_account, encode_account
from joinery.core.model.ids import AccountId, PersonKey, PlanId
from joinery.core.model.operation import ActionClass, CreateAccount
from joinery.core.model.receipt import Outcome, Receipt
from joinery.jobs.api import open_engine
from joinery.kit.contract import AccountPage, Capabilities, Order
from joinery.store.database import Database
from tests.jobs.world import TARGET, applied, clock_from

SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS effects (key TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS duplicates (key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, person TEXT UNIQUE, body TEXT NOT NULL);
"""


class FileLms:
    """Not idempotent: an effect that comes a second time breaks the unique key and is counted as a duplicate."""

    name = TARGET
    capabilities = Capabilities(actions=frozenset(ActionClass), batch_size=20, concurrency=4)

    def __init__(self, file: Path, latency: float) -> None:
        self.db = connect(file)
        self.latency = latency
        self.freezes_after = int(os.environ.get("FREEZES_AFTER", "0"))
        if at_once := os.environ.get("CALLS_AT_ONCE"):
            self.capabilities = replace(self.capabilities, concurrency=int(at_once))

    async def check(self) -> None:
        return None

    async def accounts(self, after: str | None = None) -> AccountPage:
        return AccountPage(items=(), next=None)

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        found = []
        for column, values in (("person", person_keys), ("id", account_ids)):
            for value in values:
                row = self.db.execute(f"SELECT body FROM accounts WHERE {column} = ?", (value,)).fetchone()
                found += [_account(row[0])] if row else []
        return found

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        for order in orders:
            self.db.execute("INSERT INTO calls VALUES (?)", (order.key,))
            await asyncio.sleep(self.latency / 2)
            receipt = self.do(order)
            self.freeze()
            await asyncio.sleep(self.latency / 2)
            yield receipt

    def freeze(self) -> None:
        """Stop this process in the middle of a call, as a suspended laptop does; somebody else lets it go on."""
        if self.freezes_after and self.db.execute("SELECT count(*) FROM effects").fetchone()[0] >= self.freezes_after:
            self.freezes_after = 0
            # to this thread: another one might take a signal for the process, and this one run on into a transaction
            # of the learning system, which then waits for it for ever
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    def do(self, order: Order) -> Receipt:
        operation = order.operation
        if isinstance(operation, CreateAccount):
            number = operation.person_key.removeprefix("p-")
            account = Account(
                id=AccountId(f"a-{number}"), external_id=operation.person_key, attributes=dict(operation.attributes)
            )
        else:
            row = self.db.execute("SELECT body FROM accounts WHERE id = ?", (order.account_id,)).fetchone()
            account = applied(operation, _account(row[0]))
        body = canonical(encode_account(account))
        try:
            with self.db:
                self.db.execute("BEGIN IMMEDIATE")
                self.db.execute("INSERT INTO effects VALUES (?, ?)", (order.key, time.monotonic()))
                self.db.execute(
                    "INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                    (account.id, operation.person_key, body),
                )
        except sqlite3.IntegrityError:
            self.db.execute("INSERT INTO duplicates VALUES (?)", (order.key,))
        return Receipt(key=order.key, outcome=Outcome.DONE, account=account)

    async def close(self) -> None:
        self.db.close()


def connect(file: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; the server of a real system does not lose what it answered either."""
    db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    db.executescript(SCHEMA)
    return db


def _account(body: str) -> Account:
    import json

    return decode_account(json.loads(body))


def main() -> int:
    url, state_dir, lms, plan_id, latency, name = sys.argv[1:]
    database = Database(url)
    engine = open_engine(
        database,
        target=lambda: FileLms(Path(lms), float(latency)),
        mailer=None,
        clock=clock_from(),
        name=name,
        state_dir=Path(state_dir),
    )
    try:
        engine.recover()
        engine.apply(PlanId(plan_id))
    finally:
        engine.close()
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
