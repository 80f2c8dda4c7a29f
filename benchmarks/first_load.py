"""A first load from HR's file to the last account, and the same with `kill -9` at half-way and a second start.

  python -m benchmarks.first_load                        100,000 people, on SQLite
  python -m benchmarks.first_load --people 5000          a minute or so
  python -m benchmarks.first_load --store postgresql --latency 0.02 --concurrency 8

`joinery sync` reads the file, plans, and makes the accounts in a learning system in another process that makes a second
account of whoever it is told to make twice, and counts them. Once undisturbed; once killed when half of the accounts
are there, and started again, which must find everybody once. Beside it the bare client (benchmarks/bare.py) that makes
the same calls, with as many people on their way at one time. Times are of the whole command; memory is its peak, as the
kernel knows it. Ends with 1 when anybody is missing or there twice.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.overhead import STORES, stores
from benchmarks.school import Place, school
from benchmarks.stage import Company, busy, row, told

SIDE_BY_SIDE = 8


def half_way(process: subprocess.Popen[str], lms: Place, people: int) -> None:
    """Killed as soon as half of them are there."""
    while lms.ask("/told")["users"] < people // 2:
        assert process.poll() is None, "it ended before half-way"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)


def peak_of(process: subprocess.Popen[str]) -> tuple[int, float]:
    """Waits for its end: return code, peak memory in MiB."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_maxrss / 1024


def run(company: Company, lms: Place, people: int, *, killed: bool) -> dict[str, Any]:
    """One first load; all that it took."""
    lms.ask("/begin")
    company.settle()
    company.export([row(number) for number in range(1, people + 1)])
    began = time.monotonic()
    found: dict[str, Any] = {}
    first = company.start("sync", "--quiet", stdout=subprocess.DEVNULL)
    if killed:
        half_way(first, lms, people)
        first.wait()
        found |= {"killed after": round(time.monotonic() - began, 1), "there then": lms.ask("/told")["users"]}
        resumed = time.monotonic()
        first = company.start("sync", "--quiet", stdout=subprocess.DEVNULL)
        code, peak = peak_of(first)
        found["seconds of the second start"] = round(time.monotonic() - resumed, 1)
    else:
        code, peak = peak_of(first)
    assert code == 0, f"joinery sync ended with {code}; see {company.folder}/sync.log"
    seconds = time.monotonic() - began
    return {"seconds": round(seconds, 1), "peak MiB": round(peak)} | found | judged(lms, company, people)


def judged(lms: Place, company: Company, people: int) -> dict[str, Any]:
    """Everybody once, and the ledger says so."""
    heard = lms.ask("/told")
    there = [user["userName"] for user in lms.ask("/people")]
    wanted = {f"w{number}@bench.example" for number in range(1, people + 1)}
    kept = sum(file.stat().st_size for file in (company.folder / ".joinery").glob("*.db*"))
    accounts = json.loads(company.run("accounts", "--format", "json"))
    return {
        "missing": len(wanted - set(there)),
        "twice": len(there) - len(set(there)) + heard["doubled"],
        "known to Joinery": len(accounts["rows"]),
        "store MiB": round((kept + _database(company.store)) / 1024**2, 1),
        "calls": heard["calls"],
        "calls beyond two each": heard["calls"] - 2 * people,
    }


def _database(store: str) -> int:
    """Bytes of a database of PostgreSQL."""
    if not store:
        return 0
    with psycopg.connect(store.replace("+psycopg", "")) as db:
        said = db.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(said[0]) if said else 0


def bare(lms: Place, people: int, at_once: int) -> float:
    """Seconds of the plain client for the same people."""
    lms.ask("/begin")
    command = [sys.executable, "-m", "benchmarks.bare", "--url", f"{lms.url}/v2", "--people", str(people)]
    done = subprocess.run([*command, "--at-once", str(at_once)], check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(done.stdout)["seconds"])


def measured(asked: argparse.Namespace, here: Path) -> list[dict[str, Any]]:
    """A line for each of the two loads."""
    lines = []
    with stores(asked.store) as fresh, school(latency=asked.latency) as lms:
        floor = bare(lms, asked.people, SIDE_BY_SIDE * max(1, asked.concurrency - 1))
        for killed in (False, True):
            with fresh() as store:
                folder = here / ("killed" if killed else "whole")
                learning = f"concurrency: {asked.concurrency}"
                company = Company(folder=folder, url=lms.url, store=store, learning=learning, mode="automatic")
                found = run(company, lms, asked.people, killed=killed)
                company.stack.close()
            lines.append(
                {"what": f"first load{', killed at half-way' if killed else ''}, on {asked.store}"}
                | {"people": asked.people, "ms a call": round(1000 * asked.latency)}
                | found
                | {"bare seconds": round(floor, 1), "ratio": round(found["seconds"] / floor, 2)}
                | {"accounts a second": round(asked.people / found["seconds"]), "load": busy()}
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every call takes")
    parser.add_argument("--concurrency", type=int, default=4, help="batches on their way at one time")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as here:
        lines = measured(asked, Path(here))
    told(lines, as_json=asked.json)
    sys.exit(any(line["missing"] or line["twice"] for line in lines))


if __name__ == "__main__":
    main()
