"""`joinery sftp` against OpenSSH's own client: what arrives is whole, and there is no way out of the folder."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from joinery.connectors.sftp import RemoteFolder, Server, probe
from joinery.errors import AuthenticationFailed
from tests.faces.running import environment
from tests.support.forked import Started, joinery
from tests.support.openssh import fingerprint, free_port, make_key


@dataclass(kw_only=True)
class DropServer:
    """A running `joinery sftp` with one source `hris`, and a sender's key."""

    folder: Path
    more: str = ""
    ready: str = "stable"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    def start(self) -> None:
        key = (self.folder / "sender.pub").read_text().strip()
        (self.folder / "joinery.yaml").write_text(
            "version: 1\ncompany: { name: Example SA, time_zone: Europe/Paris }\nlearning: { into: classroom }\n"
            f"people:\n  from: file\n  path: ./inbox/*.csv\n  ready_when: {self.ready}\n  fields: {{ worker_id: No }}\n"
            f'  upload:\n    keys: "{key}"\n{self.more}'
        )
        words = ["sftp", "--port", str(self.port)]
        self.process = Started(words, cwd=self.folder, env=environment(), stderr=subprocess.PIPE, text=True, bufsize=1)
        assert self.process.stderr is not None
        self.greeting = [self.process.stderr.readline() for _ in range(3)]

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(20)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def words(self, program: str, key: str = "sender") -> list[str]:
        port = "-P" if program == "sftp" else "-p"
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "BatchMode=yes"]
        options += ["LogLevel=ERROR", "PreferredAuthentications=publickey,password"]
        line = [program, port, str(self.port), "-i", str(self.folder / key), "-F", "none"]
        return line + [word for option in options for word in ("-o", option)]

    def types(self, *lines: str, key: str = "sender", user: str = "hris") -> subprocess.CompletedProcess[str]:
        """A sender's session; a line with a `-` before it may fail."""
        return subprocess.run(
            [*self.words("sftp", key), "-b", "-", f"{user}@127.0.0.1"],
            input="\n".join(lines) + "\n",
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def names(self) -> list[str]:
        return sorted(path.name for path in self.inbox.iterdir())


@contextmanager
def serving(folder: Path, more: str = "", ready: str = "stable") -> Iterator[DropServer]:
    folder.mkdir(exist_ok=True)
    make_key(folder / "sender")
    make_key(folder / "stranger")
    (folder / "a.csv").write_text("No\n1\n")
    server = DropServer(folder=folder, more=more, ready=ready)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sshd_path: Path) -> Iterator[DropServer]:
    with serving(tmp_path_factory.mktemp("drop")) as it:
        yield it


@pytest.fixture
def drop(server: DropServer) -> DropServer:
    server.inbox.mkdir(exist_ok=True)
    for path in server.inbox.iterdir():
        path.unlink()
    return server


def test_the_greeting_has_the_fingerprint_and_the_key_is_ours_alone(server: DropServer) -> None:
    place = server.folder / ".joinery" / "sftp" / "host_key"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert fingerprint(place) in server.greeting[1]
    assert "hris for hris" in server.greeting[0]


def test_a_file_is_put_there_and_noted_by_source_and_name(drop: DropServer) -> None:
    done = drop.types("put a.csv", "ls -l")
    assert done.returncode == 0, done.stderr
    assert (drop.inbox / "a.csv").read_text() == "No\n1\n"
    assert stat.S_IMODE((drop.inbox / "a.csv").stat().st_mode) == 0o600
    log = (drop.folder / ".joinery" / "sftp" / "uploads.log").read_text().splitlines()
    assert log[-1].split()[1:] == ["hris", "a.csv"]


def test_a_file_put_as_part_and_renamed_is_noted_once(drop: DropServer) -> None:
    log = drop.folder / ".joinery" / "sftp" / "uploads.log"
    before = len(log.read_text().splitlines()) if log.exists() else 0
    assert drop.types("put a.csv b.csv.part", "rename b.csv.part b.csv").returncode == 0
    assert drop.names() == ["b.csv"]
    assert [line.split()[-1] for line in log.read_text().splitlines()[before:]] == ["b.csv"]


def test_times_and_rights_that_clients_set_are_no_error(drop: DropServer) -> None:
    assert drop.types("put -p a.csv c.csv", "chmod 777 c.csv").returncode == 0
    assert stat.S_IMODE((drop.inbox / "c.csv").stat().st_mode) == 0o600


