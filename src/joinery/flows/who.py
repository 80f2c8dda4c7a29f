"""Somebody says that two numbers are one person, or that they are two people. Nothing is written to a learning system.

Rule: an answer is a decision with owner and reason; what it changes is planned by the next run like anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.employment import Employment
from joinery.errors import MatchRefused
from joinery.flows.book import IDENTITY, PEOPLE, Book
from joinery.flows.in_time import ENTERED, record_name, record_of
from joinery.flows.netting import Netting
from joinery.flows.person import Word, find_person, now_of
from joinery.flows.persons import person_of
from joinery.flows.policy import Ports
from joinery.flows.questions import OTHER, join, question_of, settle
from joinery.flows.recording import record
from joinery.flows.setting import Outcome, Setting
from joinery.flows.waking import setting_for
from joinery.store.aliases import Aliases
from joinery.store.comparing import look_at
from joinery.store.connections import load_state
from joinery.store.decisions import Decision, decide
from joinery.store.people import People, Person

SAME = "same_person"
#: what is remembered record by record
_OF_RECORDS = ("told", "ahead", ENTERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """Somebody in question, and who they may be (empty: nobody in particular)."""

    worker_id: str
    other: str
    check: str
    why: str


def open_questions(ports: Ports) -> tuple[OpenQuestion, ...]:
    """Everybody of whom somebody has to say who they are, in the order of employee IDs."""
    found = []
    with ports.database.read() as connection:
        for person in People(connection, ports.policy.name).in_question():
            asked = question_of(connection, _setting(ports, connection, person), person)
            if asked is not None:
                other = asked.other.worker.worker_id if asked.other else ""
                row = OpenQuestion(worker_id=person.worker.worker_id, other=other, check=asked.check, why=asked.why)
                found.append(row)
    return tuple(found)


def same_person(ports: Ports, who: str, other: str, word: Word) -> Person:
    """Both numbers are one person from now on, with one account and one history. Raises NotThere and MatchRefused."""
    with ports.database.write() as connection:
        one, two = (find_person(connection, ports.policy, text) for text in (who, other))
        if one.key == two.key:
            raise MatchRefused(
                f"{who.strip()} and {other.strip()} are one person already; nothing was recorded.",
                fix=f"`joinery person show {one.worker.worker_id}` shows all numbers.",
            )
        outcome, setting = Outcome(), _setting(ports, connection, one)
        if not join(connection, setting, outcome, two, one):
            raise MatchRefused(
                f"{one.worker.worker_id} and {two.worker.worker_id} both have an account; nothing was recorded.",
                fix="Move the training records to one of them in the learning system; then `joinery match reject` the "
                "other account for its person, and say it again.",
            )
        people = People(connection, ports.policy.name)
        kept = people.by_key([one.key, two.key])
        person = next(iter(kept.values()))
        gone = two if person.key == one.key else one
        _decide(connection, ports, person, gone, SAME, word)
        _look_again(connection, ports, setting, outcome)
    return person


def other_person(ports: Ports, who: str, other: str, word: Word) -> tuple[Person, Person]:
    """They are two people, whatever they have in common. Raises NotThere and MatchRefused."""
    with ports.database.write() as connection:
        one, two = (find_person(connection, ports.policy, text) for text in (who, other))
        if one.key == two.key:
            raise MatchRefused(
                f"{who.strip()} and {other.strip()} are one person here; nothing was recorded.",
                fix=f"Part them first: `joinery person part {one.worker.worker_id} NUMBER`, with the number that is "
                "somebody else's.",
            )
        _decide(connection, ports, one, two, OTHER, word)
        _decide(connection, ports, two, one, OTHER, word)
        People(connection, ports.policy.name).mark([one.key, two.key], unsettled=True)
        outcome = Outcome()
        outcome.doubtful.update({one.key, two.key})
        _look_again(connection, ports, _setting(ports, connection, one), outcome)
    return one, two


def part(ports: Ports, who: str, number: str, word: Word) -> tuple[Person, Person]:
    """One of somebody's records was another person's all along: (who stays, with the account; who is parted).

    Nothing joins them again. Raises NotThere, and MatchRefused where it is no record of theirs, or their only one.
    """
    with ports.database.write() as connection:
        person, named = find_person(connection, ports.policy, who), number.strip()
        theirs = [job for job in person.jobs if named in {job.worker.worker_id, job.worker.source_id}]
        rest = [job for job in person.jobs if job not in theirs]
        if not theirs or not rest:
            have = ", ".join(sorted({job.worker.worker_id for job in person.jobs}))
            raise MatchRefused(
                f"{named} is not one of several records of {person.worker.worker_id}; nothing was recorded.",
                fix=f"Their records are: {have}. Only one of several can be parted.",
            )
        setting, outcome = _setting(ports, connection, person), Outcome()
        own = {name: value for name, value in person.memory.items() if name not in _OF_RECORDS}
        kept, _ = person_of(setting, rest, person, memory={**own, **_of_records(person, rest)})
        alone = [replace(job, primary=True) for job in theirs]
        parted, _ = person_of(setting, alone, None, memory=_of_records(person, theirs))
        netting = Netting()
        netting.put(replace(kept, frozen=""), person)
        netting.put(parted, None)
        # a correction of ours: nobody joined and nobody moved
        record(connection, replace(setting, since=None), netting, outcome)
        Aliases(connection, ports.policy.name).give_up(
            kept.key, {number for job in theirs for number in (job.worker.worker_id, job.worker.source_id)}
        )
        _decide(connection, ports, kept, parted, OTHER, word)
        _decide(connection, ports, parted, kept, OTHER, word)
        outcome.doubtful.update({kept.key, parted.key})
        _look_again(connection, ports, setting, outcome)
        found = People(connection, ports.policy.name).by_key([kept.key, parted.key])
        return found[kept.key], found[parted.key]


def _of_records(person: Person, jobs: Sequence[Employment]) -> dict[str, Any]:
    """What is remembered of these records."""
    names = {record_name(job.worker) for job in jobs}
    found = {what: person.memory.get(what, {}) for what in _OF_RECORDS}
    kept = {what: {n: x for n, x in some.items() if record_of(n) in names} for what, some in found.items()}
    return {what: some for what, some in kept.items() if some}


def _decide(connection: Connection, ports: Ports, person: Person, about: Person, kind: str, word: Word) -> None:
    made = Decision(
        id="",
        person_key=person.key,
        kind=kind,
        subject=about.key,
        owner=word.owner,
        reason=word.reason,
        made_at=now_of(ports),
        body={"worker_id": about.worker.worker_id},
    )
    decide(connection, ports.policy.name, made)
    look_at(connection, [person.key, about.key])


def _look_again(connection: Connection, ports: Ports, setting: Setting, outcome: Outcome) -> None:
    """What is still open after this answer is the whole list."""
    found = settle(connection, setting, outcome)
    Book(connection, ports.policy.name, IDENTITY, ports.now()).whole(PEOPLE, found)


def _setting(ports: Ports, connection: Connection, person: Person) -> Setting:
    source = ports.sources.get(person.worker.source) or next(iter(ports.sources.values()))
    return setting_for(ports, source, now_of(ports), "", load_state(connection, ports.policy.name))
