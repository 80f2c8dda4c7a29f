"""Replays a folder of daily exports (YYYY-MM-DD.csv) through the flows in one process, and says how long days took.

  python -m benchmarks.replay DAYS_FOLDER WORK_FOLDER [--example examples/replay] [--wait]

`--wait`: the days are still being written; each is waited for, and removed once it is archived. The result is left in
WORK_FOLDER for `joinery events` and `joinery accounts`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from joinery.app.wiring import opened
from joinery.flows.policy import Ports
from joinery.flows.sync import sync


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("days", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--example", type=Path, default=Path("examples/replay"))
    parser.add_argument("--first", type=date.fromisoformat)
    parser.add_argument("--last", type=date.fromisoformat)
    parser.add_argument("--wait", action="store_true")
    args = parser.parse_args()
    if not args.work.exists():
        shutil.copytree(args.example, args.work)
    (args.work / "inbox").mkdir(exist_ok=True)
    day, last = args.first or _first(args.days), args.last or _last(args.days)
    # opened once: to start the engine anew 6,000 times would only measure starting it
    with opened(args.work / "joinery.yaml", environ=os.environ, as_of=_noon(day)) as it:
        spent = _days(args, it.ports, day, last)
    spent.sort()
    figures = {"days": len(spent), "seconds": sum(spent), "median": spent[len(spent) // 2], "longest": spent[-1]}
    print(json.dumps({**figures, "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2}))


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _days(args: argparse.Namespace, ports: Ports, day: date, last: date) -> list[float]:
    spent: list[float] = []
    while day <= last:
        spent.append(_one(args, ports, day))
        if len(spent) % 100 == 0:
            print(day, round(sum(spent[-100:]) / 100, 3), "s a day", file=sys.stderr, flush=True)
        day += timedelta(days=1)
    return spent


def _one(args: argparse.Namespace, ports: Ports, day: date) -> float:
    file = args.days / f"{day}.csv"
    while (
        args.wait and not (args.days / f"{day + timedelta(days=1)}.csv").exists() and not (args.days / "end").exists()
    ):
        time.sleep(0.5)
    inbox = args.work / "inbox" / f"employees_{day}.csv"
    shutil.copy(file, inbox)
    begun = time.perf_counter()
    report = sync(ports, _noon(day))
    if report.exit_code:
        print(day, "ended with", report.exit_code, file=sys.stderr, flush=True)
    if args.wait:
        file.unlink()
        shutil.rmtree(args.work / "archive", ignore_errors=True)
    return time.perf_counter() - begun


def _first(folder: Path) -> date:
    return date.fromisoformat(min(folder.glob("*.csv")).stem)


def _last(folder: Path) -> date:
    return date.fromisoformat(max(folder.glob("*.csv")).stem)


if __name__ == "__main__":
    main()
