"""Training records to HR: files in a folder or on a server, or rows of a table. Each record goes out once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from joinery.app.sftp import outbox_of
from joinery.errors import ConfigError
from joinery.settings import Settings
from joinery.settings.records import RecordTable as TableSettings
from joinery.settings.sql import address_of
from joinery.store.completions import Completions, Record
from joinery.store.database import Database

if TYPE_CHECKING:
    from joinery.connectors.sql import RecordTable
    from joinery.reports.completions_file import Delivered


def deliver_records(database: Database, settings: Settings, as_of: datetime) -> Sequence[Delivered]:
    """Write what HR does not have yet, under the run lock. Raises ConfigError when no place to write to is named."""
    to, ledger = settings.completions.send_to, Completions(database, settings.name)
    if to is None:
        raise ConfigError(
            "The settings name no place for training records; nothing was written.",
            fix="Say where HR looks for them: completions: { send_to: { file: ./outbound } }.",
        )
    if to.sql is not None:
        return list(_into_table(ledger, table_of(to.sql, settings), as_of))
    from joinery.reports.completions_file import deliver

    if to.sftp is not None:
        return deliver(settings.folder / ".joinery" / "records", ledger, as_of, put=outbox_of(to.sftp).put)
    return deliver(to.folder, ledger, as_of)


def table_of(told: TableSettings, settings: Settings) -> RecordTable:
    """The table of HR's that records go to."""
    from joinery.connectors.sql import RecordTable

    return RecordTable(
        address=lambda: address_of(told.url, settings.folder),
        table=told.table,
        columns=told.columns,
        corrections=told.corrections,
        timeout=told.timeout,
    )


def _into_table(ledger: Completions, table: RecordTable, as_of: datetime) -> Iterator[Delivered]:
    """What a crash left is written again: the table knows by their keys what it has. What it refused is tried again:
    somebody may have made room."""
    from joinery.reports.completions_file import MOST_ROWS, Delivered, stem

    for name, stage in ledger.unfinished():
        rows = ledger.rows_of(name, stage)
        refused = _write(ledger, table, name, rows)
        yield Delivered(name=name, rows=len(rows) - refused, resumed=True, refused=refused)
    ledger.try_refused_again()
    while (reserved := ledger.reserve(stem(as_of), lambda _name: False, MOST_ROWS, ending="")) is not None:
        name, waiting = reserved
        refused = _write(ledger, table, name, waiting)
        yield Delivered(name=name, rows=len(waiting) - refused, refused=refused)


def _write(ledger: Completions, table: RecordTable, name: str, rows: Sequence[Record]) -> int:
    """How many the table cannot hold: those need somebody, and keep nobody else's from HR."""
    refused = table.write([_fields(row, each_revision=table.corrections == "new_row") for row in rows])
    ledger.ready(name)
    ledger.refuse({rows[place].key: why for place, why in refused.items()})
    ledger.finish(name)
    return len(refused)


def _fields(row: Record, *, each_revision: bool) -> Mapping[str, str]:
    """What of a record can stand in a table; its key is that of the ledger, without the revision where one row is all
    there is of a record."""
    from joinery.reports.completions_file import COLUMNS, cells_of

    target, own_id, revision = row.key
    key = f"{target}:{own_id}:{revision}" if each_revision else f"{target}:{row.completion.revokes or own_id}"
    return {"record_key": key, **dict(zip(COLUMNS, cells_of(row), strict=True))}
