"""A learning system that only imports files: they reach it over a real SFTP server, also after a night without it."""

from __future__ import annotations

import csv
import getpass
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from joinery.errors import StopRun
from tests.stories.company import Company, changed, staff
from tests.support.openssh import OpenSsh, openssh


@pytest.fixture
def ssh(sshd_path: Path, tmp_path: Path) -> Iterator[OpenSsh]:
    with openssh(sshd_path, tmp_path / "ssh") as server:
        (server.root / "in").mkdir()
        yield server


def company(folder: Path, ssh: OpenSsh, **more: Any) -> Company:
    place = {
        "host": "127.0.0.1",
        "port": ssh.port,
        "user": getpass.getuser(),
        "key": {"file": str(ssh.key_file)},
        "host_key": ssh.fingerprints["ed25519"],
        "folder": f"{ssh.root}/in",
    }
    learning = {"into": "file", "layout": "generic", "deliver": {"sftp": place}, "simulation": True} | more
    return Company(folder, settings={"learning": learning, "mode": "automatic", "guards": "off"})


def delivered(ssh: OpenSsh) -> list[dict[str, str]]:
    """All rows about people that came, oldest file first, by files whose marker is there."""
    rows: list[dict[str, str]] = []
    for marker in sorted((ssh.root / "in").glob("users_*.done"), key=lambda path: path.name.rpartition("-")[2]):
        text = (marker.parent / json.loads(marker.read_text())["file"]).read_text()
        rows += csv.DictReader(io.StringIO(text))
    return rows


def told(ssh: OpenSsh) -> list[tuple[str, str]]:
    return [(row["employee_number"], row["status"]) for row in delivered(ssh)]


def test_people_reach_the_learning_system_by_files_on_its_server(tmp_path: Path, ssh: OpenSsh) -> None:
    acme = company(tmp_path / "acme", ssh)
    night = acme.day("2026-11-24", staff(2))
    assert sorted(night.did("create", "unconfirmed")) == ["0001", "0002"]
    assert told(ssh) == [("0001", "active"), ("0002", "active")]
    acme.day("2026-11-25", changed(staff(2), "0002", status="Terminated", termination_date="2026-11-24"))
    assert told(ssh)[2:] == [("0002", "inactive")]
    assert acme.day("2026-11-26").exit_code == 0
    assert len(told(ssh)) == 3 and not list((ssh.root / "in").glob("*.part"))


def test_a_night_on_which_the_server_refuses_counts_nothing_as_done_and_the_next_one_makes_it_up(
    tmp_path: Path, ssh: OpenSsh
) -> None:
    acme = company(tmp_path / "acme", ssh)
    acme.day("2026-11-24", staff(1))
    (ssh.root / "in").rename(ssh.root / "away")
    with pytest.raises(StopRun, match="no such file or folder"):
        acme.day("2026-11-25", staff(2))
    (plan,) = [plan for plan, state in acme.plans().items() if state != "applied"]
    assert acme.lines(plan) == ["0002 create sent"]
    with pytest.raises(StopRun, match="no such file or folder"):
        acme.day("2026-11-26")
    assert acme.lines(plan) == ["0002 create sent"]
    (ssh.root / "away").rename(ssh.root / "in")
    acme.day("2026-11-27")
    assert acme.lines(plan) == ["0002 create unconfirmed"]
    assert told(ssh) == [("0001", "active"), ("0002", "active")]
