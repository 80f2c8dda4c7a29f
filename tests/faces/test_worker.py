"""`joinery worker` beside `joinery sync`: shares its work, and finishes it when the other is killed or stands still."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from joinery.store.database import Database
from joinery.store.tables import plan_lines
from tests.faces.running import environment
from tests.faces.test_serve import BESIDE, serving
from tests.support.forked import Started, joinery

#: enough for somebody to be killed in the middle
PEOPLE = 1200
LMS = """
version: 1
company: { name: Example SA, time_zone: Europe/Paris }
people: { from: file, path: ./inbox/*.csv, fields: { worker_id: Number } }
learning: { into: classroom }
"""
SETTINGS = BESIDE.replace("LEARNING", 'into: classroom, url: "URL", key: { env: LMS_KEY }')
SETTINGS += "store: { url: { env: STORE } }\n"


@dataclass
class Company:
    """Two machines (folders) with the same settings, one store, one learning system over HTTP."""

    folder: Path
    env: dict[str, str]
    url: str
    stack: ExitStack
    people: int

    def start(self, machine: str, *command: str) -> subprocess.Popen[str]:
        config = self.folder / machine / "joinery.yaml"
        process = Started(
            [*command, "--config", str(config)],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.stack.callback(process.communicate)
        self.stack.callback(process.kill)
        return process

    def typed(self, *command: str) -> dict[str, object]:
        with self.start("one", *command, "--json") as process:
            output, errors = process.communicate(timeout=60)
        assert output, errors
        body: dict[str, object] = json.loads(output)
        return body

    def worker(self, machine: str) -> subprocess.Popen[str]:
        process = self.start(machine, "worker")
        assert process.stderr is not None and "is ready" in (said := process.stderr.readline()), said
        return process

    def accounts(self) -> list[str]:
        """The employee numbers of all accounts that the learning system has."""
        with sqlite3.connect(f"file:{self.folder}/lms/.joinery/classroom.db?mode=ro", uri=True) as db:
            return [number for (number,) in db.execute("SELECT json_extract(attributes, '$.worker_id') FROM accounts")]

    def until(self, what: Callable[[], bool], seconds: float) -> float:
        """How long it took."""
        began = time.monotonic()
        while not what():
            assert time.monotonic() - began < seconds, "it did not happen in time"
            time.sleep(0.05)
        return time.monotonic() - began

    def over(self) -> bool:
        return (
            self._of("SELECT count(*) FROM plans WHERE state <> 'applied'") == 0
            and self._of("SELECT count(*) FROM plans") == 1
        )

    def _of(self, query: str) -> int:
        database = Database(self.url)
        try:
            with database.read() as tx:
                return int(tx.exec_driver_sql(query).scalar_one())
        finally:
            database.close()

    def judge(self) -> None:
        """Every line is done, and nobody has two accounts."""
        database = Database(self.url)
        with database.read() as tx:
            states = Counter(tx.execute(select(plan_lines.c.state)).scalars())
        database.close()
        assert states == {"done": self.people}
        assert sorted(self.accounts()) == [f"{n:05}" for n in range(self.people)]


@pytest.fixture
def company(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> Iterator[Company]:
    people = getattr(request, "param", PEOPLE)
    lms = tmp_path / "lms"
    (lms / "inbox").mkdir(parents=True)
    (lms / "joinery.yaml").write_text(LMS)
    with ExitStack() as stack:
        _, url = stack.enter_context(serving(lms / "joinery.yaml"))
        key = (lms / ".joinery" / "classroom.token").read_text().strip()
        for machine in ("one", "two"):
            (tmp_path / machine / "inbox").mkdir(parents=True)
            (tmp_path / machine / "joinery.yaml").write_text(SETTINGS.replace("URL", url))
        rows = [f"{n:05},w{n}@example.com,Ada{n},Byron,2020-01-01,active" for n in range(people)]
        (tmp_path / "one" / "inbox" / "people.csv").write_text(
            "\n".join(["Number,Email,First,Last,Start,State", *rows]) + "\n"
        )
        yield Company(tmp_path, environment(STORE=postgres_url, LMS_KEY=key), postgres_url, stack, people)


def test_a_worker_on_another_machine_shares_the_work_and_ends_it_when_the_run_is_killed(company: Company) -> None:
    worker = company.worker("two")
    run = company.start("one", "sync", "--quiet")
    company.until(lambda: len(company.accounts()) > 0, 120)
    run.kill()  # not waited for: it stays in the list of processes, dead and unburied
    taken = company.until(company.over, 60)
    company.judge()
    worker.terminate()
    assert worker.wait(30) == 0
    print(f"all done {taken:.0f} s after the kill")


@pytest.mark.long
def test_a_worker_ends_what_a_run_that_stands_still_had_begun_and_the_run_writes_nothing_when_it_wakes_up(
    company: Company,
) -> None:
    company.worker("two")
    run = company.start("one", "sync", "--quiet")
    company.until(lambda: len(company.accounts()) > 0, 120)
    run.send_signal(signal.SIGSTOP)
    taken = company.until(company.over, 60)
    company.judge()
    run.send_signal(signal.SIGCONT)
    output, errors = run.communicate(timeout=60)
    assert run.returncode == 8, output + errors
    company.judge()
    print(f"all done {taken:.0f} s after the stop")


@pytest.mark.parametrize("company", [200], indirect=True, ids=str)
def test_a_pause_is_seen_by_everybody_and_a_worker_goes_on_after_it(company: Company) -> None:
    assert company.typed("target", "pause", "--reason", "upgrade", "--by", "ada")["state"] == "paused"
    worker = company.worker("two")
    run = company.start("one", "sync", "--quiet")
    output, errors = run.communicate(timeout=120)
    assert run.returncode == 6 and "paused by ada" in errors, output + errors
    time.sleep(4)
    assert company.accounts() == [], "the worker waits too"
    found = company.typed("status")
    assert "paused by ada" in str(found["verdict"]) and str(found["next"]) == "joinery target status"
    stood = company.typed("target", "status")
    assert [node["kind"] for node in stood["nodes"]] == ["worker"]  # type: ignore[attr-defined]
    assert company.typed("target", "resume")["state"] == "open"
    company.until(company.over, 120)
    company.judge()
    worker.terminate()
    assert worker.wait(30) == 0


def test_a_worker_refuses_where_the_learning_system_is_a_file_of_one_machine(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    config = tmp_path / "joinery.yaml"
    config.write_text(LMS.replace("into: classroom", "into: memory, file: lms.json"))
    done = subprocess.run(
        [*joinery(), "worker", "--config", str(config)], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 7 and "one machine" in done.stderr
