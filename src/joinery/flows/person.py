"""One person: found by whatever somebody types, and what somebody decides about them by hand.

Rule: a decision has an owner and a reason, is released and never deleted, and marks the person to be looked at again.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import Connection, select

from joinery.core.model.account import AccountState
from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.rules.instants import local_day
from joinery.core.rules.rule_data import requirement
from joinery.errors import NotThere
from joinery.flows.apply import Applied, apply_alone
from joinery.flows.closing import close_the_book
from joinery.flows.doubtful import look_at_doubtful, still_in_doubt
from joinery.flows.gather import gather
from joinery.flows.latch import latch_of
from joinery.flows.meanwhile import let_in_meanwhile
from joinery.flows.plan import make_plan
from joinery.flows.policy import Policy, Ports
from joinery.flows.waiting_ends import look_at_waiting_ends
from joinery.store.accounts import Accounts
from joinery.store.aliases import Aliases
from joinery.store.assignments import assignments_of
from joinery.store.connections import load_state
from joinery.store.decisions import Decision, decide, in_force, release
from joinery.store.people import People, Person
from joinery.store.plans import BY_HAND, drop_lines_of
from joinery.store.tables import people

#: below so many people every number is compared with what was typed
COMPARED = 50_000
NEAR = 5


def now_of(ports: Ports) -> datetime:
    """The moment of a decision by hand: now; in a simulation, where its last run stood."""
    if ports.policy.simulation:
        with ports.database.read() as connection:
            return load_state(connection, ports.policy.name).last_as_of or ports.now()
    return ports.now()


def find_person(connection: Connection, policy: Policy, text: str) -> Person:
    """The one person meant by an employee number, source ID, e-mail, our key or `ENTITY/number`.

    Raises NotThere when it is nobody (with the nearest numbers) or several (with what tells them apart).
    """
    found = _found(connection, policy, text)
    if len(found) == 1:
        return found[0]
    if found:
        told = "; ".join(_told_apart(person) for person in found)
        raise NotThere(
            f"{len(found)} people have this number: {told}.",
            fix="Name one by its source ID or key.",
            data={"keys": [person.key for person in found]},
        )
    if "@" in text:  # an address is not repeated: errors hold IDs only
        raise NotThere("Nobody here has this e-mail address.", fix="Try the employee number.")
    near = _near(connection, policy, text.strip())
    fix = f"Did you mean {', '.join(near)}?" if near else "Use the employee number as HR writes it."
    raise NotThere(f"There is nobody {text.strip()!r} here.", fix=fix, data={"near": near})


def _found(connection: Connection, policy: Policy, text: str) -> list[Person]:
    known = People(connection, policy.name)
    if found := known.find(text):
        return found
    if found := _formerly(connection, policy, text.strip()):
        return found
    entity, slash, number = text.strip().rpartition("/")
    return [] if not slash else [p for p in known.find(number) if entity in {p.worker.legal_entity, p.worker.source}]


def _formerly(connection: Connection, policy: Policy, number: str) -> list[Person]:
    """Who had this number, key or address before, or has it in one of several records; or within a legal entity."""
    return Aliases(connection, policy.name).find(number) or People(connection, policy.name).numbered_within(number)


def _told_apart(person: Person) -> str:
    worker = person.worker
    entity = f" of {worker.legal_entity}" if worker.legal_entity else ""
    return f"{worker.source}/{worker.source_id}{entity}, {person.standing.stage}, key {person.key}"


def _near(connection: Connection, policy: Policy, text: str) -> list[str]:
    """Employee numbers that look like it."""
    mine = people.c.connection == policy.name
    looks = [people.c.worker_id.like(f"%{part}%") for part in {text, text.lstrip("0")} if part and "%" not in part]
    close = [
        row for look in looks for row in connection.scalars(select(people.c.worker_id).where(mine, look).limit(50))
    ]
    numbers = list(connection.scalars(select(people.c.worker_id).where(mine).limit(COMPARED)))
    return list(dict.fromkeys(difflib.get_close_matches(text, [*close, *numbers], n=2 * NEAR, cutoff=0.6)))[:NEAR]


# -------------------------------------------------------------------------------------------- courses and paths


def requirement_named(text: str, known: Collection[RequirementKey]) -> RequirementKey:
    """`course:X` and `path:X` as they are; a plain name is what is known by it, else a path where it says so."""
    name = text.strip()
    by_name = {key.lower(): key for key in known}
    for candidate in (name, f"course:{name}", f"path:{name}"):
        if candidate.lower() in by_name:
            return by_name[candidate.lower()]
    if ":" not in name and "path" in name.lower():
        return RequirementKey(f"path:{name}")
    return requirement(name)


def known_requirements(connection: Connection, policy: Policy, person: Person) -> set[RequirementKey]:
    """What rules give, what this person owes or owed, and what their account holds."""
    given = {key for rule in policy.rules for key in rule.give}
    renewals = {rule.recurs.renew_with for rule in policy.rules if rule.recurs and rule.recurs.renew_with}
    owed = {a.requirement for a in assignments_of(connection, [person.key]).get(person.key, ())}
    account = Accounts(connection, policy.target).of_people([person.key]).get(person.key)
    held = {e.requirement for e in account.enrolments.values()} if account else set()
    return given | renewals | owed | held


# ------------------------------------------------------------------------------------------- decisions by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says about a person; `owner` is who."""

    owner: str
    reason: str
    until: date | None = None
    due_on: date | None = None


