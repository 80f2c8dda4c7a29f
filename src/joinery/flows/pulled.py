"""What became of the files of one pull: the answer to whoever asked for it, and the report that lies beside a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from joinery.core.model.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """One file: accepted | held | rejected | same, and why, in numbers and IDs. `unreachable`: a source, not a file."""

    source: str
    name: str
    state: str
    rows: int = 0
    snapshot_id: str = ""
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """What arrived and what followed from it and from the calendar."""

    files: tuple[FileResult, ...]
    woken: int
    events: Mapping[str, int]

    @property
    def stopped(self) -> bool:
        """A file was not believed."""
        return any(file.state in {"held", "rejected"} for file in self.files)

    @property
    def unreachable(self) -> bool:
        """A place where files arrive could not be looked at."""
        return any(file.state == "unreachable" for file in self.files)

    @property
    def snapshot_id(self) -> str:
        """The newest accepted snapshot; empty when none was."""
        return next((f.snapshot_id for f in reversed(self.files) if f.state == "accepted"), "")


def report_of(result: FileResult, rejected: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """What lies beside the file: no names, no addresses."""
    return {
        "file": result.name,
        "state": result.state,
        "rows": result.rows,
        "snapshot": result.snapshot_id,
        "counts": dict(result.counts),
        "rejected_rows": list(rejected),
        "findings": [
            {"check": f.check, "severity": str(f.severity), "worker_id": f.worker_id, "message": f.message}
            for f in result.findings
        ],
    }
