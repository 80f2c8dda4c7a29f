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


COMPOSE = ["compose.yaml", "compose.postgresql.yaml"]


def compose(name: str, *, elsewhere: bool = False) -> Any:
    """The file as it is, or with the lines switched on that a learning system elsewhere needs."""
    text = (DEPLOY / name).read_text()
    return YAML(typ="safe").load(re.sub(r"^( *)#(?=\S)", r"\1", text, flags=re.MULTILINE) if elsewhere else text)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["as it is", "with a learning system elsewhere"])
@pytest.mark.parametrize("name", COMPOSE)
def test_a_compose_file_holds_no_password_and_names_only_what_is_there(name: str, elsewhere: bool) -> None:
    read = compose(name, elsewhere=elsewhere)
    for service in ours(read):
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert service.get("command", ["serve"])[0] in COMMANDS
    for service in read["services"].values():
        assert set(service.get("secrets", [])) <= set(read.get("secrets", {}))
        assert not [key for key in service.get("environment", {}) if key.endswith("PASSWORD")]


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_makes_no_folder_of_roots_and_leaves_time_to_stop(name: str) -> None:
    read = compose(name)
    assert read["name"] == "joinery", "else it is `deploy`, as with anybody's folder of that name"
    for service in ours(read):
        for mount in service["volumes"]:
            assert mount["bind"] == {"create_host_path": False}, "Docker's own would be root's: nothing may be written"
            assert f"/deploy/{mount['source'].removeprefix('./')}/" in ignored(), "people's data"
        assert service["stop_grace_period"] == "40s"


def ignored() -> list[str]:
    return (ROOT / ".gitignore").read_text().splitlines()


def test_classroom_needs_no_secret_and_a_learning_system_elsewhere_has_its_key_in_a_file() -> None:
    assert "secrets" not in compose("compose.yaml")
    assert ours(compose("compose.yaml", elsewhere=True))[0]["secrets"] == ["lms_key"]


def test_postgresql_is_called_healthy_only_once_it_can_be_reached_over_the_network() -> None:
    check = compose("compose.postgresql.yaml")["services"]["postgres"]["healthcheck"]["test"]
    assert check[check.index("-h") + 1] == "127.0.0.1", "over the socket the server answers that only sets it up"


def test_the_lines_to_type_for_compose_give_joinery_what_it_reads() -> None:
    text = (DEPLOY / "README.md").read_text().partition("## With Docker Compose")[2].replace(" |\n", " |")
    (number,) = re.findall(r"useradd --uid (\d+)", (DEPLOY / "Containerfile").read_text())
    made = {path: line for line in text.splitlines() if "install " in line for path in re.findall(r"deploy/\S+", line)}
    secrets = {secret for service in ours(compose("compose.postgresql.yaml")) for secret in service["secrets"]}
    read = [line for path, line in made.items() if "/data" in path] + [
        line for line in made.values() for secret in secrets if re.search(rf"{secret}\b", line)
    ]
    assert len(read) >= 4 + len(secrets) and all(f"-o {number} " in line for line in read)
    assert "/deploy/secrets/" in ignored()
    typed = re.findall(r"docker compose -f deploy/(\S+) (?:run --rm|exec) joinery (?:joinery )?(\w+)", text)
    assert len(typed) >= 3 and all(name in COMPOSE and command in COMMANDS for name, command in typed)


def test_podman_is_told_to_keep_the_health_check() -> None:
    lines = re.findall(r"podman build .*", (DEPLOY / "Containerfile").read_text())
    assert lines and all("--format docker" in line for line in lines)


def ours(read: dict[str, Any]) -> list[dict[str, Any]]:
    return [service for service in read["services"].values() if service["image"] == "joinery"]


def test_with_postgresql_there_are_workers_as_many_as_somebody_likes() -> None:
    server, worker = ours(compose("compose.postgresql.yaml"))
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
