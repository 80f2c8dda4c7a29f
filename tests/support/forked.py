"""`joinery` for tests that type many commands: a process of its own each time, forked from one that has loaded it.

Starting Python and loading the product costs more than most commands do. `script/test --all` starts it anew each time.
Not for tests that send signals: what they start is only the client of the process that works.
"""

from __future__ import annotations

import array
import atexit
import importlib
import json
import os
import random
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
said = json.dumps({"words": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
there.sendmsg([struct.pack("!I", len(said))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
there.sendall(said)
code = there.recv(1)
sys.exit(code[0] if code else 137)
"""

_servers: dict[int, tuple[subprocess.Popen[bytes], str]] = {}


def joinery() -> list[str]:
    """The first words of a command line, for `subprocess`."""
    if os.environ.get("JOINERY_TEST_STARTS_ANEW"):
        return [sys.executable, "-c", "from joinery.cli.main import run; run()"]
    return [sys.executable, "-I", "-S", "-c", CLIENT, _server()]


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
    client.sendall(bytes([_code(asked["words"])]))
    os._exit(0)


def _code(words: Sequence[str]) -> int:
    from joinery.cli.main import run

    sys.argv = ["joinery", *words]
    code: Any = 0
    try:
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
