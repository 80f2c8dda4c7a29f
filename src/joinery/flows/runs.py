"""What a run did, stage by stage, as it was written down. Rule: one without an end and a living process was left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from joinery.errors import NotThere
from joinery.flows.policy import Ports
from joinery.store.calls import CallCount, KeptCall, Span, calls_in, count_calls
from joinery.store.connections import at_work, last_runs, run_by_id
from joinery.store.plans import count_lines, plans_of

#: done: nothing is left over; partial: some was held, refused or failed; stopped: an error ended it; left: its process
#: ended in the middle
Ending: TypeAlias = Literal["done", "partial", "stopped", "running", "left"]


class Stages:
    """Stands where a run's spans are made, and adds up their seconds. `at`: the stage that is under way."""

    def __init__(self, span: Callable[[str], AbstractContextManager[Any]]) -> None:
        self._span = span
        self.seconds: dict[str, float] = {}
        self.at = ""

    @property
    def listed(self) -> list[list[Any]]:
        """[name, seconds], as they began: a summary is kept with its keys sorted."""
        return [[name, seconds] for name, seconds in self.seconds.items()]

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """One stage. After an error `at` still tells where it was."""
        began, self.at = monotonic(), name
        try:
            with self._span(name):
                yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + monotonic() - began, 3)
        self.at = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. `began`, `ended` (None: not yet, or never), `as_of`: instants in UTC; `stages`: name -> seconds, in
    order; `stage`: in which it stopped; `files`: name -> what became of it; the rest: word -> how many."""

    id: str
    kind: str
    ending: Ending
    as_of: datetime
    began: datetime
    ended: datetime | None = None
    exit_code: int | None = None
    plan: str = ""
    error: str = ""
    message: str = ""
    stage: str = ""
    stages: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    mail: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)
    #: of a reconciliation: read, drift, gone, clashes
    accounts: Mapping[str, int] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Nobody needs to look at it."""
        return self.ending in {"done", "running"}


def runs_of(ports: Ports, *, limit: int = 30, failed: bool = False) -> list[Run]:
    """The newest first. `failed`: only those that somebody should look at, the newest so many of them."""
    with ports.database.read() as connection:
        # one more than asked for: the one that is at work has not failed
        found = last_runs(connection, ports.policy.name, limit=limit + failed, undone=failed)
        living = _living(connection, ports.policy.name)
    runs = [_run(row, living=living) for row in found]
    return [run for run in runs if not (failed and run.well)][:limit]


def run_named(ports: Ports, number: str) -> Run:
    """This one. Raises NotThere."""
    with ports.database.read() as connection:
        row = run_by_id(connection, ports.policy.name, number)
        living = _living(connection, ports.policy.name)
    if row is None:
        raise NotThere(f"There is no run {number}.", fix="`joinery run list` shows them.")
    return _run(row, living=living)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCalls:
    """The calls of one run to its learning system: the last of them, or of those that failed, and all in numbers."""

    run: Run
    calls: tuple[KeptCall, ...]
    count: CallCount


def calls_of(ports: Ports, number: str, *, limit: int, failed: bool = False) -> RunCalls:
    """What this run, and whoever carried out its plan, asked of the learning system. Raises NotThere.

    A run that has not ended names no plan yet: what others asked meanwhile is among its calls.
    """
    run = run_named(ports, number)
    span = Span(since=run.began, until=run.ended, plan=run.plan)
    with ports.database.read() as connection:
        count = count_calls(connection, ports.policy.name, span)
        found = calls_in(connection, ports.policy.name, span, limit=limit, failed=failed)
    return RunCalls(run=run, calls=tuple(found), count=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The newest run (None: there was none), and the plan that is being applied now: its lines that ended, and that
    have not. Empty while none is."""

    run: Run | None
    plan: str = ""
    ended: int = 0
    owed: int = 0


def progress(ports: Ports) -> Progress:
    """How far the run is that is at work."""
    newest = runs_of(ports, limit=1)
    with ports.database.read() as connection:
        applying = plans_of(connection, ports.policy.name, ("applying",), limit=1)
        counted = count_lines(connection, applying[0].id).values() if applying else ()
    states = sum(counted, Counter[str]())
    owed = states["planned"] + states["sent"]
    ended = sum(count for state, count in states.items() if state not in {"planned", "sent", "held", "waiting"})
    return Progress(run=newest[0] if newest else None, plan=applying[0].id if applying else "", ended=ended, owed=owed)


def _living(connection: Connection, name: str) -> str:
    """The run that may be at work: only the newest can hold the lock. Empty when nobody holds it."""
    newest = last_runs(connection, name, limit=1)
    return str(newest[0]["id"]) if newest and at_work(connection, name) is not None else ""


def _run(row: Mapping[str, Any], *, living: str) -> Run:
    said = row["summary"]
    ending: Ending = row["state"]
    if not row["ended_at"]:
        ending = "running" if row["id"] == living else "left"
    elif said.get("error") == "run_left":
        ending = "left"
    words = ("error", "message", "stage", "exit_code", "files", "events", "lines", "mail", "records")
    return Run(
        id=row["id"],
        kind=row["kind"],
        ending=ending,
        as_of=datetime.fromisoformat(row["as_of"]),
        began=datetime.fromisoformat(row["started_at"]),
        ended=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        plan=row["plan_id"],
        stages=dict(said.get("stages", ())),
        accounts={word: said[word] for word in ("read", "drift", "gone", "clashes") if word in said},
        **{word: said[word] for word in words if word in said},
    )
