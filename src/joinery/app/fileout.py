"""Layouts by name or file -> what `connectors.fileout` writes by. Read here, as only settings know YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from joinery.app.sftp import outbox_of
from joinery.connectors.fileout import FileOutTarget, Layout, layout_from, shipped
from joinery.connectors.fileout.connector import BATCH
from joinery.core.model.operation import ActionClass
from joinery.errors import ConfigError
from joinery.settings.problems import Problems
from joinery.settings.reading import read_tree

__all__ = ["BATCH", "cannot", "file_out", "layout_of"]


def layout_of(entry: Any) -> Layout:
    """The layout that this entry of `learning` names. Raises ConfigError when it is not one."""
    layout = _own(entry.layout.columns) if _is_told(entry.layout) else _read(entry)
    if layout.only_full and entry.send != "full":
        raise ConfigError(
            f"The layout {layout.name} holds everybody each time; nothing was written.", fix="Set send: full."
        )
    return layout


def _is_told(said: Any) -> bool:
    return getattr(said, "columns", None) is not None


def _own(columns: Any) -> Layout:
    """One file of users, with the columns of the settings."""
    return layout_from("in the settings", {"files": [{"name": "users.csv", "of": "users", "columns": columns}]})


def _read(entry: Any) -> Layout:
    known = shipped()
    file = known.get(entry.layout) if isinstance(entry.layout, str) else entry.layout.file
    if file is None:
        raise ConfigError(
            f"There is no layout {entry.layout}; nothing was written.",
            fix=f"There are {', '.join(known)}; one of your own is named layout: {{ file: PATH }}.",
        )
    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The layout {file.name} cannot be read ({error.strerror}); nothing was written.",
            fix="Correct learning.layout.",
        ) from error
    problems = Problems()
    tree = read_tree(raw, file.name, problems)
    problems.stop_if_any(file.name)
    return layout_from(file.stem, tree)


def cannot(entry: Any) -> dict[ActionClass, str]:
    """What the layout has no column for, and what to say about it."""
    layout = layout_of(entry)
    said = f"the import files of the layout {layout.name} have no place for it"
    return dict.fromkeys(set(ActionClass) - layout.actions - {ActionClass.MAIL}, said)


def file_out(entry: Any, name: str, state_dir: Path, now: Any) -> FileOutTarget:
    """The target that writes this entry's files."""
    state = state_dir / "fileout" / name
    target = FileOutTarget(
        layout_of(entry),
        folder=entry.path or state / "out",
        state=state,
        now=now,
        full=entry.send == "full",
        name=name,
    )
    if entry.deliver:
        target.place = outbox_of(entry.deliver.sftp)
    return target
