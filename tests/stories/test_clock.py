"""A clock that jumps an hour, or a day, either way: nothing is done twice, nothing is lost, and what waits says why."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from joinery.errors import ApprovalNeeded, AsOfRefused, PlanChanged
from joinery.flows.apply import apply_approved, approve
from joinery.flows.push import News, tell
from joinery.flows.sync import sync
from tests.stories.company import Company, changed, moment, staff, worker
from tests.stories.test_store_gone import Counting

NOON = moment("2026-11-24")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Clock:
    """Says what it is told to."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def real(folder: Path, clock: Clock, **settings: object) -> Company:
    """A company whose learning system is none for simulations: its clock counts."""
    return Company(folder, settings=dict(settings), learning={"simulation": False}, clock=clock)


def run(company: Company, clock: Clock) -> str:
    with company.open() as it:
        report = sync(it.ports, clock())
        return report.plan.id if report.plan else ""


@pytest.mark.parametrize("jump", [HOUR, DAY], ids=["an hour", "a day"])
def test_a_clock_that_goes_back_lets_runs_wait_and_ends_of_access_go_on(tmp_path: Path, jump: timedelta) -> None:
    clock = Clock()
    acme = real(tmp_path, clock)
    acme.drop(staff(5))
    run(acme, clock)
    clock.at -= jump
    acme.drop(changed(staff(5), "0002", job_title="Head"))
    with pytest.raises(AsOfRefused, match="it went back") as caught:
        run(acme, clock)
    assert "Nothing was done" in caught.value.message and "Set the clock right" in caught.value.fix
    with acme.open() as it:
        record = {"worker_id": "0003", "status": "Terminated"}
        tell(it.ports, it.ports.sources["hris"], News(door="push", name="n", records=[record], received_at=clock()))
    assert acme.accounts()["0003"] == "suspended"
    clock.at += jump + timedelta(seconds=1)
    run(acme, clock)
    assert acme.account("0002").attributes["job_title"] == "Head"
    assert acme.who_is("suspended") == {"0003"} and len(acme.accounts()) == 5


@pytest.mark.parametrize("jump", [HOUR, -HOUR, -DAY], ids=["an hour on", "an hour back", "a day back"])
def test_between_plan_and_apply_a_clock_that_jumps_takes_nothing_from_the_approval(
    tmp_path: Path, jump: timedelta
) -> None:
    clock = Clock()
    acme = real(tmp_path, clock, mode="approve")
    acme.drop(staff(5))
    plan = run(acme, clock)
    with acme.open() as it:
        approve(it.ports, plan, by="ana")
        clock.at += jump
        apply_approved(it.ports, plan)
        with pytest.raises(ApprovalNeeded, match="is applied, not approved"):
            apply_approved(it.ports, plan)
    assert len(acme.who_is("active")) == 5


def test_a_plan_is_stale_after_a_day_whatever_made_the_clock_say_so(tmp_path: Path) -> None:
    clock = Clock()
    acme = real(tmp_path, clock, mode="approve")
    acme.drop(staff(2))
    plan = run(acme, clock)
    clock.at += DAY + HOUR
    with acme.open() as it, pytest.raises(PlanChanged, match="nothing was applied"):
        approve(it.ports, plan, by="ana")
    assert acme.accounts() == {}


def test_a_clock_that_jumps_at_every_look_changes_nothing_of_what_a_run_does(tmp_path: Path) -> None:
    jumps = itertools.cycle([timedelta(0), HOUR, -HOUR, DAY, -DAY])
    changes = Counter[tuple[str, str]]()
    acme = Company(tmp_path, clock=lambda: NOON + next(jumps), around=lambda target: Counting(target, changes))
    rows = staff(40)
    acme.day("2026-11-23", rows)
    changes.clear()
    rows = [*changed(changed(rows, "0002", job_title="Head"), "0003", status="Terminated"), worker(41)]
    acme.day("2026-11-24", rows)
    acme.day("2026-11-24")
    assert Counter(kind for _, kind in changes) == {"UpdateAccount": 1, "SuspendAccount": 1, "CreateAccount": 1}
    assert set(changes.values()) == {1}
    assert acme.who_is("suspended") == {"0003"}
    assert [event.split()[1] for event in acme.events() if "0041" not in event] == ["mover", "leaver"]
