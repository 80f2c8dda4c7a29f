"""Training records reach HR in one file each, whenever Joinery is killed and however soon HR collects."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import insert

from joinery.core.model.ids import AccountId, PersonKey
from joinery.errors import StopRun
from joinery.kit.contract import Completion, CompletionPage
from joinery.reports import completions_file
from joinery.reports.completions_file import COLUMNS, Delivered, deliver, stem
from joinery.store.completions import Completions, Whose
from joinery.store.database import Database
from joinery.store.tables import metadata, people

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
ORG = {"department": "Sales", "location": "Fresno", "legal_entity": "", "manager_id": "0007", "job_title": "=cmd()"}


def filled(url: str, count: int) -> Completions:
    """A ledger with this many waiting records."""
    database = Database(url)
    metadata.create_all(database.engine)
    items = tuple(
        Completion(
            id=f"c{n:03}",
            account_id=AccountId("a"),
            course="FORKLIFT",
            course_title='Forklift, "heavy"\nnight shift',
            course_version="3",
            completed_at="2026-02-27T09:30:00Z",
            result="passed",
            score="-4",
        )
        for n in range(count)
    )
    person = {"connection": "acme", "source": "hris", "stage": "active", "worker": "{}", "standing": "{}"}
    ledger = Completions(database, "acme")
    with database.write() as tx:
        tx.execute(insert(people).values(key="p", source_id="1", worker_id="000123", **person))
        whose = Whose(person_of=lambda account: PersonKey("p"), org_of=lambda who, at: ORG)
        ledger.take(tx, "lms", CompletionPage(items=items, next="", more=False), whose, NOW)
    return ledger


class Hr:
    """Collects finished files as an HR import does: checks the marker, reads, removes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: Counter[str] = Counter()
        self.files: Counter[str] = Counter()

    def collect(self) -> None:
        for marker in sorted(self.folder.glob("*.done")):
            manifest = json.loads(marker.read_bytes())
            content = (self.folder / manifest["file"]).read_bytes()
            rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
            assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
            assert len(rows) == manifest["rows"]
            self.seen.update(row["record_id"] for row in rows)
            self.files[manifest["file"]] += 1
            marker.unlink()
            (self.folder / manifest["file"]).unlink()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[Completions]:
    ledger = filled(url, 7)
    yield ledger
    ledger.database.close()


def test_the_file_and_its_marker(ledger: Completions, tmp_path: Path) -> None:
    out = tmp_path / "out"
    name = "joinery_completions_changes_20260302T050000Z.csv"
    assert deliver(out, ledger, NOW) == [Delivered(name=name, rows=7)]
    rows = list(csv.DictReader((out / name).open(newline="")))
    assert list(rows[0]) == list(COLUMNS)
    assert rows[0] == {
        "record_id": "c000",
        "revision": "1",
        "action": "new",
        "worker_id": "000123",
        "course": "FORKLIFT",
        "course_title": 'Forklift, "heavy"\nnight shift',
        "course_version": "3",
        "completed_at": "2026-02-27T09:30:00Z",
        "result": "passed",
        "score": "-4",
        "expires_on": "",
        "certificate_id": "",
        "attempt": "1",
        "cost_center": "",
        **ORG,
    }, "raw, leading zeros and all"
    manifest = json.loads((out / f"{name}.done").read_text())
    assert manifest == {
        "file": name,
        "rows": 7,
        "sha256": hashlib.sha256((out / name).read_bytes()).hexdigest(),
        "content": "changes",
        "as_of": "2026-03-02T05:00:00Z",
        "cells": "raw",
    }
    assert list((out / "tmp").iterdir()) == []


def test_a_second_run_writes_nothing(ledger: Completions, tmp_path: Path) -> None:
    deliver(tmp_path / "out", ledger, NOW)
    before = sorted((tmp_path / "out").iterdir())
    assert deliver(tmp_path / "out", ledger, NOW) == []
    assert sorted((tmp_path / "out").iterdir()) == before


def test_many_records_go_into_several_files(ledger: Completions, tmp_path: Path) -> None:
    files = deliver(tmp_path / "out", ledger, NOW, most_rows=3)
    assert [(f.name.removeprefix(stem(NOW)), f.rows) for f in files] == [(".csv", 3), ("_01.csv", 3), ("_02.csv", 1)]


def test_a_folder_that_cannot_be_made_says_so_and_reserves_nothing(ledger: Completions, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StopRun, match="nothing was sent"):
        deliver(tmp_path / "out", ledger, NOW)
    assert ledger.counts()["waiting"] == 7


