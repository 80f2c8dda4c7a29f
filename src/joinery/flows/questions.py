"""Who is it? People whose identity is open: looked at after every file and every date, joined where it is clear.

Rule: nothing is written for somebody in question. One person has one account; two accounts are never merged here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from joinery.core.model.finding import Finding, Severity
from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage
from joinery.core.rules.same_person import probably_same
from joinery.flows.joining import at_work_beside, doubt_about, holders_of
from joinery.flows.netting import Netting
from joinery.flows.persons import absorbed
from joinery.flows.recording import record
from joinery.flows.setting import Outcome, Setting
from joinery.store.aliases import EMAIL, Aliases
from joinery.store.decisions import in_force
from joinery.store.merging import hand_over, linked, shared_addresses
from joinery.store.people import People, Person

#: a decision about two people: `person_key` is not the person whose key is the subject
OTHER = "other_person"
_OVER = {Stage.LEFT, Stage.NO_SHOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`other`: who they may be. `sure`: HR says so itself, and nothing speaks against it."""

    check: str
    why: str
    other: Person | None = None
    sure: bool = False


def settle(connection: Connection, setting: Setting, outcome: Outcome) -> tuple[Finding, ...]:
    """Join whom HR's own words join, put in question whom nothing settles; what is open now, all of it."""
    people = People(connection, setting.connection)
    asked = {person.key: person for person in people.in_question()}
    asked.update(people.by_key([key for key in outcome.doubtful if key not in asked]))
    asked.update(_sharing(connection, setting, outcome))
    found: list[Finding] = []
    for key in sorted(asked):
        person = people.by_key([key]).get(key)
        if person is None:
            continue
        question = question_of(connection, setting, person)
        if question is not None and question.sure and question.other is not None:
            if join(connection, setting, outcome, question.other, person):
                continue
            question = replace(question, check="two_accounts", why=_two_accounts(question.other), sure=False)
        _mark(people, person, question)
        if question is not None:
            found.append(_finding(person, question))
    return tuple(found)


def _sharing(connection: Connection, setting: Setting, outcome: Outcome) -> dict[PersonKey, Person]:
    """People without a history here who have the address of somebody else."""
    if not outcome.addresses and setting.since is not None:
        return {}
    # of a first file everybody is new
    of = outcome.addresses if setting.since is not None else None
    wanted = shared_addresses(connection, setting.connection, of)
    wanted |= set(Aliases(connection, setting.connection).owners(EMAIL, outcome.addresses))
    known = People(connection, setting.connection).with_address(wanted)
    return {person.key: person for persons in known.values() for person in persons}


def question_of(connection: Connection, setting: Setting, person: Person) -> Question | None:
    """What is open about this person; None when nothing is."""
    today = setting.moment(person.worker).today
    decided = in_force(connection, [person.key], today).get(person.key, [])
    others = {PersonKey(decision.subject) for decision in decided if decision.kind == OTHER}
    found = _by_number(connection, setting, person, others) or _by_key(connection, setting, person, others)
    return found or _by_address(connection, setting, person, others)


def _by_number(connection: Connection, setting: Setting, person: Person, others: set[PersonKey]) -> Question | None:
    for job in person.jobs:
        old = job.worker.previous_id
        if not old or any(old in each.numbers for each in person.jobs):
            continue
        people, aliases = People(connection, setting.connection), Aliases(connection, setting.connection)
        holders = [p for p in holders_of(people, aliases, job.worker.source, [old]).get(old, ()) if p.key != person.key]
        holders = [holder for holder in holders if holder.key not in others]
        if not holders:
            continue
        rivals = [p.worker.worker_id for p in people.in_question() if p.key != person.key and _names(p, old)]
        why = doubt_about(old, holders)
        if not why and rivals:
            why = f"the former number {old} is claimed by {', '.join(rivals)} too"
        if not why and job.standing.stage.employed:
            why = at_work_beside(job.worker, old, holders[0])
        return Question(check="previous_id_unclear", why=why, other=holders[0], sure=not why)
    return None


def _names(person: Person, old: str) -> bool:
    return any(job.worker.previous_id == old for job in person.jobs)


def _by_key(connection: Connection, setting: Setting, person: Person, others: set[PersonKey]) -> Question | None:
    pid = person.worker.person_id
    same = People(connection, setting.connection).by_person_id([pid]).get(pid, []) if pid else []
    older = [p for p in same if p.key < person.key and p.key not in others]
    return Question(check="two_accounts", why="", other=older[0], sure=True) if older else None


def _by_address(connection: Connection, setting: Setting, person: Person, others: set[PersonKey]) -> Question | None:
    """Only for somebody without an account: who has one is known already."""
    address = person.worker.work_email.lower()
    if not address or person.standing.stage in _OVER or linked(connection, [person.key]):
        return None
    for other in People(connection, setting.connection).with_address([address]).get(address, ()):
        if other.key in others or other.key == person.key:
            continue
        if probably_same(other.known, person.known, setting.policy_of(other.worker)):
            why = f"probably the same person as {other.worker.worker_id}: one goes, one comes, and the e-mail stays"
            return Question(check="probable_same_person", why=why, other=other)
    formerly = Aliases(connection, setting.connection).owners(EMAIL, [address]).get(address, set())
    for key in sorted(formerly - others - {person.key}):
        other = People(connection, setting.connection).by_key([key])[key]
        if linked(connection, [key]):
            why = f"the e-mail was that of {other.worker.worker_id} before"
            return Question(check="address_reused", why=why, other=other)
    return None


def _mark(people: People, person: Person, question: Question | None) -> None:
    """Nothing is written for them while a question is open; both are looked at again by the next plan."""
    why = _told(person, question) if question else ""
    if not why and not person.frozen:
        return
    people.replace([replace(person, frozen=why, unsettled=True)])
    if question is not None and question.other is not None:
        people.mark([question.other.key], unsettled=True)
    if person.worker.work_email:
        people.mark([each.key for each in people.find(person.worker.work_email)], unsettled=True)


def _told(person: Person, question: Question) -> str:
    if question.other is None:
        return question.why
    pair = f"{person.worker.worker_id} {question.other.worker.worker_id}"
    return f"{question.why}; joinery person same {pair}, or joinery person other {pair}, says which"


def _finding(person: Person, question: Question) -> Finding:
    return Finding(
        check=question.check,
        severity=Severity.WARNING,
        message=f"{person.worker.worker_id}: {question.why}.",
        worker_id=person.worker.worker_id,
        attribute="work_email" if "address" in question.check or "probable" in question.check else "previous_id",
        suggestion=_told(person, question).rpartition("; ")[2] + ".",
    )


def _two_accounts(other: Person) -> str:
    return f"the same person as {other.worker.worker_id}, and both have an account: nobody but a person can join these"


def join(connection: Connection, setting: Setting, outcome: Outcome, one: Person, other: Person) -> bool:
    """Two are one from now on: the one with the account stays, else the older one. False when both have one."""
    accounts = linked(connection, [one.key, other.key])
    if len(accounts) > 1:
        return False
    kept, gone = (other, one) if other.key in accounts else (one, other)
    netting = Netting()
    netting.put(absorbed(setting, kept, gone), kept)
    hand_over(connection, setting.connection, gone.key, kept.key)
    record(connection, setting, netting, outcome)
    outcome.counts["joined"] += 1
    return True
