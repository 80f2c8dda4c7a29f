"""One person's case: decided as the next plan would decide it, inside a transaction of which nothing is kept.

Rule: an end of employment that HR has announced is confidential. Unless it is asked for, a look ahead is made as if
nobody had announced any, for everybody alike, so that neither an answer nor its absence tells of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.model.plan import Line
from joinery.core.model.worker import Status
from joinery.core.planning.steps import lines_for
from joinery.flows.decide import Decided, decide_person
from joinery.flows.gather import LEVELS, Batch, gather
from joinery.flows.look import pretended
from joinery.flows.person import find_person
from joinery.flows.policy import Policy, Ports
from joinery.flows.pull import wake
from joinery.store.connections import ConnectionState, load_state
from joinery.store.people import People, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a sentence about one person can be made of."""

    connection: Connection
    policy: Policy
    state: ConnectionState
    batch: Batch
    person: Person
    decided: Decided
    #: the moment that is told of (UTC)
    at: datetime
    ahead: bool
    confidential: bool
    #: the next plan will look at this person: else nothing of `lines` is planned by itself
    looked_at: bool

    @property
    def zone(self) -> tzinfo:
        """The person's own time zone: dates that are told are dates there."""
        return self.policy.zone_of(self.person.worker)

    @property
    def number(self) -> str:
        """The employee number, which is how people name somebody."""
        return self.person.worker.worker_id

    @property
    def lines(self) -> tuple[Line, ...]:
        """What the next plan has for this person, before guards count."""
        return lines_for(self.decided.subject)

    @property
    def account(self) -> Any:
        """The linked account as last confirmed; None when there is none."""
        return self.batch.accounts.get(self.person.key)


@contextmanager
def case_of(ports: Ports, who: str, at: datetime, *, ahead: bool, confidential: bool) -> Iterator[Case]:
    """The case as of `at`. Raises NotThere. A transaction that writes is opened only where a date has come."""
    with ports.database.read() as connection:
        person = find_person(connection, ports.policy, who)
        due = _due(connection, ports.policy, person, at)
        if not due:
            yield _case(connection, ports, person.key, at, ahead=ahead, confidential=confidential)
            return
    with pretended(ports) as (trial, connection):
        if ahead and not confidential:
            _forget_announced_ends(connection, ports.policy, due)
        wake(trial, at, {}, only=due)
        yield _case(connection, ports, person.key, at, ahead=ahead, confidential=confidential)


def _case(
    connection: Connection, ports: Ports, key: PersonKey, at: datetime, *, ahead: bool, confidential: bool
) -> Case:
    policy, state = ports.policy, load_state(connection, ports.policy.name)
    batch = gather(connection, policy, [key], at)
    person = batch.people[0]
    first_load = not state.extra.get("loaded")
    return Case(
        connection=connection,
        policy=policy,
        state=state,
        batch=batch,
        person=person,
        decided=decide_person(policy, batch, person, at, state.go_live, first_load=first_load),
        at=at,
        ahead=ahead,
        confidential=confidential,
        looked_at=person.unsettled or state.config_version != policy.version,
    )


def _due(connection: Connection, policy: Policy, person: Person, at: datetime) -> frozenset[PersonKey]:
    """Whose date comes until then, of the person, the managers above and those who report to them."""
    people = People(connection, policy.name)
    number = person.worker.worker_id
    related = {person.key, *people.reports_of([number])}
    up = person.worker.manager_id
    for _ in range(LEVELS):
        found = people.by_worker_id([up]).get(up, []) if up else []
        if not found or found[0].key in related:
            break
        related.add(found[0].key)
        up = found[0].worker.manager_id
    return frozenset(p.key for p in people.by_key(related).values() if p.wake_at is not None and p.wake_at <= at)


def _forget_announced_ends(connection: Connection, policy: Policy, keys: frozenset[PersonKey]) -> None:
    people = People(connection, policy.name)
    people.replace([_without_end(person) for person in people.by_key(keys).values()])


def _without_end(person: Person) -> Person:
    """The same person as if HR had announced no end; whoever has left already stays as they are."""
    standing, worker = person.standing, person.worker
    if not standing.stage.employed or worker.termination_date is None:
        return person
    gone = {Status.TERMINATED, Status.DECEASED, Status.NOTICE, Status.GARDEN_LEAVE}
    status = Status.ACTIVE if worker.status in gone else worker.status
    return replace(
        person,
        worker=replace(worker, termination_date=None, status=status),
        standing=replace(standing, armed_end=None),
    )