def decisions_of(connection: Connection, policy: Policy, person: Person, as_of: datetime) -> Sequence[Decision]:
    """Everything decided by hand that is in force."""
    return in_force(connection, [person.key], local_day(as_of, policy.company_zone)).get(person.key, [])


def decide_about(ports: Ports, who: str, kind: str, course: str, word: Word) -> tuple[Person, RequirementKey]:
    """Exempt (`exemption`) or assign (`manual`); an earlier decision of that kind about the same is replaced."""
    at = now_of(ports)
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        subject = requirement_named(course, known_requirements(connection, ports.policy, person))
        earlier = _of_kind(decisions_of(connection, ports.policy, person, at), kind, subject)
        release(connection, [each.id for each in earlier], at)
        body: Mapping[str, str] = {"due_on": word.due_on.isoformat()} if word.due_on else {}
        decide(connection, ports.policy.name, _made(kind, person, word, at, subject, body))
        _look_again(connection, ports.policy, person)
    return person, subject


def release_about(ports: Ports, who: str, kind: str, course: str) -> tuple[Person, RequirementKey]:
    """End an exemption or an assignment by hand. Raises NotThere when there is none."""
    at = now_of(ports)
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        made = decisions_of(connection, ports.policy, person, at)
        known = {RequirementKey(each.subject) for each in made if each.kind == kind}
        subject = requirement_named(course, known)
        found = _of_kind(made, kind, subject)
        if not found:
            raise NotThere(
                f"{person.worker.worker_id} has no {_KINDS[kind]} for {subject}; nothing was changed.",
                fix=f"In force: {', '.join(sorted(known))}." if known else "There is none for anything else either.",
            )
        release(connection, [each.id for each in found], at)
        _look_again(connection, ports.policy, person)
    return person, subject


_KINDS = {"exemption": "exemption", "manual": "assignment by hand", "end_access": "end of access by hand"}


def _of_kind(made: Sequence[Decision], kind: str, subject: str = "") -> list[Decision]:
    return [each for each in made if each.kind == kind and each.subject == subject]


def _made(
    kind: str, person: Person, word: Word, at: datetime, subject: str = "", body: Mapping[str, str] | None = None
) -> Decision:
    return Decision(
        id="",
        person_key=person.key,
        kind=kind,
        subject=subject,
        owner=word.owner,
        reason=word.reason,
        made_at=at,
        until=word.until,
        body=body or {},
    )


def _look_again(connection: Connection, policy: Policy, person: Person) -> None:
    People(connection, policy.name).mark([person.key], unsettled=True)


