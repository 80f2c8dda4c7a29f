"""Two people whom HR gave one key: parted by hand, and nothing joins them again."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from joinery.cli.main import app
from tests.stories.company import COLUMNS, FIELDS, Company, changed, staff, worker

WIDE = (*COLUMNS, "person_id")


def test_what_was_joined_wrongly_is_parted_for_good(tmp_path: Path) -> None:
    acme = Company(tmp_path, people={"fields": FIELDS | {"person_id": "person_id"}})
    two = [worker(8, person_id="U8", hire_date="2020-01-01"), worker(9, person_id="U8", hire_date="2021-01-01")]
    rows = [*[row | {"person_id": ""} for row in staff(3)], *two]
    acme.day("2026-11-20", rows, columns=WIDE)
    assert len(acme.raw_accounts()) == 4, "one person, by HR's key"
    account = acme.account("0008").id
    asked = ["person", "part", "0008", "0009", "--reason", "HR mixed up the key", "--config", str(acme.config)]
    said = CliRunner().invoke(app, [*asked, "--json"])
    assert json.loads(said.stdout)["message"] == "0008 and 0009 are two people from now on.", said.output
    for day, title in (("2026-11-21", "Head"), ("2026-11-22", "Chief")):
        acme.day(day, changed(changed(rows, "0009", job_title=title), "0008", department=title), columns=WIDE)
    assert acme.account("0008").id == account
    assert acme.account("0009").attributes["job_title"] == "Chief"
    assert (acme.person("0008").employments, acme.person("0009").employments) == ((), ())
    assert acme.events(kinds=["leaver", "joiner", "rehire", "rekeyed"]) == []
    again = CliRunner().invoke(app, asked)
    assert "0009 is not one of several records of 0008" in str(again.exception)
