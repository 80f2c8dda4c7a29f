"""A company whose learning system speaks SCIM and nothing else, through the whole of a run."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from joinery.app.wiring import opened
from joinery.errors import ConfigError
from joinery.flows.sync import SyncReport, sync
from joinery.settings import load
from joinery.store.plans import lines_of
from tests.conftest import ROOT
from tests.contract.test_scim import independent
from tests.stories.company import COLUMNS, Row, changed, staff

CONFIG = """version: 1
company: {{ name: Acme, time_zone: UTC }}
people: {{ from: file, path: ./inbox/*.csv, ready_when: present }}
learning: {{ into: scim, url: {url}, key: {{ env: SCIM_KEY }}, groups_from: [department] }}
mode: automatic
guards: off
learning_rules:
  - {{ name: Safety, when: {{ department: Works }}, give: [SAFETY-1] }}
"""
NOW = datetime.now(UTC)
#: of the first night, which lies before midnight when these tests begin soon after it
TODAY = NOW - timedelta(minutes=29)


class Company:
    """Files in, Users out; what the learning system holds is asked of it itself."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.nights = folder, url, 0
        (folder / "inbox").mkdir()
        (folder / "joinery.yaml").write_text(CONFIG.format(url=url))

    def night(self, rows: list[Row]) -> tuple[SyncReport, list[tuple[str, str, str]]]:
        """The report, and the lines of its plan as (action, state, why it is held)."""
        self.nights += 1
        with (self.folder / f"inbox/night{self.nights}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        as_of = NOW - timedelta(minutes=30 - self.nights)
        with opened(self.folder / "joinery.yaml", environ={"SCIM_KEY": "t"}, as_of=as_of) as it:
            report = sync(it.ports, as_of)
            if report.plan is None:
                return report, []
            with it.ports.database.read() as connection:
                told = [(str(x.line.action), str(x.state), x.line.held) for x in lines_of(connection, report.plan.id)]
        return report, told

    def users(self) -> dict[str, Any]:
        listed = httpx2.get(f"{self.url}/Users", headers={"Authorization": "Bearer t"}).json()["Resources"]
        return {one["userName"]: one for one in listed}

    def groups(self) -> dict[str, int]:
        listed = httpx2.get(f"{self.url}/Groups", headers={"Authorization": "Bearer t"}).json().get("Resources", [])
        return {one["displayName"]: len(one.get("members", [])) for one in listed}


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Company]:
    with independent() as url:
        yield Company(tmp_path, url)


def test_people_are_carried_and_training_is_held_with_the_reason(acme: Company) -> None:
    everybody = [*staff(3), *staff(2, first=4, department="Works")]
    report, lines = acme.night(everybody)
    assert {name: one["active"] for name, one in acme.users().items()} == {
        f"w000{n}@acme.example": True for n in range(1, 6)
    }
    assert acme.groups() == {"Sales": 3, "Works": 2}
    held = [line for line in lines if line[1] == "held"]
    assert {line[0] for line in held} == {"assign"} and len(held) == 2
    assert "SCIM has no assignments" in held[0][2]
    assert {line[1] for line in lines if line[0] != "assign"} == {"done"}
    assert report.exit_code == 4
    again, lines = acme.night(everybody)
    assert (again.plan, lines, again.exit_code) == (None, [], 0), "what cannot be done is said once"


def test_the_settings_on_the_page_load_and_a_typo_is_named(tmp_path: Path) -> None:
    page = (ROOT / "docs/howto/scim-target.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    head = "version: 1\ncompany: { name: A, time_zone: UTC }\npeople: { from: file, path: ./in/*.csv }\n"
    file = tmp_path / "joinery.yaml"
    file.write_text(head + block)
    assert load(file, environ={}).learning["lms"].url == "https://lms.example.com/scim/v2"  # type: ignore[union-attr]
    file.write_text(head + block + "  attributes: { jobtitle: job_title }\n")
    with pytest.raises(ConfigError, match=r'no place for the attribute "jobtitle"; did you mean job_title'):
        load(file, environ={})


def test_movers_leavers_and_returners(acme: Company) -> None:
    everybody = staff(3)
    acme.night(everybody)
    moved = changed(everybody, "0002", family_name="Married", work_email="w2.married@acme.example")
    gone = changed(moved, "0001", status="Terminated", termination_date=f"{TODAY - timedelta(days=1):%Y-%m-%d}")
    _, lines = acme.night(gone)
    assert {line[1] for line in lines} == {"done"}
    users = acme.users()
    assert users["w0001@acme.example"]["active"] is False
    assert users["w2.married@acme.example"]["name"]["familyName"] == "Married"
    assert len(users) == 3
    back = changed(gone, "0001", status="Active", termination_date="", hire_date=f"{TODAY:%Y-%m-%d}")
    acme.night(back)
    assert acme.users()["w0001@acme.example"]["active"] is True and len(acme.users()) == 3
    assert acme.night(back)[0].plan is None
