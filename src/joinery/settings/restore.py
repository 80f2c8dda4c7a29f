"""Bring back the files of a configuration that was kept, as edits of the files of today."""

from __future__ import annotations

from pathlib import Path

from joinery.settings.map_edit import FileEdit
from joinery.settings.written import Written


def edits_to(kept: Written, file: Path, today: Written | None) -> tuple[FileEdit, ...]:
    """What has to be written, and which rule files of today would add rules that were not there.

    `file` is the settings file; without `today`, because it cannot be read, nothing is moved away.
    """
    back = [_edit(kept, file, path, content) for path, content in sorted(kept.files.items())]
    if today is None:
        return tuple(back)
    added = today.files.keys() - kept.files.keys() - set(today.tables.values()) - {today.main}
    return (*back, *(_edit(kept, file, path, None) for path in sorted(added)))


def _edit(kept: Written, file: Path, path: str, content: bytes | None) -> FileEdit:
    # the settings file may have another name today
    place = file if path == kept.main else file.parent / path
    return FileEdit(path=place, before=place.read_bytes() if place.is_file() else None, after=content)
