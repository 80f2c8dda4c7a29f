"""One person's history, on SQLite and PostgreSQL: facts with their file, what was done, what was decided then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from joinery.core.model.ids import PersonKey
from joinery.store.database import Database
from joinery.store.decisions import Decision, decide, release
from joinery.store.facts import FactChange
from joinery.store.history import decisions_at, facts_of, findings_about, plan_state
from tests.store.acme import HOUR, NOW, TODAY, opened, record_facts

ANA, BOB = PersonKey("p-ana"), PersonKey("p-bob")


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def learnt(store: Database, at: datetime, attribute: str, value: str, *, again: bool, who: PersonKey = ANA) -> None:
    change = FactChange(person_key=who, attribute=attribute, value=value, effective_from=TODAY, supersedes=again)
    with store.write() as tx:
        record_facts(tx, [change], known_from=at, snapshot_id="s-1", source="hris")


def test_facts_come_back_in_order_each_with_what_was_before(store: Database) -> None:
    learnt(store, NOW, "job_title", "Clerk", again=False)
    learnt(store, NOW, "job_title", "Boss", again=False, who=BOB)
    learnt(store, NOW + HOUR, "job_title", "Head", again=True)
    learnt(store, NOW + HOUR, "country", "FR", again=False)
    with store.read() as tx:
        told = [(row.attribute, row.value, row.old, row.known_to) for row in facts_of(tx, ANA)]
    assert told == [
        ("job_title", "Clerk", None, NOW + HOUR),
        ("job_title", "Head", "Clerk", None),
        ("country", "FR", "", None),
    ]


def test_a_fact_whose_file_is_not_known_any_more_is_still_told(store: Database) -> None:
    learnt(store, NOW, "job_title", "Clerk", again=False)
    with store.read() as tx:
        assert [row.file for row in facts_of(tx, ANA)] == [""]


WHEN = {
    "before it was made": (-1, 0, False),
    "at the very moment": (0, 0, True),
    "before its release": (1, 0, True),
    "at its release": (2, 0, False),
    "the day after its end": (1, 1, False),
}


@pytest.mark.parametrize(("hours", "days", "holds"), WHEN.values(), ids=WHEN.keys())
def test_a_decision_of_then(store: Database, hours: int, days: int, holds: bool) -> None:
    made = Decision(id="d-1", person_key=ANA, kind="exemption", owner="ana", reason="agreed", made_at=NOW, until=TODAY)
    with store.write() as tx:
        decide(tx, "acme", made)
        release(tx, ["d-1"], NOW + 2 * HOUR)
    today: date = TODAY + timedelta(days=days)
    with store.read() as tx:
        assert decisions_at(tx, ANA, NOW + hours * HOUR, today) == ([made] if holds else [])


def test_of_what_is_not_there_nothing_is_told(store: Database) -> None:
    with store.read() as tx:
        assert plan_state(tx, "P-99") == ""
        assert findings_about(tx, "acme", "0001") == []
        assert facts_of(tx, ANA) == []
