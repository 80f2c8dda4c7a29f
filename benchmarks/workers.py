"""How much faster 4 workers are than 1, on PostgreSQL, against a learning system that takes 50 ms for every call.

  python -m benchmarks.workers                     4 against 1, 8,000 people, each worker in a network of its own
  python -m benchmarks.workers --people 2000 --side-by-side 2     on two cores

A worker is a process that takes up work: `joinery apply` is the first, `joinery worker` each of the others. Each of
them has one batch on its way at one time, of which `--side-by-side` people are written at one time; the rate limit lies
above what all of them reach. What 4 workers reach at 8 people each keeps three cores at work, of which the learning
system and PostgreSQL want one: on a smaller machine that measures the machine, and 2 or 4 people show what waits for
the learning system. The time is that of the command `joinery apply`, start and end included, as whoever typed it
sees it. Beside it, in the same run, the bare client (benchmarks/bare.py) with as many calls at one time: what this
machine and this learning system allow. Ends with 1 when 4 are not 3.2 times as fast.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.school import Place, school
from benchmarks.stage import Company, Wires, busy, certificate, postgres, row, told, wires

WANTED = 3.2
#: seconds that newcomers wait until the others have made room for them
SETTLED = 6.0


def with_workers(
    count: int, people: int, places: int, wired: Wires, lms: Place, store: str, folder: Path
) -> dict[str, Any]:
    """One plan from `joinery apply` to its end, by so many processes; all else is set up before."""
    machines = [
        Company(
            folder=folder / f"machine{number}",
            url=lms.url,
            store=store,
            trusted=lms.trusted,
            learning=f"concurrency: {count}, side_by_side: {places}, rate: 100000",
            prefix=prefix,
        ).settle()
        for number, prefix in enumerate(wired.prefixes[:count])
    ]
    first = machines[0]
    first.export([row(number) for number in range(1, people + 1)])
    plan = first.approved()
    try:
        for machine in machines[1:]:
            machine.worker()
        time.sleep(SETTLED if count > 1 else 0)
        lms.ask("/begin")
        began, spent = time.monotonic(), used()
        first.run("apply", plan, "--yes", "--quiet")
        seconds = time.monotonic() - began
    finally:
        for machine in machines:
            machine.stack.close()
    heard, spent = lms.ask("/told"), used() - spent
    assert (heard["users"], heard["doubled"]) == (people, 0), heard
    return {
        "seconds": seconds,
        "writing": heard["last"] - heard["first"],
        "calls": heard["calls"],
        "busiest": heard["busiest"],
        "ms": 1000 * spent / people,
    }


def used() -> float:
    """Seconds of a processor that processes took which have ended: the workers, when they have been waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def bare(people: int, at_once: int, lms: Place) -> float:
    """Seconds of the plain client."""
    lms.ask("/begin")
    command = [sys.executable, "-m", "benchmarks.bare", "--url", f"{lms.url}/v2", "--people", str(people)]
    environment = Company(folder=Path(), url="", trusted=lms.trusted).environment
    done = subprocess.run(
        [*command, "--at-once", str(at_once)], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(json.loads(done.stdout)["seconds"])


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """The best of each, in turn."""
    best: dict[int, dict[str, Any]] = {}
    floor: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as here, wires(asked.workers, wanted=not asked.plain) as wired:
        pair = certificate(Path(here), wired.host)
        with postgres(wired.host) as server, school(host=wired.host, latency=asked.latency, pair=pair) as lms:
            for number in range(asked.rounds):
                for count in (1, asked.workers):
                    with server.database() as store:
                        folder = Path(here) / f"{number}-{count}"
                        one = with_workers(count, asked.people, asked.side_by_side, wired, lms, store, folder)
                    best[count] = min(best.get(count, one), one, key=lambda each: each["seconds"])
                    spent = bare(max(200, asked.people // 4), asked.side_by_side * count, lms)
                    floor[count] = min(floor.get(count, spent), spent)
    one, many = best[1], best[asked.workers]
    return {
        "what": f"{asked.workers} workers against 1",
        "people": asked.people,
        "people of one worker at one time": asked.side_by_side,
        "ms a call": round(1000 * asked.latency),
        "networks": "one for each worker" if wired.separate else "none: plain processes on this machine",
        "seconds with 1": round(one["seconds"], 1),
        f"seconds with {asked.workers}": round(many["seconds"], 1),
        "times faster": round(one["seconds"] / many["seconds"], 2),
        "wanted": WANTED,
        "of the writing alone": round(one["writing"] / many["writing"], 2),
        "bare client": round(floor[1] / floor[asked.workers], 2),
        "calls at one time": f"{one['busiest']} and {many['busiest']}",
        "processor ms an operation": f"{one['ms']:.1f} and {many['ms']:.1f}, start included",
        "operations a second": round(asked.people / many["seconds"]),
        "load": busy(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--side-by-side", type=int, default=8, help="people that one worker writes at one time")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds that every call takes")
    parser.add_argument("--rounds", type=int, default=2, help="the best of so many counts")
    parser.add_argument("--plain", action="store_true", help="without networks of their own")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measured(asked)
    told([found], as_json=asked.json)
    sys.exit(found["times faster"] < WANTED)


if __name__ == "__main__":
    main()
