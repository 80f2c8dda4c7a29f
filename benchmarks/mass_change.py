"""How long an end of access waits for the store while a mass change of HR's is taken in and planned, on SQLite.

`python -m benchmarks.mass_change --people 30000`

On SQLite whoever writes keeps all others waiting, so the longest wait is the longest transaction. Everybody's title
changes, or half leave; each transaction of the run that follows is timed, in the processor time of its thread, and told
with the place in the code that made it. `ratio`: the longest of them beside all the work of its run. Ends with 1 when
that is above its bound.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks import people as made
from benchmarks.nightly import START, company, existing_accounts
from benchmarks.stage import busy
from joinery.flows.plan import make_plan
from joinery.flows.pull import pull
from joinery.store.database import Database

#: of a run, so much at most may be one transaction: the rest has to be done before
BOUND = 0.25


@dataclass
class Holds:
    """Who had the store to themselves, and for how long."""

    spans: list[tuple[float, str]] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        real, spans = Database.write, self.spans

        @contextmanager
        def write(database: Database) -> Iterator[Connection]:
            # this generator, its context manager, whoever writes
            frame: Any = sys._getframe(2)
            place = f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"
            with real(database) as connection:
                began = time.thread_time()
                yield connection
            spans.append((time.thread_time() - began, place))

        Database.write = write  # type: ignore[method-assign]
        try:
            yield
        finally:
            Database.write = real  # type: ignore[method-assign]


def night(folder: Path, rows: list[list[str]], number: int) -> dict[str, Any]:
    """From the file to a stored plan: the longest transactions, in seconds."""
    holds = Holds()
    (folder / "inbox").mkdir(exist_ok=True)
    made.write(folder / "inbox" / f"n{number}.csv", rows, seed=number)
    as_of = START + timedelta(minutes=number)
    with company(folder) as it, holds.watched():
        began = time.thread_time()
        pull(it.ports, as_of)
        taken = time.thread_time() - began
        make_plan(it.ports, as_of, "benchmark")
        whole = time.thread_time() - began
    longest = sorted(holds.spans, reverse=True)[:4]
    return {
        "seconds": {"taking in": round(taken, 2), "planning": round(whole - taken, 2)},
        "longest": [f"{spent:.2f} {place}" for spent, place in longest],
        "transactions": len(holds.spans),
        "longest_seconds": round(longest[0][0], 2),
        "ratio": round(longest[0][0] / whole, 3),
        "load": busy(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = made.made_up(asked.people)
    with tempfile.TemporaryDirectory() as folder:
        found = nights(Path(folder), rows)
    print(json.dumps(found, indent=None if asked.json else 1))
    sys.exit(any(each["ratio"] > BOUND for each in found.values() if isinstance(each, dict)))


def nights(folder: Path, rows: list[list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {"people": len(rows)}
    found["first load"] = night(folder, rows, 1)
    with company(folder) as it:
        existing_accounts(it)
    for row in rows:
        row[5] = "Another title"
    found["another title for everybody"] = night(folder, rows, 2)
    with company(folder) as it:
        existing_accounts(it, changed=True)
    for row in rows[::2]:
        row[10] = "Terminated"
    found["half of them leave"] = night(folder, rows, 3)
    return found


if __name__ == "__main__":
    main()
