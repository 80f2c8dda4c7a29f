"""`joinery connect test`, typed: the first set-up shows the key and trusts nothing; then each right is tried."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.running import environment
from tests.support.forked import joinery
from tests.support.openssh import OpenSsh, openssh


@pytest.fixture
def ssh(sshd_path: Path, tmp_path: Path) -> Iterator[OpenSsh]:
    with openssh(sshd_path, tmp_path / "ssh") as server:
        (server.root / "out").mkdir()
        yield server


def settings(folder: Path, ssh: OpenSsh, more: str = "") -> None:
    (folder / "joinery.yaml").write_text(
        "version: 1\ncompany: { name: Example SA, time_zone: Europe/Paris }\npeople:\n  from: sftp\n"
        f"  host: 127.0.0.1\n  port: {ssh.port}\n  user: {getpass.getuser()}\n  key: {{ file: {ssh.key_file} }}\n"
        f"  inbox: {ssh.root}/out/*.csv\n  ready_when: present\n  fields: {{ worker_id: No }}\n{more}"
        "learning: { into: classroom }\n"
    )


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*joinery(), *words], cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_the_first_set_up_shows_the_keys_and_then_every_right_is_tried(tmp_path: Path, ssh: OpenSsh) -> None:
    settings(tmp_path, ssh)
    first = typed(tmp_path, "connect", "test")
    assert first.returncode == 6
    assert "None is trusted yet" in first.stdout
    line = first.stdout.split("write it: ")[1].strip()
    assert line.split('"')[1] in ssh.fingerprints.values()
    settings(tmp_path, ssh, f"  {line}\n")
    second = typed(tmp_path, "connect", "test", "--json")
    assert second.returncode == 0, second.stdout
    answer = json.loads(second.stdout)
    assert [(right["right"], right["ok"]) for right in answer["rights"]] == [
        ("sign in", True),
        ("list", True),
        ("move", True),
    ]


def test_another_key_is_refused_and_the_line_is_there(tmp_path: Path, ssh: OpenSsh) -> None:
    settings(tmp_path, ssh, f'  host_key: "SHA256:{"A" * 43}"\n')
    done = typed(tmp_path, "connect", "test")
    assert done.returncode == 6
    assert 'host_key: "SHA256:' in done.stdout
    synced = typed(tmp_path, "sync")
    assert synced.returncode == 6
    assert "A source could not be reached" in synced.stdout
    assert any(found in synced.stdout for found in ssh.fingerprints.values())


def test_a_folder_here_is_tried_too_and_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "joinery.yaml").write_text(
        "version: 1\ncompany: { name: A, time_zone: UTC }\nlearning: { into: classroom }\n"
        "people: { from: file, path: ./in/*.csv, fields: { worker_id: No } }\n"
    )
    assert typed(tmp_path, "connect", "test").returncode == 0
    (tmp_path / "in").rmdir()
    assert typed(tmp_path, "connect", "test", "hris").returncode == 6
    assert typed(tmp_path, "connect", "test", "nobody").returncode == 2
