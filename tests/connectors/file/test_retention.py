"""Archived files go after their time, and nothing else does; a file that has long lain still is not waited for."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from joinery.connectors.file import FolderDrop, Ready


def _archived(root: Path, outcome: str, day: str) -> Path:
    folder = root / "archive" / outcome / day
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text("worker_id\n1\n")
    (folder / "people.csv.report.json").write_text("{}")
    return folder


def test_only_days_before_the_limit_are_removed(tmp_path: Path) -> None:
    old = [_archived(tmp_path, outcome, "2026-10-24") for outcome in ("accepted", "rejected", "held")]
    kept = [_archived(tmp_path, "accepted", "2026-10-25"), _archived(tmp_path, "mine", "2020-01-01")]
    stranger = tmp_path / "archive" / "accepted" / "notes"
    stranger.mkdir()
    drop = FolderDrop(inbox=tmp_path / "inbox" / "*.csv")
    assert drop.prune(date(2026, 10, 25)) == 3
    assert [folder.exists() for folder in old] == [False] * 3
    assert all(folder.exists() for folder in (*kept, stranger))


def test_a_file_that_lay_still_long_enough_is_ready_at_once(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    file = inbox / "people.csv"
    file.write_text("worker_id\n1\n")
    written = datetime(2026, 11, 24, 6, tzinfo=UTC)
    os.utime(file, (written.timestamp(), written.timestamp()))
    wait = timedelta(seconds=3)
    drop = FolderDrop(inbox=inbox / "*.csv", ready_when=Ready.STABLE, stable_for=wait, now=lambda: written + wait)
    begun = time.monotonic()
    assert [found.name for found in drop.pending()] == ["people.csv"]
    assert time.monotonic() - begun < 2


def test_a_fresh_file_is_still_waited_for(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "people.csv").write_text("worker_id\n1\n")
    wait = timedelta(seconds=0.4)
    drop = FolderDrop(inbox=inbox / "*.csv", ready_when=Ready.STABLE, stable_for=wait, now=lambda: datetime.now(UTC))
    begun = time.monotonic()
    assert len(drop.pending()) == 1
    assert time.monotonic() - begun >= 0.4
