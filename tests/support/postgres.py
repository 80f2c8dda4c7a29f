"""Starts a PostgreSQL server for one test session. Rule: nothing of it is left when the session ends.

The server refuses to run as root, so root hands it to the user `postgres` that Debian's package brings.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

OWNER = "postgres"
#: outside the PATH of a bare environment
_RUNUSER = (
    shutil.which("runuser", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])) or "runuser"
)
_MANY = "-c max_connections=200"
#: what a power cut takes from it, no test misses
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server; `database()` lends a fresh, empty database."""

    port: int
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @classmethod
    @contextmanager
    def started(cls, programs: Path, *, host: str = "127.0.0.1", fast: bool = True) -> Iterator[Server]:
        """Runs a new server from the programs in this folder and stops it at the end.

        `host`: where it listens, for whoever is in the same /24. `fast`: it need not survive a power cut.
        """
        home = Path(tempfile.mkdtemp(prefix="joinery-pg-"))
        try:
            server = cls(port=free_port(host), password=secrets.token_hex(16), host=host)
            _initialise(programs, home, server.password)
            with (home / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {host}/24 scram-sha-256\n")
            options = f"-p {server.port} -c listen_addresses={host} -k {home} {_MANY} {_FAST if fast else ''}"
            log = str(home / "log")
            _run([str(programs / "pg_ctl"), "start", "-w", "-D", str(home / "data"), "-l", log, "-o", options])
            try:
                yield server
            finally:
                _run([str(programs / "pg_ctl"), "stop", "-w", "-m", "immediate", "-D", str(home / "data")])
        finally:
            shutil.rmtree(home, ignore_errors=True)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database as a SQLAlchemy URL, from which everybody is thrown out afterwards."""
        name = f"test_{next(self.numbers)}"
        self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.url(name)
        finally:
            # dropping it takes a checkpoint, and the whole server goes soon
            self._administer(
                sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name)
            )

    def url(self, name: str) -> str:
        """SQLAlchemy URL of one database of this server."""
        return f"postgresql+psycopg://{OWNER}:{self.password}@{self.host}:{self.port}/{name}"

    def _administer(self, statement: sql.Composed) -> None:
        url = self.url("postgres").replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)


def _initialise(programs: Path, home: Path, password: str) -> None:
    secret = home / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        for path in (home, secret):
            shutil.chown(path, user=OWNER)
    options = ["--auth=scram-sha-256", f"--pwfile={secret}", f"--username={OWNER}", "--encoding=UTF8", "--no-sync"]
    _run([str(programs / "initdb"), *options, "--locale=C", "-D", str(home / "data")])


def _run(command: Sequence[str]) -> None:
    as_owner = [_RUNUSER, "-u", OWNER, "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be kept open by the server that pg_ctl leaves behind
        done = subprocess.run([*as_owner, *command], stdout=output, stderr=output, cwd="/", check=False)
        output.seek(0)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{output.read()}")


def free_port(host: str = "127.0.0.1") -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
