"""Look for problems in one file of people, before anything is believed or kept.

Rule: reads one file and nothing else; every finding has the line to look at, and texts hold IDs only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from joinery.audit.against import against
from joinery.audit.changes import changes
from joinery.audit.duplicates import Pair, duplicates, namesakes, sides
from joinery.audit.population import audit, known, unmapped
from joinery.core.hygiene import check_worker
from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.date_order import settle
from joinery.core.mapping.headers import holds_forms_of_address, sensitive, unread_headings
from joinery.core.mapping.inbound import Rejected, key_of, map_record
from joinery.core.mapping.records import UNCLEAR, has_several_jobs, rows_of, unclear_in
from joinery.core.mapping.spec import MappingSpec
from joinery.core.mapping.statuses import WORDS
from joinery.core.mapping.succession import unclear_finding
from joinery.core.model.account import Account
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.snapshot import RawRecord
from joinery.intake.date_columns import dates_in, mapped
from joinery.intake.delta import numbered
from joinery.intake.identity import jobs_in_turn, successive, together, with_entity
from joinery.intake.kinds import kinds_of
from joinery.intake.layout import Layout
from joinery.intake.read import read_table
from joinery.intake.table import LINE, Table
from joinery.kit.drop import parse_name

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
    #: how the file was read, for people: encoding and separator, or the sheet of a workbook
    read_as: str
    recognised: Mapping[str, str]
    unread: Mapping[str, str]
    groups: tuple[Group, ...]
    #: people who may be there twice, surest first, and what is known of both: number -> attribute -> value
    pairs: tuple[Pair, ...] = ()
    sides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: accounts of the learning system that were compared with; None when none were
    accounts: int | None = None

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
    #: column -> how dates were written in earlier files, where they can be read in two ways
    dates: Mapping[str, Any] = field(default_factory=dict)
    time_zones: frozenset[str] = frozenset()
    #: the accounts of the learning system, to compare with
    accounts: Sequence[Account] | None = None
    #: the export before this one, to compare with
    before: Path | None = None
    #: it holds those who changed only, by the settings; a file may say so itself, by its name or manifest
    changes: bool = False
    #: by the settings: rows under one number may be jobs of one person
    several_jobs: bool = False
    #: attribute -> what a table of the settings has a value for
    mapped_values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: no settings say what the columns are: what they hold is looked at too
    by_headings: bool = False

    def mapping_without(self, title: str) -> Callable[[tuple[str, ...]], MappingSpec]:
        """How a header is read: a column of forms of address is no job title."""
        if not title:
            return self.mapping_for
        return lambda header: self.mapping_for(tuple(column for column in header if column != title))

    def title_of(self, table: Table) -> str:
        """The column that is called like a job title and holds forms of address; empty without one."""
        column = self.mapping_for(table.header).column_of("job_title") if self.by_headings else None
        if column is None or not holds_forms_of_address(table.frame.get_column(column).drop_nulls()):
            return ""
        return column


def check_file(path: Path, looking: Looking) -> Checked:
    """Everything that is odd in this file. Raises SourceUntrusted or ConfigError when it cannot be used at all."""
    table = read_table(path, looking.layout)
    title = looking.title_of(table)
    spec = mapped(looking.mapping_without(title), table)
    settled = settle(spec, dates_in(table.frame, spec), looking.layout.dates, looking.dates)
    spec = settled.sure
    changes_only = looking.changes or _says_changes(path)
    told = _records(table, spec, changes=changes_only, several_jobs=looking.several_jobs)
    people = _people(told, spec)
    pairs = duplicates(people)
    found = [
        *table.findings,
        *settled.findings,
        *unread_headings(spec, title),
        *_broken_rows(table),
        *_row_by_row(table, spec, looking),
        *(each for each in _together(people, pairs, looking) if not (changes_only and each.check == "manager_missing")),
        *_in_doubt(told, spec),
    ]
    return Checked(
        name=path.name,
        rows=table.frame.height,
        set_aside=len(table.rejected),
        encoding=table.encoding,
        delimiter=table.delimiter,
        read_as=table.described,
        recognised=settled.spec.by_attribute,
        unread={column: _why(column) for column in table.header if column not in settled.spec.columns},
        groups=_grouped(found, settled.spec),
        pairs=pairs,
        sides=sides(people, pairs),
        accounts=len(looking.accounts) if looking.accounts is not None else None,
    )


def _records(table: Table, spec: MappingSpec, *, changes: bool, several_jobs: bool) -> Table:
    """One row for each record, as a run puts them together."""
    frame = with_entity(table.frame, spec)
    if several_jobs:
        return replace(table, frame=jobs_in_turn(frame, spec) if changes else together(frame, spec))
    return replace(table, frame=successive(frame, spec) if changes else frame)


def _says_changes(path: Path) -> bool:
    named = parse_name(path.name)
    return named is not None and named.content == "changes"


def _in_doubt(table: Table, spec: MappingSpec) -> Iterator[Finding]:
    """Of people with several rows in a file of changes: where nothing shows which was said last."""
    if UNCLEAR not in table.frame.columns:
        return
    for line, record in numbered(table.frame.filter(pl.col(UNCLEAR) != "")):
        found = unclear_finding(key_of(spec, record), unclear_in(record), len(rows_of(record)))
        yield replace(found, line=line)


def _people(table: Table, spec: MappingSpec) -> pl.DataFrame:
    return known(table.frame.select(LINE, *(pl.col(row.column).str.strip_chars().alias(row.to) for row in spec.rows)))


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
    """Of rows that are alike to every check one is looked at; all of them only where something was found."""
    facts = Facts(as_of=looking.today, time_zones=looking.time_zones, words=WORDS, mapped=frozenset(spec.by_attribute))
    kinds = kinds_of(table.frame, spec, looking.today).with_row_index("at")
    ones = kinds.filter(~pl.col("odd")).unique("kind", keep="first", maintain_order=True)
    samples = zip(ones.get_column("kind"), numbered(table.frame[ones.get_column("at")]), strict=True)
    bad = [kind for kind, (line, record) in samples if _look(spec, facts, line, record)]  # as if it were an only job
    rest = kinds.filter(pl.col("odd") | pl.col("kind").is_in(pl.Series(bad, dtype=pl.UInt64).implode()))
    for line, record in numbered(table.frame[rest.get_column("at")]):
        yield from _look(spec, replace(facts, jobs_together=has_several_jobs(record)), line, record)


def _look(spec: MappingSpec, facts: Facts, line: int, record: RawRecord) -> list[Finding]:
    mapped = map_record(spec, record)
    if isinstance(mapped, Rejected):
        return [mapped.finding(line)]
    return [replace(found, line=line) for found in (*mapped.findings, *check_worker(mapped.worker, facts))]


def _together(people: pl.DataFrame, pairs: Sequence[Pair], looking: Looking) -> Iterator[Finding]:
    """What only the whole population shows, with the line of the first person it is about."""
    found = [*_less_returned(audit(people), pairs), *(pair.finding() for pair in pairs), *namesakes(people, pairs)]
    found += unmapped(people, looking.mapped_values)
    if looking.accounts is not None:
        found += against(people, looking.accounts, looking.today)
    if looking.before is not None:
        earlier = read_table(looking.before, looking.layout)
        mapping = looking.mapping_without(looking.title_of(earlier))
        found += changes(_people(earlier, mapping(earlier.header)), people)
    first = pl.Series(list({f.about[0] for f in found if f.about}), dtype=pl.String)
    rows = people.select("id", LINE).filter(pl.col("id").is_in(first.implode()))
    lines = dict(rows.unique("id", keep="first", maintain_order=True).iter_rows())
    return (replace(f, line=lines.get(f.about[0])) if f.about else f for f in found)


def _less_returned(found: Sequence[Finding], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """An address that came back with its owner is not a stranger's: the pair says more."""
    returned = {
        worker_id for pair in pairs if "the same work e-mail" in pair.agree for worker_id in (pair.left, pair.right)
    }
    return (f for f in found if f.check != "recycled_email" or f.worker_id not in returned)


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
