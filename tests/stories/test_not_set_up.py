"""A source from which nothing was ever read: not set up, and no trouble of anybody's before the agreed time."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from joinery.app.alerting import troubles
from joinery.app.policy import expected_of
from joinery.cli.main import app
from joinery.flows.status import Expected, Signs, SourceState, source_state, status
from joinery.store import schedules
from tests.stories.company import FIELDS, Company, moment, staff

AGREED = {"expect": {"by": "07:00"}}


def stands(acme: Company, at: str) -> list[tuple[str, SourceState, str]]:
    with acme.open(at) as it:
        found = status(it.ports, expected_of(it.settings), moment(at))
    return [(each.name, each.state, each.why) for each in found.sources]


def alerts(acme: Company, at: str) -> list[str]:
    with acme.open(at) as it:
        return [each.key for each in troubles(it.settings, it.ports, moment(at)) if each.key.startswith("source:")]


def test_a_source_is_not_set_up_until_its_first_file_was_read(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=AGREED, learning={"simulation": False})
    wanted = [("hris", SourceState.NOT_SET_UP, "No file has arrived yet.")]
    assert stands(acme, "2026-11-24T06:00") == wanted and alerts(acme, "2026-11-24T06:00") == []
    acme.day("2026-11-24T06:10")
    assert stands(acme, "2026-11-24T06:59") == wanted, "a run that finds nothing is no file"
    assert alerts(acme, "2026-11-24T06:59") == [], "neutral until the agreed time"
    said = CliRunner().invoke(app, ["status", "--config", str(acme.config)], catch_exceptions=False)
    assert said.stdout.startswith("Nothing has been read from hris yet."), said.output
    acme.day("2026-11-24T06:30", staff(3))
    assert stands(acme, "2026-11-24T07:01") == [("hris", SourceState.ON_TIME, "")]


@pytest.mark.parametrize("by", [None, time(7, 0)], ids=["nothing is agreed", "before the agreed time"])
def test_what_cannot_be_reached_is_told_also_before_the_first_file(by: time | None) -> None:
    zone, now = ZoneInfo("UTC"), moment("2026-11-24T06:00")
    signs = Signs(now=now, zone=zone, expected=Expected(by=by))
    assert source_state(signs)[0] is SourceState.NOT_SET_UP
    away = Signs(now=now, zone=zone, expected=Expected(by=by), unreachable="The server does not answer.")
    assert source_state(away) == (SourceState.FAILING, "The server does not answer.")


def night(acme: Company, at: str, *dropped: int) -> None:
    acme.clock = lambda: moment(at)
    for count in dropped:
        acme.drop(staff(count))
    acme.day(at)


def test_a_first_file_that_does_not_come_is_late_from_its_agreed_time_on_and_told_once(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=AGREED, learning={"simulation": False})
    night(acme, "2026-11-24T06:10")
    assert stands(acme, "2026-11-24T06:59")[0][1] is SourceState.NOT_SET_UP
    why = "A file was due by 2026-11-24 07:00; none has ever come."
    assert stands(acme, "2026-11-24T07:00") == [("hris", SourceState.LATE, why)]
    assert alerts(acme, "2026-11-24T07:00") == alerts(acme, "2026-11-24T23:00") == ["source:hris:Late"]
    night(acme, "2026-11-24T07:30", 3)
    assert stands(acme, "2026-11-24T07:31") == [("hris", SourceState.ON_TIME, "")]


def test_what_is_set_up_after_the_agreed_time_has_until_the_next_one(tmp_path: Path) -> None:
    acme = Company(tmp_path, people=AGREED, learning={"simulation": False})
    night(acme, "2026-11-24T07:10")
    assert stands(acme, "2026-11-25T06:59")[0][1] is SourceState.NOT_SET_UP
    assert stands(acme, "2026-11-25T07:00")[0][1] is SourceState.LATE


def test_a_scheduler_that_only_waits_for_files_counts_from_its_first_look(tmp_path: Path) -> None:
    schedule = {"schedule": {"when_file_arrives": True}}
    acme = Company(tmp_path, settings=schedule, people=AGREED, learning={"simulation": False})
    assert stands(acme, "2026-11-24T08:00")[0][1] is SourceState.NOT_SET_UP, "nothing runs yet"
    with acme.ports() as ports, ports.database.write() as tx:
        schedules.begin(tx, ports.policy.name, "clock", moment("2026-11-24T06:00"))
    assert stands(acme, "2026-11-24T08:00")[0][1] is SourceState.LATE
    with acme.ports() as ports, ports.database.write() as tx:
        schedules.pause(tx, ports.policy.name, "file", "ada")
    assert stands(acme, "2026-11-24T08:00")[0][1] is SourceState.NOT_SET_UP, "paused: nobody waits for it"


def test_a_source_that_is_added_is_waited_for_from_then_on(tmp_path: Path) -> None:
    acme = Company(tmp_path, learning={"simulation": False})
    night(acme, "2026-11-23T06:00", 3)
    first = {"from": "file", "path": "./inbox/*.csv", "ready_when": "present", "fields": FIELDS}
    second = first | {"path": "./second/*.csv", "expect": {"by": "07:00"}}
    (tmp_path / "second").mkdir()
    acme.write_settings(people={"hris": first, "second": second})
    assert stands(acme, "2026-11-24T08:00")[1][1] is SourceState.NOT_SET_UP, "no run has looked at it yet"
    night(acme, "2026-11-24T08:00", 4)
    assert stands(acme, "2026-11-25T06:59")[1][1] is SourceState.NOT_SET_UP
    assert stands(acme, "2026-11-25T07:00")[1][1] is SourceState.LATE
