"""What a process leaves that dies in the middle: whoever else lives on the store sees to it, without anybody's help."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, cast
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from sqlalchemy import create_engine

from joinery.app import clock, desk
from joinery.app.scheduling import CLOCK, Due, Keeper
from joinery.app.wiring import opened
from joinery.app.working import Hands
from joinery.errors import StoreUnreachable
from joinery.flows.receiving import body_of, keep_arrival, what_became_of
from joinery.store import nodes
from joinery.store.arrivals import Arrival
from joinery.store.connections import last_runs, only_run
from joinery.store.database import Database
from joinery.store.node_tables import nodes as node_rows
from tests.faces.running import environment
from tests.faces.test_serve import serving
from tests.support.forked import Started

LMS = """
version: 1
company: { name: Example SA, time_zone: Europe/Paris }
people: { from: file, path: ./inbox/*.csv, fields: { worker_id: Number } }
learning: { into: classroom }
"""
FIELDS = "worker_id: number, work_email: email, given_name: first, hire_date: start, status: state"
SETTINGS = f"""
version: 1
company: {{ name: Example SA, time_zone: Europe/Paris }}
people: {{ PEOPLE, fields: {{ {FIELDS} }} }}
learning: {{ into: classroom, url: "URL", key: {{ env: LMS_KEY }} }}
mode: automatic
guards: off
store: {{ url: {{ env: STORE }} }}
"""
SQL = 'from: sql, url: { env: STORE }, query: "SELECT number, email, first, start, state FROM hr"'
ADA = '{"number": "0001", "email": "ada@example.com", "first": "Ada", "start": "2020-01-01", "state": "active"}'
PUSH = "from: push, content: changes"


@dataclass
class Two:
    """Two machines (folders) with the same settings, one store, one learning system over HTTP."""

    folder: Path
    url: str
    env: dict[str, str]
    stack: ExitStack
    lms: str

    def settle(self, people: str) -> None:
        for machine in ("one", "two"):
            (self.folder / machine).mkdir()
            text = SETTINGS.replace("PEOPLE", people).replace("URL", self.lms)
            (self.folder / machine / "joinery.yaml").write_text(text)

    def start(self, machine: str, *command: str) -> subprocess.Popen[str]:
        config = str(self.folder / machine / "joinery.yaml")
        process = Started([*command, "--config", config], env=self.env, text=True, stdout=subprocess.PIPE, stderr=-1)
        self.stack.callback(process.communicate)
        self.stack.callback(process.kill)
        return process

    def worker(self) -> None:
        process = self.start("two", "worker")
        assert process.stderr is not None and "is ready" in (said := process.stderr.readline()), said

    @property
    def accounts(self) -> dict[str, str]:
        """Employee number -> the state of the account, as the learning system has it."""
        query = "SELECT json_extract(attributes, '$.worker_id'), state FROM accounts"
        with closing(sqlite3.connect(f"file:{self.folder}/lms/.joinery/classroom.db?mode=ro", uri=True)) as db:
            return dict(db.execute(query).fetchall())

    def until(self, what: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.1)


@pytest.fixture
def two(tmp_path: Path, postgres_url: str) -> Iterator[Two]:
    (tmp_path / "lms" / "inbox").mkdir(parents=True)
    (tmp_path / "lms" / "joinery.yaml").write_text(LMS)
    with ExitStack() as stack:
        _, url = stack.enter_context(serving(tmp_path / "lms" / "joinery.yaml"))
        key = (tmp_path / "lms" / ".joinery" / "classroom.token").read_text().strip()
        yield Two(tmp_path, postgres_url, environment(STORE=postgres_url, LMS_KEY=key), stack, url)


def waiting_for_a_lock(url: str) -> bool:
    """Whether somebody stands before a table that this test holds."""
    engine = create_engine(url)
    with engine.connect() as tx:
        found = tx.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one()
    engine.dispose()
    return bool(found)


def test_a_run_killed_while_it_read_from_hr_is_made_again_by_a_worker_elsewhere(two: Two) -> None:
    two.settle(SQL)
    hr = create_engine(two.url)
    with hr.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE hr (number text, email text, first text, start date, state text)")
        tx.exec_driver_sql("INSERT INTO hr VALUES ('0001', 'ada@example.com', 'Ada', '2020-01-01', 'active')")
    with hr.begin() as tx:
        tx.exec_driver_sql("LOCK TABLE hr IN ACCESS EXCLUSIVE MODE")  # HR takes its time
        run = two.start("one", "sync", "--quiet")
        two.until(lambda: waiting_for_a_lock(two.url))
        run.kill()
        run.wait()
    hr.dispose()
    assert two.accounts == {}
    two.worker()
    two.until(lambda: two.accounts)
    store = Database(two.url)

    def ended() -> list[tuple[str, str, str]]:
        with store.read() as tx:
            return [(r["id"], r["state"], r["summary"].get("error", "")) for r in last_runs(tx, "main")]

    two.until(lambda: ended()[0][1] == "done")
    assert ended() == [("R-2", "done", ""), ("R-1", "stopped", "run_left")]
    store.close()


def test_news_that_a_killed_server_had_kept_are_taken_in_by_a_worker_elsewhere(two: Two) -> None:
    two.settle(PUSH)
    store = create_engine(two.url)
    made = two.start("one", "token", "new", "hr", "--scope", "ingest")
    token = made.communicate(timeout=60)[0].strip()
    serve = two.start("one", "serve", "--port", "0")
    assert serve.stderr is not None
    address = serve.stderr.readline().split(" at ")[1].split()[0]
    with store.begin() as tx:
        tx.exec_driver_sql("LOCK TABLE facts IN EXCLUSIVE MODE")  # taking in has to wait; keeping has not
        body = ADA.encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        asked = Request(f"{address}/api/v1/ingest/hris?content=changes", data=body, headers=headers)
        with build_opener(ProxyHandler({})).open(asked, timeout=30) as answer:
            assert answer.status == 202, "kept"
        two.until(lambda: waiting_for_a_lock(two.url))
        serve.kill()
        serve.wait()
    store.dispose()
    assert two.accounts == {}
    two.worker()
    two.until(lambda: two.accounts == {"0001": "active"})


def test_a_run_follows_the_news_that_came_while_another_one_was_at_work(tmp_path: Path) -> None:
    config = tmp_path / "joinery.yaml"
    text = SETTINGS.replace("PEOPLE", PUSH).replace("URL", "http://127.0.0.1:9")
    config.write_text(text.replace("{ env: STORE }", "sqlite:///j.db"))
    (stop := Event()).set()  # nobody is patient here
    with opened(config, environ={**os.environ, "LMS_KEY": "none"}) as it:
        hands = Hands(opened=it, say=lambda _line: None, stop=stop)
        body = body_of([json.loads(ADA)], None, "one")
        news = Arrival(id="", source="hris", door="push", sha256="0" * 64, received_at=it.ports.now(), body=body)
        kept, _ = keep_arrival(it.ports, news)

        def runs() -> int:
            with it.ports.database.read() as tx:
                return len(last_runs(tx, it.settings.name))

        with only_run(it.ports.database, it.settings.name, it.ports.now):
            hands.take_news()
        assert what_became_of(it.ports, kept.id).state == "taken" and runs() == 0
        hands.take_news()
        assert runs() == 1


def test_an_outage_is_told_once_and_not_at_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    away = [True, True, False, True]

    def look(_ports: Any) -> list[Arrival]:
        if away.pop(0):
            raise StoreUnreachable("away")
        return []

    monkeypatch.setattr(desk, "take_over", look)
    said: list[str] = []
    clerk = desk.Desk(ports=cast("Any", None), log=said.append)
    while away:
        clerk._look()
    assert len(said) == 2


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_worker_keeps_the_schedule_while_no_server_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [NOON]
    monkeypatch.setattr(clock, "now", lambda: times[-1])
    config = tmp_path / "joinery.yaml"
    text = (
        SETTINGS.replace("PEOPLE", PUSH)
        .replace("URL", "http://127.0.0.1:9")
        .replace("{ env: STORE }", "sqlite:///j.db")
    )
    config.write_text(text + "schedule: { every: 15 minutes }\n")
    with opened(config, environ={**os.environ, "LMS_KEY": "none"}) as it:
        said: list[str] = []
        keeper = Keeper(opened=it, say=said.append, stop=Event())
        node = it.ports.engine().enrol("worker")
        server = nodes.NodeRow(
            id="server", slot="s", connection=it.settings.name, kind="serve", host="h", pid=1, started_at=""
        )
        with it.ports.database.write() as tx:
            nodes.enrol(tx, server)
        keeper.stand_in(node)
        times.append(NOON + timedelta(minutes=16))
        assert keeper.due(it) is None, "the first look"
        times.append(NOON + timedelta(minutes=31))
        assert keeper.due(it) == Due(cause=CLOCK, instant=NOON + timedelta(minutes=30))
        keeper.stand_in(node)
        assert said == [], "the server lives and sees to it"
        with it.ports.database.write() as tx:
            tx.execute(node_rows.update().where(node_rows.c.id == "server").values(beat_at=0))
        keeper.stand_in(node)
        assert len(said) == 1 and said[0].startswith("clock 2026-11-24 12:30 UTC: R-1 "), said
