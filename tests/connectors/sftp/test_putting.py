"""Files of ours come to a server whole or not at all, once each, and what breaks off is put by the next run."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from joinery.connectors.sftp import SftpOutbox
from joinery.connectors.sftp import outbox as putting
from joinery.errors import HostKeyRefused, StopRun, SystemUnreachable
from tests.connectors.sftp.lines import line_to
from tests.support.openssh import OpenSsh, openssh

BIG = b"0123456789" * 100_000


def outbox(ssh: OpenSsh, **server: Any) -> SftpOutbox:
    return SftpOutbox(server=ssh.server(**server), folder=f"{ssh.root}/out")


def made(folder: Path, content: bytes = BIG) -> list[Path]:
    """A file and its marker, as those who write them leave them."""
    folder.mkdir(exist_ok=True)
    data, marker = folder / "users.csv", folder / "users.csv.done"
    data.write_bytes(content)
    marker.write_text(hashlib.sha256(content).hexdigest())
    return [data, marker]


def there(ssh: OpenSsh) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (ssh.root / "out").iterdir()}


WHOLE = {"users.csv": len(BIG), "users.csv.done": 64}


def test_a_file_comes_whole_then_its_marker_and_nothing_of_it_is_left_here(ssh: OpenSsh, tmp_path: Path) -> None:
    paths = made(tmp_path)
    outbox(ssh).put(paths)
    assert there(ssh) == WHOLE and list(tmp_path.iterdir()) == []
    outbox(ssh).put(paths)
    assert there(ssh) == WHOLE


def test_a_line_that_breaks_leaves_no_name_and_the_next_call_puts_it(ssh: OpenSsh, tmp_path: Path) -> None:
    paths = made(tmp_path, BIG * 5)
    with line_to(ssh.port) as line:
        line.left = 6_000
        with pytest.raises(SystemUnreachable):
            outbox(ssh, port=line.port).put(paths)
    assert set(there(ssh)) <= {"users.csv.part"} and all(path.exists() for path in paths)
    outbox(ssh).put(paths)
    assert there(ssh) == WHOLE | {"users.csv": 5 * len(BIG)}


def test_a_server_that_hangs_is_given_up_in_time(ssh: OpenSsh, tmp_path: Path) -> None:
    with line_to(ssh.port) as line:
        line.left, line.dead = 6_000, True
        with pytest.raises(SystemUnreachable):
            outbox(ssh, port=line.port, timeout=timedelta(seconds=1)).put(made(tmp_path))


def test_a_server_with_another_key_gets_nothing(ssh: OpenSsh, tmp_path: Path) -> None:
    with pytest.raises(HostKeyRefused):
        outbox(ssh, host_keys=frozenset({"SHA256:" + "A" * 43})).put(made(tmp_path))
    assert there(ssh) == {}


def test_what_arrived_otherwise_than_it_left_gets_no_name(
    ssh: OpenSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By size, and by content where the size is right."""
    paths = made(tmp_path)
    for change, said in (
        (lambda data: data[:-1], "999999 of 1000000 bytes"),
        (lambda data: b"x" + data[1:], "another"),
    ):
        whole = putting._pieces
        with monkeypatch.context() as patch:
            patch.setattr(putting, "_pieces", lambda path, change=change, whole=whole: [change(b"".join(whole(path)))])
            with pytest.raises(StopRun, match=said):
                outbox(ssh).put(paths)
        assert set(there(ssh)) == {"users.csv.part"}
    outbox(ssh).put(paths)
    assert (ssh.root / "out/users.csv").read_bytes() == BIG


def test_a_server_that_lets_nobody_read_is_believed_by_size(sshd_path: Path, tmp_path: Path) -> None:
    with openssh(sshd_path, tmp_path / "ssh", sftp="-P read") as ssh:
        (ssh.root / "out").mkdir()
        outbox(ssh).put(made(tmp_path / "here"))
        assert there(ssh) == WHOLE


def test_nothing_is_put_over_another_file_and_ours_twice_is_one(ssh: OpenSsh, tmp_path: Path) -> None:
    paths = made(tmp_path)
    (ssh.root / "out/users.csv").write_text("somebody else's")
    with pytest.raises(StopRun, match=r"Another file called users\.csv"):
        outbox(ssh).put(paths)
    assert (ssh.root / "out/users.csv").read_text() == "somebody else's"
    (ssh.root / "out/users.csv").write_bytes(BIG)
    outbox(ssh).put(paths)
    assert there(ssh) == WHOLE, "the server had died between its link and its unlink"


def test_a_folder_that_is_not_there_is_said(ssh: OpenSsh, tmp_path: Path) -> None:
    with pytest.raises(StopRun, match="no such file or folder"):
        SftpOutbox(server=ssh.server(), folder=f"{ssh.root}/nowhere").put(made(tmp_path))


def test_each_right_is_tried_and_nothing_is_left(ssh: OpenSsh, tmp_path: Path, sshd_path: Path) -> None:
    assert [(one.right, one.ok) for one in outbox(ssh).probe()] == [("sign in", True), ("put and rename", True)]
    assert there(ssh) == {}
    with openssh(sshd_path, tmp_path / "ssh", sftp="-P rename") as other:
        (other.root / "out").mkdir()
        assert [one.ok for one in outbox(other).probe()] == [True, False]
        assert there(other) == {}


def put_until_line(box: SftpOutbox, paths: list[Path], number: int) -> None:
    """Puts in this process and kills it hard before the numbered line of `outbox.py` runs."""
    lines = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != putting.__file__:
            return None
        if event == "line":
            lines += 1
            if lines == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    box.put(paths)


def in_child(work: Callable[[], None]) -> int:
    """Runs `work` in a forked process; its wait status."""
    if (pid := os.fork()) == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize(
    ("keen", "step"),
    [
        pytest.param(True, 4, id="it is collected at once"),
        pytest.param(True, 1, id="it is collected at once, every line", marks=pytest.mark.long),
        pytest.param(False, 1, id="it is collected in the end, every line", marks=pytest.mark.long),
    ],
)
def test_killed_at_any_line_it_is_there_once(ssh: OpenSsh, tmp_path: Path, keen: bool, step: int) -> None:
    """Each line of the putting is one instant to be killed at; somebody collects in between, or not."""
    kills = 0
    for number in range(1, 400, step):
        folder = tmp_path / f"{number}"
        paths = made(folder, b"abc")
        status = in_child(lambda paths=paths, number=number: put_until_line(outbox(ssh), paths, number))  # type: ignore[misc]
        collected = collect(ssh) if keen else []
        outbox(ssh).put(paths)
        collected += collect(ssh)
        assert sorted(collected) == ["users.csv", "users.csv.done"], number
        assert there(ssh) == {} and list(folder.iterdir()) == [], number
        if not os.WIFSIGNALED(status):
            break
        kills += 1
    assert kills > 50 / step, "the sweep met the whole of the putting"


def collect(ssh: OpenSsh) -> list[str]:
    """Takes finished files away, as an import does."""
    found = [path for path in (ssh.root / "out").iterdir() if path.suffix != ".part"]
    for path in found:
        path.unlink()
    return [path.name for path in found]
