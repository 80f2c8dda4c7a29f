"""Brings training records to HR as a file, each exactly once. Rule: the ledger knows a file's rows before it exists.

Steps, each safe to be killed in: rows reserved (`pending`) -> file, marker and seal complete in `tmp/` -> `ready`
recorded -> file renamed, then its `.done` marker -> `finish` recorded -> seal removed.
Machine feed: cells are raw, not for opening in a spreadsheet; the marker says so.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Protocol, TypeVar

from joinery.errors import StopRun
from joinery.kit.contract import Completion
from joinery.kit.moves import sync_folder
from joinery.kit.records import RECORD_FIELDS

COLUMNS: Final = RECORD_FIELDS
ORGANISATION: Final = COLUMNS[13:]
#: most rows in one file
MOST_ROWS: Final = 50_000

Stage = Literal["pending", "ready"]


class Row(Protocol):
    """One record of the ledger; see `joinery.store.completions.Record`."""

    @property
    def completion(self) -> Completion: ...
    @property
    def worker_id(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def org_then(self) -> Mapping[str, str]: ...


R = TypeVar("R", bound=Row, covariant=True)


class Ledger(Protocol[R]):
    """Who has what; each method commits by itself. See `joinery.store.completions.Completions`."""

    def reserve(self, stem: str, used: Callable[[str], bool], limit: int) -> tuple[str, Sequence[R]] | None: ...
    def unfinished(self) -> Sequence[tuple[str, Stage]]: ...
    def rows_of(self, name: str, stage: Stage) -> Sequence[R]: ...
    def ready(self, name: str) -> None: ...
    def finish(self, name: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One file that is where HR looks. `resumed`: a run before this one was interrupted while writing it."""

    name: str
    rows: int
    resumed: bool = False
    #: records that HR's table cannot hold: they need somebody
    refused: int = 0


#: brings finished files elsewhere, in this order; see `joinery.kit.placing.Place.put`
Put = Callable[[Sequence[Path]], None]


def deliver(
    folder: Path, ledger: Ledger[Row], as_of: datetime, most_rows: int = MOST_ROWS, put: Put | None = None
) -> Sequence[Delivered]:
    """Finishes what a crash left, then writes what waits, in files of `most_rows`. Call it under the run lock.

    With `put` the files are brought elsewhere, and `folder` is only where they are written.
    """
    done = [_resume(folder, ledger, name, stage, as_of, put) for name, stage in ledger.unfinished()]
    while (file := write_completions_file(folder, ledger, as_of, most_rows, put)) is not None:
        done.append(file)
    return done


def write_completions_file(
    folder: Path, ledger: Ledger[Row], as_of: datetime, most_rows: int = MOST_ROWS, put: Put | None = None
) -> Delivered | None:
    """One file of waiting records; None when nothing waits. Raises StopRun when the folder cannot be written."""
    _prepare_folder(folder)
    reserved = ledger.reserve(
        stem(as_of), lambda name: (folder / name).exists() or _done(folder / name).exists(), most_rows
    )
    if reserved is None:
        return None
    name, rows = reserved
    _complete(folder, ledger, name, rows, as_of, put)
    return Delivered(name=name, rows=len(rows))


def stem(as_of: datetime) -> str:
    """`joinery_completions_changes_20261124T035000Z`."""
    return f"joinery_completions_changes_{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def content_of(rows: Iterable[Row]) -> bytes:
    """The file: UTF-8, comma, CRLF, one header line, raw cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(cells_of(row) for row in rows)
    return text.getvalue().encode()


def cells_of(row: Row) -> Sequence[str]:
    """The texts of `COLUMNS`, raw."""
    item = row.completion
    return (
        item.revokes or item.id,
        str(item.revision),
        row.action,
        row.worker_id,
        item.course,
        item.course_title,
        item.course_version,
        item.completed_at,
        item.result,
        item.score,
        item.expires_on,
        item.certificate_id,
        str(item.attempt),
        *(row.org_then.get(name, "") for name in ORGANISATION),
    )


def _resume(folder: Path, ledger: Ledger[Row], name: str, stage: Stage, as_of: datetime, put: Put | None) -> Delivered:
    """Sealed, but no marker in `tmp/`: it was published, and HR may have collected it already.

    `ready` without a seal: `tmp/` was emptied or the folder changed. Then it is written again, same name, same rows.
    """
    _prepare_folder(folder)
    rows = ledger.rows_of(name, stage)
    if stage == "ready" and _seal(folder, name).exists():
        _publish(folder, name, put)
        ledger.finish(name)
        _seal(folder, name).unlink()
    else:
        _complete(folder, ledger, name, rows, as_of, put)
    return Delivered(name=name, rows=len(rows), resumed=True)


def _complete(
    folder: Path, ledger: Ledger[Row], name: str, rows: Sequence[Row], as_of: datetime, put: Put | None
) -> None:
    content = content_of(rows)
    manifest = {
        "file": name,
        "rows": len(rows),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": "changes",
        "as_of": f"{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "cells": "raw",
    }
    _write(_tmp(folder) / name, content)
    _write(_done(_tmp(folder) / name), json.dumps(manifest, indent=1).encode() + b"\n")
    _write(_seal(folder, name), b"")
    sync_folder(_tmp(folder))
    ledger.ready(name)
    _publish(folder, name, put)
    ledger.finish(name)
    _seal(folder, name).unlink()


def _publish(folder: Path, name: str, put: Put | None) -> None:
    """The file first, its marker last. What is not in `tmp/` any more has been moved before."""
    if put is not None:
        put((_tmp(folder) / name, _done(_tmp(folder) / name)))
        return
    try:
        for path in (_tmp(folder) / name, _done(_tmp(folder) / name)):
            if path.exists():
                path.replace(folder / path.name)
                sync_folder(folder)
                sync_folder(_tmp(folder))
    except OSError as error:
        raise _not_written(error, name) from error


def _prepare_folder(folder: Path) -> None:
    try:
        _tmp(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StopRun(
            f"The folder for training records cannot be written ({error.strerror}); nothing was sent.",
            fix="Make it writable for the user Joinery runs as.",
            data={"folder": str(folder)},
        ) from error


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _not_written(error, path.name) from error


def _not_written(error: OSError, name: str) -> StopRun:
    return StopRun(
        f"The file of training records cannot be written ({error.strerror}); its records wait and nothing is lost.",
        fix="Make room or correct the rights; the next run completes the same file.",
        data={"file": name},
    )


def _tmp(folder: Path) -> Path:
    return folder / "tmp"


def _seal(folder: Path, name: str) -> Path:
    return _tmp(folder) / f"{name}.ready"


def _done(path: Path) -> Path:
    return path.with_name(f"{path.name}.done")
