"""What a connection costs while nothing happens: `joinery serve` beside a Python that only sleeps, on one PostgreSQL.

  python -m benchmarks.idle                     3 connections, 30 seconds
  python -m benchmarks.idle --connections 2 --seconds 10 --json

Memory that is its own (what forked or shared pages others have too is left out), processor time, connections to the
database, transactions a second. For benchmarks/extrapolate.py.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.kill_switch import LIMITS, SECRET, SOURCE
from benchmarks.school import school
from benchmarks.stage import Company, busy, postgres, told


def memory(pid: int) -> float:
    """MiB that go when it goes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    parts = dict(line.split(":", 1) for line in lines[1:])
    return sum(int(parts[name].split()[0]) for name in ("Private_Clean", "Private_Dirty")) / 1024


def processor(pid: int) -> float:
    """Seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked_of(url: str) -> tuple[int, int]:
    """(connections of others, transactions so far) of this database."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as db:
        others = db.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        done = db.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert others is not None and done is not None
    return int(others[0]), int(done[0])


def measured(asked: argparse.Namespace, here: Path) -> dict[str, Any]:
    """Means over all connections."""
    with postgres() as server, server.database() as store, school() as lms, ExitStack() as stack:
        served = []
        for number in range(asked.connections):
            folder = here / f"c{number}"
            company = Company(folder=folder, url=lms.url, store=store, source=SOURCE, mode="automatic")
            company.more = f"{LIMITS}\nname: c{number}"
            company.settle()
            text = (folder / "joinery.yaml").read_text()
            named = text.replace("learning: { into: scim", f"learning:\n  l{number}: {{ into: scim")
            (folder / "joinery.yaml").write_text(named)
            (folder / "secret").write_text(SECRET)
            stack.callback(company.stack.close)
            served.append(stack.enter_context(company.serving())[0].pid)
        plain = stack.enter_context(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]))
        stack.callback(plain.kill)
        time.sleep(asked.settle)
        began, spent, before = time.monotonic(), sum(map(processor, served)), asked_of(store)
        time.sleep(asked.seconds)
        after, passed = asked_of(store), time.monotonic() - began
        own = sum(map(memory, served)) / len(served)
        return {
            "what": "idle connection",
            "connections": len(served),
            "MiB": round(own, 1),
            "MiB of a bare Python": round(memory(plain.pid), 1),
            "ratio": round(own / memory(plain.pid), 1),
            "share of a core": round((sum(map(processor, served)) - spent) / passed / len(served), 4),
            "database connections": round(after[0] / len(served), 1),
            "transactions a second": round((after[1] - before[1]) / passed / len(served), 1),
            "load": busy(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--settle", type=float, default=10, help="seconds after the start that do not count")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as here:
        told([measured(asked, Path(here))], as_json=asked.json)


if __name__ == "__main__":
    main()
