"""Somebody says that two numbers are one person, or that they are two people. Nothing is written to a learning system.

Rule: an answer is a decision with owner and reason; what it changes is planned by the next run like anything else.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from joinery.errors import MatchRefused
from joinery.flows.book import IDENTITY, PEOPLE, Book
from joinery.flows.person import Word, find_person, now_of
from joinery.flows.policy import Ports
from joinery.flows.questions import OTHER, join, question_of, settle
from joinery.flows.setting import Outcome, Setting
from joinery.flows.waking import setting_for
from joinery.store.connections import load_state
from joinery.store.decisions import Decision, decide
from joinery.store.people import People, Person

SAME = "same_person"


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
                fix="Records that were joined are not parted by a command: ask whoever looks after this installation.",
            )
        _decide(connection, ports, one, two, OTHER, word)
        _decide(connection, ports, two, one, OTHER, word)
        People(connection, ports.policy.name).mark([one.key, two.key], unsettled=True)
        outcome = Outcome()
        outcome.doubtful.update({one.key, two.key})
        _look_again(connection, ports, _setting(ports, connection, one), outcome)
    return one, two


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


def _look_again(connection: Connection, ports: Ports, setting: Setting, outcome: Outcome) -> None:
    """What is still open after this answer is the whole list."""
    found = settle(connection, setting, outcome)
    Book(connection, ports.policy.name, IDENTITY, ports.now()).whole(PEOPLE, found)


def _setting(ports: Ports, connection: Connection, person: Person) -> Setting:
    source = ports.sources.get(person.worker.source) or next(iter(ports.sources.values()))
    return setting_for(ports, source, now_of(ports), "", load_state(connection, ports.policy.name))
