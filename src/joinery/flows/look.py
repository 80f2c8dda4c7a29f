"""Look without applying: pull and plan now, or rehearse for another moment and keep nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.plan import PlanSummary
from joinery.flows.announced import forget_announced_ends
from joinery.flows.contact import contacted, read_accounts
from joinery.flows.doubles import SAME_PERSON, look_for_doubles
from joinery.flows.doubtful import look_at_doubtful, still_in_doubt
from joinery.flows.issues import refresh_issues
from joinery.flows.plan import make_plan
from joinery.flows.policy import Ports
from joinery.flows.pull import pull
from joinery.flows.waking import wake
from joinery.store.connections import load_state, only_run
from joinery.store.database import Database
from joinery.store.people import People


def look(
    ports: Ports, as_of: datetime, *, rehearsal: bool, why: str = "a look", confidential: bool = False
) -> PlanSummary | None:
    """A plan of everything that would be done. With `rehearsal`, files are left where they are and nothing is kept.

    `why` is the plan's cause when no file arrived. A rehearsal counts ends that HR has announced only if it is
    `confidential`.
    """
    with only_run(ports.database, ports.policy.name, ports.now):
        if rehearsal:
            return _rehearse(ports, as_of, confidential=confidential)
        pulled = pull(ports, as_of)
        refresh_issues(ports, as_of)
        if not contacted(ports) and _has_people(ports):
            read_accounts(ports)
        unseen = look_at_doubtful(ports)
        cause = ", ".join(file.name for file in pulled.files if file.name) or why
        plan = make_plan(ports, as_of, cause, pulled.snapshot_id)
        still_in_doubt(ports, unseen)
        if look_for_doubles(ports, as_of):
            refresh_issues(ports, as_of, lambda cause: cause.check == SAME_PERSON)
        return plan


def _has_people(ports: Ports) -> bool:
    with ports.database.read() as connection:
        return load_state(connection, ports.policy.name).go_live is not None


def _rehearse(ports: Ports, as_of: datetime, *, confidential: bool) -> PlanSummary | None:
    """Dates up to that moment fire in a transaction that is then rolled back."""
    with pretended(ports) as (trial, connection):
        if not confidential and as_of > ports.now():
            forget_announced_ends(connection, ports.policy, People(connection, ports.policy.name).due(as_of))
        wake(trial, as_of, {})
        plan = make_plan(trial, as_of, "a rehearsal")
        return replace(plan, state="rehearsed") if plan else None


@contextmanager
def pretended(ports: Ports) -> Iterator[tuple[Ports, Connection]]:
    """The same ports over one transaction of which nothing is kept, and its connection."""
    with ports.database.engine.connect().execution_options(joinery_write=True) as connection:
        outer = connection.begin()
        try:
            database: Any = _Pretended(ports.database, connection)
            yield replace(ports, database=database), connection
        finally:
            outer.rollback()


class _Pretended:
    """A database whose every transaction is part of one that never commits."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.embedded = database.embedded
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The one connection."""
        yield self._connection

    def one_by_one(self, _connection: Connection, _what: str) -> None:
        """Nobody waits for what is not kept."""

    def let_others(self) -> None:
        """Nobody is let in."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The one connection; what fails is undone by the outer rollback."""
        yield self._connection