OUT = (
    "put a.csv ../out.csv",
    "put a.csv /etc/joinery-was-here",
    "put a.csv ../../../../../../tmp/joinery-was-here",
    "put a.csv sub/a.csv",
    "put a.csv .hidden",
    "get /etc/passwd",
    "get ../joinery.yaml",
    "get ../.joinery/sftp/host_key",
    "get /proc/self/environ",
    "get /proc/self/root/etc/passwd",
    "ls /etc",
    "ls ..",
    "cd ..",
    "ln -s /etc/passwd link",
    "ln a.csv hard",
    "symlink /etc link",
    "mkdir sub",
    "rmdir .",
    "rename a.csv ../a.csv",
    "rename a.csv /tmp/joinery-was-here",
    "rename a.csv sub/../../a.csv",
    "rename a.csv .a",
    "rm a.csv",
    "get a.csv stolen.csv",
    "reput a.csv a.csv",
    "df",
)


@pytest.mark.parametrize("line", OUT)
def test_there_is_no_way_out_and_nothing_to_take(drop: DropServer, line: str) -> None:
    (drop.inbox / "a.csv").write_text("here\n")
    done = drop.types(line)
    climbing = (
        "put a.csv ../out.csv",
        "ls ..",
        "cd ..",
        "put a.csv ../../",
        "rename a.csv ../a",
        "rename a.csv sub/..",
    )
    if not line.startswith(climbing):
        assert done.returncode != 0, done.stdout
    answered = "".join(said for said in done.stdout.splitlines() if not said.startswith("sftp>"))
    for word in ("root:", "joinery.yaml", "PRIVATE KEY"):
        assert word not in answered
    outside = {path.name for path in drop.folder.iterdir()}
    assert outside.isdisjoint({"out.csv", "passwd", "environ", "host_key", "stolen.csv", "link", "sub"})
    assert not Path("/tmp/joinery-was-here").exists() and not Path("/etc/joinery-was-here").exists()
    assert all(path.is_file() and not path.is_symlink() for path in drop.inbox.iterdir())
    kept = {path.name for path in drop.inbox.iterdir()}
    assert kept in ({"a.csv"}, {"a.csv", "out.csv"}), kept


def test_a_link_that_lies_there_already_is_not_followed(drop: DropServer) -> None:
    secret = drop.folder / "secret.txt"
    secret.write_text("secret")
    (drop.inbox / "link.csv").symlink_to(secret)
    (drop.inbox / "room").symlink_to("/etc")
    listed = drop.types("ls -l")
    assert "link.csv" not in listed.stdout and "room" not in listed.stdout
    for line in ("get link.csv", "ls room", "get room/passwd", "chmod 777 link.csv", "rename link.csv x.csv"):
        assert drop.types(line).returncode != 0, line
    assert drop.types("put a.csv link.csv").returncode == 0
    assert secret.read_text() == "secret"
    assert not (drop.inbox / "link.csv").is_symlink()
    (drop.inbox / "room").unlink()


@pytest.mark.parametrize(("key", "user"), [("stranger", "hris"), ("sender", "root"), ("sender", "nobody")])
def test_only_an_account_with_its_own_key_comes_in(drop: DropServer, key: str, user: str) -> None:
    done = drop.types("put a.csv", key=key, user=user)
    assert done.returncode != 0
    assert drop.names() == []


def test_a_password_is_not_even_asked_for(drop: DropServer) -> None:
    pins = frozenset({fingerprint(drop.folder / ".joinery" / "sftp" / "host_key")})
    given = Server(
        host="127.0.0.1",
        port=drop.port,
        user="hris",
        host_keys=pins,
        password=lambda: "x",
        timeout=timedelta(seconds=9),
    )
    with pytest.raises(AuthenticationFailed):
        probe(given, RemoteFolder(inbox="/", ready_when="present"))


