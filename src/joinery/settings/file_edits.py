"""Writes edits of configuration files, or shows them as a patch where the files are not ours to write."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from joinery.settings.map_edit import FileEdit

#: where copies of replaced files lie, in the folder of our state
REPLACED = "replaced"


def patch_of(edits: Sequence[FileEdit], folder: Path) -> str:
    """A unified diff, for `git apply` or `patch -p1` in the folder of the settings; empty when nothing changes."""
    return "".join(_patch(edit, folder) for edit in edits if not edit.nothing)


def _patch(edit: FileEdit, folder: Path) -> str:
    name = edit.path.relative_to(folder).as_posix() if edit.path.is_relative_to(folder) else edit.path.as_posix()
    before, after = (_lines(content) for content in (edit.before, edit.after))
    start = "/dev/null" if edit.before is None else f"a/{name}"
    end = "/dev/null" if edit.after is None else f"b/{name}"
    lines = difflib.unified_diff(before, after, start, end)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes | None) -> list[str]:
    return content.decode("utf-8", "replace").splitlines(keepends=True) if content else []


def writable(edits: Sequence[FileEdit]) -> bool:
    """True when every file, or the folder where it will lie, may be written."""
    return all(os.access(_nearest(edit.path), os.W_OK) for edit in edits if not edit.nothing)


def _nearest(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def write(edits: Sequence[FileEdit]) -> None:
    """Each file whole or not at all."""
    for edit in edits:
        if edit.nothing:
            continue
        if edit.after is None:
            edit.path.unlink(missing_ok=True)
            continue
        edit.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=edit.path.parent, prefix=f".{edit.path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(edit.after)
        temporary = Path(name)
        temporary.chmod(edit.path.stat().st_mode & 0o777 if edit.path.exists() else 0o644)
        temporary.replace(edit.path)


def keep_replaced(edits: Sequence[FileEdit], folder: Path, at: datetime) -> Path | None:
    """Copies of what is about to be replaced; where they lie, None when nothing is."""
    replaced = [edit for edit in edits if not edit.nothing and edit.before is not None]
    if not replaced:
        return None
    beside = folder / ".joinery" / REPLACED / f"{at:%Y%m%dT%H%M%S}"
    for edit in replaced:
        inside = edit.path.relative_to(folder) if edit.path.is_relative_to(folder) else Path(edit.path.name)
        copy = beside / inside
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(edit.before or b"")
    return beside
