"""Files come over whole or not at all, are read once, and what breaks off loses nothing."""

from __future__ import annotations

import errno
import json
import os
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from joinery.connectors.file import FolderDrop, Ready
from joinery.connectors.sftp import RemoteFolder, SftpDrop
from joinery.connectors.sftp import drop as bringing
from joinery.connectors.sftp.folder import is_safe
from joinery.errors import StopRun, SystemUnreachable
from joinery.kit.drop import ArrivedFile
from tests.connectors.sftp.lines import line_to
from tests.support.openssh import NO_MOVING, OpenSsh, openssh

DAY = date(2026, 11, 24)
BIG = "0123456789" * 300_000


def drop(ssh: OpenSsh, here: Path, *, remote: dict[str, Any] | None = None, **server: Any) -> SftpDrop:
    given: dict[str, Any] = {"inbox": f"{ssh.root}/out/*.csv", "ready_when": "present"} | (remote or {})
    local = FolderDrop(inbox=here / "inbox", ready_when=Ready.PRESENT)
    return SftpDrop(server=ssh.server(**server), remote=RemoteFolder(**given), landing=here, local=local)


def put(ssh: OpenSsh, name: str, text: str = "abc") -> Path:
    path = ssh.root / "out" / name
    path.write_text(text)
    return path


def read(source: SftpDrop) -> list[str]:
    """One run: everything that waits is taken and accepted; what was in it."""
    found = []
    for file in source.pending():
        taken = source.take(file)
        found.append(taken.path.read_text())
        source.accept(taken, {"rows": []}, DAY)
    return found


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_file_goes_from_the_inbox_through_processing_to_the_archive_with_its_report(
    ssh: OpenSsh, tmp_path: Path
) -> None:
    put(ssh, "a.csv")
    source = drop(ssh, tmp_path)
    taken = source.take(source.pending()[0])
    assert files(ssh.root) == {"processing/out/a.csv"}
    assert taken.path.stat().st_mode & 0o777 == 0o600
    source.reject(taken, {"rows": [{"line": 2, "code": "too_few_fields"}]}, DAY)
    home = "archive/rejected/2026-11-24/a.csv"
    assert files(ssh.root) == {home, f"{home}.report.json", f"{home}.report.csv"}
    assert json.loads((ssh.root / f"{home}.report.json").read_text())["outcome"] == "rejected"


def test_the_archive_may_be_elsewhere_on_the_server(ssh: OpenSsh, tmp_path: Path) -> None:
    put(ssh, "a.csv")
    source = drop(ssh, tmp_path, remote={"archive": f"{ssh.root}/out/read"})
    assert read(source) == ["abc"]
    assert (ssh.root / "out/read/accepted/2026-11-24/a.csv").exists()


def test_a_connection_that_breaks_in_the_middle_loses_nothing_and_reads_nothing(ssh: OpenSsh, tmp_path: Path) -> None:
    put(ssh, "a.csv", BIG)
    with line_to(ssh.port) as line:
        source = drop(ssh, tmp_path, port=line.port)
        (file,) = source.pending()
        line.left = 500_000
        with pytest.raises(SystemUnreachable, match="broke off"):
            source.take(file)
        assert not (files(tmp_path) - {"inbox/.a.csv.part"})
        line.left = None
        assert read(source) == [BIG]


def test_a_server_that_goes_dead_is_given_up_in_time(ssh: OpenSsh, tmp_path: Path) -> None:
    put(ssh, "a.csv", BIG)
    with line_to(ssh.port) as line:
        source = drop(ssh, tmp_path, port=line.port, timeout=timedelta(seconds=1))
        (file,) = source.pending()
        line.left, line.dead = 500_000, True
        with pytest.raises(SystemUnreachable):
            source.take(file)
    assert read(drop(ssh, tmp_path)) == [BIG]


