"""Files are found when they are ready, taken once, and kept, whatever becomes of them."""

from __future__ import annotations

import csv
import errno
import json
import os
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from joinery.connectors.file import FolderDrop, Ready
from joinery.errors import SourceUntrusted, StopRun
from joinery.kit import moves as moving
from joinery.kit.drop import ArrivedFile, check_rows, parse_manifest, parse_name

DAY = date(2026, 11, 24)
SHA = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc"


def put(folder: Path, name: str, text: str = "abc") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def drop(tmp_path: Path, ready: Ready = Ready.PRESENT, pattern: str = "*.csv") -> FolderDrop:
    (tmp_path / "inbox").mkdir(exist_ok=True)
    return FolderDrop(inbox=tmp_path / "inbox" / pattern, ready_when=ready, stable_for=timedelta(milliseconds=30))


def names(files: tuple[ArrivedFile, ...]) -> list[str]:
    return [file.name for file in files]


def everything(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_files_come_in_the_order_of_what_they_speak_of(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for name in ("b.csv", "a.csv", "hr_employees_full_20261102T060000Z.csv",
                 "hr_employees_full_20261101T060000Z_02.csv",
                 "hr_employees_full_20261101T060000Z_01.csv"):  # fmt: skip
        put(inbox, name)
    put(inbox, "z.csv")
    put(inbox, "z.csv.done", json.dumps({"as_of": "2026-11-01T12:00:00+02:00"}))
    assert names(drop(tmp_path).pending()) == [
        "a.csv", "b.csv", "hr_employees_full_20261101T060000Z_01.csv", "hr_employees_full_20261101T060000Z_02.csv",
        "z.csv", "hr_employees_full_20261102T060000Z.csv",
    ]  # fmt: skip


def test_numbers_in_names_are_numbers(tmp_path: Path) -> None:
    """Two uploads before one run: the older full file, read last, undid the newer (seen in the soak, 2026-11-30)."""
    for name in ("upload_N-127.csv", "upload_N-87.csv", "upload_N-9.csv", "upload_N-127b.csv", "upload.csv"):
        put(tmp_path / "inbox", name)
    wanted = ["upload.csv", "upload_N-9.csv", "upload_N-87.csv", "upload_N-127.csv", "upload_N-127b.csv"]
    assert names(drop(tmp_path).pending()) == wanted


def test_half_written_hidden_and_other_files_are_not_seen(tmp_path: Path) -> None:
    for name in ("a.csv", ".a.csv", "a.csv.part", "b.tmp", "a.csv.done", "a.csv.report.json", "a.csv.report.csv",
                 "~$a.csv", "note.txt"):  # fmt: skip
        put(tmp_path / "inbox", name, "")
    (tmp_path / "inbox" / "folder.csv").mkdir()
    assert names(drop(tmp_path).pending()) == ["a.csv"]
    assert names(drop(tmp_path, pattern="*").pending()) == ["a.csv", "note.txt"]


def test_a_folder_alone_takes_every_file(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "a.csv")
    assert names(FolderDrop(inbox=tmp_path / "inbox", ready_when=Ready.PRESENT).pending()) == ["a.csv"]


@pytest.mark.parametrize("marker", ["a.csv.done", "a.done"])
def test_with_a_marker_nothing_is_read_before_it_is_there(tmp_path: Path, marker: str) -> None:
    waiting = drop(tmp_path, Ready.MARKER)
    put(tmp_path / "inbox", "a.csv")
    assert waiting.pending() == ()
    put(tmp_path / "inbox", marker, json.dumps({"rows": 2, "sha256": SHA.upper(), "content": "changes"}))
    (file,) = waiting.pending()
    assert (file.content, file.manifest and file.manifest.rows) == ("changes", 2)
    waiting.verify(file)


def test_stable_waits_until_the_size_stays(tmp_path: Path) -> None:
    waiting = FolderDrop(
        inbox=tmp_path / "inbox" / "*.csv", ready_when=Ready.STABLE, stable_for=timedelta(milliseconds=200)
    )
    growing = put(tmp_path / "inbox", "a.csv")
    put(tmp_path / "inbox", "b.csv")
    timer = threading.Timer(0.05, lambda: growing.write_text("abc, and more"))
    timer.start()
    try:
        assert names(waiting.pending()) == ["b.csv"]
    finally:
        timer.join()
    assert names(waiting.pending()) == ["a.csv", "b.csv"]


def test_a_taken_file_is_out_of_the_inbox_with_its_marker(tmp_path: Path) -> None:
    folder = drop(tmp_path, Ready.MARKER)
    put(tmp_path / "inbox", "a.csv")
    put(tmp_path / "inbox", "a.csv.done", '{"rows": 3}')
    taken = folder.take(folder.pending()[0])
    assert everything(tmp_path) == {"processing/inbox/a.csv", "processing/inbox/a.csv.done"}
    assert folder.take(taken) == taken
    (again,) = folder.pending()
    assert (again.resumed, again.manifest) == (True, taken.manifest)


def test_a_take_that_broke_off_loses_neither_file_nor_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(tmp_path, Ready.MARKER)
    put(tmp_path / "inbox", "a.csv")
    put(tmp_path / "inbox", "a.csv.done", '{"rows": 3}')
    file = folder.pending()[0]
    with monkeypatch.context() as patch:
        patch.setattr("joinery.connectors.file.connector.move", broken_after(1))
        with pytest.raises(KeyboardInterrupt):
            folder.take(file)
    (again,) = folder.pending()
    assert (again.name, again.resumed) == ("a.csv", True)
    assert again.manifest == file.manifest


def broken_after(times: int) -> object:
    left = [times]

    def move(source: Path, target: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return moving.move(source, target)

    return move


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "held"])
def test_a_file_ends_beside_its_reports(tmp_path: Path, outcome: str) -> None:
    folder = drop(tmp_path)
    put(tmp_path / "inbox", "a.csv")
    taken = folder.take(folder.pending()[0])
    report = {"rows": [{"line": 3, "code": "too_few_fields", "reason": "=cmd", "worker_id": "+7", "name": "Ann"}]}
    finish = {"accepted": folder.accept, "rejected": folder.reject, "held": folder.hold}[outcome]
    path = finish(taken, report, DAY)
    home = f"archive/{outcome}/2026-11-24"
    assert everything(tmp_path) == {f"{home}/a.csv", f"{home}/a.csv.report.json", f"{home}/a.csv.report.csv"}
    assert path.read_text() == "abc"
    assert json.loads(path.with_name("a.csv.report.json").read_text())["outcome"] == outcome
    told = path.with_name("a.csv.report.csv").read_text("utf-8-sig")
    assert list(csv.reader(told.splitlines())) == [
        ["line", "code", "reason", "worker_id"],
        ["3", "too_few_fields", "'=cmd", "'+7"],
    ]
    assert "Ann" not in told
    assert folder.pending() == ()


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    folder = drop(tmp_path)
    for content in ("one", "two", "three"):
        put(tmp_path / "inbox", "a.csv", content)
        folder.accept(folder.take(folder.pending()[0]), {}, DAY)
    home = tmp_path / "archive" / "accepted" / "2026-11-24"
    assert [(home / name).read_text() for name in ("a.csv", "a-2.csv", "a-3.csv")] == ["one", "two", "three"]


def test_a_name_that_is_still_being_processed_is_not_overwritten(tmp_path: Path) -> None:
    folder = drop(tmp_path)
    for content in ("one", "two"):
        put(tmp_path / "inbox", "a.csv", content)
        folder.take(next(file for file in folder.pending() if not file.resumed))
    assert {file.path.read_text() for file in folder.pending()} == {"one", "two"}


def test_two_inboxes_beside_each_other_do_not_mix(tmp_path: Path) -> None:
    one = FolderDrop(inbox=tmp_path / "one" / "*.csv", ready_when=Ready.PRESENT)
    two = FolderDrop(inbox=tmp_path / "two" / "*.csv", ready_when=Ready.PRESENT)
    put(tmp_path / "one", "a.csv")
    (tmp_path / "two").mkdir()
    one.take(one.pending()[0])
    assert two.pending() == ()


def test_a_hash_that_differs_is_refused_before_parsing(tmp_path: Path) -> None:
    folder = drop(tmp_path)
    put(tmp_path / "inbox", "a.csv", "abcd")
    put(tmp_path / "inbox", "a.csv.done", json.dumps({"sha256": SHA}))
    with pytest.raises(SourceUntrusted) as caught:
        folder.verify(folder.pending()[0])
    assert caught.value.data["code"] == "hash_mismatch"


def test_a_row_count_that_differs_is_a_truncated_file(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "a.csv")
    put(tmp_path / "inbox", "a.csv.done", '{"rows": 3}')
    (file,) = drop(tmp_path).pending()
    check_rows(file, 3)
    with pytest.raises(SourceUntrusted) as caught:
        check_rows(file, 2)
    assert caught.value.data["code"] == "truncated"


def test_a_broken_manifest_stops_its_own_file_only(tmp_path: Path) -> None:
    folder = drop(tmp_path, Ready.MARKER)
    for name, manifest in (("a.csv", "{"), ("b.csv", "")):
        put(tmp_path / "inbox", name)
        put(tmp_path / "inbox", f"{name}.done", manifest)
    bad, good = folder.pending()
    folder.verify(good)
    with pytest.raises(SourceUntrusted) as caught:
        folder.verify(bad)
    assert caught.value.data["code"] == "bad_manifest"


@pytest.mark.parametrize("text", ["[]", '{"rows": "many"}', '{"content": "half"}', '{"as_of": "soon"}', "no"])
def test_manifests_that_make_no_sense(text: str) -> None:
    with pytest.raises(SourceUntrusted, match="manifest"):
        parse_manifest(text, "a.csv")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("wd_employees_full_20261101T060000Z.csv", ("wd", "employees", "full", 0)),
        ("our_hr_employees_changes_20261101T060000Z_07.csv", ("our_hr", "employees", "changes", 7)),
        ("wd_employees_full_20261101T060000Z_07-2.csv", ("wd", "employees", "full", 7)),
        ("wd_employees_full_20261301T060000Z.csv", None),
        ("employees.csv", None),
    ],
)
def test_names_of_the_recommended_form(name: str, wanted: tuple[str, str, str, int] | None) -> None:
    found = parse_name(name)
    assert (found and (found.source, found.entity, found.content, found.part)) == wanted
    if found:
        assert found.as_of == datetime(2026, 11, 1, 6, tzinfo=UTC)


def test_a_missing_inbox_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(StopRun, match="could not read"):
        FolderDrop(inbox=tmp_path / "nowhere" / "*.csv").pending()


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(tmp_path)
    put(tmp_path / "inbox", "a.csv")
    taken = folder.take(folder.pending()[0])

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(moving.os, "fsync", full)  # type: ignore[attr-defined]
        with pytest.raises(StopRun, match="the disk is full") as caught:
            folder.accept(taken, {}, DAY)
    assert caught.value.exit_code == 6
    assert caught.value.fix
    assert everything(tmp_path) == {"processing/inbox/a.csv"}
    folder.accept(folder.pending()[0], {}, DAY)


def test_another_file_system_is_copied_to_before_the_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(tmp_path)
    path = put(tmp_path / "inbox", "a.csv")
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if self == path:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", across)
    taken = folder.take(folder.pending()[0])
    assert taken.path.read_text() == "abc"
    assert everything(tmp_path) == {"processing/inbox/a.csv"}


def test_the_check_makes_the_folders_and_leaves_nothing(tmp_path: Path) -> None:
    folder = drop(tmp_path)
    folder.check()
    assert everything(tmp_path) == set()
    assert folder.processing.is_dir()
