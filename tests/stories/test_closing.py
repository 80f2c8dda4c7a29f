"""Access that ends is seen to be closed, its five instants are kept, and what stays open is a breach."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.core.model.account import Account
from joinery.core.model.ids import PersonKey, PlanId
from joinery.core.rules.closing import Closing
from joinery.flows.person import Word, end_access
from joinery.store.closings import ClosingRow, closings_between, save_closings
from joinery.store.findings import open_findings
from tests.stories.company import Company, Row, changed, moment, staff

EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def closings(acme: Company) -> list[ClosingRow]:
    with acme.ports() as ports, ports.database.read() as connection:
        return closings_between(connection, ports.policy.name, *EVER)


def alarms(acme: Company) -> list[str]:
    with acme.ports() as ports, ports.database.read() as connection:
        found = open_findings(connection, ports.policy.name)
    return [each["worker_id"] for each in found if each["check"] == "access_still_open"]


def test_a_leaver_of_the_nightly_file_has_all_instants_that_are_known(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-20", staff(3))
    acme.day("2026-11-24", changed(staff(3), "0002", status="Terminated", termination_date="2026-11-22"))
    (row,) = closings(acme)
    assert (row.worker_id, row.heard_by, row.detail) == ("0002", "file", "suspended")
    assert row.times.ended_at == moment("2026-11-23T00:00")
    assert row.times.read_at == moment("2026-11-24") and row.times.entered_at is None
    assert row.times.accepted_at is not None and row.times.closed_at is not None
    assert alarms(acme) == []


def test_an_end_by_hand_counts_from_the_decision(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-20", staff(3))
    with acme.ports() as ports:
        assert end_access(ports, "0001", Word(owner="ana", reason="INC-1")).closed
    (row,) = closings(acme)
    assert (row.worker_id, row.heard_by) == ("0001", "hand")
    assert row.times.ended_at == row.times.read_at
    assert row.times.control is not None


class Blind:
    """A learning system that says yes to everything and shows, when it is asked again, that nothing happened."""

    def __init__(self, target: Any, lies: Sequence[str]) -> None:
        self._target, self._lies = target, lies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    async def look_up(self, **asked: Any) -> Sequence[Account]:
        from dataclasses import replace

        from joinery.core.model.account import AccountState

        shown = await self._target.look_up(**asked)
        return [replace(a, state=AccountState.ACTIVE) if a.worker_id in self._lies else a for a in shown]


def test_what_is_not_seen_to_be_closed_is_a_breach_until_it_is(tmp_path: Path) -> None:
    acme = Company(tmp_path, around=lambda target: Blind(target, ["0002"]))
    gone = changed(staff(3), "0002", status="Terminated", termination_date="2026-11-22")
    acme.day("2026-11-20", staff(3))
    acme.day("2026-11-23", gone)
    assert closings(acme)[0].times.closed_at is None and alarms(acme) == [], "there is still time"
    acme.day("2026-11-25", gone)
    assert alarms(acme) == ["0002"]
    acme.around = lambda target: target
    acme.day("2026-11-26", gone)
    assert alarms(acme) == [] and closings(acme)[0].times.closed_at is not None


def test_an_end_that_waits_for_an_approval_is_counted_and_one_that_was_taken_back_is_not(tmp_path: Path) -> None:
    acme = Company(tmp_path, settings={"kill_switch": {"per_hour": 0}, "modes": {"suspend": "approve"}})
    everybody = staff(3)
    acme.day("2026-11-20", everybody)
    night = acme.day("2026-11-24", changed(everybody, "0002", status="Terminated", termination_date="2026-11-22"))
    assert [row.worker_id for row in closings(acme)] == ["0002"] and alarms(acme) == ["0002"]
    acme.approve(night.plan)
    acme.day("2026-11-25")
    assert closings(acme)[0].times.closed_at is not None and alarms(acme) == []
    acme.day("2026-11-26", changed(everybody, "0003", status="Terminated", termination_date="2026-11-24"))
    acme.day("2026-11-27", everybody)
    assert [row.worker_id for row in closings(acme)] == ["0002"], "0003 never had to go"


def test_in_observe_mode_nobody_is_blamed(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-20", staff(3))
    acme.write_settings(mode="observe")
    acme.day("2026-11-28", changed(staff(3), "0002", status="Terminated", termination_date="2026-11-22"))
    assert closings(acme) == [] and alarms(acme) == []


def report(acme: Company, *more: str) -> str:
    dates = ["--from", "2026-11-01", "--to", "2026-12-31"]
    command = ["report", "run", "deprovision", *dates, "--config", str(acme.config), *more]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_report_has_the_numbers_their_definition_and_the_people(tmp_path: Path) -> None:
    acme, rows = Company(tmp_path), staff(5)

    def night(at: str, rows: list[Row] | None = None) -> None:
        acme.clock = lambda: moment(at)
        acme.day(at, rows)

    night("2026-11-20T05:00", rows)
    for who, last in (("0002", "2026-11-22"), ("0003", "2026-11-23"), ("0004", "2026-11-30")):
        rows = changed(rows, who, termination_date=last, status="Notice" if who == "0004" else "Terminated")
    night("2026-11-24T05:00", rows)
    night("2026-12-01T00:05")
    told = json.loads(report(acme, "--json"))
    numbers = ("ended", "seen_closed", "running", "breaches", "entered_late")
    assert [told[name] for name in numbers] == [3, 3, 0, 1, 0] and told["on_time"] == pytest.approx(2 / 3)
    # 29 hours, 5 hours and 5 minutes after the end of the last day; the limit is 24 hours
    late = 29 * 3600
    assert told["seconds"]["control"] == {"median": 5 * 3600, "p95": late, "p99": late, "longest": late}
    assert told["seconds"]["ours"] == {"median": 0, "p95": 300, "p99": 300, "longest": 300}, "the first two: told late"
    people = [(person["worker_id"], person["control_s"], person["breach"]) for person in told["people"]]
    assert people == [("0002", late, True), ("0003", 5 * 3600, False), ("0004", 300, False)]
    assert "T4" in told["definition"]
    lines = report(acme, "--people", "--format", "csv").splitlines()
    assert lines[0].startswith("Employee,Account,Heard by") and lines[1].startswith("0002,")
    assert "0002" not in report(acme), "the numbers name nobody"


def ended(number: int, begin: datetime, **minutes: int) -> ClosingRow:
    """An end of access at `begin`, with instants in minutes after it."""
    times = {name: begin + timedelta(minutes=after) for name, after in minutes.items()}
    return ClosingRow(
        person_key=PersonKey(f"p{number}"),
        worker_id=f"{number:04}",
        account_id=f"a{number}",
        target="lms",
        heard_by="file",
        plan_id=PlanId("P-1"),
        times=Closing(ended_at=begin, **times),
    )


def test_the_shares_of_a_hundred_ends_are_as_computed_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acme, begin = Company(tmp_path), moment("2026-11-10T00:00")
    now = moment("2026-11-20T00:00")
    rows = [ended(n, begin, entered_at=-120, read_at=-60, closed_at=n) for n in range(1, 101)]
    # the limit is 24 hours: one is over it, one was never seen to be closed, and the clock of one still runs
    rows.append(ended(101, begin, entered_at=1440, read_at=1470, closed_at=1500))
    rows += [ended(102, begin, read_at=-60), ended(103, now - timedelta(hours=23), read_at=0)]
    with acme.ports() as ports, ports.database.write() as connection:
        save_closings(connection, ports.policy.name, rows)
    monkeypatch.setattr("joinery.app.clock.now", lambda: now)
    told = json.loads(report(acme, "--json"))
    numbers = ("ended", "seen_closed", "running", "breaches", "entered_late")
    assert [told[name] for name in numbers] == [103, 101, 1, 2, 1]
    assert told["on_time"] == pytest.approx(101 / 103)
    minutes = {which: [seconds / 60 for seconds in spans.values()] for which, spans in told["seconds"].items()}
    # nearest rank of 101 spans: the 51st, 96th, 100th and 101st of 1 … 100 minutes and one more
    assert minutes == {
        "control": [51, 96, 100, 1500],  # and 1500
        "known": [51, 95, 99, 100],  # and 60, from HR's late entry on
        "ours": [50, 95, 99, 100],  # and 30, from when it was read
        "feed": [60, 60, 60, 60],  # sixty minutes of everybody but one
    }
