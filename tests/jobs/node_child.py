"""One node among several: a worker that helps until it is told to stop, or a driver that applies a plan.

Arguments: store URL, state folder, file of the learning system, seconds per operation, `worker`, `lane` or a plan ID.
The lane is there for ends of access, as `joinery serve` is: it applies plans whose ID begins with U when it sees them.
With HURRY in the environment the nodes judge each other in seconds, not in tens of seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from joinery.core.model.ids import PlanId
from joinery.jobs import node
from joinery.jobs.api import Engine, open_engine
from joinery.jobs.ledger import Ledger
from joinery.store.database import Database
from tests.jobs.killed_child import FileLms
from tests.jobs.world import CONNECTION, clock_from


def hurry() -> None:
    """Judge each other four times as fast."""
    node.BEAT, node.DEAD_AFTER, node.AWAKE_FOR = 0.3, 2.5, 0.5


def live(url: str, state_dir: str, lms: str, latency: str, what: str) -> None:
    """One life."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = Database(url)
    engine = open_engine(
        database,
        target=lambda: FileLms(Path(lms), float(latency)),
        mailer=None,
        clock=clock_from(),
        name=CONNECTION,
        state_dir=Path(state_dir),
    )
    try:
        if what == "worker":
            print(engine.join("worker"), flush=True)
            stop.wait()
        elif what == "lane":
            _ride(engine, Ledger(database, clock_from()), stop)
        else:
            engine.apply(PlanId(what))
    finally:
        engine.close()
        database.close()


def _ride(engine: Engine, ledger: Ledger, stop: threading.Event) -> None:
    """Each plan in a thread of its own; one that was cut short by a pause of the store is applied again."""
    engine.warm()
    under_way: set[PlanId] = set()
    with ThreadPoolExecutor(4) as riders:

        def ride(plan: PlanId) -> None:
            try:
                engine.apply(plan)
            finally:
                under_way.discard(plan)

        while not stop.is_set():
            for plan in ledger.owing(CONNECTION):
                if plan.startswith("U") and plan not in under_way:
                    under_way.add(plan)
                    riders.submit(ride, plan)
            time.sleep(0.05)


def main() -> int:
    if os.environ.get("HURRY"):
        hurry()
    live(*sys.argv[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
