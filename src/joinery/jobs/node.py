"""This process among others that work on the same store: it says that it lives, and sees who else does.

Rule 1: once somebody is known, only their own signs and our monotonic seconds count: a clock that jumps kills nobody,
and keeps no dead alive. Rule 2: whoever stood still, or was cut off from the store, waits before it takes anybody else
for dead.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from joinery.core.model.codec import instant_text
from joinery.core.model.ids import PlanId
from joinery.errors import StoreTrouble
from joinery.jobs.gate import Gate
from joinery.store import nodes
from joinery.store.database import Database
from joinery.store.nodes import NodeRow

#: a sign of life every so many seconds
BEAT = 2.0
#: silent for so long: dead; its work is given to others
DEAD_AFTER = 10.0
#: whoever was silent itself waits so long before it judges others
AWAKE_FOR = 3.0

Later = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Our part of what a target allows: one of `nodes` (1 or more), the `rank`-th (from 0); `ready`: it holds now."""

    nodes: int = 1
    rank: int = 0
    ready: bool = True


@dataclass(slots=True)
class _Seen:
    """What the last look at the store showed."""

    rows: tuple[NodeRow, ...] = ()
    #: monotonic seconds
    at: float = 0.0
    steady_since: float = 0.0


class Node:
    """One life of this process for one connection. Its own connection to the store, its own thread."""

    def __init__(self, database: Database, *, connection: str, target: str, kind: str, slot: str) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.kind = kind
        self._wake = threading.Event()
        self.gate = Gate(wake=self._wake.set)
        self._target = target
        self._store = Database(database.url)
        self._row = NodeRow(
            id=self.id,
            slot=slot,
            connection=connection,
            kind=kind,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at="",
        )
        self._seen = _Seen()
        self._ready_at = 0.0
        self._later: deque[Later] = deque()
        self._turn = threading.Lock()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self, now: datetime) -> None:
        """Take the slot over from its former life, and say every two seconds that we live."""
        self._row = replace(self._row, started_at=instant_text(now))
        with self._store.write() as tx:
            nodes.enrol(tx, self._row)
        self._exchange()
        # whoever is at work already learns of us at its next beat, and only then leaves us our part
        self._ready_at = time.monotonic() + (2 * BEAT if self.others() else 0.0)
        self._thread = threading.Thread(target=self._live, name="joinery-node", daemon=True)
        self._thread.start()

    def begin(self, plan: PlanId) -> None:
        """We drive this plan now: what stopped it before is over, and the gate is looked at afresh."""
        with self._store.read() as tx:
            to_be_written = self.gate.begin(tx, self._target, plan)
        if to_be_written:
            self._exchange()

    def living(self) -> frozenset[str] | None:
        """The IDs of all who live, ourselves included; None while we are in no position to judge."""
        seen = self._seen
        if seen.at and all(row.id == self.id for row in seen.rows):
            return frozenset({self.id})
        now = time.monotonic()
        if now - seen.at > BEAT + 1 or now - seen.steady_since < AWAKE_FOR:
            return None
        return frozenset(row.id for row in seen.rows if row.silent < DEAD_AFTER) | {self.id}

    def others(self) -> bool:
        """Whether anybody else lives."""
        return any(row.id != self.id and row.silent < DEAD_AFTER for row in self._seen.rows)

    def share(self) -> Share:
        """Our part of the target's limits. Whoever was there first keeps theirs, however many come."""
        living = [row for row in self._seen.rows if row.silent < DEAD_AFTER and row.id != self.id]
        known = sorted((row.started_at, row.id) for row in (*living, self._row))
        rank = known.index((self._row.started_at, self.id))
        return Share(nodes=len(known), rank=rank, ready=time.monotonic() >= self._ready_at)

    def later(self, note: Later) -> None:
        """Have this written as soon as the store can be reached; again and again until it could."""
        self._later.append(note)
        self._wake.set()

    def close(self) -> None:
        """Leave: our row goes, so that nobody waits for us."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(BEAT + 10)
        try:
            self._exchange(leaving=True)
        except (SQLAlchemyError, StoreTrouble, OSError):
            pass  # the others find out by our silence
        self._store.close()

    def _live(self) -> None:
        while not self._closing:
            self._wake.wait(BEAT)
            self._wake.clear()
            if self._closing:
                return
            try:
                self._exchange()
            except (SQLAlchemyError, StoreTrouble, OSError):
                # silent for now: who does not hear of us takes our work over, and our tokens are worth nothing then
                self._wake.wait(0.5)

    def _exchange(self, *, leaving: bool = False) -> None:
        """One sign of life, with what is to be written, and a look at the others."""
        with self._turn:
            while self._later and not leaving:
                self._later[0]()
                self._later.popleft()
            with self._briefly() as tx:
                if leaving:
                    nodes.bury(tx, [self.id])
                elif not nodes.beat(tx, self.id):
                    nodes.enrol(tx, self._row)
                settled = self.gate.exchange(tx, self._target)
                rows = tuple(nodes.nodes_of(tx, self._row.connection))
            settled()
        now = time.monotonic()
        rows = watched(self._seen.rows, rows, now - self._seen.at)
        gap = now - self._seen.at > BEAT + 2
        self._seen = _Seen(rows=rows, at=now, steady_since=now if gap else self._seen.steady_since)

    @contextmanager
    def _briefly(self) -> Iterator[Connection]:
        with self._store.write() as tx:
            self._store.briefly(tx)
            yield tx


def watched(before: tuple[NodeRow, ...], rows: tuple[NodeRow, ...], seconds: float) -> tuple[NodeRow, ...]:
    """How long each was silent, for somebody who looked so many seconds ago and saw `before`.

    Who gave a sign since then did so at most that long ago; who gave none is silent for as much longer. What the
    clock of the store says counts for those who were not known.
    """
    known = {row.id: row for row in before}
    seen = []
    for row in rows:
        was, silent = known.get(row.id), max(0.0, row.silent)
        if was is not None:
            silent = was.silent + seconds if was.beat_at == row.beat_at else min(silent, seconds)
        seen.append(replace(row, silent=silent))
    return tuple(seen)


@dataclass(slots=True)
class Alone:
    """Stands in for a `Node` where there are no others."""

    id: str = "alone"
    gate: Gate = field(default_factory=Gate)

    def living(self) -> frozenset[str] | None:
        """Only we."""
        return frozenset({self.id})

    def others(self) -> bool:
        """Nobody."""
        return False

    def share(self) -> Share:
        """All of it."""
        return Share()
