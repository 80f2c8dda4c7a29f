"""`joinery run calls`: what was asked of the learning system, what it answered, how long it took; and of nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from joinery.app.calls import AT_ONCE, MOST, Calls
from joinery.cli.run_command import app
from joinery.errors import NotThere, StoreTrouble, TryAgain
from joinery.kit.calling import for_plan
from joinery.store.calls import Span, calls_in, count_calls
from joinery.store.database import Database
from joinery.store.migrate import migrate
from joinery.store.tables import calls
from tests.stories.company import Company, changed, staff

NOW = datetime(2026, 11, 30, 5, tzinfo=UTC)


def typed(acme: Company, *words: str) -> str:
    done = CliRunner().invoke(app, ["calls", *words, "--config", str(acme.config)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def asked(acme: Company, run: str, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(typed(acme, run, "--json", *more))
    return found


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    return Company(tmp_path, learning={"into": "classroom"})


def test_a_run_tells_each_call_with_its_answer_and_for_which_plan_and_names_nobody(acme: Company) -> None:
    acme.day("2026-11-18", staff(3))
    acme.day("2026-11-19", changed(staff(3), "0002", job_title="Head"))
    first, second = asked(acme, "R-1"), asked(acme, "R-2")
    assert {(c["method"], c["status"], c["plan_id"], c["error"]) for c in first["calls"]} == {
        ("GET", 200, "", ""),
        ("POST", 200, "P-1", ""),
    }
    assert {c["plan_id"] for c in second["calls"]} - {""} == {"P-2"}
    assert first["count"]["calls"] == len(first["calls"]) and first["count"]["failed"] == 0
    assert all(c["ms"] > 0 for c in first["calls"])
    shown = typed(acme, "R-1")
    assert "/api/v1/operations" in shown and "2 calls in all, 0 of them failed" in shown
    assert "0002" not in shown and "Given" not in shown


def test_a_call_that_got_no_answer_or_a_bad_one_is_found_by_failed(acme: Company) -> None:
    acme.write_settings(
        learning={"into": "classroom", "simulation": True, "url": "http://127.0.0.1:9", "key": {"file": "k"}}
    )
    (acme.folder / "k").write_text("secret")
    with pytest.raises(TryAgain):
        acme.day("2026-11-18", staff(3))
    found = asked(acme, "R-1", "--failed")
    assert {(c["status"], bool(c["error"])) for c in found["calls"]} == {(None, True)}
    assert "none" in typed(acme, "R-1", "--failed")
    assert [c["attempt"] for c in found["calls"]][:3] == [1, 2, 3], "each try is a call"


def test_a_run_that_asked_nothing_and_a_run_that_never_was_are_said(acme: Company, tmp_path: Path) -> None:
    other = Company(tmp_path / "other")
    other.day("2026-11-18", staff(1))
    assert "No call of R-1 is known" in typed(other, "R-1")
    with pytest.raises(NotThere, match="There is no run R-9"):
        CliRunner().invoke(app, ["calls", "R-9", "--config", str(other.config)], catch_exceptions=False)
    acme.day("2026-11-18", staff(1))
    assert "went well" in typed(acme, "R-1", "--failed")


def test_the_list_is_a_spreadsheet_too_and_the_last_ones_are_shown(acme: Company) -> None:
    acme.day("2026-11-18", staff(3))
    told = typed(acme, "R-1", "--format", "csv").splitlines()
    assert told[0].startswith("at,method,path,status,ms") or "Answer" in told[0]
    assert len(told) == 3
    assert [c["method"] for c in asked(acme, "R-1", "--limit", "1")["calls"]] == ["POST"]
    assert "the last 1 are shown" in typed(acme, "R-1", "--limit", "1")


# ------------------------------------------------------------------------------------------------ how they are kept


@dataclass
class Call:
    method: str = "GET"
    path: str = "/accounts/{id}"
    status: int | None = 200
    ms: float = 2.0
    attempt: int = 1
    error: str = ""


@pytest.fixture
def store(store_url: str) -> Any:
    database = Database(store_url)
    migrate(database)
    yield database
    database.close()


def kept(store: Database) -> int:
    with store.read() as tx:
        return len(tx.execute(select(calls.c.id)).all())


def test_of_a_plan_that_others_carried_out_all_calls_are_known_and_none_of_another_plan(store: Database) -> None:
    at = [NOW]
    noted = Calls(now=lambda: at[0])
    for plan, minutes in (("", 1), ("P-1", 1), ("P-2", 2), ("P-1", 90), ("", 90)):
        at[0] = NOW + timedelta(minutes=minutes)
        with for_plan(plan):
            noted.seen(Call(error="" if plan else "try_again"))
    noted.write(store, "acme")
    span = Span(since=NOW, until=NOW + timedelta(minutes=5), plan="P-1")
    with store.read() as tx:
        assert [c.plan_id for c in calls_in(tx, "acme", span, limit=9)] == ["", "P-1", "P-1"]
        assert [c.plan_id for c in calls_in(tx, "acme", span, limit=9, failed=True)] == [""]
        assert count_calls(tx, "other", span).calls == 0
        assert count_calls(tx, "acme", Span(since=NOW, until=None, plan="")).calls == 5


def test_calls_are_forgotten_when_they_are_old(store: Database) -> None:
    at = [NOW]
    noted = Calls(now=lambda: at[0], kept_for=timedelta(days=90))
    noted.seen(Call())
    noted.write(store, "acme")
    at[0] = NOW + timedelta(days=91)
    noted.seen(Call())
    noted.write(store, "other")
    assert kept(store) == 2, "another connection forgets its own"
    noted.seen(Call())
    noted.write(store, "acme")
    assert kept(store) == 2


def test_while_many_are_made_they_are_written_down_beside_it(store: Database) -> None:
    noted = Calls(into=(store, "acme"), now=lambda: NOW)
    threads = [Thread(target=lambda: [noted.seen(Call()) for _ in range(AT_ONCE)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(AT_ONCE):
        noted.seen(Call())
    noted.write(store, "acme")
    assert kept(store) == 5 * AT_ONCE, "each once, whoever wrote it down"


def test_a_store_that_is_away_gets_them_the_next_time_and_memory_has_a_bound(tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path / 'none' / 'store.db'}")
    noted = Calls(now=lambda: NOW)
    noted.seen(Call(path="/first"))
    noted.write(away, "acme")
    noted.write(away, "acme")
    for _ in range(3):
        noted.seen(Call(path="/later"))
    there = Database(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(there)
    noted.write(there, "acme")
    with there.read() as tx:
        assert sorted(tx.scalars(select(calls.c.path))) == ["/first", "/later", "/later", "/later"]
    for _ in range(MOST + 5):
        noted.seen(Call())
    noted.write(away, "acme")
    assert len(noted._kept) == MOST and noted._counted["200"] == MOST + 5
    away.close()
    there.close()


def test_what_comes_while_a_store_fails_is_kept_before_what_came_earlier() -> None:
    """As many as are kept at all, in the very moment in which the store goes away."""

    class Away:
        def write(self) -> None:
            for _ in range(MOST):
                noted.seen(Call(path="/later"))
            raise StoreTrouble("gone")

    noted = Calls(now=lambda: NOW)
    noted.seen(Call(path="/first"))
    noted.write(Away(), "acme")  # type: ignore[arg-type]
    assert {call.path for call in noted._kept} == {"/later"} and noted._counted["200"] == MOST + 1
