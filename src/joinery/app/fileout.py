"""Layouts by name or file -> what `connectors.fileout` writes by. Read here, as only settings know YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from glob import has_magic
from pathlib import Path
from typing import Any

from joinery.app.sftp import outbox_of
from joinery.connectors.fileout import FileOutTarget, Layout, layout_from, shipped
from joinery.connectors.fileout.confirming import Exported
from joinery.connectors.fileout.connector import BATCH
from joinery.core.model.operation import ActionClass
from joinery.errors import ConfigError, SourceUntrusted
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
    found = dict.fromkeys(set(ActionClass) - layout.actions - {ActionClass.MAIL}, said)
    if why := _no_mail(entry):
        found[ActionClass.MAIL] = why
    return found


def _no_mail(entry: Any) -> str:
    """A mail leads to a place, and promises that the account is there; empty where it can do both."""
    if entry.sign_in_at is None:
        return "where people sign in is not known: `sign_in_at` in the settings names it"
    if entry.confirm is None and not entry.mail_unconfirmed:
        return "nobody shows that the account is there: `confirm` names an export of users that does"
    return ""


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
    target.sign_in_at = str(entry.sign_in_at or "")
    if entry.deliver:
        target.place = outbox_of(entry.deliver.sftp)
    if entry.confirm:
        target.confirmed_by(lambda: _marked(entry.confirm), lambda: _exported(entry.confirm, target.layout))
    return target


def _newest(told: Any) -> Path | None:
    from joinery.app.exports import newest

    there = told.path.parent.glob(told.path.name) if has_magic(told.path.name) else [told.path]
    return newest(told.path) if any(path.is_file() for path in there) else None


def _mark(file: Path, seen: os.stat_result) -> str:
    return f"{file.name} {seen.st_size} {seen.st_mtime_ns}"


def _marked(told: Any) -> str:
    """The newest export by name, size and time; empty when there is none yet."""
    file = _newest(told)
    return _mark(file, file.stat()) if file is not None else ""


def _exported(told: Any, layout: Layout) -> Exported | None:
    """The newest export of users, as it is; None when there is none yet. Raises SourceUntrusted."""
    from joinery.app.exports import read_export
    from joinery.connectors.export.wire import accounts_of, naming_column

    file = _newest(told)
    if file is None:
        return None
    seen, export = file.stat(), read_export(told)
    if not naming_column(export.columns):
        raise SourceUntrusted(
            f"No column of {file.name} says which account is which; nothing was read.",
            fix=f"Name one: learning: {{ confirm: {{ fields: … }} }}. The file has: {', '.join(export.header)}.",
        )
    rows = list(export.rows)
    accounts = accounts_of(rows, export.header, export.columns)
    texts, lists = _texts(
        layout, rows, export.header, export.header.index(export.columns[naming_column(export.columns)])
    )
    return Exported(
        name=file.name,
        mark=_mark(file, seen),
        taken_at=datetime.fromtimestamp(seen.st_mtime, UTC),
        accounts=accounts,
        tells=frozenset(export.columns) | lists,
        texts={one.id: texts.get(one.id.lower(), {}) for one in accounts},
    )


def _texts(
    layout: Layout, rows: Sequence[Sequence[str]], header: Sequence[str], naming: int
) -> tuple[dict[str, dict[str, frozenset[str]]], frozenset[str]]:
    """Name of the account -> column of the layout -> texts in it, over all rows of the account; and what they tell.

    Several in one cell stand between commas, semicolons or bars. What stands beside the word for *taken away* is not
    there.
    """
    from joinery.connectors.fileout.confirming import listing

    lists = listing(layout)
    places = {name: [n for n, text in enumerate(header) if each.form.fullmatch(text)] for name, each in lists.items()}
    where = {text: n for n, text in enumerate(header) if text}
    found: dict[str, dict[str, frozenset[str]]] = {}
    for row in rows:
        mine = found.setdefault(row[naming].strip().lower(), {})
        for name, each in lists.items():
            beside = ((n, where.get(each.status(header[n]))) for n in places[name])
            cells = {row[n].strip() for n, at in beside if at is None or row[at].strip() != each.undone}
            parts = {part.strip() for cell in cells for part in re.split("[,;|]", cell)}
            mine[name] = mine.get(name, frozenset()) | ((cells | parts) - {""})
    return found, frozenset(each.tells for name, each in lists.items() if places[name])
