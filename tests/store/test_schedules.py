"""Who deals with which instant of a schedule, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from joinery.store.database import Database
from joinery.store.schedules import begin, claim, done, schedule_of
from tests.store.acme import HOUR, NOW, opened

NODES = ("serve-1", "serve-2")
INSTANTS = [NOW + place * HOUR for place in range(1, 21)]


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        with database.write() as tx:
            begin(tx, "acme", "clock", NOW)
        yield database


@pytest.mark.parametrize("held", [False, True], ids=["nobody had it", "a dead one had it"])
def test_of_two_that_claim_one_instant_at_once_one_has_it(held: bool, store: Database, store_url: str) -> None:
    both = (store, Database(store_url))
    ready = Barrier(2)

    def try_it(place: int, turn: int) -> bool:
        ready.wait(timeout=30)
        with both[place].write() as tx:
            return claim(tx, "acme", "clock", INSTANTS[turn], NODES[place], alive={*NODES} - {NODES[place]})

    with ThreadPoolExecutor(2) as threads:
        for turn, instant in enumerate(INSTANTS):
            if held:
                with store.write() as tx:
                    assert claim(tx, "acme", "clock", instant, "dead", alive=())
            won = list(threads.map(try_it, (0, 1), (turn, turn)))
            assert sorted(won) == [False, True], f"instant {turn}"
            winner = NODES[won.index(True)]
            with store.read() as tx:
                state = schedule_of(tx, "acme", "clock")
            assert (state.claimed_by, state.claimed_for) == (winner, instant)
            with store.write() as tx:
                done(tx, "acme", "clock", instant, winner, "R-1")
    both[1].close()


def test_what_is_done_is_claimed_by_nobody_any_more(store: Database) -> None:
    with store.write() as tx:
        assert claim(tx, "acme", "clock", NOW + HOUR, NODES[0], alive=())
        done(tx, "acme", "clock", NOW + HOUR, NODES[0], "R-1")
        assert not claim(tx, "acme", "clock", NOW + HOUR, NODES[1], alive=())
        assert not claim(tx, "acme", "clock", NOW, NODES[1], alive=()), "nor what lies before it"
        assert claim(tx, "acme", "clock", NOW + 2 * HOUR, NODES[1], alive=())
