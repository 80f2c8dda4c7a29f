"""News of somebody come in the middle of a run that is about the same person: nothing of either is lost or done twice.

On PostgreSQL two transactions go on side by side; the order is forced here, nobody waits for luck.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from joinery.flows import accept, plan
from joinery.flows.push import News, tell
from joinery.flows.sync import sync
from joinery.jobs.ledger import Ledger
from tests.stories.company import Company, changed, moment, staff, stored_at

#: the module, beside its function of the same name
syncing = sys.modules[sync.__module__]
TODAY = "2026-11-24"
GONE = {"status": "Terminated"}


@pytest.fixture
def acme(tmp_path: Path, store_url: str) -> Company:
    """Eight people with accounts since yesterday."""
    company = Company(tmp_path, settings=stored_at(tmp_path, store_url), clock=lambda: moment(TODAY))
    company.day("2026-11-23", staff(8))
    return company


def told(company: Company, who: str, **fields: str) -> None:
    """News from HR, through a process of its own."""
    with company.open(TODAY) as it:
        source = it.ports.sources["hris"]
        record = {"worker_id": who, **fields}
        tell(it.ports, source, News(door="push", name="n", records=[record], received_at=it.ports.now()))


class Meanwhile:
    """Does something in another thread when the run is at a certain place, once; and waits for it, but not for ever."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._thread: threading.Thread | None = None
        self.trouble: list[BaseException] = []

    def once(self, *, seconds: float) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run)
            self._thread.start()
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001 shown at the end
            self.trouble.append(error)

    def end(self) -> None:
        assert self._thread is not None, "the run never came to that place"
        self._thread.join(60)
        assert not self._thread.is_alive() and not self.trouble, self.trouble


def run(company: Company) -> None:
    with company.open(TODAY) as it:
        sync(it.ports, moment(TODAY))


def test_an_end_that_comes_while_a_file_is_taken_in_is_not_overwritten_by_it(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, real = Meanwhile(lambda: told(acme, "0003", **GONE)), accept.record

    def about_to_write(*args: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            news.once(seconds=1)
        real(*args)

    monkeypatch.setattr(accept, "record", about_to_write)
    acme.drop(changed(staff(8), "0003", job_title="Head"))
    run(acme)
    news.end()
    run(acme)
    assert acme.person("0003").standing.stage == "left"
    assert acme.accounts()["0003"] == "suspended"


def test_news_that_come_while_a_plan_is_made_are_looked_at_by_the_next_one(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, real = Meanwhile(lambda: told(acme, "0003", job_title="Head of all")), plan.gather

    def just_read(*args: Any) -> Any:
        batch = real(*args)
        if threading.current_thread() is threading.main_thread():
            news.once(seconds=1)
        return batch

    monkeypatch.setattr(plan, "gather", just_read)
    # settled by the plan that is being made: HR's word for the address was already there
    acme.drop(changed(staff(8), "0003", location="Lyon"))
    run(acme)
    news.end()
    run(acme)
    assert acme.account("0003").attributes["job_title"] == "Head of all"


def test_an_end_under_way_is_not_planned_a_second_time_by_the_run_beside_it(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The push begins when the run has seen to what was cut short, and hears of its call when the run is over."""
    push, called, over = Meanwhile(lambda: told(acme, "0003", **GONE)), threading.Event(), threading.Event()
    record, make_plan = Ledger.record, syncing.make_plan

    def done_and_not_recorded(self: Ledger, *args: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            called.set()
            over.wait(60)
        return record(self, *args)

    def when_the_push_is_under_way(*args: Any, **more: Any) -> Any:
        push.once(seconds=0)
        assert called.wait(60)
        return make_plan(*args, **more)

    monkeypatch.setattr(Ledger, "record", done_and_not_recorded)
    monkeypatch.setattr(syncing, "make_plan", when_the_push_is_under_way)
    run(acme)
    over.set()
    push.end()
    monkeypatch.undo()
    run(acme)
    assert acme.accounts()["0003"] == "suspended"
    assert ends(acme) == ["0003"]


def ends(company: Company) -> list[str]:
    """Whose end of access is recorded as done, once for each plan."""
    with company.ports() as ports, ports.database.read() as connection:
        found: Iterator[str] = connection.exec_driver_sql(
            "SELECT worker_id FROM plan_lines WHERE action = 'suspend' AND state = 'done'"
        ).scalars()
        return list(found)
