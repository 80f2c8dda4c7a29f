"""The store goes away at every instant of a run: before a transaction, at its commit, and after it, unheard.

Each night has a joiner, a mover and a leaver. The run that lost its store says so, the next one ends what it began:
the learning system, which counts what really changed in it, has had each change once.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from joinery.core.model.receipt import Receipt
from joinery.errors import StoreTrouble
from joinery.kit.contract import Order
from joinery.store.database import Database
from tests.stories.company import Company, Row, staff, stored_at, worker
from tests.support.door import Door, door_to

BEFORE, COMMIT, UNHEARD = "before it begins", "at its commit", "after its commit, unheard"
FIRST = date(2026, 1, 1)


@dataclass
class Counting:
    """Stands before a target: what really changed in it, by account and kind of operation."""

    target: Any
    changes: Counter[tuple[str, str]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        operations = {order.key: order.operation for order in orders}
        async for receipt in self.target.perform(orders):
            if receipt.changed:
                operation = operations[receipt.key]
                self.changes[operation.person_key, type(operation).__name__] += 1
            yield receipt


@dataclass
class Instant:
    """Takes the store away at the `at`-th transaction from now on. `passed`: how many there were."""

    door: Door
    how: str = BEFORE
    at: int = -1
    passed: int = 0

    def comes(self) -> bool:
        """Of the run itself: locks of earlier nights are given back in threads of their own."""
        if threading.current_thread() is not threading.main_thread():
            return False
        self.passed += 1
        return self.passed == self.at

    def around(self, real: Callable[[Database], Any], *, writes: bool) -> Callable[[Database], Any]:
        """A transaction of this kind, which may be the one."""

        @contextmanager
        def transaction(database: Database) -> Iterator[Connection]:
            it = self.comes()
            if it and self.how == BEFORE:
                self.door.close()
            with real(database) as connection:
                yield connection
                if it and self.how == COMMIT:
                    self.door.close()
            if it and self.how == UNHEARD:
                self.door.close()
                if writes:
                    raise StoreTrouble("The answer to the commit was lost.")

        return transaction


@dataclass
class Nights:
    """A company that has a joiner, a mover and a leaver each night."""

    acme: Company
    instant: Instant
    rows: list[Row] = field(default_factory=lambda: staff(6))
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    night: int = 0

    def __post_init__(self) -> None:
        self.acme.around = lambda target: Counting(target, self.changes)

    @property
    def day(self) -> str:
        return (FIRST + timedelta(days=self.night)).isoformat()

    def comes(self) -> None:
        """HR's next file."""
        self.night += 1
        number = self.night
        self.rows[2 * number]["job_title"] = f"Title {number}"
        self.rows[2 * number - 1] |= {"status": "Terminated", "termination_date": self.day}
        self.rows += [worker(6 + 2 * number - 1, hire_date=self.day), worker(6 + 2 * number, hire_date=self.day)]
        self.acme.drop(self.rows, name=f"night_{number:04}.csv")
        self.changes.clear()

    def broken(self, how: str, at: int) -> bool:
        """A night whose store goes away then, and what the next run makes of it; whether there was such an instant."""
        self.comes()
        with self.acme.open(self.day):
            pass  # what opening alone takes is not counted
        self.instant.how, self.instant.passed, self.instant.at = how, 0, at
        lost = False
        try:
            self.acme.day(self.day)
        except StoreTrouble:
            lost = True
        came = self.instant.passed >= at
        self.instant.at = -1
        if came:
            self.instant.door.close()
            self.instant.door.open()
        # what comes last is given back later, and nobody needs to hear of it
        assert lost or at > self.instant.passed - 4, (how, at, self.instant.passed)
        assert self.acme.day(self.day).exit_code == 0
        self.judge((how, at))
        return came

    def judge(self, when: object) -> None:
        """Everything is as HR says, each change was made once, each event recorded once."""
        gone = {row["worker_id"] for row in self.rows if row["status"] == "Terminated"}
        here = {row["worker_id"] for row in self.rows} - gone
        assert self.acme.who_is("active") == here and self.acme.who_is("suspended") == gone, when
        mover = self.rows[2 * self.night]["worker_id"]
        assert self.acme.account(mover).attributes["job_title"] == f"Title {self.night}", when
        kinds = Counter(kind for _, kind in self.changes)
        assert kinds == {"CreateAccount": 2, "UpdateAccount": 1, "SuspendAccount": 1}, (when, self.changes)
        assert set(self.changes.values()) == {1}, when
        told = Counter(" ".join(event.split()[:3]) for event in self.acme.events() if self.day in event)
        assert set(told.values()) == {1} and len(told) == 4, (when, told)
        assert set(self.acme.plans().values()) <= {"applied", "superseded"}, when
        assert f"night_{self.night:04}.csv" in self.acme.arrived("accepted"), when


@pytest.fixture
def nights(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    with door_to(postgres_url) as (door, through):
        instant = Instant(door)
        acme = Company(tmp_path, settings=stored_at(tmp_path, through))
        found = Nights(acme, instant)
        acme.day(found.day, found.rows)
        monkeypatch.setattr(Database, "read", instant.around(Database.read, writes=False))
        monkeypatch.setattr(Database, "write", instant.around(Database.write, writes=True))
        yield found


@pytest.mark.parametrize("how", [BEFORE, COMMIT, UNHEARD])
def test_a_run_whose_store_goes_away_loses_nothing_and_doubles_nothing(nights: Nights, how: str) -> None:
    at = {BEFORE: 8, COMMIT: 11, UNHEARD: 14}[how]
    tries = 0
    while nights.broken(how, at):
        tries, at = tries + 1, at + 13
    assert tries >= 3, "a run has more transactions than that"


@pytest.mark.long
@pytest.mark.parametrize("how", [BEFORE, COMMIT, UNHEARD])
def test_at_every_instant(nights: Nights, how: str) -> None:
    at = 1
    while nights.broken(how, at):
        at += 1
    assert at > 40
