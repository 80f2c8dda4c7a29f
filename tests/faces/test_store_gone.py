"""The database goes away for a while: in the middle of a run, and while `joinery serve` stands idle and news come in.

JOINERY_GONE sets how many seconds the long test leaves it away.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.faces.running import environment
from tests.faces.test_serve import serving
from tests.faces.test_worker import LMS, SETTINGS, Company
from tests.support.door import Door, door_to

MINUTE = float(os.environ.get("JOINERY_GONE", "60"))
HEAD = "Number,Email,First,Last,Start,State\n"
#: enough for a run that takes some seconds
PEOPLE = 400


def people(count: int, state: str = "active") -> str:
    rows = [f"{n:05},w{n}@example.com,Ada{n},Byron,2020-01-01,{state}" for n in range(count)]
    return HEAD + "".join(f"{row}\n" for row in rows)


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def company(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Company, Door]]:
    """One machine, whose way to its store leads through a door; a learning system over HTTP with a store of its own."""
    lms = tmp_path / "lms"
    (lms / "inbox").mkdir(parents=True)
    (lms / "joinery.yaml").write_text(LMS)
    with ExitStack() as stack:
        _, address = stack.enter_context(serving(lms / "joinery.yaml"))
        door, through = stack.enter_context(door_to(postgres_url))
        key = (lms / ".joinery" / "classroom.token").read_text().strip()
        (tmp_path / "one" / "inbox").mkdir(parents=True)
        (tmp_path / "one" / "joinery.yaml").write_text(SETTINGS.replace("URL", address))
        (tmp_path / "one" / "inbox" / "people.csv").write_text(people(PEOPLE))
        env = environment(STORE=through, LMS_KEY=key)
        yield Company(folder=tmp_path, env=env, url=postgres_url, stack=stack, people=PEOPLE), door


def stopped(company: Company, door: Door, when: Callable[[], bool]) -> str:
    """A run whose store goes away at that moment: what it said. It ends by itself, and as was promised."""
    with company.start("one", "sync") as run:
        until(when)
        door.close()
        _, said = run.communicate(timeout=60)
    assert run.returncode == 6, said
    assert "Traceback" not in said and "mistake in Joinery" not in said, said
    assert "Stopped: The store cannot be reached" in said and "What was recorded before is safe" in said, said
    assert "What to do:" in said and "@example.com" not in said and "Byron" not in said, said
    return said


def test_a_run_whose_store_goes_away_says_so_and_the_next_one_ends_what_it_began(
    company: tuple[Company, Door],
) -> None:
    it, door = company
    stopped(it, door, lambda: len(it.accounts()) >= 60)
    begun = len(it.accounts())
    assert 60 <= begun < PEOPLE
    with it.start("one", "sync") as run:
        _, said = run.communicate(timeout=60)
    assert run.returncode == 6 and "The store cannot be reached" in said and "mistake" not in said, said
    door.open()
    with it.start("one", "sync") as run:
        _, said = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert sorted(it.accounts()) == [f"{n:05}" for n in range(PEOPLE)]


@dataclass(frozen=True)
class Serving:
    """`joinery serve` over a store that can go away, with a key for programs."""

    it: Company
    door: Door
    url: str
    key: str

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        asked = Request(self.url + path, data=body, headers={"Authorization": f"Bearer {self.key}"} | headers)
        try:
            with build_opener(ProxyHandler({})).open(asked, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as refused:
            with refused:
                return refused.code, {"retry_after": refused.headers["Retry-After"]} | json.loads(refused.read())

    def push(self, rows: str, content: str) -> tuple[int, dict[str, Any]]:
        kind = {"Content-Type": "text/csv"}
        return self.ask(f"/api/v1/ingest/hris?content={content}", (HEAD + rows).encode(), **kind)

    def active(self) -> set[str]:
        states = "SELECT json_extract(attributes, '$.worker_id'), state FROM accounts"
        with sqlite3.connect(f"file:{self.it.folder}/lms/.joinery/classroom.db?mode=ro", uri=True) as db:
            return {number for number, state in db.execute(states) if state == "active"}


def row(number: int, state: str = "active") -> str:
    return f"{number:05},w{number}@example.com,Ada{number},Byron,2020-01-01,{state}\n"


@pytest.fixture
def serve(company: tuple[Company, Door]) -> Iterator[Serving]:
    it, door = company
    config = it.folder / "one" / "joinery.yaml"
    config.write_text(config.read_text() + "schedule: { when_file_arrives: true }\n")
    (it.folder / "one" / "inbox" / "people.csv").unlink()
    made = it.typed("token", "new", "hr", "--scope", "ingest", "--scope", "read")
    process = it.start("one", "serve", "--port", "0")
    assert process.stderr is not None
    found = re.search(r"http://[\d.]+:\d+", process.stderr.readline())
    assert found is not None
    said: list[str] = []
    reader = threading.Thread(target=said.extend, args=(iter(process.stderr.readline, ""),), daemon=True)
    reader.start()
    yield Serving(it=it, door=door, url=found[0], key=str(made["token"]))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, said
    reader.join(10)
    assert not [line for line in said if "Traceback" in line or "@example.com" in line], said


def outage(serve: Serving, seconds: float) -> None:
    """The store goes away while nothing is done, and while files, news and questions come in; then it is back."""
    status, _ = serve.push("".join(row(n) for n in range(20)), "full")
    assert status == 202
    until(lambda: len(serve.active()) == 20)
    assert serve.ask("/readyz")[0] == 200
    serve.door.close()
    end = time.monotonic() + seconds
    status, said = serve.push(row(3, "terminated"), "changes")
    assert (status, said["code"]) == (503, "store_unreachable"), said
    assert said["retry_after"] == "30" and "What was recorded before is safe" in said["detail"], said
    assert serve.ask("/readyz") == (503, {"ready": False, "store": "store_unreachable", "retry_after": None})
    # a folder is a way in that does not need the store
    told = "".join(row(n, "terminated" if n == 3 else "active") for n in range(22))
    (serve.it.folder / "one" / "inbox" / "people_2.csv").write_text(HEAD + told)
    time.sleep(max(0.0, end - time.monotonic()))
    assert len(serve.active()) == 20
    serve.door.open()
    until(lambda: serve.ask("/readyz")[0] == 200, 30)
    # sent again, as the sender was told to
    status, sent = serve.push(row(3, "terminated"), "changes")
    assert status == 202
    until(lambda: serve.ask(sent["operation"])[1]["state"] in {"accepted", "same"}, 60)
    assert "00003" not in serve.active()
    # the scheduler is back without anybody's help, and has its own patience
    until(lambda: len(serve.it.accounts()) == 22, 120)
    assert sorted(serve.it.accounts()) == [f"{n:05}" for n in range(22)]
    assert serve.active() == {f"{n:05}" for n in range(22) if n != 3}


def test_what_serves_answers_503_while_its_store_is_away_and_goes_on_by_itself(serve: Serving) -> None:
    outage(serve, 3)


@pytest.mark.long
def test_a_minute_without_a_store(serve: Serving) -> None:
    outage(serve, MINUTE)
