"""A small file system, to be filled to the last page. Rule: where nobody lets us make one, the test is skipped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Disk:
    """`folder` is where it begins."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self, left: int) -> None:
        """Leave so many bytes, in whole pages. Others write meanwhile: what was free a moment ago may not be now."""
        with self._filler.open("wb") as file:
            for _ in range(100):
                stat = os.statvfs(self.folder)
                if (size := stat.f_bavail * stat.f_frsize - left) <= 0:
                    return
                with suppress(OSError):
                    return os.posix_fallocate(file.fileno(), 0, size)
        raise AssertionError("the disk cannot be filled")

    def make_room(self) -> None:
        """All of it again."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A tmpfs of so many bytes at this new folder, gone at the end."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let us make a file system")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
