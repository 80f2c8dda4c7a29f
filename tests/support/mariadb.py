"""Starts a MariaDB server for one test session. Rule: nothing of it is left when the session ends.

The server does not run as root by itself, so root hands it to the user `mysql` that Debian's package brings.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from tests.support.postgres import free_port

OWNER = "mysql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server; `database()` lends a fresh, empty database."""

    port: int
    password: str = field(repr=False)
    numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    @classmethod
    @contextmanager
    def started(cls, program: Path) -> Iterator[Server]:
        """Runs a new server of this program and stops it at the end."""
        home = Path(tempfile.mkdtemp(prefix="joinery-maria-"))
        try:
            server = cls(port=free_port(), password=secrets.token_hex(16))
            as_owner = [f"--user={OWNER}"] if os.geteuid() == 0 else []
            if as_owner:
                shutil.chown(home, user=OWNER)
            _initialise(home, as_owner)
            with (home / "log").open("wb") as log:
                command = [str(program), "--no-defaults", *as_owner, *_options(home, server)]
                process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
            try:
                server._wait(home)
                yield server
            finally:
                process.kill()
                process.wait()
        finally:
            shutil.rmtree(home, ignore_errors=True)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database as a SQLAlchemy URL, dropped afterwards."""
        name = f"test_{next(self.numbers)}"
        self.administer(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield self.url(name)
        finally:
            self.administer(f"DROP DATABASE {name}")

    def url(self, name: str) -> str:
        """SQLAlchemy URL of one database of this server."""
        return f"mariadb+pymysql://root:{self.password}@127.0.0.1:{self.port}/{name}"

    def administer(self, statement: str) -> None:
        """Runs one statement as the owner of everything."""
        with self._connect(self.password) as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def _connect(self, password: str) -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", password=password, autocommit=True)

    def _wait(self, home: Path) -> None:
        for _ in range(600):
            try:
                with self._connect("") as connection, connection.cursor() as cursor:
                    cursor.execute("SET PASSWORD FOR root@localhost = PASSWORD(%s)", (self.password,))
                    return
            except pymysql.OperationalError:
                time.sleep(0.1)
        raise RuntimeError(f"mariadbd does not answer:\n{(home / 'log').read_text()}")


def _options(home: Path, server: Server) -> list[str]:
    fast = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--skip-log-bin"]
    here = [f"--datadir={home / 'data'}", f"--socket={home / 'socket'}", f"--pid-file={home / 'pid'}"]
    # a root without a password is told apart from a remote one by name, and names are not looked up
    return [*here, "--bind-address=127.0.0.1", f"--port={server.port}", *fast]


def _initialise(home: Path, as_owner: list[str]) -> None:
    options = [*as_owner, f"--datadir={home / 'data'}", "--auth-root-authentication-method=normal"]
    command = ["mariadb-install-db", "--no-defaults", *options, "--skip-test-db"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")
