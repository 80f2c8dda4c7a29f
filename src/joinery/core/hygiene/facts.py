"""What a check may know besides the worker. Rule 1: checks read nothing else, so that they can be called anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`as_of`: the local day the check is made for. `time_zones`: every name that is one; empty: not checked."""

    as_of: date
    time_zones: frozenset[str] = frozenset()
    #: attributes that the source maps; what is not mapped is not missed
    mapped: frozenset[str] = frozenset()
    #: the worker is one of several jobs, or may be: what is odd about a job is looked for where all of them are known
    jobs_together: bool = False


Check: TypeAlias = Callable[[Worker, Facts], Iterator[Finding]]


def finding(
    worker: Worker, check: str, attribute: str, message: str, suggestion: str, severity: Severity = Severity.WARNING
) -> Finding:
    """A finding about this worker; `message` must hold no name and no address."""
    return Finding(
        check=check,
        severity=severity,
        message=message,
        worker_id=worker.worker_id,
        attribute=attribute,
        suggestion=suggestion,
    )
