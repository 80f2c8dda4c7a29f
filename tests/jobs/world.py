"""Plans in a ledger, and targets that remember every call: what the tests of durable applying are made of."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from joinery.core.model.account import Account, AccountState, Enrolment
from joinery.core.model.codec import canonical, encode_operation, instant_text
from joinery.core.model.ids import AccountId, PersonKey, PlanId, RequirementKey
from joinery.core.model.operation import (
    ActionClass,
    ArchiveAccount,
    Assign,
    Change,
    CreateAccount,
    JoinGroup,
    LeaveGroup,
    LinkAccount,
    Operation,
    RestoreAccount,
    SendSignInMail,
    SuspendAccount,
    UpdateAccount,
    Withdraw,
)
from joinery.core.model.receipt import Outcome, Receipt
from joinery.jobs.engine import Parts
from joinery.kit.contract import AccountPage, Capabilities, Order
from joinery.store.database import Database
from joinery.store.tables import accounts, links, metadata, nodes, plan_lines, plans, target_states

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
TARGET = "lms"
CONNECTION = "main"

ACTION = {
    LinkAccount: ActionClass.LINK,
    CreateAccount: ActionClass.CREATE,
    UpdateAccount: ActionClass.UPDATE,
    JoinGroup: ActionClass.GROUP,
    LeaveGroup: ActionClass.GROUP,
    Assign: ActionClass.ASSIGN,
    Withdraw: ActionClass.WITHDRAW,
    SuspendAccount: ActionClass.SUSPEND,
    ArchiveAccount: ActionClass.ARCHIVE,
    RestoreAccount: ActionClass.RESTORE,
    SendSignInMail: ActionClass.MAIL,
}
PHASE = {SuspendAccount: 2, ArchiveAccount: 2, SendSignInMail: 3}


def clock_from(start: datetime = START) -> Callable[[], datetime]:
    """A clock that goes on by a millisecond whenever somebody looks."""
    ticks = itertools.count()
    return lambda: start + timedelta(milliseconds=next(ticks))


def person(number: int) -> PersonKey:
    return PersonKey(f"p-{number:06}")


def account_of(number: int) -> AccountId:
    return AccountId(f"a-{number:06}")


def make_store(url: str) -> Database:
    database = Database(url)
    metadata.create_all(database.engine, tables=[plans, plan_lines, links, accounts, nodes, target_states])
    return database


def add_plan(
    database: Database,
    operations: Iterable[Operation],
    *,
    plan_id: str = "P-1",
    urgent: frozenset[PersonKey] = frozenset(),
    size: int = 50,
    state: str = "planned",
    connection: str = CONNECTION,
) -> PlanId:
    """A plan in state applying; chunks as the planner cuts them: whole people, at most `size` lines."""
    rows: list[dict[str, Any]] = []
    chunk = 0
    by_phase: dict[int, dict[PersonKey, list[Operation]]] = {}
    for operation in operations:
        phase = 0 if operation.person_key in urgent else PHASE.get(type(operation), 1)
        by_phase.setdefault(phase, {}).setdefault(operation.person_key, []).append(operation)
    for phase, people in sorted(by_phase.items()):
        used = 0
        chunk += 1
        for key, theirs in people.items():
            if used + len(theirs) > size:
                chunk, used = chunk + 1, 0
            used += len(theirs)
            rows += [_row(plan_id, len(rows) + i, key, op, phase, chunk, state) for i, op in enumerate(theirs)]
    with database.write() as tx:
        tx.execute(
            insert(plans).values(
                id=plan_id,
                connection=connection,
                target=TARGET,
                state="applying",
                as_of=instant_text(START),
                made_at=instant_text(START),
                cause="test",
            )
        )
        tx.execute(insert(plan_lines), rows)
    return PlanId(plan_id)


def _row(
    plan_id: str, seq: int, key: PersonKey, operation: Operation, phase: int, chunk: int, state: str
) -> dict[str, Any]:
    return {
        "plan_id": plan_id,
        "seq": seq,
        "person_key": key,
        "worker_id": key,
        "action": str(ACTION[type(operation)]),
        "guard": str(ACTION[type(operation)]),
        "lane": "urgent" if phase == 0 else "normal",
        "phase": phase,
        "chunk": chunk,
        "operation": canonical(encode_operation(operation)),
        "because": "[]",
        "digest": "",
        "state": state,
    }


def add_links(database: Database, numbers: Iterable[int]) -> None:
    rows = [
        {
            "target": TARGET,
            "person_key": person(n),
            "account_id": account_of(n),
            "made_by": "worker_id",
            "made_at": instant_text(START),
        }
        for n in numbers
    ]
    with database.write() as tx:
        tx.execute(insert(links), rows)


def lines_of(database: Database, plan_id: str = "P-1") -> list[Any]:
    with database.read() as tx:
        query = select(plan_lines).where(plan_lines.c.plan_id == plan_id).order_by(plan_lines.c.seq)
        return list(tx.execute(query))


def states(database: Database, plan_id: str = "P-1") -> Counter[str]:
    return Counter(row.state for row in lines_of(database, plan_id))


def joiner(number: int, courses: int = 2) -> list[Operation]:
    key = person(number)
    attributes = {"email": f"w{number}@example.test", "worker_id": f"{number:06}"}
    assigned = [Assign(person_key=key, requirement=RequirementKey(f"course:C{n}")) for n in range(courses)]
    return [CreateAccount(person_key=key, attributes=attributes), JoinGroup(person_key=key, group="all"), *assigned]


def mover(number: int) -> list[Operation]:
    change = Change(attribute="job_title", old="", new=f"Title {number}")
    return [UpdateAccount(person_key=person(number), changes=(change,))]


def leaver(number: int) -> list[Operation]:
    return [SuspendAccount(person_key=person(number))]


def applied(operation: Operation, account: Account) -> Account:
    """The account afterwards."""
    match operation:
        case LinkAccount():
            return replace(account, external_id=operation.person_key)
        case CreateAccount():
            return account
        case UpdateAccount():
            new = {change.attribute: change.new for change in operation.changes}
            return replace(account, attributes={**account.attributes, **new})
        case JoinGroup():
            return replace(account, groups=account.groups | {operation.group})
        case LeaveGroup():
            return replace(account, groups=account.groups - {operation.group})
        case Assign():
            enrolment = Enrolment(requirement=operation.requirement, cycle=operation.cycle, due_on=operation.due_on)
            return replace(account, enrolments={**account.enrolments, enrolment.key: enrolment})
        case Withdraw():
            key = Enrolment(requirement=operation.requirement, cycle=operation.cycle).key
            return replace(account, enrolments={k: e for k, e in account.enrolments.items() if k != key})
        case SuspendAccount():
            return replace(account, state=AccountState.SUSPENDED)
        case ArchiveAccount():
            return replace(account, state=AccountState.ARCHIVED)
        case RestoreAccount():
            return replace(account, state=AccountState.ACTIVE)
        case SendSignInMail():
            return account


class Lms:
    """A learning system in memory that is NOT idempotent: what is done twice is counted twice in `effects`."""

    name = TARGET

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities or Capabilities(actions=frozenset(ActionClass))
        self.held: dict[AccountId, Account] = {}
        self.effects: Counter[str] = Counter()
        self.calls: list[tuple[str, ...]] = []
        self.looked_up = 0
        self.closed = 0
        self.busy = self.busiest = 0

    def with_accounts(self, numbers: Iterable[int]) -> Lms:
        for n in numbers:
            self.held[account_of(n)] = Account(id=account_of(n), external_id=person(n))
        return self

    async def check(self) -> None:
        return None

    async def accounts(self, after: str | None = None) -> AccountPage:
        return AccountPage(items=tuple(self.held.values()), next=None, total=len(self.held))

    async def look_up(self, *, person_keys: Sequence[PersonKey], account_ids: Sequence[AccountId]) -> Sequence[Account]:
        self.looked_up += 1
        wanted = set(person_keys)
        return [a for a in self.held.values() if a.external_id in wanted or a.id in account_ids]

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        self.calls.append(tuple(order.key for order in orders))
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        try:
            await asyncio.sleep(0)
            for order in orders:
                yield self.do(order)
        finally:
            self.busy -= 1

    def do(self, order: Order) -> Receipt:
        """Take effect, and count it."""
        operation = order.operation
        self.effects[f"{order.key} {type(operation).__name__}"] += 1
        if isinstance(operation, CreateAccount):
            number = int(operation.person_key.removeprefix("p-"))
            fresh = Account(
                id=account_of(number), external_id=operation.person_key, attributes=dict(operation.attributes)
            )
            if fresh.id in self.held:
                return Receipt(key=order.key, outcome=Outcome.FAILED, detail="a second account was made")
            self.held[fresh.id] = fresh
            return Receipt(key=order.key, outcome=Outcome.DONE, account=fresh)
        if order.account_id is None or order.account_id not in self.held:
            return Receipt(key=order.key, outcome=Outcome.FAILED, detail="no such account")
        account = applied(operation, self.held[order.account_id])
        self.held[account.id] = account
        return Receipt(key=order.key, outcome=Outcome.DONE, account=account)

    async def close(self) -> None:
        self.closed += 1


def parts_of(store: Database, lms: Any, state_dir: Path, **more: Any) -> Parts:
    """What an engine over this store is made of, writing to this system."""
    given: dict[str, Any] = {"target": lambda: lms, "mailer": None, "clock": clock_from(), "name": CONNECTION} | more
    return Parts(database=store, state_dir=state_dir, **given)
