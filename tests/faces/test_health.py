"""What a monitor asks: alive, ready, numbers. Read as a monitor reads it, and no person in any of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from joinery.app.health import Watched
from joinery.app.serving import served
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
