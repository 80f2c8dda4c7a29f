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
from tests.stories.company import Company, moment, staff

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
