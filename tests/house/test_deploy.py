"""The files to install with are sound as far as that can be seen without running them."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from joinery.cli.main import COMMANDS
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("systemd/*")), ids=lambda path: path.name)
def test_a_unit_reads_as_systemd_reads_it_and_calls_a_command_there_is(unit: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    assert set(parser.sections()) <= {"Unit", "Service", "Timer", "Install"} and parser["Unit"]["Description"]
    if unit.suffix == ".timer":
        assert unit.with_suffix(".service").is_file() and parser["Install"]["WantedBy"] == "timers.target"
        return
    program, command = parser["Service"]["ExecStart"].split()[:2]
    assert program.endswith("/bin/joinery") and command in COMMANDS
    assert parser["Service"]["User"] == "joinery" and parser["Service"]["UMask"] == "0077"


@pytest.mark.parametrize("name", ["compose.yaml", "compose.postgresql.yaml"])
def test_a_compose_file_holds_no_password_and_names_only_what_is_there(name: str) -> None:
    text = (DEPLOY / name).read_text()
    read = YAML(typ="safe").load(text)
    assert len(read["services"]) <= 2
    joinery = read["services"]["joinery"]
    assert joinery["read_only"] and joinery["cap_drop"] == ["ALL"]
    assert (DEPLOY / joinery["build"]["context"] / joinery["build"]["dockerfile"]).is_file()
    assert all(port.startswith("127.0.0.1:") for port in joinery["ports"])
    for service in read["services"].values():
        assert set(service["secrets"]) <= set(read["secrets"])
        assert not [key for key in service.get("environment", {}) if key.endswith("PASSWORD")]


def test_the_image_runs_without_root_and_copies_only_what_is_there() -> None:
    lines = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    assert [line for line in lines if re.match(r"USER\s+joinery", line)]
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line
    words = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {line.split()[0] for line in lines if line and not line.startswith("#") and line[0] != " "} <= words
