"""`joinery privacy` as somebody answers for it: what is read, what is held, what goes, what is on the register."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from joinery.cli.privacy_command import app
from joinery.errors import ErasureRefused, JoineryError
from tests.stories.company import Company, staff, worker

HER = worker("0007", given_name="Xanthippe", work_email="xq@acme.example")
LEFT = HER | {"status": "Terminated", "termination_date": "2026-11-23"}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    release = {"DE": {"by": "Petra Klein", "on": "2026-01-01", "reason": "agreement 4"}}
    acme = Company(tmp_path, settings={"privacy": {"released": release}, "guards": "off"})
    acme.day("2026-11-23", [*staff(2), HER])
    acme.day("2026-11-24", [*staff(2), LEFT])
    return acme


def say(acme: Company, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*arguments, "--config", str(acme.config)])
    if isinstance(done.exception, JoineryError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def test_fields_lists_what_is_read_from_where_and_written_where(acme: Company) -> None:
    rows = json.loads(say(acme, "fields", "--json"))["rows"]
    assert {"source": "hris", "column": "work_email", "attribute": "work_email", "written_to": "lms.email"}.items() <= (
        next(row for row in rows if row["attribute"] == "work_email").items()
    )
    assert {row["column"] for row in rows} == set(HER)


def test_what_is_read_is_what_is_declared(acme: Company) -> None:
    declared = {row["attribute"] for row in json.loads(say(acme, "fields", "--json"))["rows"]}
    person = acme.person("0007")
    assert {name for name, _ in person.worker.facts()} <= declared | {"source_id"}


def test_limits_say_who_sees_what_where_and_who_released_it(acme: Company) -> None:
    said = say(acme, "limits")
    assert "DE is released by Petra Klein from 2026-01-01 on: agreement 4" in said
    rows = {(row["country"], row["viewer"]): row for row in json.loads(say(acme, "limits", "--json"))["rows"]}
    assert (rows["AT", "manager"]["score"], rows["AT", "staff"]["login"], rows["AT", "self"]["score"]) == (
        "no",
        "no",
        "yes",
    )
    assert set(rows["DE", "manager"].values()) == {"DE", "manager", "yes"}


def test_erase_shows_first_and_does_it_on_a_second_word(acme: Company) -> None:
    shown = say(acme, "erase", "0007", "--dry-run")
    assert "0007 would be erased; nothing was changed." in shown and "It cannot be undone" in shown
    assert "retention.raw_files" in shown
    say(acme, "erase", "0007", code=5)
    say(acme, "erase", "0007", "--yes", code=2)
    say(acme, "erase", "0007", "--yes", "--dry-run", "--reason", "x", code=2)
    assert acme.person("0007")
    done = say(acme, "erase", "0007", "--yes", "--reason", "request 2026/17")
    assert "0007 is erased; what is still counted stands under erased-" in done
    found = json.loads(say(acme, "register", "--json"))
    assert [(each["what"], each["reason"]) for each in found["decisions"]] == [("erasure", "request 2026/17")]


def test_a_hold_stands_against_it_and_is_on_the_register(acme: Company) -> None:
    assert "nothing is erased" in say(acme, "hold", "0007", "--reason", "case 4711", "--until", "2099-12-31")
    with pytest.raises(ErasureRefused, match=r"legal hold of .* until 2099-12-31"):
        say(acme, "erase", "0007", "--yes", "--reason", "x")
    assert "Not possible now: 0007 is under a legal hold" in say(acme, "erase", "0007", code=5)
    assert "legal hold of" in say(acme, "register") and "case 4711" in say(acme, "register")
    say(acme, "hold", "0007", code=2)
    say(acme, "hold", "0007", "--reason", "x", "--until", "soon", code=2)
    assert json.loads(say(acme, "hold", "0007", "--release", "--json")) == {
        "version": 1,
        "worker_id": "0007",
        "released": 1,
    }
    assert "There is no hold on 0007." in say(acme, "hold", "0007", "--release")


def test_export_is_a_file_only_its_owner_can_read(acme: Company, tmp_path: Path) -> None:
    out = tmp_path / "0007.json"
    say(acme, "export", "0007", "--out", str(out))
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(out.read_text())["now"]["given_name"] == "Xanthippe"
    assert json.loads(say(acme, "export", "0007"))["now"]["given_name"] == "Xanthippe"


def test_the_register_is_made_from_the_settings(acme: Company, tmp_path: Path) -> None:
    out = tmp_path / "register.md"
    say(acme, "register", "--out", str(out))
    page = out.read_text()
    assert page.startswith("# Record of processing: Acme\n")
    assert "| hris | work_email | work_email | lms.email |  |" in page
    assert "to managers and no log-ins in AT, DE, NL; nowhere figures of groups" in page
    assert "DE is released from this by Petra Klein" in page
