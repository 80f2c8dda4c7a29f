"""The body of a request to a file: streamed, measured, whole or not there at all.

Rule: under its final name a file is complete and on the disk. Whatever is cut short leaves nothing behind.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from joinery.web.problems import Problem

#: the most characters of one NDJSON line, and fields of one record
LONGEST_LINE = 1_000_000
MOST_FIELDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A body on the disk."""

    path: Path
    size: int
    sha256: str


async def receive(request: Request, path: Path, largest: int) -> Received:
    """Stream the body into this new file. Raises Problem 413 or 400; then the file is gone again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = sha256(), 0
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            async for part in request.stream():
                size += len(part)
                _fits(size, largest)
                digest.update(part)
                await run_in_threadpool(file.write, part)
            await run_in_threadpool(_to_disk, file)
        _whole(request, size)
    except ClientDisconnect as error:
        path.unlink(missing_ok=True)
        raise Problem(400, "cut_short", "The upload was cut short; nothing was kept.", "Send it again.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path=path, size=size, sha256=digest.hexdigest())


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _whole(request: Request, size: int) -> None:
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) != size:
        raise Problem(400, "cut_short", "The upload is not as long as was said; nothing was kept.", "Send it again.")
    if not size:
        raise Problem(422, "empty", "The upload is empty; nothing was kept.", "Send the file as the request's body.")


def _fits(size: int, largest: int) -> None:
    if size > largest:
        said = f"More than {largest // 1_000_000} MB; nothing was kept."
        raise Problem(413, "too_large", said, "Split it, or raise api.largest_mb.")


def records_to_csv(source: Path, target: Path) -> int:
    """NDJSON -> the same rows as CSV, on the disk; how many. Raises Problem 422 with the line; then no file is left."""
    try:
        with target.open("x", encoding="utf-8", newline="") as out:
            target.chmod(0o600)
            rows = _write(source, csv.writer(out, lineterminator="\n"))
            _to_disk(out)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return rows


def _write(source: Path, writer: Any) -> int:
    header: list[str] = []
    rows = 0
    for number, record in _lines(source):
        if not header:
            header = list(record)
            writer.writerow(header)
        if record.keys() != set(header):
            other = sorted(record.keys() ^ set(header))[0]
            raise _line(number, f"names other fields than the first record ({other!r}); say null for an empty value")
        writer.writerow([record[name] for name in header])
        rows += 1
    if not rows:
        raise Problem(422, "empty", "The upload has no record; nothing was kept.")
    return rows


def _lines(source: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with source.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise _line(number, "is longer than a record may be")
            if line.strip():
                yield number, _record(number, line)


def _record(number: int, line: bytes) -> dict[str, str]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _line(number, "is no JSON") from error
    if not isinstance(found, dict) or not found:
        raise _line(number, "is no JSON object")
    try:
        return flat(found)
    except ValueError as error:
        raise _line(number, str(error)) from error


def _line(number: int, said: str) -> Problem:
    return Problem(422, "not_understood", f"Line {number} {said}; nothing was kept.")


def flat(record: dict[str, Any]) -> dict[str, str]:
    """Nested objects as `name.first`; null is an empty cell, true and false are words. Raises ValueError for a list
    of more than plain values, and where there are too many fields."""
    found: dict[str, str] = {}
    _flatten(record, "", found)
    if len(found) > MOST_FIELDS:
        raise ValueError(f"has more than {MOST_FIELDS} fields")
    return found


def _flatten(record: dict[str, Any], before: str, found: dict[str, str]) -> None:
    for name, value in record.items():
        place = f"{before}{name}"
        if isinstance(value, dict):
            if before.count(".") >= 10:
                raise ValueError("is nested too deeply")
            _flatten(value, f"{place}.", found)
        else:
            found[place] = cell(value)


def cell(value: Any) -> str:
    """One JSON value as the cell of a table."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(each, str | int) for each in value):
            return ", ".join(map(str, value))
    raise ValueError("holds a list of more than plain values")
