"""The report beside a file: JSON for machines, CSV for people. Rule 1: no cell is a formula, no person but by ID."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Final

#: columns of the CSV; of each row only these are written, so that no cell of the source slips in
COLUMNS: Final = ("line", "code", "reason", "worker_id")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_json(report: Mapping[str, object]) -> bytes:
    """The whole report, readable."""
    return (json.dumps(dict(report), indent=2, ensure_ascii=False, default=str, sort_keys=True) + "\n").encode()


def as_csv(report: Mapping[str, object]) -> bytes:
    """The report's `rows`, one line each, for a spreadsheet: UTF-8 with byte order mark, formulas neutralised."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    rows = report.get("rows")
    for row in rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ():
        writer.writerow([harmless(row.get(column, "")) for column in COLUMNS])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
