"""Incidents of time and order, elsewhere: too late, in the wrong order, in the wrong zone. One test each, by name.

Where it was told: anchors §3.3 and §6.1 (Totara, Entra, Docebo).
"""

from __future__ import annotations

import json
import os
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from joinery.store.tables import plan_lines
from tests.stories.company import Company, changed, staff, worker

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}


def company(tmp_path: Path, people: int = 5, **more: Any) -> tuple[Company, list[dict[str, str]]]:
    """A company whose people all have accounts since Monday, 23 November."""
    acme, rows = Company(tmp_path, **more), staff(people)
    acme.day("2026-11-23", rows)
    return acme, rows


def test_leavers_before_joiners_order(tmp_path: Path) -> None:
    """Leavers went first: whoever had a new number was suspended, and then refused as a duplicate."""
    acme, rows = company(tmp_path, 40, settings={"kill_switch": {"per_hour": 0}})
    renumbered = worker("N0003", previous_id="0003", work_email="w0003@acme.example")
    told = [*changed(changed(rows, "0001", **LEFT), "0003", **LEFT), worker(99), renumbered]
    night = acme.day("2026-11-24", told)
    assert set(night.did("create")) == {"0099"}
    assert night.did("suspend") == ["0001"], "whoever goes on under a new number loses nothing"
    assert acme.account("N0003").state == "active"
    with acme.ports() as ports, ports.database.read() as connection:
        of_plan = select(plan_lines.c.action, plan_lines.c.phase).where(plan_lines.c.plan_id == night.plan)
        phases = dict(connection.execute(of_plan).all())
    assert max(phases["create"], phases["update"]) < phases["suspend"]


def test_event_four_days_late(tmp_path: Path) -> None:
    """Whatever was entered more than three days late was never processed."""
    acme, rows = company(tmp_path)
    night = acme.day("2026-11-27", [*rows, worker(6, hire_date="2026-11-23")])
    assert night.lines == ["0006 create done"]
    assert acme.events() == ["0006 joiner 2026-11-23"]
    late = acme.day("2026-11-28", [*changed(rows, "0001", **LEFT), worker(6, hire_date="2026-11-23")])
    assert late.lines == ["0001 suspend done"]
    assert acme.events("0001") == ["0001 leaver 2026-11-24"]


@pytest.mark.parametrize("days", [4, 400])
def test_event_four_days_late_because_no_run_took_place(tmp_path: Path, days: int) -> None:
    rows = [*staff(3), worker(4, hire_date="2026-11-25"), worker(5, termination_date="2026-11-26")]
    acme = Company(tmp_path)
    acme.day("2026-11-24", rows)
    there = (date(2026, 11, 26) + timedelta(days=days)).isoformat()
    after = ["0005 archive done"] if days > 90 else []
    assert acme.day(there).lines == ["0004 create done", "0005 suspend done", *after]
    assert acme.events() == ["0004 joiner 2026-11-25", "0005 leaver 2026-11-26"]


@pytest.fixture
def _clock_of_the_machine() -> Any:
    yield
    time.tzset()


@pytest.mark.usefixtures("_clock_of_the_machine")
def test_rule_zone_independent_of_the_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule ran in the zone of whoever edited it last. Here two people at two ends of the world edit the same one."""
    told = {}
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        monkeypatch.setitem(os.environ, "TZ", zone)
        time.tzset()
        acme = Company(tmp_path / zone.replace("/", "-"), settings={"learning_rules": [fire(30)]})
        there = [*staff(2, time_zone="Europe/Paris"), worker(3, hire_date="2026-11-25", time_zone="Australia/Sydney")]
        acme.day("2026-11-23T23:30", there)
        acme.write_settings(learning_rules=[fire(40)])
        acme.day("2026-11-24T12:59")
        early = acme.accounts().get("0003")
        acme.day("2026-11-24T13:00")
        due = {who: acme.assigned(who) for who in acme.accounts()}
        told[zone] = json.dumps([early, due, acme.events()], sort_keys=True)
        assert early is None, "the day begins in Sydney at 13:00 UTC"
        assert acme.accounts()["0003"] == "active"
    assert len(set(told.values())) == 1


def fire(days: int) -> dict[str, str]:
    return {"name": "Fire safety", "give": "FIRE", "due": f"{days} days", "applies_to": "everyone"}
