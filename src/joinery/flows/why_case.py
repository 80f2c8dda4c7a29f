"""One person's case, decided as the next plan would decide it. Nothing of it is ever kept.

Rule: dates that have come by then fire in a transaction that is rolled back; without any, nothing but reading happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from joinery.core.model.account import Account
from joinery.core.model.ids import PersonKey
from joinery.core.model.plan import Line
from joinery.core.planning.steps import lines_for
from joinery.core.rules.instants import local_day
from joinery.flows.decide import Decided, decide_person
from joinery.flows.gather import LEVELS, Batch, gather
from joinery.flows.look import pretended
from joinery.flows.person import find_person
from joinery.flows.policy import Policy, Ports
from joinery.flows.waking import wake
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
    confidential: bool
    #: the next plan looks at this person: else nothing of `lines` happens by itself
    looked_at: bool
    #: a moment to come: nobody knows what is learnt until then
    ahead: bool = False

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
    def account(self) -> Account | None:
        """The linked account as last confirmed; None when there is none."""
        return self.batch.accounts.get(self.person.key)


@contextmanager
def case_of(ports: Ports, who: str, at: datetime, *, confidential: bool) -> Iterator[Case]:
    """The case as of `at`, which is now. Raises NotThere."""
    with ports.database.read() as connection:
        person = find_person(connection, ports.policy, who)
        due = due_among(connection, ports.policy, related(connection, ports.policy, person), at)
        if not due:
            yield decided_case(connection, ports.policy, person.key, at, confidential=confidential)
            return
    with pretended(ports) as (trial, connection):
        wake(trial, at, {}, only=due)
        yield decided_case(connection, ports.policy, person.key, at, confidential=confidential)


def decided_case(connection: Connection, policy: Policy, key: PersonKey, at: datetime, *, confidential: bool) -> Case:
    """The same questions in the same order as a plan asks them."""
    state = load_state(connection, policy.name)
    batch = gather(connection, policy, [key], at)
    person = batch.people[0]
    first_load = not state.extra.get("loaded")
    return Case(
        connection=connection,
        policy=policy.on(local_day(at, policy.zone_of(person.worker))),
        state=state,
        batch=batch,
        person=person,
        decided=decide_person(policy, batch, person, at, state.go_live, first_load=first_load),
        at=at,
        confidential=confidential,
        looked_at=person.unsettled or state.config_version != policy.version,
    )


def related(connection: Connection, policy: Policy, person: Person) -> frozenset[PersonKey]:
    """The person, the managers above, and those who report to them: whose dates can change what the person gets."""
    people = People(connection, policy.name)
    found = {person.key, *people.reports_of([person.worker.worker_id])}
    up = person.worker.manager_id
    for _ in range(LEVELS):
        above = people.by_worker_id([up]).get(up, []) if up else []
        if not above or above[0].key in found:
            break
        found.add(above[0].key)
        up = above[0].worker.manager_id
    return frozenset(found)


def due_among(connection: Connection, policy: Policy, keys: frozenset[PersonKey], at: datetime) -> frozenset[PersonKey]:
    """Whose date has come by then."""
    found = People(connection, policy.name).by_key(keys).values()
    return frozenset(person.key for person in found if person.wake_at is not None and person.wake_at <= at)