# ------------------------------------------------------------------------------------------------ ending access


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEnded:
    """What came of it. `state` is the account's now (empty: there is none); `alike` are accounts not linked yet."""

    worker_id: str
    person_key: PersonKey
    account: str = ""
    state: str = ""
    was: str = ""
    #: administrator roles that it had and has no more
    roles_gone: tuple[str, ...] = ()
    roles_left: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    applied: Applied | None = None
    #: the mode allows no writing: somebody must close the account by hand
    observed: bool = False
    details: tuple[str, ...] = field(default_factory=tuple)

    @property
    def closed(self) -> bool:
        """Nobody can sign in with it now."""
        return self.state != AccountState.ACTIVE


def end_access(ports: Ports, who: str, word: Word) -> AccessEnded:
    """Remember the latch, then close the account at once: past modes that ask, held changes and limits.

    Waits for no other run: the plan is about this person alone, and their lines in other plans can no longer run.
    """
    at = now_of(ports)
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        body = {"hire_date": person.worker.value("hire_date")}
        decide(connection, ports.policy.name, _made("end_access", person, word, at, body=body))
        _look_again(connection, ports.policy, person)
        drop_lines_of(connection, person.key, but="")
        before = Accounts(connection, ports.policy.target).of_people([person.key]).get(person.key)
        alike = gather(connection, ports.policy, [person.key], at).candidates(person)
    ended = AccessEnded(
        worker_id=person.worker.worker_id,
        person_key=person.key,
        account=before.id if before else "",
        state=str(before.state) if before else "",
        was=str(before.state) if before else "",
        roles_left=before.roles if before else (),
        alike=() if before else tuple(dict.fromkeys(a.id for a in (*alike.by_worker_id, *alike.by_email))),
    )
    if ports.policy.mode_of_suspension() == "observe":
        return _changed(ended, observed=True)
    closed = _close(ports, ended, at)
    look_at_waiting_ends(ports, at)
    return closed


def _close(ports: Ports, ended: AccessEnded, at: datetime) -> AccessEnded:
    closed = _close_once(ports, ended, at)
    return _close_once(ports, closed, at) if let_in_meanwhile(ports, [ended.person_key]) else closed


def _close_once(ports: Ports, ended: AccessEnded, at: datetime) -> AccessEnded:
    # a way in that failed, as far as we heard, may be open
    unseen = look_at_doubtful(ports, only=[ended.person_key])
    plan = make_plan(ports, at, f"{BY_HAND}: {ended.worker_id}", only=[ended.person_key])
    still_in_doubt(ports, unseen)
    if plan is None:
        return ended
    applied = apply_alone(ports, plan)
    close_the_book(ports, plan.id, at)
    with ports.database.write() as connection:
        # a call of another run may have been under way: the next run looks once more
        People(connection, ports.policy.name).mark([ended.person_key], unsettled=True)
        after = Accounts(connection, ports.policy.target).of_people([ended.person_key]).get(ended.person_key)
    if after is None:
        return _changed(ended, applied=applied)
    gone = tuple(role for role in ended.roles_left if role not in after.roles)
    return _changed(ended, applied=applied, state=str(after.state), roles_left=after.roles, roles_gone=gone)


def _changed(ended: AccessEnded, **values: object) -> AccessEnded:
    return replace(ended, **values)  # type: ignore[arg-type]


def release_access(ports: Ports, who: str, word: Word) -> Person:
    """End the latch. HR and the rules then decide again, at the next run. Raises NotThere when there is none."""
    at = now_of(ports)
    with ports.database.write() as connection:
        person = find_person(connection, ports.policy, who)
        made = decisions_of(connection, ports.policy, person, at)
        latches = [each for each in made if each.kind == "end_access"]
        if not latches or latch_of(person, latches, ports.policy.zone_of(person.worker)) is None:
            raise NotThere(
                f"The access of {person.worker.worker_id} was not ended by hand; nothing was changed.",
                fix=f"`joinery why {person.worker.worker_id}` says what decides about it.",
            )
        release(connection, [each.id for each in latches], at)
        decide(connection, ports.policy.name, _made("access_again", person, word, at, latches[-1].id))
        _look_again(connection, ports.policy, person)
    return person
