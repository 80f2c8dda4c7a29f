"""A folder keeps the promises of a drop."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from joinery.connectors.file import FolderDrop, Ready
from joinery.kit.drop import Drop
from joinery.testing.drop_contract import DropContract, Place


@dataclass(frozen=True, kw_only=True)
class Folder(Place):
    """A folder on this machine."""

    inbox: Path

    def drop(self, ready: str = "present", pattern: str = "*.csv") -> Drop:
        return FolderDrop(inbox=self.inbox / pattern, ready_when=Ready(ready))

    def put(self, name: str, text: str = "abc") -> None:
        (self.inbox / name).write_text(text)

    def left(self) -> list[str]:
        return sorted(path.name for path in self.inbox.iterdir())

    def vanish(self) -> None:
        shutil.rmtree(self.inbox)


class TestFolder(DropContract):
    """All of them."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        (tmp_path / "inbox").mkdir()
        return Folder(inbox=tmp_path / "inbox")
