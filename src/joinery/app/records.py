"""Records back: completions read from the learning system, kept once, and brought to HR, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from joinery.app.records_out import deliver_records
from joinery.app.targets import TargetMaker
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.planning.believing import in_passing
from joinery.flows.policy import Policy
from joinery.kit.contract import RecordSource
from joinery.store.accounts import Accounts
from joinery.store.completions import Completions, Whose
from joinery.store.database import Database
from joinery.store.facts import facts_known_at
from joinery.store.people import People

ORG = ("department", "location", "legal_entity", "manager_id", "cost_center", "job_title")


def carry_records(
    database: Database, policy: Policy, targets: TargetMaker, as_of: datetime, now: Callable[[], datetime]
) -> Mapping[str, int]:
    """Read what is new and write what HR does not have yet; read only, where nothing but the rules wants to know."""
    if not policy.completions_to and not policy.rules:
        return {}
    read = read_records(database, policy, targets, now)
    if not policy.completions_to:
        return {"read": read} if read else {}
    out = deliver_records(database, targets.settings, as_of)
    refused = sum(each.refused for each in out)
    told = {"read": read, "delivered": sum(each.rows for each in out)}
    return told | {"needs_you": refused} if refused else told


def read_records(database: Database, policy: Policy, targets: TargetMaker, now: Callable[[], datetime]) -> int:
    """Keep what is new in the learning system, under the run lock; the number of records read."""
    return asyncio.run(_read(database, policy, targets, Completions(database, policy.name), now))


async def _read(
    database: Database, policy: Policy, targets: TargetMaker, ledger: Completions, now: Callable[[], datetime]
) -> int:
    target = targets.make()
    found = 0
    try:
        while isinstance(target, RecordSource):
            page = await target.completions(ledger.cursor(policy.target))
            learners = list(dict.fromkeys(item.account_id for item in page.items))
            asked_at = now()
            seen = await _under_way(database, policy, target, learners)
            with database.write() as connection:
                ledger.take(connection, policy.target, page, _whose(connection, policy), now())
                _believe(Accounts(connection, policy.target), seen, now(), asked_at)
                _dirty(connection, policy, learners)
            found += len(page.items)
            if not page.more:
                break
    finally:
        await target.close()
    return found


async def _under_way(
    database: Database, policy: Policy, target: Any, learners: Sequence[AccountId]
) -> Sequence[Account]:
    """The accounts of those who have something to do, as they are now: which courses end a path, only it knows."""
    with database.read() as connection:
        known = Accounts(connection, policy.target).by_id(learners)
    busy = [
        account.id
        for account in known.values()
        if any(enrolment.state in {"assigned", "in_progress"} for enrolment in account.enrolments.values())
    ]
    seen: Sequence[Account] = await target.look_up(person_keys=(), account_ids=busy) if busy else ()
    return seen


def _believe(accounts: Accounts, seen: Sequence[Account], at: datetime, asked_at: datetime) -> None:
    """How far they have come, and no more: what somebody changed by hand is for a reconcile to find."""
    known = accounts.by_id([account.id for account in seen])
    learnt = [in_passing(known[account.id], account) for account in seen if account.id in known]
    accounts.confirm(learnt, at, asked_at=asked_at)


def _dirty(connection: Connection, policy: Policy, accounts: Sequence[AccountId]) -> None:
    """A completion can satisfy or restart a requirement: its person is looked at by the next plan."""
    owners = Accounts(connection, policy.target).linked_ids(accounts)
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
