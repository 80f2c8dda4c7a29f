"""`joinery doctor` finds what is not there and says what to do; healthy things are said too. It writes nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from joinery.app import clock
from joinery.app.examining import secrets_in
from joinery.app.wiring import opened
from joinery.cli.doctor_command import app
from joinery.core.model.codec import instant_text
from joinery.settings import load
from joinery.store.tables import locks, runs
from tests.stories.company import Company, staff


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    acme = Company(tmp_path)
    acme.day("2026-11-23", staff(3))
    return acme


def look(config: Path, code: int = 0) -> dict[str, dict[str, Any]]:
    done = CliRunner().invoke(app, ["--config", str(config), "--json"])
    assert done.exit_code == code, done.output
    return {answer["what"]: answer for answer in json.loads(done.output)["answers"]}


def states(found: dict[str, dict[str, Any]], state: str) -> set[str]:
    return {what for what, answer in found.items() if answer["state"] == state}


def test_a_sound_installation_is_told_thing_by_thing(acme: Company) -> None:
    found = look(acme.config)
    assert {"settings", "store", "clock", "disk", "locks", "mail", "learning system lms"} <= states(found, "ok")
    assert states(found, "warn") == {"backup", "audit anchor"} and states(found, "fail") == set()
    assert all(found[what]["fix"] for what in states(found, "warn"))
    text = CliRunner().invoke(app, ["--config", str(acme.config)]).output
    assert "ok    store: is reached and up to date" in text and "What to do: joinery db backup" in text


def test_before_the_first_run_the_store_is_simply_empty(tmp_path: Path) -> None:
    acme = Company(tmp_path)
    assert look(acme.config)["store"]["message"] == "is empty; the first run makes it"
    assert not (tmp_path / ".joinery" / "joinery.db").exists()


def test_settings_that_are_not_there_or_not_valid_end_with_7(tmp_path: Path) -> None:
    assert look(tmp_path / "none.yaml", 7)["settings"]["state"] == "fail"
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\n")
    assert look(broken, 7)["settings"]["state"] == "fail"


def test_a_secret_that_is_not_set_ends_with_7_and_names_where_it_stands(acme: Company) -> None:
    acme.write_settings(privacy={"key": {"env": "JOINERY_TEST_NOT_SET"}})
    found = look(acme.config, 7)
    assert states(found, "fail") == {"secret privacy.key"}
    assert "JOINERY_TEST_NOT_SET" in found["secret privacy.key"]["message"]
    assert [path for path, _ in secrets_in(load(acme.config, environ=os.environ))] == ["privacy.key"]


def test_a_folder_that_is_not_there_ends_with_6_and_hides_nothing_else(acme: Company) -> None:
    (acme.folder / "inbox").rename(acme.folder / "elsewhere")
    found = look(acme.config, 6)
    assert states(found, "fail") == {"source hris: read and move"} and "learning system lms" in found


def test_a_learning_system_that_does_not_answer_ends_with_6(acme: Company) -> None:
    acme.learning = {"into": "scim", "url": "http://127.0.0.1:9/scim", "key": {"env": "PATH"}, "simulation": False}
    acme.write_settings()
    assert "learning system lms" in states(look(acme.config, 6), "fail")


def test_a_mail_server_that_does_not_answer_ends_with_6(acme: Company) -> None:
    acme.write_settings(
        mail={"enabled": True, "from": "hr@acme.example", "host": "127.0.0.1", "port": 9, "security": "none"}
    )
    assert "mail" in states(look(acme.config, 6), "fail")


def test_too_little_room_is_said(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, 2**29))
    assert look(acme.config)["disk"]["state"] == "warn"
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, 2**20))
    assert look(acme.config, 1)["disk"]["state"] == "fail"


def test_a_clock_behind_the_last_run_and_a_lock_of_the_dead_are_found(acme: Company) -> None:
    ahead = clock.now() + timedelta(minutes=30)
    with opened(acme.config, environ={}) as it, it.ports.database.write() as tx:
        tx.execute(runs.update().values(started_at=instant_text(ahead)))
        row = {"name": "main", "owner": "x", "host": "elsewhere", "pid": 1}
        tx.execute(locks.insert(), row | {"heartbeat_at": instant_text(datetime(2026, 1, 1, tzinfo=UTC))})
    found = look(acme.config, 1)
    assert found["clock"]["state"] == "fail" and "apart" in found["clock"]["message"]
    assert found["locks"]["state"] == "warn" and "main" in found["locks"]["message"]


def test_a_store_of_a_newer_joinery_is_a_failure(acme: Company) -> None:
    from sqlalchemy import text

    with opened(acme.config, environ={}) as it, it.ports.database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert look(acme.config, 6)["store"]["state"] == "fail"


def test_heads_that_are_kept_elsewhere_and_lately_are_enough(acme: Company) -> None:
    acme.write_settings(audit={"anchors": "./elsewhere/anchors.jsonl"})
    acme.day("2026-11-24", staff(3))
    assert look(acme.config)["audit anchor"]["state"] == "ok"
    file = acme.folder / "elsewhere" / "anchors.jsonl"
    file.write_text(json.dumps({"at": "2026-01-01T00:00:00.000000Z", "seq": 1, "hash": "x"}) + "\n")
    assert "2026-01-01" in look(acme.config)["audit anchor"]["message"]
    file.write_text("nonsense\n")
    assert look(acme.config, 7)["audit anchor"]["state"] == "fail"


WHOLE = "source hris: whole files"


@pytest.mark.parametrize(
    ("people", "text", "state"),
    [
        pytest.param({"leavers_are": "absent"}, "worker_id\n100\n200\n", "warn", id="no count"),
        pytest.param({"leavers_are": "both", "trailer": "none"}, "worker_id\n100\n200\n", "warn", id="none ever"),
        pytest.param({"leavers_are": "both"}, "worker_id\n100\n200\nTRAILER 2\n", "ok", id="a count that was found"),
        pytest.param({"leavers_are": "both", "trailer": "99|"}, "", "ok", id="a count in the settings"),
        pytest.param({"leavers_are": "absent", "ready_when": "marker"}, "", "ok", id="a marker"),
        pytest.param({"leavers_are": "status"}, "", "", id="nobody leaves by absence"),
    ],
)
def test_where_absence_ends_access_something_must_show_that_a_file_is_whole(
    tmp_path: Path, people: dict[str, Any], text: str, state: str
) -> None:
    acme = Company(tmp_path, people={"fields": {"worker_id": "worker_id"}, **people})
    if text:
        acme.drop_text(text, name="people_1.csv")
        assert acme.day("2026-11-23").files == {"people_1.csv": "accepted"}
    assert look(acme.config).get(WHOLE, {"state": ""})["state"] == state
