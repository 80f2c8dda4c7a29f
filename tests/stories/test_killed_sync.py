"""`joinery sync` itself, as a process, killed with SIGKILL at random instants: nothing lost, nothing doubled in effect.

The learning system is Classroom; its own list of writes is the judge.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.forked import joinery

JOINERY = Path(sys.executable).parent / "joinery"
PEOPLE = 400
CONFIG = """version: 1
company: {{ name: Acme, time_zone: UTC }}
people: {{ from: file, path: ./inbox/*.csv, ready_when: present, end_date_means: first_day_out }}
learning: {{ into: classroom, simulation: true, groups_from: [department] }}
mode: automatic
guards: off
kill_switch: {{ per_hour: 1000 }}
{store}
"""
COLUMNS = ("employee_id", "first_name", "last_name", "work_email", "status", "hire_date", "job_title", "department")


class Firm:
    """A company whose people change every day, and what its accounts must be after each."""

    def __init__(self, folder: Path, store: str, environ: dict[str, str]) -> None:
        self.folder, self.environ = folder, environ
        (folder / "inbox").mkdir(parents=True)
        (folder / "joinery.yaml").write_text(CONFIG.format(store=store))
        self.dice = random.Random(20261124)
        self.rows = {str(n): self._new(str(n)) for n in range(1000, 1000 + PEOPLE)}
        self.had: set[str] = set()
        self.day = 0

    def _new(self, who: str) -> dict[str, str]:
        values = (who, f"G{who}", f"F{who}", f"p{who}@acme.example", "Active", "2020-01-01", "Clerk", "Sales")
        return dict(zip(COLUMNS, values, strict=True))

    def next_day(self) -> None:
        """Some come, some go, some move."""
        self.day += 1
        if self.day > 1:
            at_work = [row for row in self.rows.values() if row["status"] == "Active"]
            for row in self.dice.sample(at_work, 60):
                row["job_title"] = f"Title {self.day}"
            for row in self.dice.sample(at_work, 20):
                row["department"] = self.dice.choice(["Ops", "Sales", "Research"])
            for row in self.dice.sample(at_work, 5):
                row["status"] = "Terminated"
            for _ in range(10):
                who = str(1000 + len(self.rows))
                self.rows[who] = self._new(who)
        self.had |= {who for who, row in self.rows.items() if row["status"] == "Active"}
        with (self.folder / "inbox" / f"day_{self.day:04}.csv").open("w", newline="") as file:
            out = csv.DictWriter(file, COLUMNS)
            out.writeheader()
            out.writerows(self.rows.values())

    def sync(self, kill_after: float | None = None) -> int:
        as_of = f"2026-01-01T{self.day // 60 % 24:02}:{self.day % 60:02}:00Z"
        program = joinery() if kill_after is None else [str(JOINERY)]
        command = [*program, "sync", "--config", str(self.folder / "joinery.yaml"), "--as-of", as_of]
        with (self.folder / "log.txt").open("a") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log, env=self.environ, start_new_session=True)
            if kill_after is None:
                return child.wait(timeout=120)
            time.sleep(kill_after)
            os.killpg(child.pid, signal.SIGKILL)
            return child.wait()

    def check(self) -> None:
        database = sqlite3.connect(self.folder / ".joinery" / "classroom.db")
        try:
            doubled = database.execute(
                "SELECT key, count(*) FROM writes WHERE changed GROUP BY key, op HAVING count(*) > 1"
            ).fetchall()
        finally:
            database.close()
        assert doubled == [], "one line had its effect twice"
        command = [*joinery(), "accounts", "--config", str(self.folder / "joinery.yaml"), "--format", "csv"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=self.environ)
        found = list(csv.DictReader(done.stdout.splitlines()))
        assert Counter(row["worker_id"] for row in found).most_common(1)[0][1] == 1, "somebody has two accounts"
        expected = {
            who: ("active" if row["status"] == "Active" else "suspended", row["work_email"])
            for who, row in self.rows.items()
            if who in self.had
        }
        assert {row["worker_id"]: (row["state"], row["email"]) for row in found} == expected
        groups = {row["worker_id"]: row["groups"] for row in found if row["state"] == "active"}
        assert groups == {w: r["department"] for w, r in self.rows.items() if r["status"] == "Active"}


def _firm(tmp_path: Path, store_url: str) -> Firm:
    if store_url.startswith("sqlite"):
        return Firm(tmp_path / "firm", "", dict(os.environ))
    return Firm(tmp_path / "firm", "store: { url: { env: STORE } }", {**os.environ, "STORE": store_url})


def _killed(firm: Firm, kills: int) -> None:
    firm.next_day()
    assert firm.sync() == 0
    longest = 2.0
    for _ in range(kills):
        firm.next_day()
        if firm.sync(kill_after=firm.dice.uniform(0.2, longest)) == 0:
            longest = max(longest * 0.95, 1.0)
        assert firm.sync() == 0, (firm.folder / "log.txt").read_text()[-2000:]
        firm.check()


def test_a_killed_sync_loses_nothing_and_doubles_nothing(tmp_path: Path, store_url: str) -> None:
    _killed(_firm(tmp_path, store_url), kills=3)


@pytest.mark.long
def test_two_hundred_killed_syncs(tmp_path: Path) -> None:
    _killed(_firm(tmp_path, "sqlite:///"), kills=200)
