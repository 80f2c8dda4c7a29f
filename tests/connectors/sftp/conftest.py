"""One OpenSSH server for the tests of this folder; each test has empty folders on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.openssh import OpenSsh, openssh


@pytest.fixture(scope="package")
def ssh_server(sshd_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    """Running; use `ssh`."""
    with openssh(sshd_path, tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture
def ssh(ssh_server: OpenSsh) -> OpenSsh:
    """The server with an empty folder `out`."""
    shutil.rmtree(ssh_server.root)
    (ssh_server.root / "out").mkdir(parents=True)
    return ssh_server
