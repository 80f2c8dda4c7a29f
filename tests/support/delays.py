"""How late this machine is, seen by a process that only sleeps: what a test of a time allows on top.

A process of its own, since a thread would also be late for what the tested code does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SLEEPER = """
import select, sys, time
print(flush=True)
latest = 0.0
while True:
    before = time.monotonic()
    told = select.select([sys.stdin], [], [], 0.02)[0]
    if told:
        break
    latest = max(latest, time.monotonic() - before - 0.02)
print(latest)
"""


@contextmanager
def delays() -> Iterator[list[float]]:
    """A list that holds, after the block, the longest delay in seconds of a sleep of 20 ms."""
    found: list[float] = []
    command = [sys.executable, "-S", "-E", "-c", _SLEEPER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sleeper:
        assert sleeper.stdout is not None
        sleeper.stdout.readline()
        yield found
        said, _ = sleeper.communicate("\n")
    found.append(float(said))
