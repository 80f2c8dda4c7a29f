"""What would be then: the dates up to that moment fire one after the other, as if every plan of that time were applied.

Rule: an end of employment that HR has announced is confidential. Unless it is asked for, a look ahead is made as if
HR had announced none, for everybody alike, so that neither an answer nor its absence tells of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from joinery.core.model.account import Account, Link
from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import CreateAccount, LinkAccount
from joinery.core.model.plan import Line
from joinery.core.planning.pretend import left_by, unmade
from joinery.flows.announced import forget_announced_ends
from joinery.flows.look import pretended
from joinery.flows.person import find_person
from joinery.flows.policy import Policy, Ports
from joinery.flows.waking import wake
from joinery.flows.why_case import Case, decided_case, related
from joinery.store.accounts import Accounts
from joinery.store.assignments import save_assignments
from joinery.store.looks import wake_earlier
from joinery.store.people import People

#: more dates than this are not played: a rule that begins and ends every day
MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a run at that moment would plan for the person; held lines included."""

    at: datetime
    lines: tuple[Line, ...]


@contextmanager
def case_ahead(
    ports: Ports, who: str, now: datetime, at: datetime, *, confidential: bool
) -> Iterator[tuple[Case, tuple[Step, ...]]]:
    """The case at a moment to come, and what happens until then. Raises NotThere."""
    with pretended(ports) as (trial, connection):
        person = find_person(connection, ports.policy, who)
        keys = related(connection, ports.policy, person)
        if not confidential:
            forget_announced_ends(connection, ports.policy, keys)
        steps = tuple(_steps(trial, connection, person.key, keys, (now, at)))
        case = decided_case(connection, ports.policy, person.key, at, confidential=confidential)
        yield replace(case, ahead=True), steps


def _steps(
    trial: Ports, connection: Connection, key: PersonKey, keys: frozenset[PersonKey], span: tuple[datetime, datetime]
) -> Iterator[Step]:
    moment, end = span
    for _ in range(MOST):
        wake(trial, moment, {}, only=keys)
        case = decided_case(connection, trial.policy, key, moment, confidential=True)
        lines = case.lines if case.looked_at else ()
        if case.looked_at:
            _keep(case, lines)
        if lines:
            yield Step(at=moment, lines=lines)
        later = _next_date(connection, trial.policy, keys, moment)
        if later is None or later > end:
            return
        moment = later


def _next_date(connection: Connection, policy: Policy, keys: frozenset[PersonKey], after: datetime) -> datetime | None:
    wakes = (person.wake_at for person in People(connection, policy.name).by_key(keys).values())
    return min((at for at in wakes if at is not None and at > after), default=None)


def _keep(case: Case, lines: Sequence[Line]) -> None:
    """Remember as a plan does, and have the lines done, all inside the transaction that is rolled back."""
    connection, key, decided = case.connection, case.person.key, case.decided
    people = People(connection, case.policy.name)
    if decided.memory is not None:
        people.remember({key: decided.memory})
    if decided.wake_at is not None:
        wake_earlier(connection, {key: decided.wake_at})
    save_assignments(connection, {key: decided.assignments} if decided.assignments else {})
    people.mark([key], unsettled=False)
    accounts = Accounts(connection, case.policy.target)
    account = _afterwards(accounts, case.account, lines)
    if account is not None and account != case.account:
        accounts.confirm([account], case.at)
        accounts.link([Link(person_key=key, account_id=account.id, made_by="created", made_at=case.at)])


def _afterwards(accounts: Accounts, account: Account | None, lines: Sequence[Line]) -> Account | None:
    for line in lines:
        if line.held:
            continue
        operation = line.operation
        if isinstance(operation, LinkAccount):
            account = accounts.by_id([operation.account_id]).get(operation.account_id)
        elif isinstance(operation, CreateAccount):
            account = unmade()
        account = left_by(operation, account) if account is not None else None
    return account
