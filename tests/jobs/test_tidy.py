"""What the job engine keeps: jobs that are over go after a while, whatever process did them, and no others do."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from joinery.core.model.ids import PlanId
from joinery.jobs import dbos as jobs
from joinery.jobs.lines import Job
from joinery.store.database import Database

DAY = 86_400_000
Sql = Callable[..., list[Any]]


def job(n: int) -> Job:
    return Job(plan_id=PlanId("P-1"), phase=1, chunk=n, attempt=1)


async def done(_: Job) -> None:
    """A job that is over at once."""


@pytest.fixture
def sql(store: Database, tmp_path: Path) -> Sql:
    """Asks the engine's own tables."""

    def ask(statement: str, **values: Any) -> list[Any]:
        if store.embedded:
            with closing(sqlite3.connect(tmp_path / "engine.db", isolation_level=None)) as database:
                return database.execute(statement, values).fetchall()
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL search_path TO {jobs.SCHEMA}")
            found = connection.execute(text(statement), values)
            return list(found) if found.returns_rows else []

    return ask


@pytest.fixture
def serving(store: Database, tmp_path: Path) -> Iterator[jobs.Runtime]:
    """One of several nodes that has done three jobs, a month ago but for the last."""
    runtime = jobs.acquire(store, jobs.Place(state_dir=tmp_path, node="one", alone=False), "acme", done)
    runtime.start("acme", (job(1), job(2), job(3)))
    yield runtime
    runtime.release("acme", abandoned=False)


def ids(sql: Sql) -> set[str]:
    return {row[0] for row in sql("SELECT workflow_uuid FROM workflow_status")}


def all_done(sql: Sql, count: int = 3) -> None:
    deadline = time.monotonic() + 30
    while len(sql("SELECT 1 FROM workflow_status WHERE status = 'SUCCESS'")) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_jobs_that_are_over_go_after_their_days_and_what_is_not_over_stays(
    sql: Sql, serving: jobs.Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_done(sql)
    now = int(time.time() * 1000)
    old = now - (jobs.KEPT_DAYS + 1) * DAY
    recent = now - (jobs.KEPT_DAYS - 1) * DAY
    of = "UPDATE workflow_status SET completed_at = :at, created_at = :old WHERE workflow_uuid = :id"
    sql(of, at=old, old=old, id=job(1).id)
    sql(of, at=recent, old=old, id=job(2).id)
    # taken up long ago by a process that nobody heard of again
    sql(of, at=None, old=old, id=job(3).id)
    sql("UPDATE workflow_status SET status = 'PENDING' WHERE workflow_uuid = :id", id=job(3).id)
    serving.start("acme", ())
    assert ids(sql) == {job(1).id, job(2).id, job(3).id}, "looked at once an hour only"
    monkeypatch.setattr(jobs, "_TIDY_EVERY", 0.0)
    serving.start("acme", ())
    assert ids(sql) == {job(2).id, job(3).id}
    assert {row[0] for row in sql("SELECT workflow_uuid FROM workflow_input")} <= {job(2).id, job(3).id}


def test_a_store_that_is_busy_keeps_nothing_from_being_started(
    sql: Sql, serving: jobs.Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def busy(*_: Any, **__: Any) -> Any:
        raise OperationalError("", {}, Exception("database is locked"))

    monkeypatch.setattr(jobs, "_TIDY_EVERY", 0.0)
    monkeypatch.setattr(serving._client, "list_workflows", busy)
    serving.start("acme", (job(4),))
    monkeypatch.undo()
    all_done(sql, 4)
