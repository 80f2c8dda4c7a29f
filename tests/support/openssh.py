"""A real OpenSSH server on the loopback for one test: keys of its own, no account but ours, SFTP only."""

from __future__ import annotations

import getpass
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from joinery.connectors.sftp import Server

#: what a server that lends files for reading only, or forbids moving them, is started with
READ_ONLY, NO_MOVING = "-R", "-P rename,posix-rename,mkdir"


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "", form: str = "RFC4716") -> str:
    """A key pair; the fingerprint of the public half, as ssh-keygen says it."""
    given = ["-t", kind, "-N", passphrase, "-m", form, "-C", "test", "-f", str(path)]
    subprocess.run(["ssh-keygen", "-q", *given], check=True, timeout=60)
    return fingerprint(path)


def fingerprint(path: Path) -> str:
    """`SHA256:…` of a key file, by OpenSSH's own word."""
    done = subprocess.run(["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.split()[1]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, kw_only=True)
class OpenSsh:
    """A running server; files lie below `root`."""

    folder: Path
    port: int
    fingerprints: dict[str, str]

    @property
    def root(self) -> Path:
        return self.folder / "files"

    @property
    def key_file(self) -> Path:
        return self.folder / "client"

    def server(self, **changes: Any) -> Server:
        """What a connector is told of it."""
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "key": self.key_file.read_text,
            "host_keys": frozenset({self.fingerprints["ed25519"]}),
            "timeout": timedelta(seconds=10),
        }
        return Server(**(given | changes))


def _penalises(sshd: Path) -> bool:
    """Since 9.8 OpenSSH shuts out addresses that fail to sign in again and again."""
    done = subprocess.run([sshd, "-V"], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", done.stderr + done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= (9, 8)


@contextmanager
def openssh(sshd: Path, folder: Path, *, sftp: str = "", more: str = "") -> Iterator[OpenSsh]:
    """Started, and ended with everything it started."""
    (folder / "files").mkdir(parents=True)
    found = {kind: make_key(folder / f"host_{kind}", kind) for kind in ("ed25519", "rsa")}
    make_key(folder / "client")
    (folder / "authorized").write_text((folder / "client.pub").read_text())
    port = free_port()
    if _penalises(sshd):  # one address tries many wrong keys here
        more += "PerSourcePenalties no\n"
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\n"
        + "".join(f"HostKey {folder}/host_{kind}\n" for kind in found)
        + f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\nPidFile none\n"
        f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nLogLevel ERROR\n{more}"
        f"Subsystem sftp internal-sftp {sftp}\nForceCommand internal-sftp {sftp}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([str(sshd), "-D", "-e", "-f", str(folder / "config")], stderr=(folder / "log").open("w"))
    try:
        _until_it_answers(port, process)
        yield OpenSsh(folder=folder, port=port, fingerprints=found)
    finally:
        process.terminate()
        process.wait(10)


def _until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "sshd ended at once; see its log"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("sshd does not answer")
