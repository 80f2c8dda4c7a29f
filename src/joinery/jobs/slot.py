"""An ID for this process that no living process shares and that a restart gets again.

Rule: the ID is held by a file lock, which the kernel gives back however the process ends.
"""

from __future__ import annotations

import contextlib
import sys
import uuid
from pathlib import Path
from typing import IO

_MOST = 64


class Slot:
    """The first free slot of the folder: `<node>-0`, `<node>-1`, … where the node's name is kept in the folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        node = _node(folder)
        for number in range(_MOST):
            file = (folder / f"engine-{number}.lock").open("a+b")
            if _lock(file):
                self._file = file
                self.id = f"{node}-{number}"
                return
            file.close()
        raise OSError(f"All {_MOST} slots in the state folder are taken.")

    def release(self) -> None:
        """Give the slot back."""
        self._file.close()


def _node(folder: Path) -> str:
    file = folder / "node"
    if not file.exists():
        # whole or not at all: another process may be reading it
        draft = folder / f"node.{uuid.uuid4().hex}"
        draft.write_text(uuid.uuid4().hex[:12])
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text().strip()


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
