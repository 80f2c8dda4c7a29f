"""`schedule` and `joinery serve`: runs by the clock, on a file, on a date; once for each instant, whoever asks."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Event

import pytest

from joinery.app import clock
from joinery.app.scheduling import CLOCK, DATE, FILE, Due, Keeper, later_by, when_of
from joinery.app.wiring import Opened, opened
from joinery.app.working import PATIENCE
from joinery.cli.schedule_command import list_them
from joinery.errors import JoineryError, StoreUnreachable, SystemUnreachable
from joinery.settings import load
from joinery.store import schedules
from joinery.store.connections import last_runs, only_run
from joinery.store.schedules import schedule_of

SETTINGS = """
version: 1
company: {{ name: Example SA, time_zone: Europe/Paris }}
people:
  from: file
  path: ./inbox/*.csv
  ready_when: present
  fields: {{ worker_id: Number, work_email: Email, hire_date: Start, status: State }}
learning: {{ into: memory, file: lms.json }}
schedule: {{ {schedule} }}
"""
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def written(folder: Path, schedule: str, *, more: str = "") -> Path:
    (folder / "inbox").mkdir(exist_ok=True)
    config = folder / "joinery.yaml"
    config.write_text(SETTINGS.format(schedule=schedule) + more, encoding="utf-8")
    return config


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The clock: the last of these."""
    times = [NOON]
    monkeypatch.setattr(clock, "now", lambda: times[-1])
    return times


@contextmanager
def keeping(config: Path) -> Iterator[tuple[Keeper, Opened, list[str]]]:
    said: list[str] = []
    with opened(config, environ=os.environ) as it:
        yield Keeper(opened=it, say=said.append, stop=Event()), it, said


def runs(it: Opened) -> int:
    with it.ports.database.read() as tx:
        return len(last_runs(tx, it.settings.name))


def test_the_clock_sets_off_one_run_an_instant_and_none_for_what_lies_before_the_first_look(
    tmp_path: Path, now: list[datetime]
) -> None:
    with keeping(written(tmp_path, "every: 15 minutes")) as (keeper, it, said):
        node = it.ports.engine().enrol("serve")
        assert keeper.due(it) is None
        now.append(NOON + timedelta(minutes=16))
        due = keeper.due(it)
        assert due == Due(cause=CLOCK, instant=NOON + timedelta(minutes=15))
        assert keeper.fire(it, due, node) and runs(it) == 1
        assert not keeper.fire(it, due, node) and runs(it) == 1, "dealt with"
        assert keeper.due(it) is None
        now.append(NOON + timedelta(days=3))
        due = keeper.due(it)
        assert due is not None and due.instant == now[-1], "one run makes up for three days"
        assert said == ["clock 2026-11-24 12:15 UTC: R-1 ended with 0"]


def test_two_schedulers_started_by_mistake_run_it_once(tmp_path: Path, now: list[datetime]) -> None:
    with keeping(written(tmp_path, "every: 15 minutes")) as (keeper, it, _):
        node = it.ports.engine().enrol("serve")
        keeper.due(it)
        now.append(NOON + timedelta(minutes=16))
        due = keeper.due(it)
        assert due is not None
        with it.ports.database.write() as tx:
            assert schedules.claim(tx, it.settings.name, CLOCK, due.instant, "another", alive={"another"})
        with it.ports.database.write() as tx:
            assert not schedules.claim(tx, it.settings.name, CLOCK, due.instant, node, alive={"another"})
        assert runs(it) == 0
        assert keeper.fire(it, due, node), "the other one died with the claim in its hand"
        assert runs(it) == 1


def test_an_instant_that_comes_while_a_run_is_at_work_is_dealt_with_when_that_has_ended(
    tmp_path: Path, now: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joinery.app.scheduling.BUSY", 0.0)
    with keeping(written(tmp_path, "every: 15 minutes, when_file_arrives: true")) as (keeper, it, said):
        node = it.ports.engine().enrol("serve")
        keeper.due(it)
        (tmp_path / "inbox" / "a.csv").write_text("Number,Email,Start,State\n1,a@x.example,2020-01-01,Active\n")
        now.append(NOON + timedelta(minutes=16))
        with only_run(it.ports.database, it.settings.name, lambda: now[-1]):
            for cause in (CLOCK, CLOCK, FILE):
                due = keeper.due(it) if cause == CLOCK else keeper._by_file(it, now[-1])
                assert due is not None and due.cause == cause and not keeper.fire(it, due, node)
        assert runs(it) == 0
        assert [line.split()[0] for line in said] == [CLOCK, FILE], "said once each"
        due = keeper.due(it)
        assert due is not None and due.cause == CLOCK and keeper.fire(it, due, node)
        assert runs(it) == 1 and said[-1].endswith("R-1 ended with 0")
        assert keeper.due(it) is None, "the file went with it"


def test_two_that_are_really_there_run_each_instant_once(tmp_path: Path, now: list[datetime], store_url: str) -> None:
    (tmp_path / "store.url").write_text(store_url, encoding="utf-8")
    store = f"store: {{ url: {{ file: {tmp_path / 'store.url'} }} }}\n"
    config, ready = written(tmp_path, "every: 15 minutes", more=store), Barrier(2)

    def fires(each: tuple[Keeper, Opened, str]) -> bool:
        keeper, it, node = each
        due = keeper.due(it)
        assert due is not None
        ready.wait(timeout=30)
        return keeper.fire(it, due, node)

    with keeping(config) as (one, its, _), keeping(config) as (other, others, _), ThreadPoolExecutor(2) as threads:
        both = [(one, its, its.ports.engine().enrol("serve")), (other, others, others.ports.engine().enrol("serve"))]
        assert both[0][2] != both[1][2] and one.due(its) is None
        for turn in range(1, 6):
            now.append(NOON + timedelta(minutes=15 * turn))
            assert sorted(threads.map(fires, both)) == [False, True] and runs(its) == turn


def test_a_missed_run_is_not_made_up_for_where_that_is_not_wished(tmp_path: Path, now: list[datetime]) -> None:
    with keeping(written(tmp_path, "every: 15 minutes, catch_up: false")) as (keeper, it, said):
        node = it.ports.engine().enrol("serve")
        keeper.due(it)
        now.append(NOON + timedelta(minutes=29))
        due = keeper.due(it)
        assert due is not None and keeper.fire(it, due, node)
        assert runs(it) == 0 and said[0].endswith("missed")


def test_a_pause_holds_until_it_is_resumed(tmp_path: Path, now: list[datetime]) -> None:
    with keeping(written(tmp_path, "every: 15 minutes")) as (keeper, it, _):
        keeper.due(it)
        with it.ports.database.write() as tx:
            schedules.pause(tx, it.settings.name, CLOCK, "ada")
        now.append(NOON + timedelta(minutes=16))
        assert keeper.due(it) is None
        with it.ports.database.write() as tx:
            schedules.resume(tx, it.settings.name, CLOCK)
        assert keeper.due(it) is not None


def test_a_file_and_then_a_date_set_off_a_run_each(tmp_path: Path, now: list[datetime]) -> None:
    with keeping(written(tmp_path, "when_file_arrives: true")) as (keeper, it, _):
        node = it.ports.engine().enrol("serve")
        assert keeper.due(it) is None
        now.append(NOON + timedelta(minutes=1))
        rows = ["1,a@example.com,2020-01-01,active", "2,b@example.com,2026-12-01,active"]
        (tmp_path / "inbox" / "people.csv").write_text("\n".join(["Number,Email,Start,State", *rows]) + "\n")
        due = keeper.due(it)
        assert due == Due(cause=FILE, instant=now[-1], what=("hris/people.csv",)) and keeper.fire(it, due, node)
        assert keeper.due(it) is None
        now.append(datetime(2026, 11, 30, 22, 59, tzinfo=UTC))
        assert keeper.due(it) is None
        now.append(datetime(2026, 11, 30, 23, 0, tzinfo=UTC))
        due = keeper.due(it)
        assert due is not None and due.cause == DATE, "midnight in Paris, and no file"
        assert keeper.fire(it, due, node)
        assert keeper.due(it) is None
        with it.ports.database.read() as tx:
            assert schedule_of(tx, it.settings.name, DATE).outcome.startswith("R-2 ended")


def test_connections_of_one_schedule_do_not_all_start_at_once(tmp_path: Path, now: list[datetime]) -> None:
    schedule = 'cron: "30 5 * * *", zone: Asia/Tokyo, jitter: 10 minutes'
    instant, late = datetime(2026, 11, 24, 20, 30, tzinfo=UTC), list[timedelta]()
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
        now.append(NOON)
        with keeping(written(tmp_path / name, schedule, more=f"name: {name}\n")) as (keeper, it, _):
            when, mine = when_of(it.settings), later_by(it.settings)
            assert when is not None and when.following(NOON) == instant, "the schedule itself is the same"
            assert keeper.due(it) is None
            now.append(instant + mine - timedelta(seconds=1))
            assert keeper.due(it) is None, "not yet"
            now.append(instant + mine)
            assert keeper.due(it) == Due(cause=CLOCK, instant=instant)
            late.append(mine)
    # 10 minutes, by the share that the first four bytes of SHA-256 of the name are of all
    assert late == [timedelta(minutes=8, seconds=36), timedelta(minutes=1, seconds=47)]


def test_without_a_jitter_nothing_waits(tmp_path: Path) -> None:
    settings = load(written(tmp_path, 'cron: "30 5 * * *", jitter: 0 minutes'), environ={})
    assert later_by(settings) == timedelta(0)


def test_the_next_times_are_told_in_utc(
    tmp_path: Path, now: list[datetime], capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(tmp_path, 'cron: "30 5 * * 1-5", zone: Europe/Paris, when_file_arrives: true')
    now.append(datetime(2027, 3, 26, 12, 0, tzinfo=UTC))
    list_them(config=config, json=True)
    told = {row["cause"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    # from Friday over the weekend on which clocks go forward
    assert told[CLOCK]["next"] == "2027-03-29 03:30, 2027-03-30 03:30, 2027-03-31 03:30"
    assert told[FILE]["when"] == "when a file arrives"


def test_a_scheduler_runs_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joinery.app.scheduling.LOOK", 0.05)
    stop, said = Event(), []
    config = written(tmp_path, "when_file_arrives: true")
    (tmp_path / "inbox" / "people.csv").write_text("Number,Email,Start,State\n1,a@example.com,2020-01-01,active\n")

    def say(line: str) -> None:
        said.append(line)
        stop.set()

    with opened(config, environ=os.environ) as it:
        Keeper(opened=it, say=say, stop=stop).keep()
    assert len(said) == 1 and said[0].startswith("file ") and "R-1 ended with" in said[0]


def test_while_a_source_is_asked_for_its_files_everybody_may_write(tmp_path: Path, now: list[datetime]) -> None:
    with keeping(written(tmp_path, "when_file_arrives: true")) as (keeper, it, _):
        asked = []

        class Slow:
            """A server far away: its answer takes its time, and others go on."""

            def pending(self) -> tuple[()]:
                with closing(sqlite3.connect(it.ports.database.url.database or "", timeout=0.2)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    other.rollback()
                asked.append("hris")
                return ()

        source = replace(it.ports.sources["hris"], drop=Slow())  # type: ignore[arg-type]
        slow = replace(it, ports=replace(it.ports, sources={"hris": source}))
        assert keeper.due(slow) is None and asked == ["hris"]


def test_a_clock_that_jumps_on_and_back_has_no_instant_run_twice_and_none_left_out(
    tmp_path: Path, now: list[datetime]
) -> None:
    with keeping(written(tmp_path, "every: 15 minutes")) as (keeper, it, said):
        node = it.ports.engine().enrol("serve")
        keeper.due(it)
        for minutes in (16, 76, 20, 16, 61, 75, 91, 31, 92, 106):
            now.append(NOON + timedelta(minutes=minutes))
            if (due := keeper.due(it)) is not None:
                keeper.fire(it, due, node)
        assert [line.split()[2] for line in said] == ["12:15", "13:15", "13:30", "13:45"], said
        assert all(" ended with 0" in line for line in said), said


def cut_short(monkeypatch: pytest.MonkeyPatch, error: JoineryError) -> None:
    """The next run stops for this reason before it has read anything."""

    def broken(_ports: object, _as_of: datetime) -> None:
        monkeypatch.undo()
        raise error

    monkeypatch.setattr("joinery.app.scheduling.sync", broken)


def test_a_file_whose_run_was_cut_short_is_tried_again_with_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [1000.0]
    monkeypatch.setattr("joinery.app.scheduling.monotonic", lambda: seconds[-1])
    with keeping(written(tmp_path, "when_file_arrives: true")) as (keeper, it, said), monkeypatch.context() as once:
        node = it.ports.engine().enrol("serve")
        (tmp_path / "inbox" / "people.csv").write_text("Number,Email,Start,State\n1,a@example.com,2020-01-01,active\n")
        for wait in (PATIENCE, 2 * PATIENCE):
            cut_short(once, SystemUnreachable("The learning system is away."))
            due = keeper.due(it)
            assert due is not None and due.cause == FILE and keeper.fire(it, due, node) and runs(it) == 0
            assert keeper.due(it) is None, "not at once"
            seconds.append(seconds[-1] + wait - 1)
            assert keeper.due(it) is None
            seconds.append(seconds[-1] + 1)
        due = keeper.due(it)
        assert due is not None and keeper.fire(it, due, node) and runs(it) == 1
        assert "R-1 ended with" in said[-1]


def test_an_instant_whose_run_lost_its_store_is_not_dealt_with(
    tmp_path: Path, now: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    with keeping(written(tmp_path, "every: 15 minutes")) as (keeper, it, _), monkeypatch.context() as once:
        node = it.ports.engine().enrol("serve")
        keeper.due(it)
        now.append(NOON + timedelta(minutes=16))
        due = keeper.due(it)
        assert due is not None
        cut_short(once, StoreUnreachable())
        with pytest.raises(StoreUnreachable):
            keeper.fire(it, due, node)
        assert keeper.due(it) == due, "the store is back: it is due as before"
        assert keeper.fire(it, due, node) and runs(it) == 1
