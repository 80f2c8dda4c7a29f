"""The door to durable work, for the flows. Rule: importing this module must not import the engine (0.6 s)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from joinery.jobs.contract import Engine, Performer, Progress, Retry, Tally
from joinery.kit.contract import Target
from joinery.store.database import Database

__all__ = ["Engine", "Performer", "Progress", "Retry", "Tally", "open_engine"]


def open_engine(  # noqa: PLR0913 all by name
    database: Database,
    *,
    target: Callable[[], Target],
    mailer: Performer | None,
    clock: Callable[[], datetime],
    name: str,
    state_dir: Path,
    target_name: str = "",
) -> Engine:
    """An engine for the connection `name`. Cheap: nothing is launched before there is something to do.

    `target` is called when the first line is about to be performed, and its result closed by `close`. `state_dir`
    (made if missing) holds the engine's own file and the lock that gives each process an ID of its own.
    """
    from joinery.jobs.engine import Applier, Parts  # not at the top: this module stays light

    parts = Parts(
        database=database,
        target=target,
        mailer=mailer,
        clock=clock,
        name=name,
        state_dir=state_dir,
        target_name=target_name,
    )
    return Applier(parts)