def test_a_full_disk_loses_nothing(ledger: Completions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StopRun, match="No space left"):
            deliver(tmp_path / "out", ledger, NOW)
    assert list((tmp_path / "out").glob("*.csv")) == []
    (file,) = deliver(tmp_path / "out", ledger, NOW)
    assert (file.rows, file.resumed) == (7, True)


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """In memory where there is such a folder: a kill asks nothing of the disk, and a sweep syncs a thousand times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def in_child(work: Callable[[], None]) -> Callable[[], int]:
    """Runs `work` in a forked process; the answer waits for its end and gives the wait status."""
    if (pid := os.fork()) == 0:
        try:
            work()
        finally:
            os._exit(0)
    in_child.pid = pid  # type: ignore[attr-defined]
    return lambda: os.waitpid(pid, 0)[1]


def deliver_until_line(url: str, out: Path, number: int | None, most_rows: int = 3) -> None:
    """Delivers in this process and kills it hard before the numbered line of `completions_file.py` runs."""
    lines = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != completions_file.__file__:
            return None
        if event == "line":
            lines += 1
            if lines == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    ledger = Completions(Database(url), "acme")
    if number:
        sys.settrace(trace)
    deliver(out, ledger, NOW, most_rows)


def all_once(hr: Hr, count: int) -> None:
    assert hr.seen == Counter({f"c{n:03}": 1 for n in range(count)})
    assert set(hr.files.values()) == {1}
    assert not list(hr.folder.glob("*.*"))


@pytest.mark.parametrize(
    ("keen", "step"),
    [
        pytest.param(True, 5, id="every fifth, HR collects at once"),
        pytest.param(True, 1, id="every one, HR collects at once", marks=pytest.mark.long),
        pytest.param(False, 1, id="every one, HR collects in the end", marks=pytest.mark.long),
    ],
)
def test_killed_before_every_single_line_of_the_writer(keen: bool, step: int, quick_folder: Path) -> None:
    killed = 0
    filled(f"sqlite:///{quick_folder / 'template.db'}", 4).database.close()
    for number in range(1, 1000, step):
        folder = quick_folder / str(number)
        folder.mkdir()
        url = f"sqlite:///{folder / 'store.db'}"
        shutil.copy(quick_folder / "template.db", folder / "store.db")
        hr = Hr(folder / "out")
        status = in_child(lambda url=url, hr=hr, number=number: deliver_until_line(url, hr.folder, number))()  # type: ignore[misc]
        if keen:
            hr.collect()
        ledger = Completions(Database(url), "acme")
        deliver(hr.folder, ledger, NOW, 3)
        assert ledger.counts()["delivered"] == 4
        ledger.database.close()
        hr.collect()
        all_once(hr, 4)
        if not os.WIFSIGNALED(status):
            break
        killed += 1
    assert killed * step > 60, "the sweep met the whole of the writer"


def killed_at_random(folder: Path, seed: int, kills: int, count: int) -> None:
    """Kills deliveries after random times until it has done so `kills` times, HR collecting in between."""
    chance = random.Random(seed)
    hr = Hr(folder / "out")
    url = f"sqlite:///{folder / 'store.db'}"
    filled(url, count).database.close()
    hits = 0
    for _ in range(kills):
        wait = in_child(lambda: deliver_until_line(url, hr.folder, None, 1))
        time.sleep(chance.uniform(0.004, 0.05))
        os.kill(in_child.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        hits += os.WIFSIGNALED(wait())
        if chance.random() < 0.7:
            hr.collect()
    assert hits == kills, "there was work left each time, else this proves little"
    ledger = Completions(Database(url), "acme")
    deliver(hr.folder, ledger, NOW, 1)
    ledger.database.close()
    hr.collect()
    all_once(hr, count)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_instants(seed: int, quick_folder: Path) -> None:
    killed_at_random(quick_folder, seed, kills=12, count=300)


@pytest.mark.long
def test_killed_at_a_hundred_random_instants(quick_folder: Path) -> None:
    killed_at_random(quick_folder, 7, kills=100, count=2500)


def test_a_working_folder_that_was_emptied_loses_no_record(tmp_path: Path, url: str) -> None:
    ledger = filled(url, 4)
    reserved = ledger.reserve(stem(NOW), lambda name: False, 10)
    assert reserved is not None
    ledger.ready(reserved[0])
    (file,) = deliver(tmp_path / "out", ledger, NOW)
    ledger.database.close()
    hr = Hr(tmp_path / "out")
    hr.collect()
    all_once(hr, 4)
    assert file.name == reserved[0], "the same name with the same rows"
