"""One person's training as it was recorded, whoever they are now: nothing is opened again for an auditor to see it.

Rule: the organisation is the one frozen at completion; nothing is filled in from today.
"""

from __future__ import annotations

from dataclasses import dataclass

from joinery.flows.person import find_person
from joinery.flows.policy import Ports
from joinery.store.accounts import Accounts
from joinery.store.completions import Completions, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """`stage` and `account` (active | suspended | archived, empty: none) are today's; records oldest first."""

    worker_id: str
    stage: str
    account: str
    #: where they work now; empty where HR does not say
    country: str
    records: tuple[Record, ...]


def transcript(ports: Ports, who: str) -> Transcript:
    """The latest revision of every record, revoked ones included. Raises NotThere."""
    with ports.database.read() as connection:
        person = find_person(connection, ports.policy, who)
        account = Accounts(connection, ports.policy.target).of_people([person.key]).get(person.key)
        found = Completions(ports.database, ports.policy.name).of_person(connection, person.key)
    latest = {(each.target, each.completion.id): each for each in sorted(found, key=lambda r: r.completion.revision)}
    return Transcript(
        worker_id=person.worker.worker_id,
        stage=str(person.standing.stage),
        account=str(account.state) if account else "",
        country=person.worker.country,
        records=tuple(sorted(latest.values(), key=lambda r: (r.completion.completed_at, r.completion.course))),
    )
