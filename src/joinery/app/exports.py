"""A user export on disk -> what `connectors.export` reads. The newest file of the pattern counts."""

from __future__ import annotations

from collections.abc import Mapping
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joinery.connectors.export import Export
from joinery.connectors.export.wire import accounts_of, naming_column
from joinery.core.mapping.recognition import recognise_accounts
from joinery.errors import ConfigError, SourceUntrusted
from joinery.intake.layout import Layout

if TYPE_CHECKING:
    from joinery.core.model.account import Account
    from joinery.intake.read import Table


def read_export(entry: Any) -> Export:
    """The newest export of this entry of `learning`. Raises SourceUntrusted, or ConfigError when headings clash."""
    from joinery.intake.read import read_table

    table = read_table(newest(entry.path), Layout(encoding=entry.encoding, delimiter=entry.delimiter))
    columns = dict(entry.fields) or recognised(table)
    missing = [heading for heading in columns.values() if heading not in table.header]
    if missing:
        raise SourceUntrusted(
            f"The export has no column {', '.join(map(repr, missing))} any more; nothing was read.",
            fix=f"Export with it, or correct learning: {{ fields: … }}. The file has: {', '.join(table.header)}.",
            data={"code": "column_missing", "missing": missing},
        )
    table.refuse_unusable(tuple(columns.values()))
    rows = table.frame.select(table.header).iter_rows()
    return Export(header=table.header, rows=rows, columns=columns)


def read_accounts(path: Path) -> list[Account]:
    """All accounts of one export, by well-known headings. Raises SourceUntrusted when none names the accounts."""
    from joinery.intake.read import read_table

    table = read_table(path, Layout())
    columns = recognised(table)
    if not naming_column(columns):
        raise SourceUntrusted(
            f"No column of {path.name} says which account is which; nothing was read.",
            fix=f"Export a column like id, username or email. The file has: {', '.join(table.header)}.",
            data={"code": "no_account_id", "columns": list(table.header)},
        )
    return accounts_of(table.frame.select(table.header).iter_rows(), table.header, columns)


def newest(path: Path) -> Path:
    """The file itself, or of a pattern the one written last."""
    found = [p for p in path.parent.glob(path.name) if p.is_file()] if has_magic(path.name) else [path]
    if not found:
        raise SourceUntrusted(
            f"No file fits {path}; nothing was read.", fix="Put the export of the learning system's users there."
        )
    return max(found, key=lambda p: (p.stat().st_mtime, p.name) if p.exists() else (0.0, p.name))


def recognised(table: Table) -> Mapping[str, str]:
    """attribute -> heading, by well-known headings. Raises ConfigError when two could be meant."""
    from joinery.intake.cells import cells_of

    found = recognise_accounts(table.header, cells_of(table), {})
    for attribute, columns in found.doubtful.items():
        raise ConfigError(
            f"{' and '.join(map(repr, columns))} of the export could each be {attribute}; nothing was read.",
            fix=f'Name the right one: learning: {{ into: export, fields: {{ {attribute}: "{columns[0]}" }} }}.',
            data={"code": "ambiguous_header", "attribute": attribute, "columns": list(columns)},
        )
    return found.taken
