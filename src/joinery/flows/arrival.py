"""One file that arrived, opened: the only flow module that needs Polars, imported when there is a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from joinery.audit.managers import MANAGERS
from joinery.audit.population import audit, double_ids
from joinery.core.hygiene.trust import Churn, Profile
from joinery.core.mapping.date_order import settle
from joinery.core.mapping.inbound import key_read, person_key_of, record_key
from joinery.core.mapping.records import JOBS, key_column
from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.snapshot import RawRecord
from joinery.core.rules.last_row import OpenRow
from joinery.flows.policy import SourcePolicy
from joinery.intake.date_columns import dates_in, mapped
from joinery.intake.delta import Delta, compare, doubted, keys_of, read_alike, records
from joinery.intake.identity import canonical_texts, jobs_in_turn, successive, together, with_entity
from joinery.intake.last_row import REMEMBERED as LAST_ROW
from joinery.intake.last_row import open_row_of, shown_before, without_last
from joinery.intake.numbers import without_mangled, without_rezeroed
from joinery.intake.profile import churn, profile_of, rezeroed
from joinery.intake.read import read_table
from joinery.intake.table import Table
from joinery.kit.drop import ArrivedFile, check_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A readable file with its mapping. `complete`: every row shows whose it is, so absence means something.

    `partial`: it holds changes only, by the settings, its name or its manifest.
    """

    source: SourcePolicy
    spec: MappingSpec
    table: Table
    complete: bool
    partial: bool
    pending: frozenset[str]
    #: about its content by itself; a blocker among them holds the file
    doubts: tuple[Finding, ...] = ()
    dates: Mapping[str, str] = field(default_factory=dict)
    #: the last row where it may have been cut, and whether the last accepted file ended with the same one
    open_row: OpenRow | None = None
    shown_before: bool = False

    @property
    def key(self) -> str:
        """The column that holds the source's own key."""
        return key_column(self.spec)

    @property
    def says_who_is_gone(self) -> bool:
        """A full file in which every row shows whose it is."""
        return self.complete and not self.partial

    @property
    def sha256(self) -> str:
        """Of the file as it came."""
        return self.table.sha256

    @property
    def remembered(self) -> Mapping[str, Any]:
        """What to expect of the next file."""
        last = {LAST_ROW: self.open_row.digest} if self.open_row else {}
        return {**self.table.layout.to_remember(), "dates": dict(self.dates), **last}

    def open_in_scope(self, scope: Collection[str]) -> OpenRow | None:
        """The last row where it may have been cut and that may end access; `scope` decides who is managed at all."""
        row = replace(self.open_row, scope=frozenset(scope)) if self.open_row and not self.shown_before else None
        return row if row is not None and row.decides else None

    def tells_more(self, before: bytes | None) -> bool:
        """The same file again on a later day: what was kept back of its last row counts now."""
        return self.shown_before and not self.compare(before).empty

    @property
    def rows(self) -> int:
        """Readable rows."""
        return self.table.frame.height

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About the file as a whole, and rows that are no rows."""
        ragged = tuple(
            Finding(
                check=row.code,
                severity=Severity.QUARANTINE,
                message=row.reason,
                line=row.line,
                attribute=f"line {row.line}",
            )
            for row in self.table.rejected
        )
        return self.table.findings + self.doubts + ragged

    def profile(self, as_of: datetime | None) -> Profile:
        """What the trust gate compares."""
        return profile_of(self.table, self.spec.by_attribute, as_of=as_of)

    def churn(self, before: bytes | None) -> Churn | None:
        """How many keys are new and gone."""
        return churn(before, self.table.frame, key=[self.key], claims=self.spec.column_of("previous_id"))

    def against(self, before: bytes | None) -> Arrival:
        """Without the few rows whose number differs from a known one by zeros in front only; their people stay."""
        pairs = rezeroed(before, self.table.frame, self.key, self.spec.column_of("previous_id"))
        if not pairs:
            return self
        table = without_rezeroed(self.table, self.key, pairs)
        return replace(self, table=table, pending=self.pending.union(pairs, pairs.values()))

    def doubting(self, before: bytes, source_ids: Collection[str]) -> bytes:
        """The last index with these records to be looked at again; as it is where it has none of them."""
        keys = keys_of(before, [self.key]).to_series().to_list()
        theirs = set(source_ids).intersection(keys)
        if len(theirs) < len(source_ids):  # a key may be read otherwise than it stands there
            theirs |= {key for key in keys if key_read(self.spec, key) in source_ids}
        return doubted(before, theirs) if theirs else before

    def lacks(self, source_ids: Collection[str]) -> list[str]:
        """Those of these records that have no row here, not even a bad one."""
        if not source_ids:
            return []
        keys = [*self.table.frame.get_column(self.key).unique().to_list(), *self.pending]
        there = {*keys, *(key_read(self.spec, key) for key in keys if isinstance(key, str))}
        return sorted(set(source_ids) - there)

    def read_as(self, before: bytes | None) -> bool:
        """The last file was mapped as this one is: the same bytes say the same about everybody."""
        salt = repr(self.spec)
        return before is None or read_alike(before, key=[self.key], columns=self._compared, salt=salt)

    @property
    def _compared(self) -> tuple[str, ...]:
        return (*self.spec.columns, *([JOBS] if self.source.several_jobs else []))

    def compare(self, before: bytes | None) -> Delta:
        """The rows that differ from the last accepted ones, by mapped columns only."""
        return compare(
            self.table.frame,
            key=[self.key],
            columns=self._compared,
            before=before,
            salt=repr(self.spec),
            pending=self.pending,
        )

    def records(self, delta: Delta) -> Iterator[RawRecord]:
        """New and changed rows, streamed."""
        yield from records(delta.added)
        yield from records(delta.changed)

    def claims(self, delta: Delta) -> Mapping[str, str]:
        """source ID -> the former number that this record says it continues."""
        column = self.spec.column_of("previous_id")
        if column is None:
            return {}
        rows = pl.concat([delta.added, delta.changed]).filter(pl.col(column).str.strip_chars() != "")
        return {record_key(self.spec, row): row[column].strip() for row in records(rows)}

    def person_ids(self, delta: Delta) -> Mapping[str, str]:
        """source ID -> the key above all employments, of new records."""
        column = self.spec.column_of("person_id")
        if column is None:
            return {}
        rows = delta.added.filter(pl.col(column).str.strip_chars() != "")
        return {record_key(self.spec, row): person_key_of(self.spec, row) for row in records(rows)}

    def told(self, delta: Delta) -> tuple[Finding, ...]:
        """About the file as a whole; numbers on several rows too, where nothing else changed and no audit follows."""
        if not delta.empty or self.source.several_jobs:
            return self.findings
        return (*self.findings, *double_ids(delta.duplicated))

    def audit(self) -> Sequence[Finding]:
        """The checks that need the whole population, on the mapped columns only. A file of changes is none: managers
        are looked at beside all who are known (`flows.managers`)."""
        found = audit(canonical_texts(self.table.frame, self.spec))
        return [f for f in found if f.check not in MANAGERS] if self.partial else found

    def workers(self, delta: Delta) -> Sequence[str]:
        """Employee IDs of the rows that were looked at."""
        column = self.spec.column_of("worker_id") or self.key
        return [*delta.added.get_column(column).to_list(), *delta.changed.get_column(column).to_list()]

    def rejected_rows(self) -> Sequence[Mapping[str, Any]]:
        """For the report beside the file."""
        return [{"line": row.line, "code": row.code, "reason": row.reason} for row in self.table.rejected]


def open_arrival(source: SourcePolicy, file: ArrivedFile, remembered: Mapping[str, Any]) -> Arrival:
    """Read and map. `remembered`: what the last good file looked like, as far as the settings leave it open.

    Raises SourceUntrusted or ConfigError when it is not a file we can use.
    """
    table = read_table(file.path, source.layout.with_remembered(remembered))
    check_rows(file, table.frame.height + len(table.rejected))
    spec = mapped(source.mapping_for, table)
    dates = settle(spec, dates_in(table.frame, spec), source.layout.dates, remembered.get("dates", {}))
    table, mangled = without_mangled(table, spec.column_of("source_id") or spec.column_of("worker_id") or "")
    # the number alone tells nothing of a row that is broken, where every entity has its own
    nothing = frozenset[str](), len(table.rejected)
    pending, unknown = nothing if spec.numbered else table.rejected_keys(key_column(spec))
    row = None if file.whole else open_row_of(table, spec, with_entity(table.frame, spec))
    shown = shown_before(row, remembered)
    if row is not None and row.nobody_knows_whose and not shown:
        table, unknown = without_last(table, row), unknown + 1
    frame = with_entity(table.frame, spec)
    partial = "changes" in {source.content, file.content}
    if source.several_jobs:
        frame = jobs_in_turn(frame, spec) if partial else together(frame, spec)
    elif partial:
        frame = successive(frame, spec)
    return Arrival(
        source=source,
        spec=dates.spec,
        table=replace(table, frame=frame),
        complete=unknown == 0,
        partial=partial,
        pending=pending,
        doubts=dates.findings + mangled,
        dates=dates.decided,
        open_row=row,
        shown_before=shown,
    )
