"""Records back: completions read from the learning system, kept once, and brought to HR in a file, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from joinery.app.targets import TargetMaker
from joinery.core.model.ids import AccountId, PersonKey
from joinery.flows.policy import Policy
from joinery.store.accounts import Accounts
from joinery.store.completions import Completions, Whose
from joinery.store.database import Database
from joinery.store.people import People, facts_known_at

ORG = ("department", "location", "legal_entity", "manager_id", "cost_center", "job_title")


def carry_records(
    database: Database, policy: Policy, targets: TargetMaker, as_of: datetime, now: Callable[[], datetime]
) -> Mapping[str, int]:
    """Read what is new and write what HR does not have yet. Nothing happens without `completions.send_to`."""
    if policy.completions_to is None:
        return {}
    ledger = Completions(database, policy.name)
    new = asyncio.run(_read(database, policy, targets, ledger, now))
    from joinery.reports.completions_file import deliver

    delivered = deliver(policy.completions_to, ledger, as_of)
    _dirty(database, policy, new)
    return {"read": len(new), "delivered": sum(each.rows for each in delivered)}


async def _read(
    database: Database, policy: Policy, targets: TargetMaker, ledger: Completions, now: Callable[[], datetime]
) -> list[AccountId]:
    target: Any = targets.make()
    found: list[AccountId] = []
    try:
        while True:
            page = await target.completions(ledger.cursor(policy.target))
            with database.write() as connection:
                ledger.take(connection, policy.target, page, _whose(connection, policy), now())
            found.extend(item.account_id for item in page.items)
            if not page.more:
                return found
    finally:
        await target.close()


def _dirty(database: Database, policy: Policy, accounts: Iterable[AccountId]) -> None:
    """A completion can satisfy or restart a requirement: its person is looked at by the next plan."""
    with database.write() as connection:
        owners = Accounts(connection, policy.target).linked_ids(list(accounts))
        People(connection, policy.name).mark(list(owners.values()), unsettled=True)


def _whose(connection: Connection, policy: Policy) -> Whose:
    accounts, people = Accounts(connection, policy.target), People(connection, policy.name)

    def person_of(account: AccountId) -> PersonKey | None:
        return accounts.linked_ids([account]).get(account)

    def org_of(key: PersonKey, at: datetime) -> Mapping[str, str]:
        then = facts_known_at(connection, key, at)
        if then:
            return {name: then[name][0] for name in ORG if name in then}
        person = people.by_key([key]).get(key)
        return {name: person.worker.value(name) for name in ORG} if person else {}

    def flags_of(key: PersonKey, day: date) -> Iterable[str]:
        person = people.by_key([key]).get(key)
        if person is None:
            return
        if person.worker.hire_date and day < person.worker.hire_date:
            yield "before_hire"
        if person.standing.ended_on and day > person.standing.ended_on and not person.standing.stage.employed:
            yield "leaver"

    return Whose(person_of=person_of, org_of=org_of, flags_of=flags_of)