def test_a_file_that_changes_while_it_is_read_is_not_parsed(
    ssh: OpenSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(ssh, "a.csv", BIG)
    whole = bringing.read_file

    async def and_grows(client: Any, origin: str, *rest: Any) -> int:
        count = await whole(client, origin, *rest)
        with Path(origin).open("a") as file:
            file.write("more")
        return count

    source = drop(ssh, tmp_path, remote={"read_only": True})
    (file,) = source.pending()
    monkeypatch.setattr(bringing, "read_file", and_grows)
    with pytest.raises(StopRun, match="not brought over whole"):
        source.take(file)
    assert files(tmp_path) == set()
    monkeypatch.undo()
    assert read(source) == [path.read_text()]


def test_a_full_disk_here_loses_nothing(ssh: OpenSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(ssh, "a.csv")
    source = drop(ssh, tmp_path)
    (file,) = source.pending()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(bringing.os, "fsync", full)  # type: ignore[attr-defined]
        with pytest.raises(StopRun, match="the disk is full"):
            source.take(file)
    assert read(source) == ["abc"]


def test_a_file_that_may_not_be_read_is_said_plainly(sshd_path: Path, tmp_path: Path) -> None:
    with openssh(sshd_path, tmp_path / "ssh", sftp="-P open") as ssh:
        (ssh.root / "out").mkdir()
        put(ssh, "a.csv")
        source = drop(ssh, tmp_path / "here")
        (file,) = source.pending()
        with pytest.raises(StopRun, match=r"refused to read .*a\.csv: permission denied"):
            source.take(file)


@pytest.mark.parametrize("sftp", [NO_MOVING, ""])
def test_where_nothing_is_moved_a_file_is_read_once_and_a_new_one_of_its_name_again(
    sshd_path: Path, tmp_path: Path, sftp: str
) -> None:
    with openssh(sshd_path, tmp_path / "ssh", sftp=sftp) as ssh:
        (ssh.root / "out").mkdir()
        remote = {"read_only": not sftp, "now": lambda: datetime.now(UTC)}
        here = tmp_path / "here"
        path = put(ssh, "a.csv", "one")
        assert [read(drop(ssh, here, remote=remote)) for _ in range(3)] == [["one"], [], []]
        seen = path.stat()
        path.write_text("two")  # the same size, and by the server's clock the same second
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        assert [read(drop(ssh, here, remote=remote)) for _ in range(2)] == [["two"], []]
        assert files(ssh.root) == {"out/a.csv"}


def test_a_file_that_has_lain_long_is_known_by_name_size_and_time_without_reading_it(
    ssh: OpenSsh, tmp_path: Path
) -> None:
    path = put(ssh, "a.csv", BIG)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    with line_to(ssh.port) as line:
        remote = {"read_only": True, "now": lambda: datetime.now(UTC)}
        source = drop(ssh, tmp_path, remote=remote, port=line.port)
        assert read(source) == [BIG]
        line.left = 500_000
        assert source.pending() == ()


def test_a_run_that_died_after_the_move_finds_the_file_on_the_server(ssh: OpenSsh, tmp_path: Path) -> None:
    (ssh.root / "processing/out").mkdir(parents=True)
    put(ssh, "a.csv").rename(ssh.root / "processing/out/a.csv")
    (file,) = drop(ssh, tmp_path).pending()
    assert file.resumed
    assert read(drop(ssh, tmp_path)) == ["abc"]
    assert files(ssh.root / "processing") == set()


def test_a_server_that_went_away_after_reading_is_asked_to_move_the_file_by_the_next_run(
    ssh: OpenSsh, tmp_path: Path
) -> None:
    put(ssh, "a.csv")
    with line_to(ssh.port) as line:
        source = drop(ssh, tmp_path, port=line.port)
        taken = source.take(source.pending()[0])
        line.left = 0
        path = source.accept(taken, {}, DAY)
        assert path.read_text() == "abc"
        assert files(ssh.root) == {"processing/out/a.csv"}
        line.left = None
        assert source.pending() == ()
    assert files(ssh.root) == {"archive/accepted/2026-11-24/a.csv"}


def test_what_is_still_growing_is_not_ready(ssh: OpenSsh, tmp_path: Path) -> None:
    path = put(ssh, "a.csv")
    put(ssh, "b.csv")
    source = drop(ssh, tmp_path, remote={"ready_when": "stable", "stable_for": timedelta(seconds=1)})
    timer = threading.Timer(0.8, lambda: path.write_text("abc, and more"))
    timer.start()
    try:
        assert [file.name for file in source.pending()] == ["b.csv"]
    finally:
        timer.join()


def test_links_and_folders_on_the_server_are_not_files(ssh: OpenSsh, tmp_path: Path) -> None:
    (ssh.root / "secret").write_text("secret")
    (ssh.root / "out" / "a.csv").symlink_to(ssh.root / "secret")
    (ssh.root / "out" / "b.csv").mkdir()
    assert drop(ssh, tmp_path).pending() == ()


@pytest.mark.parametrize("name", ["../a.csv", "a/b.csv", "..", ".", "", "a\\b.csv", "c:a.csv", "a\n.csv", "a\0.csv"])
def test_a_server_cannot_name_a_file_out_of_its_folder(name: str) -> None:
    assert not is_safe(name)


def test_two_runs_at_once_take_a_file_once(ssh: OpenSsh, tmp_path: Path) -> None:
    put(ssh, "a.csv")
    one, other = drop(ssh, tmp_path / "one"), drop(ssh, tmp_path / "other")
    (first,), (second,) = one.pending(), other.pending()
    assert one.take(first).path.read_text() == "abc"
    with pytest.raises(StopRun):
        other.take(second)


def test_a_memory_that_was_spoiled_is_not_guessed_at(ssh: OpenSsh, tmp_path: Path) -> None:
    (tmp_path / "read.json").write_text("{")
    with pytest.raises(StopRun, match="Restore it"):
        drop(ssh, tmp_path).pending()


def test_ready_files_are_described_like_those_of_a_folder(ssh: OpenSsh, tmp_path: Path) -> None:
    put(ssh, "hr_employees_changes_20261101T060000Z_07.csv.pgp")
    source = drop(ssh, tmp_path, remote={"inbox": f"{ssh.root}/out/hr_*"})
    (file,) = source.pending()
    assert isinstance(file, ArrivedFile)
    assert (file.content, file.as_of) == ("changes", datetime(2026, 11, 1, 6, tzinfo=UTC))
