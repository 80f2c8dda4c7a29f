"""Moves files so that a crash at any instant leaves the file in exactly one known place.

Rule 1: never overwrite; never delete a file before its copy is safely on the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from joinery.errors import StopRun

_WHY = {
    errno.ENOSPC: ("the disk is full", "Make room, then run again"),
    errno.EDQUOT: ("the disk quota is used up", "Make room, then run again"),
    errno.EACCES: ("Joinery may not write there", "Give the user that runs Joinery the right to write and rename"),
    errno.EPERM: ("Joinery may not write there", "Give the user that runs Joinery the right to write and rename"),
    errno.EROFS: ("the disk is read-only", "Mount it for writing, then run again"),
    errno.ENOENT: ("it is not there any more", "See whether somebody else takes files from this folder"),
}


@contextmanager
def said_plainly(doing: str, path: Path) -> Iterator[None]:
    """Turns an operating-system error into a StopRun that names the path, the cause and the way out."""
    try:
        yield
    except OSError as error:
        why, fix = _WHY.get(error.errno or 0, (error.strerror or type(error).__name__, "See to that, then run again"))
        raise StopRun(
            f"Joinery could not {doing} {path}: {why}. No file was lost and nobody was touched.",
            fix=f"{fix}.",
            data={"path": str(path), "errno": error.errno},
        ) from error


def free_place(folder: Path, name: str) -> Path:
    """A path in this folder where nothing is: `name`, else with -2, -3 ... before the ending."""
    stem, dot, ending = name.partition(".")
    candidate, number = folder / name, 2
    while _occupied(candidate):
        candidate = folder / f"{stem}-{number}{dot}{ending}"
        number += 1
    return candidate


def _occupied(path: Path) -> bool:
    return os.path.lexists(path) or os.path.lexists(f"{path}.report.json") or os.path.lexists(f"{path}.report.csv")


def move(source: Path, target: Path) -> Path:
    """Moves a file to this very place, where nothing is (see `free_place`); makes the folder when there is none."""
    with said_plainly(f"move {source.name} to", target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "something is there already", str(target))
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_across(source, target)
        sync_folder(target.parent)
    return target


def _copy_across(source: Path, target: Path) -> None:
    """To another file system: the copy is on the disk under its name before the source goes."""
    partial = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    source.unlink()


def write_safely(path: Path, content: bytes) -> None:
    """All of it or nothing: written beside, synced, renamed."""
    with said_plainly("write", path):
        partial = path.with_name(f".{path.name}.part")
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename is only safe once its folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
