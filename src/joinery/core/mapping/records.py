"""What a record of a file is: its key, and its rows: one for each job, or one for each change of a file of changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.snapshot import RawRecord

#: columns that intake adds: the key where no single column is one, and all rows of a record that has several
KEY: Final = "__record__"
JOBS: Final = "__jobs__"
#: all rows of a record of which a file of changes tells several times, oldest first
STEPS: Final = "__steps__"
#: of such a record, the attributes of which nobody can tell the last word, separated by spaces
UNCLEAR: Final = "__unclear__"


def key_column(spec: MappingSpec) -> str:
    """The column that holds the key of a record."""
    return KEY if spec.numbered else spec.column_of("source_id") or spec.column_of("worker_id") or ""


def rows_of(record: RawRecord) -> list[RawRecord]:
    """The rows of one record: itself; or one for each job; or, oldest first, one for each change."""
    several = record.get(JOBS, "") or record.get(STEPS, "")
    if not several:
        return [record]
    return [{name: value for name, value in row.items() if value is not None} for row in json.loads(several)]


def has_several_jobs(record: RawRecord) -> bool:
    """Its rows are jobs at the same time, and not changes one after the other."""
    return bool(record.get(JOBS, ""))


def has_several_rows(record: RawRecord) -> bool:
    """They are jobs, or changes one after the other."""
    return bool(record.get(JOBS, "") or record.get(STEPS, ""))


def unclear_in(record: RawRecord) -> tuple[str, ...]:
    """The attributes about which its rows disagree without an order."""
    return tuple(record.get(UNCLEAR, "").split())


def as_steps(rows: Sequence[RawRecord], unclear: Sequence[str]) -> dict[str, str]:
    """What a record of several changes, oldest first, has beside its newest row."""
    return {STEPS: json.dumps(rows, ensure_ascii=False), UNCLEAR: " ".join(unclear)}


def with_rows(record: RawRecord, rows: Sequence[RawRecord]) -> RawRecord:
    """The record with these changes only, oldest first and one at least."""
    told = as_steps(rows, ()) if len(rows) > 1 else {STEPS: "", UNCLEAR: ""}
    return {**record, **rows[-1], JOBS: "", **told}
