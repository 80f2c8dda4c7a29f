"""How fast the ledger and the engine are by themselves: a target in memory, without latency."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from joinery.jobs.api import Tally, open_engine
from tests.jobs.world import Lms, add_plan, clock_from, joiner, make_store


def _applied_in(url: str, state_dir: Path, people: int, plan_id: str = "P-1") -> float:
    """Seconds for a plan of four operations a person, launch included."""
    database = make_store(url)
    first = 0 if plan_id == "P-1" else 500_000
    add_plan(database, [op for n in range(first, first + people) for op in joiner(n)], plan_id=plan_id)
    lms = Lms()
    engine = open_engine(
        database, target=lambda: lms, mailer=None, clock=clock_from(), name="main", state_dir=state_dir
    )
    started = time.perf_counter()
    assert engine.apply(plan_id) == Tally(done=4 * people)  # type: ignore[arg-type]
    took = time.perf_counter() - started
    engine.close()
    database.close()
    return took


@pytest.mark.long
def test_ten_thousand_operations_go_through_at_a_thousand_a_second(store_url: str, tmp_path: Path) -> None:
    took = _applied_in(store_url, tmp_path / "state", 2_500)
    again = _applied_in(store_url, tmp_path / "state", 1, plan_id="P-2")
    print(f"10,000 operations in {took:.2f} s: {10_000 / took:.0f}/s; the next start took {again:.2f} s")
    assert took < 10


def test_a_small_plan_is_through_in_a_moment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'joinery.db'}"
    _applied_in(url, tmp_path / "state", 2)
    assert _applied_in(url, tmp_path / "state", 2, plan_id="P-2") < 2.0
