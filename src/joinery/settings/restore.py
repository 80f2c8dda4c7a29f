"""Bring back the files of a configuration that was kept, as edits of the files of today."""

from __future__ import annotations

from pathlib import Path

from joinery.settings.map_edit import FileEdit
from joinery.settings.root import Settings
from joinery.settings.written import Written


def edits_to(kept: Written, now: Settings) -> tuple[FileEdit, ...]:
    """What has to be written, and which rule files of today would add rules that were not there."""
    today = now.written()
    added = today.files.keys() - kept.files.keys() - set(today.tables.values()) - {today.main}
    back = [_edit(now, path, content, kept) for path, content in sorted(kept.files.items())]
    return (*back, *(_edit(now, path, None, kept) for path in sorted(added)))


def _edit(now: Settings, path: str, content: bytes | None, kept: Written) -> FileEdit:
    # the settings file may have another name today
    place = now.file if path == kept.main else now.folder / Path(path)
    return FileEdit(path=place, before=place.read_bytes() if place.is_file() else None, after=content)
