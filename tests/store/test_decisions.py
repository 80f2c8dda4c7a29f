"""What people decided by hand, on SQLite and PostgreSQL: in force until its end or its release, and kept after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from joinery.core.model.ids import PersonKey
from joinery.store.database import Database
from joinery.store.decisions import Decision, decide, in_force, release
from joinery.store.tables import decisions
from tests.store.acme import HOUR, NOW, TODAY, opened

ANA, BOB = PersonKey("p-ana"), PersonKey("p-bob")


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def decision(id_: str, **given: Any) -> Decision:
    values = {"person_key": ANA, "kind": "exemption", "owner": "hr.lead", "reason": "agreed", "made_at": NOW}
    return Decision(**{"id": id_, **values, **given})


def decided(store: Database, *some: Decision) -> None:
    with store.write() as tx:
        for one in some:
            decide(tx, "acme", one)


def ids(store: Database, today: date = TODAY) -> list[str]:
    with store.read() as tx:
        return [one.id for one in in_force(tx, [ANA], today).get(ANA, [])]


def test_a_decision_comes_back_as_it_went_in(store: Database) -> None:
    whole = decision("d-1", subject="course:FORKLIFT", until=TODAY, body={"value": '100% "x"'}, reason="agreed: 1=1")
    decided(store, whole, decision("d-2", person_key=BOB))
    with store.read() as tx:
        assert in_force(tx, [ANA], TODAY) == {ANA: [whole]}
        assert in_force(tx, [], TODAY) == {}


ENDS = [
    ("without an end it holds", None, True),
    ("on its last day it holds", TODAY, True),
    ("the day after it is over", TODAY - timedelta(days=1), False),
]


@pytest.mark.parametrize(("until", "holds"), [pytest.param(*c[1:], id=c[0]) for c in ENDS])
def test_until_when(until: date | None, holds: bool, store: Database) -> None:
    decided(store, decision("d-1", until=until))
    assert ids(store) == (["d-1"] if holds else [])


def test_in_the_order_they_were_made(store: Database) -> None:
    decided(store, decision("late", made_at=NOW + HOUR), decision("early"))
    assert ids(store) == ["early", "late"]


def test_what_is_released_is_kept_with_the_instant_of_its_first_release(store: Database) -> None:
    decided(store, decision("d-1"), decision("d-2"))
    with store.write() as tx:
        release(tx, ["d-1"], NOW)
        release(tx, ["d-1", "d-9"], NOW + HOUR)
    assert ids(store) == ["d-2"]
    with store.read() as tx:
        query = select(decisions.c.id, decisions.c.released_at).order_by(decisions.c.id)
        assert [tuple(row) for row in tx.execute(query)] == [("d-1", "2026-03-02T05:00:00.000000Z"), ("d-2", "")]


def test_a_decision_without_an_id_gets_one_of_its_own(store: Database) -> None:
    decided(store, decision(""), decision(""))
    found = ids(store)
    assert len(set(found)) == 2
    assert all(found)
