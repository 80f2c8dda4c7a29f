"""The visible list of what could not be done: one issue with everybody in it, until it was done or is not wanted.

Rule: the next run tries everything again by itself, so what failed once is not on the list.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from joinery.core.model.finding import Finding, Severity
from joinery.flows.book import Book
from joinery.flows.issues import refresh_issues
from joinery.flows.policy import Ports
from joinery.store.findings import open_findings
from joinery.store.needing import Need, needing
from joinery.store.plans import in_doubt

CHECK: Final = "needs_you"
#: where it is written
SOURCE: Final = "plans"
LINES: Final = "lines"


def look_who_needs_somebody(ports: Ports, as_of: datetime) -> None:
    """After lines ended: who is on the list now. A night on which nothing failed and nobody is on it reads no line."""
    name = ports.policy.name
    with ports.database.read() as connection:
        keys = in_doubt(connection, name)
        known = open_findings(connection, name, f"{SOURCE}:{LINES}")
        needs = needing(connection, list(keys)) if keys else []
    if not (needs or known):
        return
    with ports.database.write() as connection:
        Book(connection, name, SOURCE, ports.now()).whole(LINES, [_told(need) for need in needs])
    refresh_issues(ports, as_of, lambda cause: cause.check == CHECK)


def _told(need: Need) -> Finding:
    what = ", ".join(f"{action} ({plan})" for action, plan in need.lines.items())
    return Finding(
        check="needs_you",
        severity=Severity.WARNING,
        message=f"Could not be done in the learning system: {what}.",
        worker_id=need.worker_id,
        suggestion=f"`joinery why {need.worker_id}` says what the learning system answered. Every run tries it again; "
        "it goes when it was done or is not wanted any more.",
    )
