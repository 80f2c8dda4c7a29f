"""Addresses that people share, looked at beside all that is known: news of changes name a few people only.

Rule: a file of changes or a push opens and closes the issue by what is known once it is believed. No facts are held
back for it: of two who swap their addresses one is told first, and the plan gives nobody an address that is not free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from sqlalchemy import Connection

from joinery.audit.addresses import double_emails
from joinery.core.model.finding import Finding
from joinery.core.model.standing import Stage
from joinery.flows.book import Book
from joinery.store.findings import open_findings
from joinery.store.people import People, Person

#: the part of a source under which this is written; a full file finds what it shows by itself, and all of this is over
ADDRESSES: Final = "addresses"
_SHARED: Final = "duplicate_email"
_OVER: Final = {Stage.LEFT, Stage.NO_SHOW}
_SHAPE: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("id", "email", "former", "person", "starts", "ends"), pl.String),
    "gone": pl.Boolean,
}


def look_at_addresses(connection: Connection, name: str, source: str, workers: Collection[str], at: datetime) -> None:
    """After news of these employee numbers: who of `source` shares an address with one of them, and whoever did."""
    shared = open_findings(connection, name, f"{source}:{ADDRESSES}")
    about = {*workers, *(each["worker_id"] for each in shared)}
    if about:
        Book(connection, name, source, at).whole(ADDRESSES, list(_shared(connection, name, source, about)))


def _shared(connection: Connection, name: str, source: str, workers: Collection[str]) -> Iterator[Finding]:
    everybody = People(connection, name)
    groups = everybody.with_address(everybody.sharing_address(workers)).values()
    rows = [_row(person) for people in groups for person in people if _is_there(person, source)]
    if rows:
        yield from (each for each in double_emails(pl.DataFrame(rows, schema=_SHAPE)) if each.check == _SHARED)


def _is_there(person: Person, source: str) -> bool:
    """As a full file would show them. Of somebody who may be somebody else that is asked already."""
    mine = any(job.record[0] == source for job in person.jobs)
    return mine and not person.frozen and not person.standing.missing_files


def _row(person: Person) -> dict[str, Any]:
    worker = person.worker
    return {
        "id": worker.worker_id,
        "email": worker.work_email.lower(),
        "former": worker.previous_id,
        "person": worker.person_id,
        "starts": _iso(worker.hire_date),
        "ends": _iso(worker.termination_date),
        "gone": person.standing.stage in _OVER,
    }


def _iso(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
