"""What a record of a file is: its key, and its rows where a person has one for each job."""

from __future__ import annotations

import json
from typing import Final

from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.snapshot import RawRecord

#: columns that intake adds: the key where no single column is one, and all rows of a record that has several
KEY: Final = "__record__"
JOBS: Final = "__jobs__"


def key_column(spec: MappingSpec) -> str:
    """The column that holds the key of a record."""
    return KEY if spec.numbered else spec.column_of("source_id") or spec.column_of("worker_id") or ""


def rows_of(record: RawRecord) -> list[RawRecord]:
    """The rows of one record: itself, or one for each job."""
    jobs = record.get(JOBS, "")
    if not jobs:
        return [record]
    return [{name: value for name, value in row.items() if value is not None} for row in json.loads(jobs)]
