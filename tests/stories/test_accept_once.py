"""A file that the gate holds, accepted once by name: a real renumbering, a real change of domain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.errors import NotThere
from joinery.flows.held_files import accept_once, held_files
from joinery.store.snapshots import last_accepted
from tests.stories.company import COLUMNS, FIELDS, Company, Row, staff

MANY = 220
WIDE = (*COLUMNS, "person_id")


def told(acme: Company, *words: str, code: int = 0) -> Any:
    found = CliRunner().invoke(app, [*words, "--config", str(acme.config)])
    assert found.exit_code == code, found.output
    return found.stdout


def company(folder: Path) -> tuple[Company, list[Row]]:
    acme = Company(folder, people={"fields": FIELDS | {"person_id": "person_id"}})
    rows = [row | {"person_id": f"U{row['worker_id']}"} for row in staff(MANY)]
    acme.day("2026-11-20", rows, columns=WIDE)
    return acme, rows


def test_a_real_renumbering_is_accepted_once_and_everybody_stays_who_they_are(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    accounts = {account.email: account.id for account in acme.raw_accounts()}
    renumbered = [row | {"worker_id": f"N{row['worker_id']}"} for row in rows]
    night = acme.day("2026-11-21", renumbered, columns=WIDE)
    assert (night.lines, acme.arrived("held")) == ([], ["people_0002.csv"])
    (held,) = json.loads(told(acme, "quarantine", "files", "--json"))["rows"]
    assert (held["file"], held["why"], held["acceptable"]) == ("people_0002.csv", "ids_changed", True)
    done = json.loads(told(acme, "quarantine", "accept", held["sha256"][:10], "--reason", "HR-771", "--json"))
    assert (done["accepted"], done["ready"]) == (held["sha256"], True)
    night = acme.day("2026-11-22")
    assert list(night.files.values()) == ["accepted"]
    assert night.did("suspend") == [] == night.did("create")
    assert {account.email: account.id for account in acme.raw_accounts()} == accounts
    assert acme.events(kinds=["leaver", "joiner"]) == []
    with acme.ports() as ports, ports.database.read() as connection:
        report = last_accepted(connection, ports.policy.name, "hris")
    assert report is not None
    assert (report.report["reason"], report.report["although"]) == ("HR-771", ["ids_changed"])
    # it is used up: nothing waits, and the next one is held again
    assert json.loads(told(acme, "quarantine", "files", "--json"))["rows"] == []
    again = [row | {"worker_id": f"M{row['worker_id']}"} for row in rows]
    assert list(acme.day("2026-11-23", again, columns=WIDE).files.values()) == ["held"]


def test_only_that_very_content_is_accepted(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    moved = [row | {"work_email": row["work_email"].replace("acme", "newco")} for row in rows]
    acme.day("2026-11-21", moved, columns=WIDE)
    with acme.ports() as ports:
        (held,) = held_files(ports)
        accept_once(ports, held.sha256, "ana", "renamed")
    other = [*moved[:-1], moved[-1] | {"job_title": "Head"}]
    night = acme.day("2026-11-22", other, columns=WIDE)
    assert sorted(night.files.values()) == ["accepted", "accepted"]
    assert held.why == ("domains_changed",)


@pytest.mark.parametrize("odd", ["empty", "older"])
def test_what_could_not_be_believed_is_not_accepted(tmp_path: Path, odd: str) -> None:
    acme = Company(tmp_path)
    acme.day("2026-11-20", staff(5), name="hr_acme_full_20261120T050000Z.csv")
    name = f"hr_acme_full_202611{'21' if odd == 'empty' else '19'}T050000Z.csv"
    acme.day("2026-11-21", [] if odd == "empty" else staff(4), name=name)
    with acme.ports() as ports:
        (held,) = held_files(ports)
        assert not held.acceptable
        with pytest.raises(NotThere, match="cannot be accepted"):
            accept_once(ports, held.sha256, "ana", "I insist")
        with pytest.raises(NotThere, match="No file that is held"):
            accept_once(ports, "0123456789", "ana", "which?")


def test_a_file_that_lies_here_no_longer_is_accepted_when_it_comes_again(tmp_path: Path) -> None:
    acme, rows = company(tmp_path)
    fewer = rows[:100]
    acme.day("2026-11-21", fewer, columns=WIDE)
    (file,) = (tmp_path / "archive" / "held").rglob("*.csv.report.json")
    file.with_name(file.name.removesuffix(".report.json")).unlink()
    with acme.ports() as ports:
        held, ready = accept_once(ports, held_files(ports)[0].sha256, "ana", "sold the north")
    assert (held.why, ready) == (("rows_dropped",), False)
    assert list(acme.day("2026-11-22", fewer, columns=WIDE).files.values()) == ["accepted"]
