"""The only place that knows DBOS: queues, workers and lanes for jobs. One launched instance per process.

Rule: the engine owes us nothing after a crash. Its file (SQLite) or schema (PostgreSQL) may be deleted while nothing
runs: jobs of a former life are thrown away at start, and the ledger assigns what is owed again. See
docs/decisions/0009-the-ledger-wins.md for the traps and the numbers.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSContextSetAuth,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    SetWorkflowID,
)
from dbos import error as dbos_error
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from joinery.core.model.ids import PlanId
from joinery.errors import JoineryError, StopRun, StoreTrouble
from joinery.jobs.lines import Job
from joinery.store.database import Database, to_wal
from joinery.store.trouble import trouble_of

Run = Callable[[Job], Awaitable[None]]

APPLICATION = "joinery"
#: pinned: by default it is a hash of the source, and new code would never pick up old work
VERSION = "1"
SCHEMA = "joinery_jobs"
#: seconds; the default of 1 s would cap the throughput, and half of this took a fifth of a worker's processor time.
#: What is urgent waits for it only on another node
POLL = 0.1
#: chunks of one lane taken up at one time; how many of them call the target is the pace's business
WORKERS = 16
#: the same where other nodes live: what one has taken up, no other can
SHARED_WORKERS = 3
_FILE = "engine.db"
_WORKFLOW = "joinery.chunk"
#: jobs enqueued in one transaction
_WINDOW = 50
#: so many jobs of the urgent lane begin here and now; the others are shared with all nodes over the queue
_AT_ONCE = 2
#: seconds of Python after which a thread lets another go on: an end of access has some hundred turns to wait for while
#: a bulk change is under way, and at the usual 5 ms each that is a second
_HAND_OVER = 0.0005

#: days for which a job that is over can still be looked at; nothing here reads it again, the ledger knows what it did
KEPT_DAYS = 30
#: seconds between two looks for such jobs, and how many go at a time: DBOS's transactions wait for each other
_TIDY_EVERY = 3600.0
_TIDIED = 500
_OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

_guard = threading.Lock()
_runtime: Runtime | None = None
_handlers: dict[str, Run] = {}


@DBOS.workflow(name=_WORKFLOW)
async def _chunk(name: str, plan_id: str, phase: int, chunk: int, attempt: int) -> None:
    """One job. A connection that is not open here any more has been, or will be, assigned anew."""
    if run := _handlers.get(name):
        await run(Job(plan_id=PlanId(plan_id), phase=phase, chunk=chunk, attempt=attempt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a runtime lives: its folder, the node it belongs to, and whether no other node is there."""

    state_dir: Path
    node: str
    alone: bool


def acquire(database: Database, place: Place, name: str, run: Run) -> Runtime:
    """The runtime of this process, launched; `run` gets the jobs of connection `name`."""
    global _runtime
    with _guard:
        if name in _handlers:
            raise StopRun(f"The connection {name} is being applied in this process already; nothing was started.")
        if _runtime is not None:
            raise StopRun("This process applies plans of another connection already; nothing was started.")
        _handlers[name] = run
        try:
            _runtime = Runtime(database, place, name)
        except BaseException:
            _handlers.clear()
            raise
        return _runtime


