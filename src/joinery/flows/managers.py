"""Managers whom HR names, looked at beside all that is known: news of changes name a few people only.

Rule: a file of changes or a push opens and closes what is odd about a manager as a full file would, by whoever is
known; it never leaves an issue open that it solves, nor closes one that it does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from joinery.audit.loops import loops
from joinery.audit.managers import (
    MANAGERS,
    MISSING,
    manager_in,
    manager_left,
    manager_loop,
    manager_missing,
    manager_renumbered,
)
from joinery.core.model.finding import Finding
from joinery.core.rules.jobs import superseded
from joinery.store.findings import close_checks, open_findings, record_findings
from joinery.store.people import People
from joinery.store.reporting import Line, Reporting

#: how far up circles are looked for
LEVELS = 100


def with_renumbered(connection: Connection, name: str, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """What was found in a full file; of a manager who has another number now that is said instead."""
    found = tuple(found)
    named = {manager_in(each.message) for each in found if each.check == MISSING}
    present = _present(connection, name, named) if named else {}
    looked = (_renumbered(each, present) if each.check == MISSING else each for each in found)
    return tuple(each for each in looked if each is not None)


def _renumbered(found: Finding, present: Mapping[str, str]) -> Finding | None:
    manager = manager_in(found.message)
    if manager not in present:
        return found
    return manager_renumbered(manager, present[manager], found.people) if present[manager] else None


def _present(connection: Connection, name: str, numbers: Collection[str]) -> dict[str, str]:
    """Numbers by which nobody's account goes -> the one of whoever had it; empty where it is of another job of theirs,
    which is as good as that."""
    found = Reporting(connection, name).renumbered(numbers)
    people = People(connection, name).by_worker_id(set(found.values())) if found else {}
    for number, present in found.items():
        jobs = [job for person in people.get(present, ()) for job in person.jobs]
        if any(job.worker.worker_id == number and not superseded(job, jobs) for job in jobs):
            found[number] = ""
    return found


def look_at_managers(connection: Connection, name: str, source: str, workers: Collection[str], at: datetime) -> None:
    """After news of these employee numbers: what is odd about managers, as far as it is about them, and all of it that
    was open. `source`: where findings of the population of a full file are written."""
    odd = [each for each in open_findings(connection, name, source) if each["check"] in MANAGERS]
    if not workers and not odd:
        return
    reporting = Reporting(connection, name)
    about = {*workers, *(who for each in odd for who in each["people"].split("\n"))}
    lines = reporting.lines(about)
    managers = {up for _, up, _ in lines.values() if up} | set(workers)
    present = _present(connection, name, managers)
    found = [*_of_managers(reporting, managers, present, odd), *_circles(reporting, lines)]
    record_findings(connection, name, source, found, at)
    close_checks(connection, name, source, MANAGERS, before=at)


def _of_managers(
    reporting: Reporting, managers: Collection[str], present: Mapping[str, str], odd: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    known, reports = reporting.lines(managers), reporting.direct(managers)
    was_missing = {manager_in(each["message"]) for each in odd if each["check"] == MISSING}
    for manager in sorted(reports):
        ids = [who for who in reports[manager] if who != manager]
        if not ids:
            continue
        if present.get(manager):
            yield manager_renumbered(manager, present[manager], ids)
        elif manager not in known or (known[manager][0] == "left" and manager in was_missing):
            yield manager_missing(manager, ids)
        elif known[manager][0] == "left":
            yield manager_left(manager, ids)


def _circles(reporting: Reporting, lines: Mapping[str, Line]) -> Iterator[Finding]:
    # whoever is named as their own manager is told of by themselves (`own_manager`)
    above = {number: up for _, up, number in lines.values() if up and up != number}
    for _ in range(LEVELS):
        further = reporting.lines(set(above.values()) - above.keys())
        new = {number: up for _, up, number in further.values() if up and up != number and number not in above}
        if not new:
            break
        above |= new
    for circle in loops(above):
        yield manager_loop(circle)
