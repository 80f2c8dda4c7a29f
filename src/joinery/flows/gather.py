"""Everything that deciding needs about a batch of people, read in bulk: one query per kind of thing, not per person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from joinery.core.correlation.correlate import Candidates
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.rules.instants import local_day
from joinery.core.rules.learning import Assignment
from joinery.flows.laid_off import laid_off
from joinery.flows.neighbours import making_room, room_made, taken_over
from joinery.flows.policy import Policy
from joinery.store.accounts import Accounts
from joinery.store.assignments import assignments_of, completed_by
from joinery.store.connections import load_state
from joinery.store.decisions import Decision, in_force
from joinery.store.mails import mailed
from joinery.store.people import People, Person
from joinery.store.reporting import Reporting

#: how far up a chain of managers who left somebody is looked for
LEVELS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """People in the order asked for, with all that belongs to them."""

    people: Sequence[Person]
    accounts: Mapping[PersonKey, Account]
    by_email: Mapping[str, Sequence[Account]]
    by_worker_id: Mapping[str, Sequence[Account]]
    owners: Mapping[AccountId, PersonKey]
    decisions: Mapping[PersonKey, Sequence[Decision]]
    assignments: Mapping[PersonKey, tuple[Assignment, ...]]
    completions: Mapping[PersonKey, Mapping[str, str]]
    with_reports: frozenset[PersonKey]
    #: accounts that somebody named as theirs
    by_id: Mapping[str, Account]
    #: accounts that a reconcile did not find any more
    vanished: frozenset[str]
    #: when we made their account; empty in a simulation, whose days are not those of the clock
    accounts_made: Mapping[PersonKey, datetime]
    #: keys of sign-in mails that left, or may have left
    mailed: frozenset[str]
    #: manager as HR names them -> the next active one up (themselves, mostly)
    managers: Mapping[str, str]
    #: leavers whose account somebody goes on using who is probably them -> that one's number
    taken_over: Mapping[PersonKey, str] = field(default_factory=dict)
    #: people whose access ends by a lay-off that was approved ahead -> by which
    laid_off: Mapping[str, str] = field(default_factory=dict)
    #: people whose present address somebody else is to have, and accounts that free theirs
    makes_room: frozenset[PersonKey] = frozenset()
    room_made: frozenset[AccountId] = frozenset()

    def candidates(self, person: Person) -> Candidates:
        """Accounts that hold this person's number or address, with a note of whose they already are."""
        worker = person.worker
        by_id = self.by_worker_id.get(worker.worker_id, ())
        by_email = self.by_email.get(worker.work_email.lower(), ()) if worker.work_email else ()
        ours = next((a for a in (*by_id, *by_email) if a.external_id == person.key), None)
        decided = self.decisions.get(person.key, ())
        confirmed = next((self.by_id.get(d.subject) for d in reversed(decided) if d.kind == "match"), None)
        named = (*by_id, *by_email, *([confirmed] if confirmed else []))
        return Candidates(
            by_worker_id=by_id,
            by_email=by_email,
            linked_to_others=frozenset(a.id for a in named if self.owners.get(a.id, person.key) != person.key),
            ours=ours,
            confirmed=confirmed,
            refused=frozenset(AccountId(d.subject) for d in decided if d.kind == "no_match"),
        )


def gather(connection: Connection, policy: Policy, keys: Sequence[PersonKey], as_of: datetime) -> Batch:
    """Read the batch; `as_of` decides which decisions made by hand are still in force."""
    people, reporting = People(connection, policy.name), Reporting(connection, policy.name)
    accounts = Accounts(connection, policy.target)
    found = people.by_key(keys)
    persons = [found[key] for key in keys if key in found]
    linked = accounts.of_people([p.key for p in persons])
    by_email, by_number = _lookalikes(accounts, persons, linked)
    decisions = in_force(connection, [p.key for p in persons], local_day(as_of, policy.company_zone))
    named = accounts.by_id({d.subject for several in decisions.values() for d in several if d.kind == "match"})
    ids = {a.id for several in (*by_email.values(), *by_number.values(), named.values()) for a in several}
    owners = accounts.linked_ids(ids)
    uses_learning = bool(policy.rules)
    return Batch(
        people=persons,
        accounts=linked,
        by_email=by_email,
        by_worker_id=by_number,
        by_id=named,
        vanished=frozenset(load_state(connection, policy.name).extra.get("vanished", ())),
        owners=owners,
        makes_room=frozenset(making_room(people, persons, linked)),
        room_made=frozenset(room_made(people, (a for some in by_email.values() for a in some), owners)),
        decisions=decisions,
        laid_off=laid_off(connection, policy, persons, as_of),
        assignments=assignments_of(connection, [p.key for p in persons]),
        completions=completed_by(connection, [p.key for p in persons]) if uses_learning else {},
        with_reports=reporting.leads([p.key for p in persons]) if uses_learning else frozenset(),
        accounts_made=accounts.created_at(list(linked)) if uses_learning and not policy.simulation else {},
        mailed=mailed(connection, [p.key for p in persons]) if policy.mail.signing_in else frozenset(),
        taken_over=taken_over(people, policy, persons, linked),
        managers=active_managers(reporting, {p.worker.manager_id for p in persons if p.worker.manager_id}),
    )


def _lookalikes(
    accounts: Accounts, persons: Sequence[Person], linked: Mapping[PersonKey, Account]
) -> tuple[dict[str, list[Account]], dict[str, list[Account]]]:
    """Accounts with the same address or number: of people without an account, or whose address changes."""
    emails, numbers = set(), set()
    for person in persons:
        account = linked.get(person.key)
        email = person.worker.work_email.lower()
        if account is None:
            numbers.add(person.worker.worker_id)
        if email and (account is None or account.email != email):
            emails.add(email)
    return accounts.by_email(emails), accounts.by_worker_id(numbers)


def active_managers(reporting: Reporting, named: set[str]) -> dict[str, str]:
    """Manager as HR names them, by whichever of their numbers -> the next one up who is employed, by the number of
    their account; HR's own word where nobody is known."""
    known: dict[str, tuple[str, str, str]] = {}
    wanted = set(named)
    for _ in range(LEVELS):
        asked = wanted - known.keys()
        new = reporting.lines(asked)
        known.update(new)
        wanted = {up for stage, up, _ in new.values() if stage != "active" and up} - known.keys()
        if not wanted:
            break
    return {name: _next_active(name, known) for name in named}


def _next_active(name: str, known: Mapping[str, tuple[str, str, str]]) -> str:
    seen: set[str] = set()
    current = name
    while current in known and current not in seen:
        seen.add(current)
        stage, up, number = known[current]
        if stage == "active":
            return number
        current = up
    return name