class Runtime:
    """A launched DBOS on the two queues of a connection: bulk changes never stand before a termination.

    All nodes of the connection listen to them; each has an executor ID that is used once, so that DBOS recovers nothing
    by itself. What a dead node had taken up is given out again by whoever drives the plan.
    """

    def __init__(self, database: Database, place: Place, name: str) -> None:
        state_dir = place.state_dir
        state_dir.mkdir(parents=True, exist_ok=True)
        self._launched = False
        self._tidied: float | None = None
        self._place = place
        self._name = name
        self._queues = {urgent: f"{name}.{'urgent' if urgent else 'normal'}" for urgent in (False, True)}
        self._engine = _engine(database, state_dir / _FILE)
        try:
            self._launch(database, state_dir / _FILE)
        except (SQLAlchemyError, dbos_error.DBOSException) as error:
            raise self._trouble(database, error) or StopRun(
                f"The job engine could not be started ({type(error).__name__}); nothing was sent.",
                fix=f"Delete {state_dir / _FILE} and run again: what is owed is in the store, not in it."
                if database.embedded
                else f"Look at the schema {SCHEMA} and its permissions; nothing in it needs to be kept.",
            ) from error
        finally:
            if not self._launched:
                DBOS.destroy()
                self._engine.dispose()

    @staticmethod
    def _trouble(database: Database, error: Exception) -> JoineryError | None:
        """What is wrong with the store; on SQLite a file that is broken is the engine's own, and may be deleted."""
        found = trouble_of(error)
        return None if database.embedded and type(found) is StoreTrouble else found

    def start(self, name: str, jobs: tuple[Job, ...], *, at_once: bool = False) -> None:
        """Enqueue jobs; a lower phase goes first, and within a phase the order given.

        `at_once`: this node may call the target, so the first urgent ones begin here, without waiting for a poll.

        In small transactions: the first jobs run while the last are still being enqueued. A crash in between is a
        crash like any other.
        """
        now = [job for job in jobs if job.urgent][:_AT_ONCE] if at_once else []
        for job in now:
            with SetWorkflowID(job.id), DBOSContextSetAuth(name, []):
                DBOS.start_workflow(_chunk, name, job.plan_id, job.phase, job.chunk, job.attempt)
        jobs = tuple(job for job in jobs if job not in now)
        for first in range(0, len(jobs), _WINDOW):
            with self._engine.begin() as tx:
                for job in jobs[first : first + _WINDOW]:
                    options = self._options(job)
                    args = (name, job.plan_id, job.phase, job.chunk, job.attempt)
                    self._client.enqueue_in_transaction(tx, options, *args)
        self._tidy()

    def _tidy(self) -> None:
        """A process that serves for months, or beside others, never starts anew: once an hour, what has been over for
        `KEPT_DAYS` goes, of whatever process. DBOS has no such thing by itself. What is not over stays."""
        began = time.monotonic()
        if self._tidied is not None and began - self._tidied < _TIDY_EVERY:
            return
        self._tidied = began
        before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)  # noqa: TID251 DBOS's own clock
        with suppress(SQLAlchemyError, dbos_error.DBOSException):  # the next hour tries again
            self._throw_away(_TIDIED, status=_OVER, completed_before=before.isoformat())

    def pass_on(self, name: str, job: Job) -> None:
        """Put a job that was taken up here back into its queue."""
        with self._engine.begin() as tx:
            options = self._options(job)
            options["workflow_id"] = f"{job.id}~{uuid.uuid4().hex[:8]}"
            args = (name, job.plan_id, job.phase, job.chunk, job.attempt)
            self._client.enqueue_in_transaction(tx, options, *args)

    def _options(self, job: Job) -> EnqueueOptions:
        return {
            "workflow_name": _WORKFLOW,
            "queue_name": self._queues[job.urgent],
            "workflow_id": job.id,
            # always set: an unset priority would run before any other
            "priority": job.phase + 1,
            "app_version": VERSION,
        }

    def release(self, name: str, *, abandoned: bool) -> None:
        """This connection is done; the last one shuts the engine down. `abandoned`: jobs may still be waiting."""
        global _runtime
        with _guard:
            _handlers.pop(name, None)
            if _handlers:
                return
            _runtime = None
            if abandoned and self._place.alone:
                self._forget("ENQUEUED")
            # a job taken up this very moment must not fall into a loop that is gone: DBOS then waits a second
            DBOS.destroy(workflow_completion_timeout_sec=1 if abandoned else 0)
            self._client.destroy()
            self._engine.dispose()

    def _launch(self, database: Database, file: Path) -> None:
        _quiet()
        self._client = DBOSClient(
            system_database_engine=self._engine,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
        )
        try:
            self._register()
        except DBAPIError:  # the first time in this store: its tables are not there
            url = f"sqlite:///{file}" if database.embedded else database.url.render_as_string(hide_password=False)
            DBOS.migrate(url, schema=SCHEMA)
            self._register()
        if self._place.alone:
            self._forget()
        DBOS(config=self._config())
        DBOS.listen_queues(list(self._queues.values()))
        DBOS.launch()
        sys.setswitchinterval(_HAND_OVER)
        self._launched = True

    def _register(self) -> None:
        """Before the launch: a queue that appears later is noticed only after a second.

        Every node reads the numbers again at each poll: a newcomer makes the others take up less.
        """
        workers = WORKERS if self._place.alone else SHARED_WORKERS
        for queue in self._queues.values():
            self._client.register_queue(queue, worker_concurrency=workers, polling_interval_sec=POLL)

    def _forget(self, status: str | None = None) -> None:
        """Throw jobs away: those of former lives at the start, those that wait at the end, where no other node lives.

        The ledger knows what they owed.
        """
        self._throw_away(1000, status=status)

    def _throw_away(self, limit: int, **which: Any) -> None:
        """Our jobs of this kind, so many at a time: those in our queues, and those that were called by name."""
        for mine in ({"queue_name": list(self._queues.values())}, {"user": self._name}):
            while old := self._client.list_workflows(**mine, **which, limit=limit, load_input=False, load_output=False):
                self._client.delete_workflows([workflow.workflow_id for workflow in old])

    def _config(self) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "dbos_system_schema": SCHEMA,
            "application_version": VERSION,
            "executor_id": self._place.node,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": POLL,
            "scheduler_polling_interval_sec": 3600.0,
        }


def _engine(database: Database, file: Path) -> Engine:
    """A connection pool for DBOS alone: its transactions are not ours (see the decision)."""
    if not database.embedded:
        # a node frozen in a transaction must not hold its locks for ever
        options = "-c idle_in_transaction_session_timeout=5000"
        return create_engine(database.url, pool_pre_ping=True, pool_size=8, connect_args={"options": options})
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30.0})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        to_wal(connection)
        # NORMAL: what a power cut takes from this file, the ledger brings back
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if sqlite3.sqlite_version_info < (3, 42):
            # it knows unixepoch, but not 'subsec', and answers NULL
            connection.create_function("unixepoch", 1, lambda _modifier: time.time())  # noqa: TID251 DBOS's own clock

    return engine


def _quiet() -> None:
    """No advert and no chatter on the terminal: what DBOS logs goes where the application sends its own."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
