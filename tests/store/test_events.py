"""Lifecycle events on SQLite and PostgreSQL: recorded once, under a key that stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from joinery.core.model.event import Event, EventKind
from joinery.core.model.ids import PersonKey, WorkerId
from joinery.store.database import Database
from joinery.store.events import events_between, events_of
from joinery.store.tables import events
from tests.store.acme import TODAY, opened, record_events


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def move(old: str, new: str, who: str = "ana", on: date = TODAY, observed: date = TODAY) -> Event:
    return Event(
        person_key=PersonKey(f"p-{who}"),
        worker_id=WorkerId(who),
        kind=EventKind.MOVER,
        effective_on=on,
        observed_on=observed,
        attribute="location",
        old=old,
        new=new,
    )


def record(store: Database, *new: Event, name: str = "acme") -> None:
    with store.write() as tx:
        record_events(tx, name, new, "snap")


def ordinals(store: Database) -> list[tuple[str, str, int]]:
    with store.read() as tx:
        return [(row.old, row.new, row.ordinal) for row in tx.execute(select(events).order_by(events.c.id))]


THERE_AND_BACK = [move("A", "B"), move("B", "A"), move("A", "B")]
COUNTED = [("A", "B", 1), ("B", "A", 1), ("A", "B", 2)]


def test_there_and_back_and_there_on_one_day_in_one_file(store: Database) -> None:
    record(store, *THERE_AND_BACK)
    assert ordinals(store) == COUNTED


def test_there_and_back_and_there_on_one_day_in_three_files(store: Database) -> None:
    for event in THERE_AND_BACK:
        record(store, event)
    assert ordinals(store) == COUNTED


def test_the_same_change_on_another_day_or_of_another_person_counts_anew(store: Database) -> None:
    record(store, move("A", "B"), move("A", "B", on=TODAY + timedelta(days=1)), move("A", "B", who="bob"))
    record(store, replace(move("A", "B"), attribute="department"))
    assert [ordinal for _, _, ordinal in ordinals(store)] == [1, 1, 1, 1]


def test_the_day_we_learnt_it_is_no_part_of_the_key(store: Database) -> None:
    record(store, move("A", "B"), move("A", "B", observed=TODAY + timedelta(days=3)))
    assert [ordinal for _, _, ordinal in ordinals(store)] == [1, 2]


def test_the_table_refuses_the_same_key_twice(store: Database) -> None:
    record(store, move("A", "B"))
    with store.read() as tx:
        row = tx.execute(select(events)).one()._asdict()
    del row["id"]
    with pytest.raises(IntegrityError), store.write() as tx:
        tx.execute(insert(events), row)


def test_an_event_comes_back_as_it_went_in(store: Database) -> None:
    odd = replace(move("100%", 'say "hi"', on=TODAY - timedelta(days=400)), kind=EventKind.REKEYED)
    record(store, odd, move("A", "B", who="bob"))
    with store.read() as tx:
        assert events_of(tx, PersonKey("p-ana")) == [odd]
        assert events_of(tx, PersonKey("p-nobody")) == []


def test_more_events_than_are_written_at_once(store: Database) -> None:
    record(store, *(move("A", "B", who=f"w{n % 700}") for n in range(4500)))
    with store.read() as tx:
        counted = tx.execute(select(events.c.ordinal).where(events.c.worker_id == "w0").order_by(events.c.id))
        assert list(counted.scalars()) == [1, 2, 3, 4, 5, 6, 7]


D = timedelta(days=1)
INSIDE = [
    ("effective before, observed inside", TODAY - 9 * D, TODAY, True),
    ("effective inside, observed after", TODAY, TODAY + 9 * D, True),
    ("on the first day", TODAY - D, TODAY - 9 * D, True),
    ("on the last day", TODAY + 9 * D, TODAY + D, True),
    ("around it", TODAY - 2 * D, TODAY + 2 * D, False),
    ("before it", TODAY - 3 * D, TODAY - 2 * D, False),
]


@pytest.mark.parametrize(("effective", "observed", "shown"), [pytest.param(*c[1:], id=c[0]) for c in INSIDE])
def test_a_listing_includes_whatever_touches_it(effective: date, observed: date, shown: bool, store: Database) -> None:
    record(store, move("A", "B", on=effective, observed=observed))
    with store.read() as tx:
        assert len(list(events_between(tx, "acme", TODAY - D, TODAY + D))) == shown
        assert list(events_between(tx, "another", TODAY - D, TODAY + D)) == []


def test_a_listing_is_by_day_then_number_then_order(store: Database) -> None:
    later = move("A", "B", who="ana", observed=TODAY + D)
    bob, ana, again = move("A", "B", who="bob"), move("A", "B"), move("B", "A")
    record(store, later, bob, ana, again)
    with store.read() as tx:
        assert list(events_between(tx, "acme", TODAY, TODAY + D)) == [ana, again, bob, later]


def test_events_belong_to_the_callers_transaction(store: Database) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        record_events(tx, "acme", [move("A", "B")], "snap")
        raise ZeroDivisionError
    assert ordinals(store) == []
