"""What the durable engine costs for each operation, beside a bare client that makes the same calls.

  python -m benchmarks.overhead                    2,000 people, 50 ms a call, on SQLite and on PostgreSQL
  python -m benchmarks.overhead --people 500 --rounds 1 --only sqlite

Joinery applies an approved plan of new accounts, claimed, recorded and survivable line by line; the bare client
(benchmarks/bare.py) makes the same two calls for each person, remembers nothing, and has as many people on their way
at one time. Both are processes of their own, in turn, against one learning system in a third; the best of each counts.
The clock of Joinery runs from the call of the engine to its return, its start (importing it, opening its tables)
left out and told apart. Ends with 1 when Joinery takes more than 1.5 times as long.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.school import Place, school
from benchmarks.stage import Company, busy, postgres, row, told

WANTED = 1.5
#: people on their way at one time: eight of each batch, and one batch
AT_ONCE = 8
STORES = ("sqlite", "postgresql")


def engine(folder: Path, plan: str) -> dict[str, Any]:
    """In a process of its own: the plan from the call of the engine to its return."""
    from joinery.app.wiring import opened
    from joinery.flows.apply import apply_approved

    with opened(folder / "joinery.yaml", environ=os.environ) as it:
        began = time.perf_counter()
        it.ports.engine().warm()
        ready, spent = time.perf_counter(), time.process_time()
        applied = apply_approved(it.ports, plan)
        over = time.perf_counter()
        return {
            "seconds": over - ready,
            "start": ready - began,
            "cpu": time.process_time() - spent,
            "done": applied.tally.done,
        }


def joinery(folder: Path, lms: Place, store: str, people: int) -> dict[str, Any]:
    """One plan of new accounts, set up by the command line, applied by a process of its own."""
    company = Company(folder=folder, url=lms.url, store=store, learning="concurrency: 1").settle()
    company.export([row(number) for number in range(1, people + 1)])
    plan = company.approved()
    lms.ask("/begin")
    command = [sys.executable, "-m", "benchmarks.overhead", "--child", str(folder), "--plan", plan]
    found = _json(command, company.environment)
    heard = lms.ask("/told")
    assert found["done"] == heard["users"] == people, (found, heard)
    return found | {"calls": heard["calls"], "busiest": heard["busiest"]}


def bare(lms: Place, people: int) -> dict[str, Any]:
    lms.ask("/begin")
    command = [sys.executable, "-m", "benchmarks.bare", "--url", f"{lms.url}/v2", "--people", str(people)]
    found = _json([*command, "--at-once", str(AT_ONCE)], dict(os.environ))
    return found | {"calls": lms.ask("/told")["calls"]}


def _json(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@contextmanager
def stores(kind: str) -> Iterator[Any]:
    """Lends addresses of empty databases; an empty one stands for the SQLite file in the folder."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres()) if kind == "postgresql" else None

        @contextmanager
        def one() -> Iterator[str]:
            if server is None:
                yield ""
            else:
                with server.database() as url:
                    yield url

        yield one


def measured(kind: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Joinery and the bare client in turn, the best of each."""
    ours, floor = [], []
    with tempfile.TemporaryDirectory() as here, stores(kind) as fresh, school(latency=asked.latency) as lms:
        for number in range(asked.rounds):
            with fresh() as store:
                ours.append(joinery(Path(here) / str(number), lms, store, asked.people))
            floor.append(bare(lms, asked.people))
    best, base = (min(each, key=lambda one: one["seconds"]) for each in (ours, floor))
    return {
        "what": f"engine on {kind}",
        "operations": asked.people,
        "ms a call": round(1000 * asked.latency),
        "calls": f"{best['calls']} (bare {base['calls']})",
        "at one time": f"{best['busiest']} (bare {AT_ONCE})",
        "ms an operation": round(1000 * best["seconds"] / asked.people, 2),
        "bare": round(1000 * base["seconds"] / asked.people, 2),
        "ratio": round(best["seconds"] / base["seconds"], 2),
        "wanted": WANTED,
        "processor ms an operation": round(1000 * best["cpu"] / asked.people, 2),
        "processor, bare": round(1000 * base["cpu"] / asked.people, 2),
        "seconds to start": round(best["start"], 2),
        "load": busy(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that every call takes")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--only", choices=STORES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--plan", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(engine(asked.child, asked.plan)))
        return
    missed = False
    for kind in [asked.only] if asked.only else STORES:
        found = measured(kind, asked)
        missed |= found["ratio"] > WANTED
        told([found], as_json=asked.json)
    sys.exit(missed)


if __name__ == "__main__":
    main()
