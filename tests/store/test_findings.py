"""Open data problems on SQLite and PostgreSQL: first seen, last seen, closed when not found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from joinery.core.model.finding import Finding, Severity
from joinery.store.database import Database
from joinery.store.findings import close_findings, close_for_workers, open_findings, record_findings
from joinery.store.tables import findings
from tests.store.acme import HOUR, NOW, opened


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    with opened(store_url) as database:
        yield database


def finding(who: str, check: str = "bad_date", severity: Severity = Severity.WARNING, **given: Any) -> Finding:
    return Finding(check=check, severity=severity, message=f"{check} of {who}", worker_id=who, **given)


def record(store: Database, *found: Finding, at: datetime = NOW, source: str = "hris") -> None:
    with store.write() as tx:
        record_findings(tx, "acme", source, found, at)


def shown(store: Database, name: str = "acme") -> list[tuple[str, str, str]]:
    with store.read() as tx:
        return [(row["severity"], row["check"], row["worker_id"]) for row in open_findings(tx, name)]


def test_a_finding_seen_again_keeps_its_first_day_and_takes_the_new_words(store: Database) -> None:
    record(store, finding("ana", attribute="hire_date", line=7))
    worse = finding("ana", attribute="hire_date", severity=Severity.QUARANTINE, line=8, suggestion="write it as ISO")
    record(store, worse, at=NOW + HOUR)
    with store.read() as tx:
        (row,) = open_findings(tx, "acme")
    assert (row["first_seen"], row["last_seen"]) == ("2026-03-02T05:00:00.000000Z", "2026-03-02T06:00:00.000000Z")
    assert (row["severity"], row["line"], row["suggestion"]) == ("quarantine", 8, "write it as ISO")


def test_the_same_finding_twice_in_one_file_is_one(store: Database) -> None:
    record(store, finding("ana", line=7), finding("ana", line=9), finding("ana", attribute="hire_date"))
    assert len(shown(store)) == 2


def test_the_worst_come_first(store: Database) -> None:
    record(
        store,
        finding("b", severity=Severity.NOTE),
        finding("", "bad_header", Severity.BLOCKER),
        finding("b"),
        finding("a"),
        finding("a", "bad_row", Severity.QUARANTINE),
    )
    assert shown(store) == [
        ("blocker", "bad_header", ""),
        ("quarantine", "bad_row", "a"),
        ("warning", "bad_date", "a"),
        ("warning", "bad_date", "b"),
    ]
    assert shown(store, "another") == []


def test_what_a_complete_list_does_not_name_again_is_solved(store: Database) -> None:
    record(store, finding("ana"), finding("bob"))
    record(store, finding("eve"), source="another")
    later = NOW + HOUR
    record(store, finding("bob"), at=later)
    with store.write() as tx:
        close_findings(tx, "acme", "hris", before=later)
    assert [who for _, _, who in shown(store)] == ["bob", "eve"]
    record(store, finding("ana"), at=later + HOUR)
    assert [who for _, _, who in shown(store)] == ["ana", "bob", "eve"], "and found again it is open again"


def test_changes_solve_only_what_they_are_about(store: Database) -> None:
    record(store, finding("ana"), finding("bob"), finding("eve"))
    later = NOW + HOUR
    record(store, finding("bob"), at=later)
    with store.write() as tx:
        close_for_workers(tx, ("acme", "hris"), ["ana", "bob"], later)
        close_for_workers(tx, ("acme", "another"), ["eve"], later)
    assert [who for _, _, who in shown(store)] == ["bob", "eve"]


def test_what_is_solved_is_kept(store: Database) -> None:
    record(store, finding("ana"))
    with store.write() as tx:
        close_findings(tx, "acme", "hris", before=NOW + HOUR)
        (row,) = tx.execute(select(findings)).all()
    assert (row.open, row.worker_id) == (False, "ana")


def test_thousands_in_one_go(store: Database) -> None:
    record(store, *(finding(f"w{n}") for n in range(4100)))
    with store.write() as tx:
        close_for_workers(tx, ("acme", "hris"), (f"w{n}" for n in range(4000)), NOW + HOUR)
    assert len(shown(store)) == 100


@pytest.mark.parametrize(
    ("given", "about"),
    [
        pytest.param(finding("ana"), ("ana",), id="one person"),
        pytest.param(finding("ana", people=("ana", "bob")), ("ana", "bob"), id="everybody it names"),
        pytest.param(finding(""), (), id="the file alone"),
    ],
)
def test_whom_a_finding_is_about(given: Finding, about: tuple[str, ...]) -> None:
    assert given.about == about
