"""A file of which nothing reaches the facts: it is not believed, cannot be read, or says nothing new.

Rule: yesterday's facts stay in force, the file is kept, and one clear issue says why.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from joinery.core.model.finding import Finding, Severity
from joinery.core.rules.instants import local_day
from joinery.errors import ConfigError, SourceUntrusted
from joinery.flows.arrival import Arrival
from joinery.flows.believing import uuid7
from joinery.flows.book import FILE
from joinery.flows.policy import Ports, SourcePolicy
from joinery.flows.pulled import FileResult, report_of
from joinery.kit.drop import ArrivedFile
from joinery.store.findings import record_findings
from joinery.store.snapshots import SnapshotRow, record_snapshot


def rejected(
    ports: Ports, source: SourcePolicy, file: ArrivedFile, as_of: datetime, error: SourceUntrusted | ConfigError
) -> FileResult:
    """It cannot be read at all."""
    check = str(error.data.get("code", error.code))
    finding = Finding(check=check, severity=Severity.BLOCKER, message=str(error), suggestion=error.fix)
    result = FileResult(source=source.name, name=file.name, state="rejected", findings=(finding,))
    _remember_unused(ports, result, file, as_of, sha256="")
    source.drop.reject(file, report_of(result), local_day(as_of, ports.policy.company_zone))
    return result


def held(
    ports: Ports, source: SourcePolicy, file: ArrivedFile, arrival: Any, why: tuple[tuple[Finding, ...], datetime]
) -> FileResult:
    """The file is not believed: nothing of it reaches the facts."""
    findings, as_of = why
    result = FileResult(source=source.name, name=file.name, state="held", rows=arrival.rows, findings=findings)
    _remember_unused(ports, result, file, as_of, sha256=arrival.sha256)
    day = local_day(as_of, ports.policy.company_zone)
    source.drop.hold(file, {**report_of(result), "sha256": arrival.sha256}, day)
    return result


def same(ports: Ports, source: SourcePolicy, file: ArrivedFile, as_of: datetime, arrival: Arrival) -> FileResult:
    """It came, and says that nothing is new: without a trace of it the source would be late."""
    result = FileResult(source=source.name, name=file.name, state="same", rows=arrival.rows)
    _remember_unused(ports, result, file, as_of, sha256=arrival.sha256)
    source.drop.accept(file, report_of(result), local_day(as_of, ports.policy.company_zone))
    return result


def _remember_unused(ports: Ports, result: FileResult, file: ArrivedFile, as_of: datetime, sha256: str) -> None:
    """Yesterday's facts stay in force; where the file is not believed, one clear issue says why."""
    with ports.database.write() as connection:
        record_findings(connection, ports.policy.name, f"{result.source}:{FILE}", result.findings, ports.now())
        record_snapshot(
            connection,
            ports.policy.name,
            SnapshotRow(
                id=str(uuid7(ports.now(), secrets.randbits(74))),
                source=result.source,
                name=file.name,
                sha256=sha256,
                state=result.state,
                complete=False,
                rows=result.rows,
                as_of=as_of,
                taken_at=ports.now(),
                content_as_of=file.as_of,
                report={
                    "findings": [f.check for f in result.findings],
                    "blockers": [f.check for f in result.findings if f.severity is Severity.BLOCKER],
                },
            ),
        )
