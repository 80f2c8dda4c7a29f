"""People who were erased do not come back with HR's next file.

Rule: only keyed hashes are compared. Somebody hired anew after the erasure is a new person, and is let in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection

from joinery.core.mapping.inbound import Mapped, map_record, record_key
from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.snapshot import RawRecord
from joinery.flows.arrival import Arrival, open_arrival
from joinery.flows.policy import Ports, SourcePolicy
from joinery.intake.delta import numbered
from joinery.intake.read import LINE
from joinery.kit.drop import ArrivedFile
from joinery.store.erasure import erased


def open_without_erased(
    ports: Ports, source: SourcePolicy, file: ArrivedFile, remembered: Mapping[str, Any]
) -> Arrival:
    """As `open_arrival`, without rows of people who were erased."""
    return without_erased(ports, open_arrival(source, file, remembered))


def without_erased(ports: Ports, arrival: Arrival) -> Arrival:
    """The arrival without rows of erased people; the very same one where nobody was erased."""
    with ports.database.read() as connection:
        marks = erased(connection, ports.policy.name)
    if not marks:
        return arrival
    table, source = arrival.table, arrival.source.people
    keys = table.frame.get_column(arrival.key).str.strip_chars()
    marked = [(n, marks.get(ports.seal(f"source|{source}|{key}"), "")) for n, key in enumerate(keys.to_list())]
    hits = {n: day for n, day in marked if day}
    rows = {n: record for n, (_, record) in zip(hits, numbered(table.frame[list(hits)]), strict=True)} if hits else {}
    out = [n for n, day in hits.items() if not _hired_anew(arrival.spec, rows[n], day)]
    if not out:
        return arrival
    left = table.frame.with_row_index("__n__").filter(~pl.col("__n__").is_in(out)).drop("__n__")
    said = f"{len(out)} {'row is' if len(out) == 1 else 'rows are'} of people who were erased, and left out."
    note = Finding(check="erased_people", severity=Severity.NOTE, message=said)
    return replace(arrival, table=replace(table, frame=left, findings=(*table.findings, note)))


def records_without_erased(
    connection: Connection, ports: Ports, people: str, spec: MappingSpec, records: Sequence[RawRecord]
) -> list[RawRecord]:
    """The records of a push without those of erased people; `people` is the source that they are of."""
    marks = erased(connection, ports.policy.name)
    if not marks:
        return list(records)
    marked = [(each, marks.get(ports.seal(f"source|{people}|{record_key(spec, each)}"), "")) for each in records]
    return [each for each, day in marked if not day or _hired_anew(spec, each, day)]


def _hired_anew(spec: MappingSpec, record: Mapping[str, str], erased_on: str) -> bool:
    """Their employment began after the erasure: what that needs may be kept."""
    mapped = map_record(spec, {name: value for name, value in record.items() if name != LINE})
    hired = mapped.worker.hire_date if isinstance(mapped, Mapped) else None
    return hired is not None and hired > date.fromisoformat(erased_on)