@pytest.mark.parametrize(
    "words",
    [["id"], [], ["-tt"], ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"], ["-W", "127.0.0.1:22"]],
    ids=["a command", "a shell", "a terminal", "forwarding to us", "forwarding through us"],
)
def test_ssh_is_good_for_nothing_else(drop: DropServer, words: list[str]) -> None:
    options = [word for word in words if word.startswith("-") or word[0].isdigit() or "=" in word]
    command = [word for word in words if word not in options]
    line = [*drop.words("ssh"), *options, "hris@127.0.0.1", *command]
    done = subprocess.run(line, capture_output=True, text=True, timeout=40, input="id\n", check=False)
    assert done.returncode != 0
    assert "uid=" not in done.stdout


def test_two_senders_at_once_end_with_one_whole_file(drop: DropServer) -> None:
    for name, letter in (("one", "1"), ("two", "2")):
        (drop.folder / f"{name}.csv").write_text(letter * 3_000_000)
    line = [*drop.words("sftp"), "-b", "-", "hris@127.0.0.1"]
    running = [
        subprocess.Popen(line, cwd=drop.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for _ in range(2)
    ]
    for process, name in zip(running, ("one", "two"), strict=True):
        assert process.stdin is not None
        process.stdin.write(f"put {name}.csv same.csv\n")
        process.stdin.close()
    assert [process.wait(60) for process in running] == [0, 0]
    text = (drop.inbox / "same.csv").read_text()
    assert text in {"1" * 3_000_000, "2" * 3_000_000}
    assert drop.names() == ["same.csv"]


def upload_slowly(drop: DropServer, name: str = "big.csv") -> subprocess.Popen[str]:
    """A sender in the middle of a large file."""
    (drop.folder / name).write_bytes(os.urandom(6_000_000))
    line = [*drop.words("sftp"), "-l", "2000", "-b", "-", "hris@127.0.0.1"]
    process = subprocess.Popen(line, cwd=drop.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stdin is not None
    process.stdin.write(f"put {name}\n")
    process.stdin.flush()
    for _ in range(400):
        if any(path.name.endswith(".upload") and path.stat().st_size for path in drop.inbox.glob(".*")):
            return process
        time.sleep(0.05)
    raise AssertionError("nothing arrives")


def settled(drop: DropServer) -> list[str]:
    for _ in range(100):
        if not any(name.startswith(".") for name in drop.names()):
            break
        time.sleep(0.05)
    return drop.names()


def test_a_sender_that_dies_in_the_middle_leaves_nothing(drop: DropServer) -> None:
    process = upload_slowly(drop)
    process.kill()
    process.wait(10)
    assert settled(drop) == []


def test_a_server_killed_in_the_middle_leaves_nothing_that_could_be_read_and_tidies_up(tmp_path: Path) -> None:
    with serving(tmp_path / "drop") as drop:
        process = upload_slowly(drop)
        drop.stop(signal.SIGKILL)
        process.wait(20)
        assert [name for name in drop.names() if not name.startswith(".")] == []
        drop.start()
        assert settled(drop) == []
        assert drop.types("put a.csv").returncode == 0
        assert drop.names() == ["a.csv"]


def test_with_ready_by_rename_a_name_is_only_given_by_renaming(tmp_path: Path) -> None:
    with serving(tmp_path / "drop", ready="rename") as drop:
        refused = drop.types("put a.csv")
        assert refused.returncode != 0
        assert drop.types("put a.csv a.csv.part", "rename a.csv.part a.csv").returncode == 0
        assert drop.names() == ["a.csv"]


def test_limits_of_size_room_and_sessions(tmp_path: Path) -> None:
    more = "    largest_mb: 1\n    room_mb: 2\n    sessions: 1\n    idle: 2 seconds\n"
    with serving(tmp_path / "drop", more=more) as drop:
        (drop.folder / "large.csv").write_bytes(b"x" * 1_000_001)
        assert drop.types("put large.csv").returncode != 0
        assert drop.names() == []
        (drop.folder / "fits.csv").write_bytes(b"x" * 1_000_000)
        assert drop.types("put fits.csv one.csv", "put fits.csv two.csv").returncode == 0
        assert drop.types("put a.csv").returncode != 0
        for path in drop.inbox.iterdir():
            path.unlink()
        line = [*drop.words("sftp"), "hris@127.0.0.1"]
        still = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(1)
            assert drop.types("put a.csv").returncode != 0
            time.sleep(3)
            # the first session was still for too long, and another one may come
            assert drop.types("put a.csv").returncode == 0
        finally:
            still.kill()
            still.communicate()


def test_settings_without_an_account_start_nothing(tmp_path: Path) -> None:
    (tmp_path / "joinery.yaml").write_text(
        "version: 1\ncompany: { name: A, time_zone: UTC }\nlearning: { into: classroom }\n"
        "people: { from: file, path: ./in/*.csv, fields: { worker_id: No } }\n"
    )
    done = subprocess.run([*joinery(), "sftp"], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 7
    assert "upload" in done.stderr
