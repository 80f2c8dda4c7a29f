"""Configurations that were in force: told apart in words, exported, and brought back through a plan."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.cli import config_command
from joinery.errors import ConfigError, NotThere
from tests.stories.company import Company, staff

PEOPLE = [*staff(3), *staff(2, first=4, department="Warehouse")]
RULE = {"name": "Safety", "when": {"department": "Warehouse"}, "give": ["FORKLIFT"]}


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("# kept\n" + json.dumps(RULE))
    (tmp_path / "words.csv").write_text("Sales,Selling\nWarehouse,Stock\n")
    settings = {"rules": ["rules/*.yaml"], "map": {"department": {"table": "words.csv"}}, "guards": "off"}
    company = Company(tmp_path, settings=settings)
    company.day("2026-11-20", PEOPLE)
    return company


def typed(acme: Company, *words: str, ends: int = 0) -> str:
    done = CliRunner().invoke(config_command.app, [*words, "--config", str(acme.config)], catch_exceptions=False)
    assert done.exit_code == ends, done.output
    return done.stdout


def data(acme: Company, *words: str) -> Any:
    return json.loads(typed(acme, *words, "--json"))


def edited(acme: Company) -> None:
    """A second configuration comes into force: a rule more, another word, another mode of one action."""
    (acme.folder / "rules" / "b.yaml").write_text(
        json.dumps({"name": "Desk", "when": {"department": "Sales"}, "give": "DESK"})
    )
    (acme.folder / "words.csv").write_text("Sales,Selling\nWarehouse,Logistics\n")
    acme.write_settings(modes={"suspend": "approve"})
    acme.day("2026-11-21")


WORDS = [
    'rule "Desk" is new',
    "map.department.codes.Warehouse: Stock -> Logistics",
    "modes.suspend: nothing -> approve",
]


def test_every_configuration_is_kept_with_what_it_changed(acme: Company) -> None:
    edited(acme)
    rows = data(acme, "history")["rows"]
    assert [(row["configuration"], row["changes"]) for row in rows] == [("C-2", 3), ("C-1", 0)]
    assert sorted(rows[0]["what"].split("; ")) == sorted(WORDS)
    assert rows[1]["what"] == "the first"


def test_two_configurations_are_told_apart_in_words(acme: Company) -> None:
    edited(acme)
    assert sorted(data(acme, "diff", "C-1", "C-2")["differences"]) == sorted(WORDS)
    assert typed(acme, "diff") == "They say the same.\n"
    acme.write_settings(modes={})
    assert data(acme, "diff")["differences"] == ["modes.suspend: approve -> nothing"]
    with pytest.raises(NotThere, match="no configuration C-9"):
        typed(acme, "diff", "C-9")


def test_a_revert_brings_back_the_files_and_makes_a_plan_that_waits(acme: Company) -> None:
    before = {
        path: path.read_bytes() for path in (acme.config, acme.folder / "rules" / "a.yaml", acme.folder / "words.csv")
    }
    edited(acme)
    assert typed(acme, "revert", "C-1").count("Desk") == 1
    assert (acme.folder / "rules" / "b.yaml").exists()
    told = data(acme, "revert", "C-1", "--yes")
    assert {path: path.read_bytes() for path in before} == before
    # a rule file that would add its rule again is out of the way, and not lost
    assert not (acme.folder / "rules" / "b.yaml").exists()
    assert [path.name for path in (acme.folder / ".joinery" / "replaced").rglob("b.yaml")] == ["b.yaml"]
    assert told["plan"]["cause"] == "back to C-1; configuration C-3"
    assert told["plan"]["counts"] == {"update": 2}
    plan = told["plan"]["id"]
    # mode automatic, and still nothing was applied
    assert set(acme.lines(plan)) == {"0004 update waiting", "0005 update waiting"}
    assert acme.account("0004").attributes["department"] == "Logistics"
    assert [row["configuration"] for row in data(acme, "history")["rows"]] == ["C-3", "C-2", "C-1"]
    acme.day("2026-11-22")
    assert acme.account("0004").attributes["department"] == "Stock"


def test_a_revert_to_what_is_in_force_changes_nothing(acme: Company) -> None:
    before = acme.config.read_bytes()
    assert "It says the same" in typed(acme, "revert", "C-1", "--yes")
    assert acme.config.read_bytes() == before
    assert [row["configuration"] for row in data(acme, "history")["rows"]] == ["C-1"]


def test_unpublished_edits_are_kept_when_a_revert_replaces_them(acme: Company) -> None:
    acme.write_settings(modes={"mail": "approve"})
    unpublished = acme.config.read_bytes()
    typed(acme, "revert", "C-1", "--yes")
    (copy,) = (acme.folder / ".joinery" / "replaced").rglob("joinery.yaml")
    assert copy.read_bytes() == unpublished


def test_a_configuration_is_exported_with_its_comments_and_comes_back(acme: Company, tmp_path: Path) -> None:
    edited(acme)
    out = tmp_path / "first.zip"
    typed(acme, "export", "C-1", "--out", str(out))
    names = zipfile.ZipFile(out).namelist()
    assert {"files/joinery.yaml", "files/rules/a.yaml", "files/words.csv"} <= set(names)
    assert zipfile.ZipFile(out).read("files/rules/a.yaml").startswith(b"# kept\n")
    assert "Desk" in typed(acme, "import", str(out)) and (acme.folder / "rules" / "b.yaml").exists()
    typed(acme, "import", str(out), "--yes")
    assert typed(acme, "diff", "C-1") == "They say the same.\n"
    (tmp_path / "other.zip").write_bytes(b"no zip")
    with pytest.raises(NotThere, match="is not a configuration"):
        typed(acme, "import", str(tmp_path / "other.zip"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_files_that_may_not_be_written_are_shown_as_a_patch(acme: Company) -> None:
    edited(acme)
    acme.config.chmod(stat.S_IRUSR)
    assert typed(acme, "revert", "C-1", "--yes").count("+++ ") == 3


def test_a_patch_takes_back_what_the_edit_did(acme: Company) -> None:
    edited(acme)
    patch = typed(acme, "revert", "C-1", "--patch")
    assert "--- a/rules/b.yaml\n+++ /dev/null\n" in patch
    assert "-Warehouse,Logistics\n+Warehouse,Stock\n" in patch
    assert (acme.folder / "rules" / "b.yaml").exists()


def test_the_effect_of_an_environment_variable_is_kept_too(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOINERY__MODES__SUSPEND", "approve")
    assert data(acme, "diff")["differences"] == ["modes.suspend: nothing -> approve"]


def test_a_revert_works_when_the_settings_of_today_are_broken(acme: Company) -> None:
    before = acme.config.read_bytes()
    acme.config.write_text("version: 1\ncompany: {\n")
    assert "The settings of today cannot be read" in typed(acme, "revert", "C-1")
    typed(acme, "revert", "C-1", "--yes")
    assert acme.config.read_bytes() == before
    with pytest.raises(ConfigError):
        acme.config.write_text("version: 1\ncompany: {\n")
        typed(acme, "revert", "C-7", "--yes")


def test_files_that_would_not_load_are_left_as_they_are(acme: Company) -> None:
    """A rule file from elsewhere is broken: the revert says so, and what was there is there."""
    acme.config.write_text(acme.config.read_text() + "# unpublished\n")
    before = acme.config.read_bytes()
    (acme.folder / "rules" / "c.yaml").write_text("name: [\n")
    with pytest.raises(ConfigError, match=r"rules/c\.yaml"):
        typed(acme, "revert", "C-1", "--yes")
    assert acme.config.read_bytes() == before
