"""`joinery status` says which processes serve a connection, and which of them nobody has heard of for a while."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from joinery.cli.main import app
from joinery.store import nodes
from joinery.store.node_tables import nodes as node_rows
from joinery.store.nodes import NodeRow
from tests.stories.company import Company, staff

SINCE = "2026-11-24T05:00:00.000000Z"


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    company = Company(tmp_path, settings={"mode": "automatic"})
    company.day("2026-11-24", staff(2))
    return company


def status(acme: Company, *more: str) -> str:
    done = CliRunner().invoke(app, ["status", "--config", str(acme.config), "--as-of", "2026-11-24T06:00", *more])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_where_nothing_serves_it_is_said(acme: Company) -> None:
    assert "no joinery serve or worker is there" in status(acme)
    assert json.loads(status(acme, "--json"))["processes"] == []


def test_who_lives_and_who_went_silent_is_told_with_where_and_since_when(acme: Company) -> None:
    with acme.open("2026-11-24") as it, it.ports.database.write() as tx:
        name = it.settings.name
        for key, kind, host in (("one", "serve", "alpha"), ("two", "worker", "beta"), ("three", "run", "gamma")):
            row = NodeRow(id=key, slot=key, connection=name, kind=kind, host=host, pid=7, started_at=SINCE)
            nodes.enrol(tx, row)
        long_ago = node_rows.c.beat_at - 1000
        tx.execute(node_rows.update().where(node_rows.c.id != "one").values(beat_at=long_ago))
    said = status(acme)
    assert "joinery serve: process 7 on alpha, since 2026-11-24 05:00 UTC, last heard " in said
    assert "silent: joinery worker: process 7 on beta, last heard 16 minutes ago" in said
    assert "gamma" not in said, "a run that died is told as a run"
    told = {each["id"]: each for each in json.loads(status(acme, "--json"))["processes"]}
    assert {key: each["alive"] for key, each in told.items()} == {"one": True, "two": False}
    assert told["two"]["silent_seconds"] > 999 and told["one"]["kind"] == "serve"
