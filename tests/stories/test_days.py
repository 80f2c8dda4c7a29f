"""Days in the life of a company, with the product's own job engine, and nights on which answers get lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import Mischief, OnCommand
from tests.stories.company import Company, Row, changed, moment, staff, worker

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}


def test_a_week_with_the_real_engine(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path, engine="real"), staff(30)
    first = acme.day("2026-11-23", rows)
    assert (first.exit_code, len(first.did("create"))) == (0, 30)
    rows = [*changed(rows, "0001", job_title="Head"), worker(31, hire_date="2026-11-26")]
    assert acme.day("2026-11-24", rows).lines == ["0001 update done"]
    rows = changed(rows, "0002", **LEFT)
    assert acme.day("2026-11-25", rows).lines == ["0002 suspend done"]
    assert acme.day("2026-11-26").lines == ["0031 create done"]
    undone = acme.day("2026-11-27", changed(rows, "0003", work_email="wrong@acme.example"))
    acme.undo(undone.plan, "2026-11-27T13:00")
    assert acme.account("0003").email == "w0003@acme.example"
    assert acme.who_is("suspended") == {"0002"}
    assert acme.events() == [
        "0001 mover 2026-11-24 job_title: Clerk -> Head",
        "0031 prehire 2026-11-26",
        "0002 leaver 2026-11-24",
        "0031 joiner 2026-11-26",
        "0003 mover 2026-11-27 work_email: w0003@acme.example -> wrong@acme.example",
    ]


def hostile(folder: Path) -> tuple[Company, HostileTarget, OnCommand, list[Row]]:
    mood = OnCommand()
    target = HostileTarget(MemoryTarget(), mood=mood)
    assert isinstance(target.inner, MemoryTarget)
    acme = Company(folder, around=lambda _target: target, memory=target.inner)
    rows = staff(5)
    acme.day("2026-11-23", rows)
    return acme, target, mood, rows


#: what happens to the call, and to the look-ups after it
UNHEARD = {
    "was answered `failed`": ([Mischief.LIE_FAILED], []),
    "was answered by nothing, four times": (
        [Mischief.BREAK_AFTER, *[Mischief.BREAK_BEFORE] * 3],
        [Mischief.BREAK_BEFORE] * 9,
    ),
}


@pytest.mark.parametrize(("calls", "look_ups"), UNHEARD.values(), ids=UNHEARD.keys())
def test_a_suspension_that_happened_and(tmp_path: Path, calls: list[Mischief], look_ups: list[Mischief]) -> None:
    """… does not outlive the day on which HR says that the person is back."""
    acme, target, mood, rows = hostile(tmp_path)
    mood.then("perform", *calls)
    mood.then("look_up", *look_ups)
    night = acme.day("2026-11-25", changed(rows, "0002", **LEFT))
    assert night.did("suspend") == []
    assert acme.accounts()["0002"] == "suspended"
    target.mood = OnCommand()
    acme.day("2026-12-01", changed(rows, "0002", hire_date="2026-12-01"))
    assert acme.accounts()["0002"] == "active"


@pytest.mark.parametrize(("calls", "look_ups"), UNHEARD.values(), ids=UNHEARD.keys())
def test_a_creation_that_happened_and(tmp_path: Path, calls: list[Mischief], look_ups: list[Mischief]) -> None:
    """… does not outlive the person's employment."""
    acme, target, mood, rows = hostile(tmp_path)
    mood.then("perform", *calls)
    mood.then("look_up", *look_ups)
    rows = [*rows, worker(6, hire_date="2026-11-25")]
    assert acme.day("2026-11-25", rows).did("create") == []
    assert acme.accounts()["0006"] == "active"
    target.mood = OnCommand()
    acme.day("2026-11-27", changed(rows, "0006", status="Terminated", termination_date="2026-11-26"))
    assert acme.accounts()["0006"] == "suspended"


def test_an_account_found_instead_of_made_is_brought_up_to_date_by_the_next_run(tmp_path: Path) -> None:
    """It was made as HR had it on the first night; the look-up of the second did not show it."""
    acme, target, mood, rows = hostile(tmp_path)
    # a plan of an earlier day is looked at again for another reason
    acme.clock = lambda: moment("2026-11-20")
    mood.then("perform", Mischief.LIE_FAILED)
    acme.day("2026-11-25", [*rows, worker(6, hire_date="2026-11-25", job_title="Clerk")])
    mood.then("look_up", *[Mischief.LOSE] * 9)
    promoted = [*rows, worker(6, hire_date="2026-11-25", job_title="Chief")]
    assert acme.day("2026-11-26", promoted).did("create") == ["0006"]
    target.mood = OnCommand()
    assert acme.day("2026-11-27").lines == ["0006 update done"]
    assert acme.account("0006").attributes["job_title"] == "Chief"
    assert acme.day("2026-11-28").stored == ()


def test_a_suspension_unheard_is_found_also_when_the_system_could_not_be_asked_for_a_night(tmp_path: Path) -> None:
    acme, _, mood, rows = hostile(tmp_path)
    mood.then("perform", Mischief.LIE_FAILED)
    acme.day("2026-11-25", changed(rows, "0002", **LEFT))
    mood.then("look_up", Mischief.BREAK_BEFORE)
    back = changed(rows, "0002", hire_date="2026-12-01")
    acme.day("2026-12-01", back)
    acme.day("2026-12-02", back)
    assert acme.accounts()["0002"] == "active"


def test_a_system_that_cannot_be_asked_stops_no_plan(tmp_path: Path) -> None:
    acme, target, mood, rows = hostile(tmp_path)
    mood.then("perform", Mischief.LIE_FAILED)
    acme.day("2026-11-24", changed(rows, "0001", job_title="Head"))
    mood.then("look_up", Mischief.STOP_RUN)
    night = acme.day("2026-11-25", changed(changed(rows, "0001", job_title="Head"), "0002", job_title="Chief"))
    assert night.did("update") == ["0001", "0002"]
    assert len(target.effects) == 5 + 2
