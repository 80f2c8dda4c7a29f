"""Kept configurations, and the bulk reads that an edit needs, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.model.standing import Stage
from joinery.core.rules.learning import Assignment, State
from joinery.store.assignments import reasoned_by, save_assignments
from joinery.store.config_versions import every_version, files_of, keep_version, versions_of
from joinery.store.database import Database
from joinery.store.people import People
from joinery.store.reporting import Reporting
from tests.store.acme import HOUR, NOW, TODAY, opened, person


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def test_configurations_are_numbered_and_kept_for_ever_also_when_one_comes_back(store: Database) -> None:
    with store.write() as tx:
        for place, (version, content) in enumerate([("aa", b"one"), ("bb", b"\x00two"), ("aa", b"one")]):
            keep_version(tx, "acme", version=version, content=content, made_by="ana", since=NOW + place * HOUR)
        assert keep_version(tx, "other", version="cc", content=b"", made_by="bob", since=NOW) == "C-4"
    with store.read() as tx:
        kept = versions_of(tx, "acme")
        assert [(each.id, each.version, each.since) for each in kept] == [
            ("C-3", "aa", NOW + 2 * HOUR),
            ("C-2", "bb", NOW + HOUR),
            ("C-1", "aa", NOW),
        ]
        assert files_of(tx, "acme", "bb") == b"\x00two"
        assert files_of(tx, "acme", "cc") is None
        assert {each.id for each in every_version(tx)} == {"C-1", "C-2", "C-3", "C-4"}


def test_more_than_nine_configurations_stay_in_order(store: Database) -> None:
    with store.write() as tx:
        for _ in range(11):
            keep_version(tx, "acme", version="aa", content=b"", made_by="ana", since=NOW)
    with store.read() as tx:
        assert [each.id for each in versions_of(tx, "acme")][:3] == ["C-11", "C-10", "C-9"]


def test_everybody_comes_page_by_page_and_once(store: Database) -> None:
    with store.write() as tx:
        People(tx, "acme").add([person(f"{n:03}") for n in range(7)])
        People(tx, "other").add([person("x")])
    with store.read() as tx:
        pages = [[each.worker.worker_id for each in page] for page in People(tx, "acme").pages(3)]
    assert pages == [["000", "001", "002"], ["003", "004", "005"], ["006"]]


def test_who_leads_anybody_who_is_employed(store: Database) -> None:
    with store.write() as tx:
        People(tx, "acme").add(
            [
                person("a", manager_id="boss"),
                person("b", Stage.LEAVE, manager_id="other"),
                person("c", Stage.LEFT, manager_id="former"),
                person("d"),
            ]
        )
    with store.read() as tx:
        assert Reporting(tx, "acme").leading() == {"boss", "other"}


def test_everybody_can_be_marked(store: Database) -> None:
    with store.write() as tx:
        People(tx, "acme").add([person("a"), person("b", unsettled=True)])
        People(tx, "other").add([person("x")])
        People(tx, "acme").mark_all()
        assert People(tx, "acme").unsettled() == ["p-a", "p-b"]
        assert People(tx, "other").unsettled() == []


def owed(course: str, *reasons: str, state: State = State.OPEN) -> Assignment:
    done: date | None = TODAY if state is State.COMPLETED else None
    return Assignment(
        requirement=RequirementKey(f"course:{course}"),
        reasons=frozenset(reasons),
        state=state,
        assigned_on=TODAY,
        completed_on=done,
    )


NAMES = ["Safety", 'with "quotes" 100% _x', "Größe"]


@pytest.mark.parametrize("name", NAMES)
def test_whose_assignments_a_rule_is_a_reason_of(store: Database, name: str) -> None:
    ana, bob, eve = (PersonKey(f"p-{who}") for who in ("ana", "bob", "eve"))
    with store.write() as tx:
        save_assignments(
            tx,
            {
                ana: [owed("X", name), owed("Y", name, "Another")],
                bob: [owed("X", f"{name} too"), owed(name, "Another")],
                eve: [owed("X", name, state=State.COMPLETED)],
            },
        )
    with store.read() as tx:
        assert reasoned_by(tx, [name]) == {ana: {name}}
        assert reasoned_by(tx, [name, "Another"]) == {ana: {name, "Another"}, bob: {"Another"}}
        assert reasoned_by(tx, []) == {}
