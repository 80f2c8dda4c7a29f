"""News of somebody come in the middle of a run that is about the same person: nothing of either is lost or done twice.

On PostgreSQL two transactions go on side by side; the order is forced here, nobody waits for luck.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from joinery.flows import accept, accept_ahead, considering, plan, record_rows, waking
from joinery.flows.push import News, tell
from joinery.flows.sync import sync
from joinery.jobs.ledger import Ledger
from joinery.store.database import Database
from joinery.store.people import People
from tests.stories.company import Company, changed, moment, staff, stored_at, without

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

    @property
    def over(self) -> bool:
        """It was done, and nothing that the run holds kept it waiting."""
        return self._thread is not None and not self._thread.is_alive() and not self.trouble

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


@pytest.mark.parametrize("batch", [2, 2000], ids=["before their batch", "in their batch"])
def test_an_end_that_comes_while_the_rows_of_a_file_are_decided_does_not_wait_and_is_newer_than_the_file(
    acme: Company, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Whoever writes on SQLite keeps all others out: what takes long is done before. The file was there before it."""
    news, real = Meanwhile(lambda: told(acme, "0003", **GONE)), accept_ahead.changes_of

    def decided(*args: Any) -> Any:
        found = real(*args)
        if threading.current_thread() is threading.main_thread():
            news.once(seconds=60)
            assert news.over
        return found

    monkeypatch.setattr(accept_ahead, "BATCH", batch)
    monkeypatch.setattr(accept_ahead, "changes_of", decided)
    acme.drop([row | {"job_title": "Head"} for row in staff(8)])
    run(acme)
    news.end()
    assert acme.accounts()["0003"] == "suspended" and ends(acme) == ["0003"]
    assert acme.account("0004").attributes["job_title"] == "Head"
    # the row is looked at again in the next file, whatever it says then
    acme.drop([row | {"job_title": "Head"} for row in staff(9)])
    run(acme)
    assert acme.accounts()["0003"] == "active" and acme.account("0003").attributes["job_title"] == "Head"


