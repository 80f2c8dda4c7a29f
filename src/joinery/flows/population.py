"""All people with what conditions can ask about them, as of a moment: read in bulk, nothing decided, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from joinery.core.rules.conditions import WorkerFacts
from joinery.core.rules.instants import local_day
from joinery.core.rules.scope import in_scope
from joinery.flows.decide import facts_of
from joinery.flows.look import pretended
from joinery.flows.person import now_of
from joinery.flows.policy import Policy, Ports
from joinery.flows.waking import wake
from joinery.store.connections import ConnectionState, load_state
from joinery.store.people import People, Person
from joinery.store.reporting import Reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The people of a connection as they stand at `at`."""

    connection: Connection
    policy: Policy
    state: ConnectionState
    at: datetime
    leading: frozenset[str]

    def everybody(self) -> Iterator[Person]:
        """All people ever known, leavers included."""
        for page in People(self.connection, self.policy.name).pages():
            yield from page

    def managed(self) -> Iterator[tuple[Person, WorkerFacts]]:
        """Everybody who is employed and in scope: those to whom a rule can give anything."""
        for person in self.everybody():
            if person.standing.stage.employed:
                facts = self.facts(person)
                if in_scope(facts, self.policy.include, self.policy.exclude).inside is not False:
                    yield person, facts

    def facts(self, person: Person, policy: Policy | None = None) -> WorkerFacts:
        """What conditions can ask about this person; by the tables of another policy where one is given."""
        leads = person.worker.worker_id in self.leading
        return facts_of(policy or self.policy, person, self.today(person), self.state.go_live, leads=leads)

    def today(self, person: Person) -> date:
        """The person's local day."""
        return local_day(self.at, self.policy.zone_of(person.worker))


@contextmanager
def standing_at(ports: Ports, as_of: datetime | None) -> Iterator[Population]:
    """The people now, or at a moment to come when the dates until then have fired (and nothing else happened)."""
    if as_of is None:
        with ports.database.read() as connection:
            yield _population(connection, ports, now_of(ports))
        return
    with pretended(ports) as (trial, connection):
        wake(trial, as_of, {})
        yield _population(connection, ports, as_of)


def _population(connection: Connection, ports: Ports, at: datetime) -> Population:
    return Population(
        connection=connection,
        policy=ports.policy,
        state=load_state(connection, ports.policy.name),
        at=at,
        leading=Reporting(connection, ports.policy.name).leading(),
    )


def name_of(person: Person) -> str:
    """As people call them."""
    worker = person.worker
    return worker.preferred_name or " ".join(filter(None, (worker.given_name, worker.family_name)))
