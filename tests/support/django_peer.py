"""Starts the Django site of `django_lms` in a process of its own. Rule: nothing of it is left when the tests end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "tests.support.django_lms.settings"


@contextmanager
def running(folder: Path, token: str, *, plain: bool = False) -> Iterator[str]:
    """The address before /Users; `plain` is django-scim2 as it comes, without anything of ours."""
    port = free_port()
    values = {"DJANGO_SETTINGS_MODULE": SETTINGS, "LMS_DATABASE": str(folder / "lms.db"), "LMS_TOKEN": token}
    environment = {**os.environ, **values, "LMS_PLAIN": "yes" if plain else "", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "uvicorn", "tests.support.django_lms.asgi:application", f"--port={port}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--lifespan=off"], env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "log")
        yield f"http://127.0.0.1:{port}/scim/v2"
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the Django site does not answer:\n{log.read_text()}")