def test_a_push_that_comes_while_a_file_without_them_is_taken_in_is_newer_than_the_file(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, real = Meanwhile(lambda: told(acme, "0003", job_title="Head")), accept_ahead.changes_of

    def decided(*args: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            news.once(seconds=60)
        return real(*args)

    acme.people["leavers_are"] = "absent"
    acme.write_settings()
    monkeypatch.setattr(accept_ahead, "changes_of", decided)
    acme.drop(without(changed(staff(8), "0005", location="Lyon"), "0003"))
    run(acme)
    assert news.over and acme.accounts()["0003"] == "active"
    acme.drop(without(changed(staff(8), "0005", location="Nancy"), "0003"))
    run(acme)
    assert acme.accounts()["0003"] == "suspended"


def test_rows_that_were_decided_ahead_are_not_decided_again(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    decided, real = Counter[str](), record_rows.map_record

    def counted(spec: Any, row: Any, known: Any = None) -> Any:
        decided[row["worker_id"]] += 1
        return real(spec, row, known)

    monkeypatch.setattr(record_rows, "map_record", counted)
    acme.drop(changed(changed(staff(9), "0003", location="Lyon"), "0005", status="Terminated"))
    run(acme)
    assert decided == {"0003": 1, "0005": 1, "0009": 1}


def test_news_that_come_while_a_plan_is_made_are_looked_at_by_the_next_one(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, real = Meanwhile(lambda: told(acme, "0003", job_title="Head of all")), considering.gather

    def just_read(*args: Any) -> Any:
        batch = real(*args)
        if threading.current_thread() is threading.main_thread():
            news.once(seconds=1)
        return batch

    monkeypatch.setattr(considering, "gather", just_read)
    # settled by the plan that is being made: HR's word for the address was already there
    acme.drop(changed(staff(8), "0003", location="Lyon"))
    run(acme)
    news.end()
    run(acme)
    assert acme.account("0003").attributes["job_title"] == "Head of all"


def test_an_end_that_comes_while_a_mass_change_is_planned_does_not_wait_for_it(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes on SQLite keeps all others out: what takes long is done before."""
    news, real, looks = Meanwhile(lambda: told(acme, "0003", **GONE)), considering.consider, list[list[str]]()

    def decided(connection: Any, policy: Any, keys: Any, when: Any) -> Any:
        found = real(connection, policy, keys, when)
        if threading.current_thread() is threading.main_thread():
            looks.append(sorted(one.worker.worker_id for one in People(connection, policy.name).by_key(keys).values()))
            if len(looks) == 2:
                news.once(seconds=60)
                assert news.over
        return found

    monkeypatch.setattr(considering, "BATCH", 3)
    monkeypatch.setattr(considering, "consider", decided)
    acme.drop([row | {"job_title": "Head"} for row in staff(8)])
    run(acme)
    news.end()
    # three batches before the plan is written, and then nobody but the one of whom more is known by now
    assert looks == [["0001", "0002", "0003"], ["0004", "0005", "0006"], ["0007", "0008"], ["0003"]]
    assert acme.accounts()["0003"] == "suspended" and ends(acme) == ["0003"]
    assert {acme.account(who).attributes["job_title"] for who in ("0001", "0004", "0008")} == {"Head"}


def test_somebody_whose_access_is_being_ended_is_not_decided_ahead(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are read now their access is open, and when the plan is written it may be closed without another word."""
    push, called, go_on = Meanwhile(lambda: told(acme, "0003", **GONE)), threading.Event(), threading.Event()
    record = Ledger.record

    def recorded_when_it_may(self: Ledger, *args: Any) -> Any:
        called.set()
        go_on.wait(60)
        return record(self, *args)

    told(acme, "0005", job_title="Head")
    monkeypatch.setattr(Ledger, "record", recorded_when_it_may)
    push.once(seconds=0)
    assert called.wait(60)
    with acme.open(TODAY) as it:
        ahead = considering.considered_ahead(it.ports, moment(TODAY))
    go_on.set()
    push.end()
    assert set(ahead.known) == {acme.person("0005").key}


def test_an_edit_whose_plan_was_never_written_is_planned_by_the_next_run(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom it touches is noted by itself, before; the configuration comes into force with its plan."""

    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    acme.learning["groups_from"] = ["department"]
    acme.write_settings()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(plan, "considered_ahead", killed)
        run(acme)
    run(acme)
    assert {acme.account(f"{n:04}").groups for n in range(1, 9)} == {frozenset({"Sales"})}


def test_an_end_gets_through_between_those_whose_day_has_come_and_whoever_dies_there_leaves_nobody_behind(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = Company(tmp_path, settings=stored_at(tmp_path, store_url), clock=lambda: moment(TODAY))
    last_day = {"termination_date": "2026-11-23"}
    acme.day("2026-11-23", [*staff(3), *(row | last_day for row in staff(5, first=4))])
    news, turns = Meanwhile(lambda: told(acme, "0003", **GONE)), list[int]()

    def others(_: Database) -> None:
        turns.append(len(turns))
        news.once(seconds=60)
        assert news.over
        if len(turns) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(waking, "AT_ONCE", 2)
    monkeypatch.setattr(Database, "let_others", others)
    with pytest.raises(KeyboardInterrupt):
        run(acme)
    assert sum(acme.person(f"{n:04}").standing.stage == "left" for n in range(4, 9)) == 4
    run(acme)
    assert sorted(ends(acme)) == ["0003", "0004", "0005", "0006", "0007", "0008"]
    assert sorted(event.split()[0] for event in acme.events(kinds=["leaver"])) == sorted(ends(acme))


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
    return planned(company, "suspend", "done")


def planned(company: Company, action: str, *states: str) -> list[str]:
    """Whose lines of this kind there are, of all plans; in these states, or in any."""
    with company.ports() as ports, ports.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT worker_id, action, state FROM plan_lines ORDER BY plan_id, seq").all()
    return [row.worker_id for row in rows if row.action == action and (not states or row.state in states)]
