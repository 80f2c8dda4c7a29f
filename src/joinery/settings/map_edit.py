"""Edits of mapping tables: what would be written where, as texts before and after. Rule: nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from joinery.core.mapping.dated import DatedRow
from joinery.errors import ConfigError
from joinery.settings.edit import with_value, without_key_but
from joinery.settings.root import Settings
from joinery.settings.table_edit import as_table, set_row, with_rows
from joinery.settings.table_rows import TableTrouble
from joinery.settings.tables import ValueMap

#: so many values at most are written into the settings themselves
FEW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """One file; `before` None: it does not exist yet; `after` None: it goes."""

    path: Path
    before: bytes | None
    after: bytes | None

    @property
    def nothing(self) -> bool:
        """It stays as it is."""
        return self.before == self.after


def set_word(
    settings: Settings, attribute: str, code: str, word: str, *, since: date | None, today: date
) -> tuple[FileEdit, ...]:
    """One word for one code, from `since` on or at once. Raises ConfigError."""
    there = settings.map.get(attribute)
    try:
        rows = set_row(there.rows() if there else (), code, word, since, today)
        if (there is None or there.table is None) and since is None:
            return (_inline(settings, ("map", attribute, "values", code), word),)
        return write_rows(settings, attribute, rows)
    except TableTrouble as trouble:
        raise _refused(attribute, trouble) from trouble


def merge_rows(settings: Settings, attribute: str, new: Sequence[DatedRow], *, replacing: bool) -> tuple[FileEdit, ...]:
    """Rows from elsewhere: those of their codes are replaced, or (`replacing`) the whole table. Raises ConfigError."""
    there = settings.map.get(attribute)
    named = {row.code for row in new}
    kept = [row for row in there.rows() if row.code not in named] if there and not replacing else []
    try:
        return write_rows(settings, attribute, (*kept, *new))
    except TableTrouble as trouble:
        raise _refused(attribute, trouble) from trouble


def write_rows(settings: Settings, attribute: str, rows: Sequence[DatedRow]) -> tuple[FileEdit, ...]:
    """These rows, in the table that the settings name; else in a new one that they will name."""
    there = settings.map.get(attribute)
    if there is not None and there.table is not None:
        return (_table(there, there.table, rows),)
    table = settings.folder / "maps" / f"{attribute}.csv"
    before = table.read_bytes() if table.is_file() else None
    edit = FileEdit(path=table, before=before, after=as_table(rows).encode())
    named = f"maps/{attribute}.csv"
    text = _text(settings.file)
    if there is None:
        edited = with_value(text, ("map", attribute, "table"), named)
    else:
        edited = without_key_but(text, ("map", attribute, "values"), "table", named)
    return (edit, _edit(settings.file, text, edited))


def _table(there: ValueMap, table: Path, rows: Sequence[DatedRow]) -> FileEdit:
    if table.suffix.lower() == ".xlsx":
        raise ConfigError(
            f"The table {table.name} is a workbook, and Joinery writes none; nothing was written.",
            fix="Edit it in the spreadsheet program, or keep the table as .csv: joinery map export shows its rows.",
        )
    text = _text(table)
    return _edit(table, text, with_rows(text, there.rows(), rows))


def _inline(settings: Settings, path: Sequence[str], word: str) -> FileEdit:
    text = _text(settings.file)
    return _edit(settings.file, text, with_value(text, path, word))


def _edit(path: Path, before: str, after: str) -> FileEdit:
    return FileEdit(path=path, before=path.read_bytes(), after=_again(path, after))


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def _again(path: Path, text: str) -> bytes:
    """With the byte order mark and the line ends that the file had."""
    before = path.read_bytes()
    lines = text.replace("\n", "\r\n") if b"\r\n" in before else text
    return (b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b"") + lines.encode()


def _refused(attribute: str, trouble: TableTrouble) -> ConfigError:
    return ConfigError(f"The table for {attribute} stays as it is: {trouble}.", fix="Nothing was written.")
