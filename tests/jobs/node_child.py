"""One node among several: a worker that helps until it is told to stop, or a driver that applies a plan.

Arguments: store URL, state folder, file of the learning system, seconds per operation, `worker` or a plan ID. With
HURRY in the environment the nodes judge each other in seconds, not in tens of seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from joinery.core.model.ids import PlanId
from joinery.jobs import node
from joinery.jobs.api import open_engine
from joinery.store.database import Database
from tests.jobs.killed_child import FileLms
from tests.jobs.world import CONNECTION, clock_from


def main() -> int:
    url, state_dir, lms, latency, what = sys.argv[1:]
    if os.environ.get("HURRY"):
        node.BEAT, node.DEAD_AFTER, node.AWAKE_FOR = 0.3, 2.5, 0.5
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
        else:
            engine.apply(PlanId(what))
    finally:
        engine.close()
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
