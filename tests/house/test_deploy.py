"""The files to install with are sound as far as that can be seen without running them."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

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
    for service in ours(read):
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert service.get("command", ["serve"])[0] in COMMANDS
    for service in read["services"].values():
        assert set(service["secrets"]) <= set(read["secrets"])
        assert not [key for key in service.get("environment", {}) if key.endswith("PASSWORD")]


def ours(compose: dict[str, Any]) -> list[dict[str, Any]]:
    return [service for service in compose["services"].values() if service["image"] == "joinery"]


def test_with_postgresql_there_are_workers_as_many_as_somebody_likes() -> None:
    read = YAML(typ="safe").load((DEPLOY / "compose.postgresql.yaml").read_text())
    server, worker = ours(read)
    assert worker["command"] == ["worker"] and worker["deploy"]["replicas"] > 1
    assert not {"ports", "container_name", "hostname"} & set(worker), "two of them could not have the same"
    assert worker["healthcheck"] == {"disable": True}, "that of the image asks a server"
    for shared in ("volumes", "secrets", "stop_grace_period", "depends_on"):
        assert worker[shared] == server[shared], shared


def test_the_image_runs_without_root_and_copies_only_what_is_there() -> None:
    sent = set((ROOT / ".dockerignore").read_text().splitlines())
    assert "*" in sent, "neither secrets nor environments are sent to whoever builds"
    lines = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    assert [line for line in lines if re.match(r"USER\s+joinery", line)]
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line
            assert {f"!{source}" for source in line.split()[1:-1]} <= sent, line
    words = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {line.split()[0] for line in lines if line and not line.startswith("#") and line[0] != " "} <= words
