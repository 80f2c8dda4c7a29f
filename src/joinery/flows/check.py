"""Look for problems in one file of people, before anything is believed or kept.

Rule: reads one file and nothing else; every finding has the line to look at, and texts hold IDs only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from joinery.audit.population import audit
from joinery.core.hygiene import check_worker
from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.headers import sensitive
from joinery.core.mapping.inbound import Rejected, map_record
from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.finding import Finding, Severity
from joinery.intake.delta import numbered
from joinery.intake.layout import Layout
from joinery.intake.read import LINE, Table, read_table

WORST_FIRST: Final = (Severity.BLOCKER, Severity.QUARANTINE, Severity.WARNING, Severity.NOTE)
#: these keep a person, or the file, back until they are corrected
ERRORS: Final = frozenset({Severity.BLOCKER, Severity.QUARANTINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All findings of one check about one attribute; `column` is its heading in the file, empty when it has none."""

    check: str
    attribute: str
    column: str
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def people(self) -> frozenset[str]:
        """Employee numbers of everybody it is about."""
        return frozenset(worker_id for finding in self.findings for worker_id in finding.about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file, looked at. `recognised`: attribute -> column; `unread`: column -> why it is not read."""

    name: str
    rows: int
    set_aside: int
    encoding: str
    delimiter: str
    recognised: Mapping[str, str]
    unread: Mapping[str, str]
    groups: tuple[Group, ...]

    def findings(self, *severities: Severity) -> Iterator[Finding]:
        """Those of these severities (of all without any), worst first."""
        return (f for group in self.groups for f in group.findings if not severities or f.severity in severities)

    @property
    def errors(self) -> int:
        """Findings that keep somebody back."""
        return sum(1 for _ in self.findings(*ERRORS))

    @property
    def warnings(self) -> int:
        """Findings somebody should look at; everything goes on."""
        return sum(1 for _ in self.findings(Severity.WARNING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How to look: what a header means, what is known of the layout, the local day, and the names of time zones."""

    mapping_for: Callable[[tuple[str, ...]], MappingSpec]
    today: date
    layout: Layout = field(default_factory=Layout)
    time_zones: frozenset[str] = frozenset()


def check_file(path: Path, looking: Looking) -> Checked:
    """Everything that is odd in this file. Raises SourceUntrusted or ConfigError when it cannot be used at all."""
    table = read_table(path, looking.layout)
    spec = looking.mapping_for(table.header)
    found = [
        *table.findings,
        *_broken_rows(table),
        *_row_by_row(table, spec, looking),
        *_together(table, spec),
    ]
    return Checked(
        name=path.name,
        rows=table.frame.height,
        set_aside=len(table.rejected),
        encoding=table.encoding,
        delimiter=table.delimiter,
        recognised=spec.by_attribute,
        unread={column: _why(column) for column in table.header if column not in spec.columns},
        groups=_grouped(found, spec),
    )


def _why(column: str) -> str:
    kind = sensitive(column)
    return f"sensitive: {kind}" if kind else "not named in the settings and no well-known heading"


def _broken_rows(table: Table) -> Iterator[Finding]:
    for row in table.rejected:
        yield Finding(
            check=row.code,
            severity=Severity.QUARANTINE,
            message=f"Line {row.line} {row.reason}.",
            line=row.line,
            suggestion="Correct the line; whoever it is about keeps the last good facts until then.",
        )


def _row_by_row(table: Table, spec: MappingSpec, looking: Looking) -> Iterator[Finding]:
    facts = Facts(as_of=looking.today, time_zones=looking.time_zones, mapped=frozenset(spec.by_attribute))
    for line, record in numbered(table.frame):
        mapped = map_record(spec, record)
        if isinstance(mapped, Rejected):
            yield mapped.finding(line)
            continue
        for finding in (*mapped.findings, *check_worker(mapped.worker, facts)):
            yield replace(finding, line=line)


def _together(table: Table, spec: MappingSpec) -> Sequence[Finding]:
    """What only the whole population shows, with the line of the first person it is about."""
    columns = [pl.col(row.column).str.strip_chars().alias(row.to) for row in spec.rows]
    found = audit(table.frame.select(columns))
    first = {f.about[0] for f in found if f.about}
    key = pl.col(spec.by_attribute["worker_id"]).str.strip_chars()
    rows = table.frame.filter(key.is_in(list(first))).select(key.alias("id"), LINE) if first else None
    lines: dict[str, int] = {}
    for worker_id, line in rows.iter_rows() if rows is not None else ():
        lines.setdefault(worker_id, line)
    return [replace(f, line=lines.get(f.about[0])) if f.about else f for f in found]


def _grouped(found: Sequence[Finding], spec: MappingSpec) -> tuple[Group, ...]:
    """Worst first, then those about most people."""
    by_kind: dict[tuple[Severity, str, str], list[Finding]] = {}
    for finding in found:
        by_kind.setdefault((finding.severity, finding.check, finding.attribute), []).append(finding)
    groups = [
        Group(
            check=check,
            attribute=attribute,
            column=spec.column_of(attribute) or "",
            severity=severity,
            findings=tuple(findings),
        )
        for (severity, check, attribute), findings in by_kind.items()
    ]
    return tuple(sorted(groups, key=lambda g: (WORST_FIRST.index(g.severity), -len(g.people), g.check, g.attribute)))
