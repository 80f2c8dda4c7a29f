"""The accounts as last confirmed, and the links, brought up to date with a batch of results, in its transaction.

Rule: an account belongs to one person; a second link to it is refused here, before the table would. Of an account that
is somebody's already a line believes what it was about, and no more: the rest is for a reconcile to find.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from joinery.core.model.account import Account, AccountState
from joinery.core.model.codec import canonical, decode_account, encode_account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import (
    ArchiveAccount,
    CreateAccount,
    LinkAccount,
    Operation,
    RestoreAccount,
    SuspendAccount,
    UpdateAccount,
)
from joinery.core.model.receipt import Outcome
from joinery.core.planning import believing
from joinery.core.planning.effect import left_as_it_was
from joinery.jobs.lines import Result
from joinery.store.tables import accounts, links

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Projection:
    """The rows that a batch touches: read once, changed in memory in the order of the results, written once."""

    def __init__(self, target: str, bodies: dict[AccountId, str], owners: dict[AccountId, PersonKey]) -> None:
        self._target = target
        self._bodies = bodies
        self._owners = owners
        self._seen: dict[AccountId, Account] = {}
        #: as the target showed them last, in this batch
        self._shown: dict[AccountId, str] = {}
        self._made: dict[PersonKey, tuple[AccountId, str]] = {}

    @classmethod
    def read(cls, tx: Connection, target: str, ids: Collection[AccountId]) -> Projection:
        """What is known of these accounts."""
        wanted = sorted(ids)
        bodies = select(accounts.c.id, accounts.c.body).where(accounts.c.target == target, accounts.c.id.in_(wanted))
        owners = select(links.c.account_id, links.c.person_key).where(links.c.target == target)
        owned = tx.execute(owners.where(links.c.account_id.in_(wanted)))
        return cls(
            target,
            {AccountId(account): body for account, body in tx.execute(bodies)},
            {AccountId(account): PersonKey(person) for account, person in owned},
        )

    def before(self, account_id: AccountId | None) -> str:
        """The account as it was until now, canonical JSON: as this batch showed it, else as it was known; or empty."""
        if account_id is None:
            return ""
        return self._shown.get(account_id) or self._bodies.get(account_id, "")

    def take(self, result: Result) -> Result:
        """Put what the line proved of the account that was shown, and the link that it made, into the projection."""
        if result.account is not None:
            self._see(result.line.operation, result.account)
        if not result.outcome.believed:
            return result
        if shown := contradiction(result.line.operation, result.account):
            return replace(
                result, outcome=Outcome.FAILED, detail=f"The learning system said done, and {shown}; it is tried again."
            )
        match result.line.operation:
            case LinkAccount(person_key=person, account_id=account_id, made_by=made_by):
                return self._link(result, person, account_id, made_by)
            case CreateAccount(person_key=person):
                return self._link(result, person, result.account.id if result.account else None, "created")
            case _:
                return result

    def _see(self, operation: Operation, shown: Account) -> None:
        body = self._shown[shown.id] = canonical(encode_account(shown))
        known = self._known(shown.id) if shown.id in self._owners else None
        if known is None:
            # nobody's until now: what a creation or a link shows is what we begin with
            self._seen[shown.id], self._bodies[shown.id] = shown, body
            return
        believed = believing.after(operation, known, shown)
        self._seen[shown.id] = believed
        self._bodies[shown.id] = body if believed == shown else canonical(encode_account(believed))

    def _known(self, account_id: AccountId) -> Account | None:
        if account_id in self._seen:
            return self._seen[account_id]
        body = self._bodies.get(account_id)
        return decode_account(json.loads(body)) if body else None

    def write(self, tx: Connection, now: str) -> None:
        """The accounts that were seen and the links that were made."""
        if self._seen:
            _upsert(tx, accounts, ("target", "id"), [self._account_row(a, now) for a in self._seen.values()])
        if self._made:
            rows = [
                {"target": self._target, "person_key": p, "account_id": a, "made_by": made_by, "made_at": now}
                for p, (a, made_by) in self._made.items()
            ]
            _upsert(tx, links, ("target", "person_key"), rows)

    def _link(self, result: Result, person: PersonKey, account_id: AccountId | None, made_by: str) -> Result:
        if account_id is None:
            detail = "The learning system made an account but did not say which: look there before anything else."
            return replace(result, outcome=Outcome.NEEDS_YOU, detail=detail)
        if self._owners.get(account_id, person) != person:
            detail = f"Account {account_id} already belongs to somebody else here; no link was made."
            return replace(result, outcome=Outcome.NEEDS_YOU, detail=detail)
        self._owners[account_id] = person
        self._made[person] = (account_id, made_by)
        return result

    def _account_row(self, account: Account, now: str) -> dict[str, Any]:
        return {
            "target": self._target,
            "id": account.id,
            "email": account.email,
            "worker_id": account.worker_id,
            "state": str(account.state),
            "body": self._bodies[account.id],
            "confirmed_at": now,
        }


def contradiction(operation: Operation, account: Account | None) -> str:
    """What the account shows instead of what was said to be done; empty when it does not say otherwise.

    A receipt is no proof, and no leaver stays in by a wrong one. Access has to be seen; of the rest only an old value
    that is still there counts.
    """
    match operation:
        case SuspendAccount() | ArchiveAccount() if account is None or account.state is AccountState.ACTIVE:
            pass
        case RestoreAccount() if account is None or account.state is not AccountState.ACTIVE:
            pass
        case UpdateAccount() if account is not None and (names := left_as_it_was(operation, account)):
            return f"shows {', '.join(names)} as before"
        case _:
            return ""
    return f"shows the account {account.state}" if account is not None else "does not show the account"


def _upsert(tx: Connection, table: Table, keys: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    statement = _INSERT[tx.dialect.name](table)
    values = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    tx.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values), rows)
