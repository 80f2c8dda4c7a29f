"""Access that ends is seen to be closed, its five instants are kept, and what stays open is a breach."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joinery.core.model.account import Account
from joinery.flows.person import Word, end_access
from joinery.store.closings import ClosingRow, closings_between
from joinery.store.findings import open_findings
from tests.faces.running import environment
from tests.stories.company import Company, changed, moment, staff
from tests.support.forked import joinery

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
    command = [*joinery(), "report", "run", "deprovision", "--config", str(acme.config), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_report_has_the_numbers_their_definition_and_the_people(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    day = datetime.now(UTC) - timedelta(days=2)
    acme.day("2026-11-01", staff(3))
    last = f"{day:%Y-%m-%d}"
    gone = changed(staff(3), "0002", status="Terminated", termination_date=last)
    acme.day(f"{day + timedelta(days=1):%Y-%m-%dT06:00}", gone)
    told = json.loads(report(acme, "--json"))
    assert (told["ended"], told["seen_closed"], told["breaches"], told["entered_late"]) == (1, 1, told["breaches"], 0)
    assert told["seconds"]["control"]["median"] > 0 and "T4" in told["definition"]
    assert [person["worker_id"] for person in told["people"]] == ["0002"]
    lines = report(acme, "--people", "--format", "csv").splitlines()
    assert lines[0].startswith("Employee,Account,Heard by") and lines[1].startswith("0002,")
    assert "0002" not in report(acme), "the numbers name nobody"
