"""`joinery` for tests that type many commands: a process of its own each time, forked from one that has loaded it.

Starting Python and loading the product costs more than most commands do. `script/test --all` starts it anew each time.
What a test starts is only the client of the process that works: one that sends signals uses `Started`.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import importlib
import json
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parents[2]
#: what most commands load when they need it
LOADED: Final = (
    "joinery.app.wiring",
    "joinery.jobs.dbos",
    "joinery.web.assembly",
    "polars",
    "asyncssh",
    "sqlalchemy.orm",
)
#: Python itself, with nothing but the standard library; then this file's text up to the words, the client
CLIENT: Final = """
import array, json, os, socket, struct, sys
there = socket.socket(socket.AF_UNIX)
there.connect(sys.argv[1])
said = json.dumps({"words": sys.argv[3:], "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
there.sendmsg([struct.pack("!I", len(said))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
there.sendall(said)
worker = there.recv(4, socket.MSG_WAITALL)
if sys.argv[2] != "-":
    os.write(int(sys.argv[2]), worker)
    os.close(int(sys.argv[2]))
code = there.recv(1)
if not code:
    os.kill(os.getpid(), 9)
sys.exit(code[0])
"""

_servers: dict[int, tuple[subprocess.Popen[bytes], str]] = {}


def joinery() -> list[str]:
    """The first words of a command line, for `subprocess`. `-m` and a module may follow: that is run instead."""
    return _anew([]) if os.environ.get("JOINERY_TEST_STARTS_ANEW") else _client("-")


def _client(told: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", CLIENT, _server(), told]


def _anew(words: Sequence[str]) -> list[str]:
    program = [] if words[:1] == ["-m"] else ["-c", "from joinery.cli.main import run; run()"]
    return [sys.executable, *program, *words]


class Started(subprocess.Popen[Any]):
    """`joinery` with these words, or `-m` and a module. Signals go to the process that works, `worker`; whoever is
    killed is killed here, too."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        self._worker: int | None = None
        self._told: int | None = None
        words = [*words]
        if os.environ.get("JOINERY_TEST_STARTS_ANEW"):
            super().__init__(_anew(words), **options)
            self._worker = self.pid
            return
        self._told, told = os.pipe()
        try:
            super().__init__([*_client(str(told)), *words], pass_fds=[told], **options)
        finally:
            os.close(told)

    @property
    def worker(self) -> int:
        """The ID of the process that works."""
        if self._worker is None and self._told is not None:
            said = os.read(self._told, 4)
            os.close(self._told)
            self._told, self._worker = None, int.from_bytes(said, "big") if said else self.pid
        return self._worker or self.pid

    def send_signal(self, sig: int) -> None:
        self.poll()
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.worker, sig)

    def stopped(self) -> None:
        """Wait until SIGSTOP has taken hold."""
        stat = Path(f"/proc/{self.worker}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.001)


def folder_with_joinery(folder: Path) -> Path:
    """A folder for PATH in which `joinery` is such a command."""
    folder.mkdir(exist_ok=True)
    words = " ".join("'" + word.replace("'", "'\\''") + "'" for word in joinery())
    (folder / "joinery").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (folder / "joinery").chmod(0o755)
    return folder


def _server() -> str:
    """The address of this process's server, started when first asked for; it ends with us."""
    if os.getpid() not in _servers:
        address = str(Path(tempfile.mkdtemp(prefix="joinery-forked-")) / "s")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked", address],
            env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        _servers[os.getpid()] = process, address
    return _servers[os.getpid()][1]


def main(address: str) -> None:
    """Fork for whoever comes, until our standard input ends."""
    import select

    from joinery.cli import main as commands

    here = Path(commands.__file__).parent
    for name in [*LOADED, *(f"joinery.cli.{file.stem}" for file in here.glob("*_command.py"))]:
        importlib.import_module(name)
    assert threading.active_count() == 1, "threads do not survive a fork"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(16)
    os.write(1, b"ready\n")
    while True:
        there, _, _ = select.select([listener, 0], [], [])
        if 0 in there:
            return
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _work(client)
        client.close()


def _work(client: socket.socket) -> None:
    """One command, from its words to its exit code; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, passed, _, _ = client.recvmsg(4, socket.CMSG_LEN(3 * array.array("i").itemsize))
    descriptors = array.array("i", passed[0][2])
    said = b""
    while len(said) < int.from_bytes(size, "big"):
        said += client.recv(1 << 16)
    asked = json.loads(said)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    time.tzset()
    random.seed()
    ours, end = os.getpid(), os._exit

    def leave(code: int) -> None:
        if os.getpid() == ours:
            client.sendall(bytes([code & 255]))
        end(code)

    os._exit = leave  # type: ignore[assignment]
    client.sendall(ours.to_bytes(4, "big"))
    os._exit(_code(asked["words"]))


def _code(words: Sequence[str]) -> int:
    from joinery.cli.main import run

    code: Any = 0
    try:
        if words[:1] == ["-m"]:
            sys.argv = ["-m", *words[2:]]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = ["joinery", *words]
            run()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 as at the end of any program
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return int(code or 0)


if __name__ == "__main__":
    main(sys.argv[1])
