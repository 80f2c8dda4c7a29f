"""A disk whose power can be cut: what was not synced is lost, in part, page by page, as real ones lose it.

`python -m benchmarks.lossy_disk PLATTER MOUNTED --seed 1` mounts a folder (FUSE, needs /dev/fuse and mfusepy). What is
written stands in the memory of this process; `fsync` brings a file, and every change of names before it, to the
platter. SIGUSR1 cuts the power: of what was never synced, a random part of the pages (4 KiB) and a random beginning of
the changes of names reach the platter, the rest is gone, and the process ends.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import random
import signal
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any, NoReturn

PAGE = 4096


@dataclass(kw_only=True)
class Held:
    """A file as programs see it, and what of it the platter does not have yet."""

    data: bytearray
    mode: int
    #: numbers of pages
    dirty: set[int] = field(default_factory=set)
    #: whether its length on the platter is another
    resized: bool = False
    changed: float = field(default_factory=time.time)


class Disk:
    """Files by path; `names`: creations, renames and removals in their order that the platter has not seen."""

    def __init__(self, platter: Path, dice: random.Random) -> None:
        self.platter = platter
        self.dice = dice
        self.files: dict[str, Held] = {}
        self.folders: set[str] = {"/"}
        self.names: list[tuple[str, ...]] = []
        self.synced = 0
        for real in sorted(platter.rglob("*")):
            path = "/" + str(real.relative_to(platter))
            if real.is_dir():
                self.folders.add(path)
            else:
                self.files[path] = Held(data=bytearray(real.read_bytes()), mode=real.stat().st_mode)

    def real(self, path: str) -> Path:
        """Where it is on the platter."""
        return self.platter / path.lstrip("/")

    def write(self, path: str, data: bytes, offset: int) -> None:
        """Seen by everybody at once, on the platter when it is synced."""
        held = self.files[path]
        if offset + len(data) > len(held.data):
            held.data.extend(bytes(offset + len(data) - len(held.data)))
            held.resized = True
        held.data[offset : offset + len(data)] = data
        held.dirty.update(range(offset // PAGE, (offset + len(data) - 1) // PAGE + 1))
        held.changed = time.time()

    def truncate(self, path: str, length: int) -> None:
        """Likewise."""
        held = self.files[path]
        held.data = held.data[:length] + bytes(max(0, length - len(held.data)))
        held.dirty = {page for page in held.dirty if page * PAGE < length}
        held.resized = True

    def sync(self, path: str) -> None:
        """On the platter, with all names that changed before: they are journalled in order."""
        self.synced += 1
        self._name(len(self.names))
        if path in self.files:
            held = self.files[path]
            self._put(path, held, held.dirty)
            held.dirty, held.resized = set(), False

    def cut(self) -> None:
        """The power is gone."""
        self._name(self.dice.randint(0, len(self.names)))
        for path, held in self.files.items():
            if not self.real(path).exists() or not (held.dirty or held.resized):
                continue
            lucky = {page for page in held.dirty if self.dice.random() < 0.5}
            self._put(path, held, lucky, longer=self.dice.random() < 0.5)

    def _name(self, count: int) -> None:
        for what, *paths in self.names[:count]:
            here = self.real(paths[0])
            match what:
                case "file":
                    here.touch(mode=0o600)
                case "folder":
                    here.mkdir(exist_ok=True)
                case "gone":
                    here.unlink(missing_ok=True)
                case "no folder":
                    here.rmdir()
                case "link":
                    if here.exists():
                        self.real(paths[1]).hardlink_to(here)
                case "rename":
                    if here.exists():
                        here.replace(self.real(paths[1]))
        del self.names[:count]

    def _put(self, path: str, held: Held, pages: set[int], *, longer: bool = True) -> None:
        with self.real(path).open("r+b") as file:
            for page in sorted(pages):
                file.seek(page * PAGE)
                file.write(held.data[page * PAGE : (page + 1) * PAGE])
            if longer:
                file.truncate(len(held.data))


def operations(disk: Disk) -> Any:
    """What the kernel asks, answered from `disk`."""
    fuse = importlib.import_module("mfusepy")

    class Answers(fuse.Operations):  # type: ignore[misc]
        use_ns = True

        def getattr(self, path: str, fh: Any = None) -> dict[str, Any]:
            if path in disk.folders:
                return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
            if path not in disk.files:
                raise fuse.FuseOSError(errno.ENOENT)
            held = disk.files[path]
            instant = int(held.changed * 1e9)
            inode = {"st_mode": stat.S_IFREG | (held.mode & 0o777), "st_nlink": 1, "st_size": len(held.data)}
            return inode | {"st_mtime": instant, "st_ctime": instant, "st_atime": instant}

        def readdir(self, path: str, fh: Any) -> list[str]:
            everything = map(PurePosixPath, (*disk.files, *disk.folders))
            return [".", "..", *(other.name for other in everything if str(other.parent) == path != str(other))]

        def create(self, path: str, mode: int, fi: Any = None) -> int:
            disk.files[path] = Held(data=bytearray(), mode=mode)
            disk.names.append(("file", path))
            return 1

        def open(self, path: str, flags: int) -> int:
            return 1

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return bytes(disk.files[path].data[offset : offset + size])

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            disk.write(path, data, offset)
            return len(data)

        def truncate(self, path: str, length: int, fh: Any = None) -> int:
            disk.truncate(path, length)
            return 0

        def fsync(self, path: str, datasync: int, fh: int) -> int:
            disk.sync(path)
            return 0

        def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
            disk.sync(path)
            return 0

        def unlink(self, path: str) -> int:
            del disk.files[path]
            disk.names.append(("gone", path))
            return 0

        def mkdir(self, path: str, mode: int) -> int:
            disk.folders.add(path)
            disk.names.append(("folder", path))
            return 0

        def rmdir(self, path: str) -> int:
            disk.folders.discard(path)
            disk.names.append(("no folder", path))
            return 0

        def rename(self, old: str, new: str) -> int:
            disk.files[new] = disk.files.pop(old)
            disk.names.append(("rename", old, new))
            return 0

        def link(self, new: str, old: str) -> int:
            if new in disk.files:
                raise fuse.FuseOSError(errno.EEXIST)
            disk.files[new] = disk.files[old]
            disk.names.append(("link", old, new))
            return 0

        def chmod(self, path: str, mode: int) -> int:
            if path in disk.files:
                disk.files[path].mode = mode
            return 0

        def utimens(self, path: str, times: Any = None) -> int:
            return 0

        def flush(self, path: str, fh: int) -> int:
            return 0

        def release(self, path: str, fh: int) -> int:
            return 0

    return Answers()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platter", type=Path)
    parser.add_argument("mounted", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    fuse = importlib.import_module("mfusepy")
    disk = Disk(asked.platter, random.Random(asked.seed))

    def cut(_signal: int, _frame: FrameType | None) -> NoReturn:
        disk.cut()
        os._exit(0)

    signal.signal(signal.SIGUSR1, cut)
    fuse.FUSE(operations(disk), str(asked.mounted), foreground=True, nothreads=True)


if __name__ == "__main__":
    main()
