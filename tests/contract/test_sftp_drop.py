"""A folder on a real OpenSSH server keeps the promises of a drop, whether files may be moved there or only read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from joinery.connectors.file import FolderDrop, Ready
from joinery.connectors.sftp import RemoteFolder, SftpDrop
from joinery.kit.drop import Drop
from joinery.testing.drop_contract import DropContract, Place
from tests.support.openssh import NO_MOVING, READ_ONLY, OpenSsh, openssh


@dataclass(frozen=True, kw_only=True)
class Remote(Place):
    """A folder on the server, looked at over SFTP."""

    ssh: OpenSsh
    here: Path
    read_only: bool = False

    @property
    def inbox(self) -> Path:
        return self.ssh.root / "out"

    def drop(self, ready: str = "present", pattern: str = "*.csv") -> Drop:
        remote = RemoteFolder(
            inbox=f"{self.inbox}/{pattern}", ready_when=ready, read_only=self.read_only, now=lambda: datetime.now(UTC)
        )
        landing = self.here / "landing"
        local = FolderDrop(inbox=landing / "inbox", ready_when=Ready.PRESENT)
        return SftpDrop(server=self.ssh.server(), remote=remote, landing=landing, local=local)

    def put(self, name: str, text: str = "abc") -> None:
        (self.inbox / name).write_text(text)

    def left(self) -> list[str]:
        return sorted(path.name for path in self.inbox.iterdir())

    def vanish(self) -> None:
        shutil.rmtree(self.inbox)


class _OnServer(DropContract):
    sftp = ""
    read_only = False

    @pytest.fixture(scope="class")
    @classmethod
    def ssh(cls, sshd_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
        with openssh(sshd_path, tmp_path_factory.mktemp("ssh"), sftp=cls.sftp) as server:
            yield server

    @pytest.fixture
    def place(self, ssh: OpenSsh, tmp_path: Path) -> Place:
        shutil.rmtree(ssh.root)
        (ssh.root / "out").mkdir(parents=True)
        return Remote(ssh=ssh, here=tmp_path, read_only=self.read_only)


class TestServerWhereFilesMayBeMoved(_OnServer):
    """Staged, then put away."""


class TestServerWhereNothingMayBeMoved(_OnServer):
    """It refuses, so files stay and are remembered."""

    moves = False
    sftp = NO_MOVING


class TestServerThatIsOnlyRead(_OnServer):
    """Nothing is tried."""

    moves = False
    read_only = True
    sftp = READ_ONLY
