"""What a monitor asks: alive, ready, numbers. Read as a monitor reads it, and no person in any of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text

from joinery.app.health import Watched
from joinery.app.metrics import exposition
from joinery.app.serving import AccessLog, served
from joinery.app.wiring import opened
from joinery.settings import load
from tests.stories.company import Company, changed, staff

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def other(_scope: object, _receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"a page"})  # type: ignore[operator]


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    acme = Company(tmp_path, people={"expect": {"by": "06:30"}}, settings={"guards": {"update": {"most": 1}}})
    acme.day("2026-11-23", staff(4))
    acme.day("2026-11-24", [row | {"job_title": "Head"} for row in changed(staff(4), "0001", work_email="a@gmial.com")])
    return acme


def ask(acme: Company, path: str) -> tuple[int, str]:
    watched = Watched(settings=load(acme.config, environ={}), now=lambda: NOW, app=other)
    with served(watched) as address:
        try:
            with urlopen(f"{address}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()


def test_the_log_calls_what_monitors_ask_for_by_its_name(acme: Company) -> None:
    lines: list[str] = []
    watched = Watched(settings=load(acme.config, environ={}), now=lambda: NOW, app=other)
    with served(AccessLog(watched, lines.append)) as address:
        for path in ("/healthz", "/readyz", "/elsewhere"):
            with urlopen(f"{address}{path}", timeout=60):
                pass
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "GET /healthz 200",
        "GET /readyz 200",
        "GET (no such page) 200",
    ]


def numbers(acme: Company) -> dict[str, float]:
    status, page = ask(acme, "/metrics")
    assert status == 200
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_alive_ready_and_every_other_page_as_it_was(acme: Company) -> None:
    assert ask(acme, "/healthz") == (200, "ok\n")
    assert json.loads(ask(acme, "/readyz")[1]) == {"ready": True, "store": "ok"}
    assert ask(acme, "/") == (200, "a page")


def test_not_ready_with_a_store_of_another_version_or_none_at_all(acme: Company) -> None:
    with opened(acme.config, environ={}) as it, it.ports.database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert ask(acme, "/readyz")[0] == 503
    acme.write_settings(store={"url": "sqlite:///no/such/folder/joinery.db"})
    assert ask(acme, "/healthz")[0] == 200
    (acme.folder / "no").write_text("")
    acme.write_settings(store={"url": "sqlite:///inbox"})
    assert ask(acme, "/readyz")[0] == 503 and ask(acme, "/metrics")[0] == 503


def test_the_numbers_are_those_of_the_store(acme: Company) -> None:
    found = numbers(acme)
    assert found["joinery_people active"] == 4
    assert found["joinery_source_last_good_timestamp_seconds hris"] == NOW.timestamp()
    assert found["joinery_source_expected_timestamp_seconds hris"] == NOW.replace(hour=6, minute=30).timestamp()
    assert found["joinery_plan_lines update held"] >= 3
    assert found["joinery_guard_trips_total update"] == 1
    assert found["joinery_issues_open warning"] >= 1
    assert found["joinery_run_duration_seconds sync"] >= 0
    assert found["joinery_completions_pending"] == 0
    assert "joinery_audit_anchor_age_seconds" in found


def test_no_person_is_in_the_numbers(acme: Company) -> None:
    page = ask(acme, "/metrics")[1]
    assert [word for word in ("0001", "Given", "Family", "acme.example", "gmial") if word in page] == []


def test_before_the_first_run_there_are_no_numbers_and_it_is_ready(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    assert ask(acme, "/metrics") == (200, "") and ask(acme, "/readyz")[0] == 200


NAMES = {
    "joinery_source_last_good_timestamp_seconds",
    "joinery_source_expected_timestamp_seconds",
    "joinery_people",
    "joinery_plan_lines",
    "joinery_guard_trips",
    "joinery_run_duration_seconds",
    "joinery_lms_calls",
    "joinery_issues_open",
    "joinery_deprovision_seconds",
    "joinery_completions_pending",
    "joinery_mail",
    "joinery_audit_anchor_age_seconds",
}


def test_every_number_that_is_promised_is_there(acme: Company) -> None:
    families = {family.name for family in text_string_to_metric_families(ask(acme, "/metrics")[1])}
    assert families == NAMES


def questions(acme: Company) -> int:
    """How many statements one scrape costs."""
    asked: list[str] = []
    with opened(acme.config, environ={}) as it:
        database = it.ports.database

        @event.listens_for(database.engine, "before_cursor_execute")
        def _count(*about: Any) -> None:
            asked.append(about[2])

        exposition(it.settings, database, NOW)
    return len(asked)


def test_a_scrape_costs_as_much_after_many_plans_and_ends_as_after_one(acme: Company) -> None:
    before = questions(acme)
    for number in range(6):
        rows = [row | {"job_title": f"Head {number}"} for row in staff(4)]
        acme.day(f"2026-11-{25 + number % 6}T{number:02}:00", rows)
    assert len(acme.plans()) >= 5
    assert questions(acme) == before <= 20


def test_ends_of_access_are_a_histogram_and_each_is_counted_once(acme: Company) -> None:
    gone = changed(staff(4), "0003", status="Terminated", termination_date="2026-11-20")
    for day in ("2026-11-25", "2026-11-26"):
        acme.day(day, gone)
    found = numbers(acme)
    assert found["joinery_deprovision_seconds_count"] == 1
    assert found["joinery_deprovision_seconds_sum"] > 86400
    assert found["joinery_deprovision_seconds_bucket 86400.0"] == 0
    assert found["joinery_deprovision_seconds_bucket +Inf"] == 1


def test_calls_to_the_learning_system_are_counted_by_their_status(tmp_path: Path) -> None:
    acme = Company(tmp_path, learning={"into": "classroom"})
    acme.day("2026-11-23", staff(3))
    found = numbers(acme)
    assert found["joinery_lms_calls_total 200"] >= 1
    acme.day("2026-11-24", changed(staff(3), "0001", job_title="Head"))
    assert numbers(acme)["joinery_lms_calls_total 200"] > found["joinery_lms_calls_total 200"]
