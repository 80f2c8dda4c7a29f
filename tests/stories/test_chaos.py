"""A bad day of the learning system over real HTTP: it converges, nothing is doubled, and what could not be done is told
exactly."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stamina

from joinery.app.wiring import opened
from joinery.errors import AuthenticationFailed, JoineryError
from joinery.flows.sync import sync
from joinery.jobs import engine, gate
from joinery.jobs.contract import Retry
from joinery.jobs.engine import Parts
from joinery.store.plans import lines_of
from joinery_simulators.chaos import CHANGES, Asked, Trouble, Weather
from joinery_simulators.door import chaos
from tests.contract.test_scim import independent
from tests.stories.company import COLUMNS, Row, changed, staff, worker

CONFIG = """version: 1
company: {{ name: Acme, time_zone: UTC }}
people: {{ from: file, path: ./inbox/*.csv, ready_when: present }}
learning: {{ into: scim, url: "{url}/v2", key: {{ env: SCIM_KEY }} }}
mode: automatic
guards: off
"""
NOW = datetime.now(UTC)
#: an hour of the learning system in a second of ours
HOUR_IS_A_SECOND = 3600.0


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Patience in hundredths of what it is; the order of things stays."""
    monkeypatch.setattr(engine, "Parts", partial(Parts, retry=Retry(tries=5, first=0.005, longest=0.05)))
    monkeypatch.setattr(gate, "FIRST_REST", 0.2)
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@dataclass
class Acme:
    """A company behind the door; `truth` is the address of the learning system itself."""

    folder: Path
    truth: str
    weather: Weather
    key: str = "first"
    nights: int = 0
    #: of each run: how it ended
    ends: list[str] = field(default_factory=list)

    def file(self, rows: list[Row]) -> None:
        self.nights += 1
        with (self.folder / f"inbox/night{self.nights:03}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def run(self) -> str:
        """One sync, as a schedule starts it; the code of the error that stopped it, or `done` with its exit code."""
        self.nights += 1
        as_of = NOW - timedelta(minutes=600 - self.nights)
        with opened(self.folder / "joinery.yaml", environ={"SCIM_KEY": self.key}, as_of=as_of) as it:
            try:
                self.ends.append(f"done {sync(it.ports, as_of).exit_code}")
            except JoineryError as error:
                self.ends.append(error.code)
        return self.ends[-1]

    def until_quiet(self, most: int = 25) -> None:
        """Run until one comes to its end and meets nothing any more but what is refused for good."""
        for _ in range(most):
            before = len(self.weather.events)
            self.run()
            met = {one.trouble for one in self.weather.events[before:]}
            if self.ends[-1].startswith("done") and met <= {Trouble.NONE, Trouble.SLOW, Trouble.REFUSED}:
                assert not self.unfinished()
                return
        raise AssertionError(self.ends)

    def lines(self) -> list[tuple[str, str, str]]:
        """(action, worker, state) of the newest plan."""
        with opened(self.folder / "joinery.yaml", environ={"SCIM_KEY": self.key}, as_of=NOW) as it:
            with it.ports.database.read() as connection:
                newest = connection.exec_driver_sql("SELECT id FROM plans ORDER BY made_at DESC LIMIT 1").scalar()
                return [(str(x.line.action), x.line.worker_id, str(x.state)) for x in lines_of(connection, str(newest))]

    def unfinished(self) -> list[tuple[str, str, str]]:
        return [line for line in self.lines() if line[2] in {"planned", "sent"}]

    def could_not(self) -> set[tuple[str, str]]:
        """(action, worker) of what the newest plan could not do."""
        return {(action, who) for action, who, state in self.lines() if state in {"failed", "needs_you"}}

    def users(self) -> list[dict[str, Any]]:
        """What the learning system holds, asked past the door."""
        found = httpx2.get(f"{self.truth}/Users?count=500", headers={"Authorization": "Bearer x"}).json()["Resources"]
        return list(found)


@contextmanager
def acme(folder: Path, weather: Weather) -> Iterator[Acme]:
    (folder / "inbox").mkdir()
    with (
        independent(bulk=False) as truth,
        chaos(truth.removesuffix("/v2"), weather, speed=HOUR_IS_A_SECOND) as url,
    ):
        (folder / "joinery.yaml").write_text(CONFIG.format(url=url))
        yield Acme(folder, truth, weather)


def nights(company: Acme, people: int) -> list[Row]:
    """Joiners; then movers and leavers. Each until it is quiet; the last file."""
    rows = staff(people)
    company.file(rows)
    company.until_quiet()
    for n in range(1, people, 3):
        rows = changed(rows, f"{n:04}", job_title="Captain")
    for n in range(2, people, 4):
        gone = {"status": "Terminated", "termination_date": f"{NOW - timedelta(days=2):%Y-%m-%d}"}
        rows = changed(rows, f"{n:04}", **gone)
    company.file(rows := [*rows, worker(people + 1)])
    company.until_quiet()
    return rows


def one_is_back(company: Acme, rows: list[Row]) -> list[Row]:
    back = {"status": "Active", "termination_date": "", "hire_date": f"{NOW - timedelta(days=1):%Y-%m-%d}"}
    company.file(rows := changed(rows, "0002", **back))
    company.until_quiet()
    return rows


def judge(company: Acme, rows: list[Row]) -> None:
    """Everybody is as the last file says, but for what the door refused for good; and that list is exact."""
    users = company.users()
    keys = Counter(user.get("externalId") for user in users)
    assert all(count == 1 for count in keys.values()), "somebody has two accounts"
    by_name = {user["userName"]: user for user in users}
    names = {subject.rpartition("/")[2] for _, subject in company.weather.never_taken()}
    refused = {name.removeprefix("w").partition("@")[0] for name in names}
    not_so = {row["worker_id"] for row in rows if not _as_it_should_be(by_name.get(row["work_email"]), row)}
    assert not_so <= refused, "not refused, and not done"
    assert {who for _, who in company.could_not()} == not_so, "the list of what could not be done"


def _as_it_should_be(user: dict[str, Any] | None, row: Row) -> bool:
    """Whoever has left only has to be out."""
    active = row["status"] == "Active"
    if user is None:
        return not active
    return user["active"] is active and (not active or user.get("title") == row["job_title"])


@pytest.mark.parametrize("seed", [7])
def test_a_bad_day_converges_and_the_list_of_what_could_not_be_done_is_exact(tmp_path: Path, seed: int) -> None:
    weather = Weather(seed=seed, chance=0.35, refuses=0.15)
    with acme(tmp_path, weather) as company:
        rows = nights(company, 12)
        met = {one.trouble for one in weather.events}
        assert met >= {*CHANGES, Trouble.REFUSED}, f"too quiet a day: {set(CHANGES) - met}"
        judge(company, rows)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_twenty_bad_days_converge(tmp_path: Path, seed: int) -> None:
    with acme(tmp_path, Weather(seed=seed, chance=0.5, refuses=0.08)) as company:
        judge(company, one_is_back(company, nights(company, 24)))


@pytest.mark.parametrize("trouble", [Trouble.LIE, Trouble.DONE_BUT_BROKEN, Trouble.DONE_BUT_RESET])
def test_every_change_is_told_wrongly_once(tmp_path: Path, trouble: Trouble) -> None:
    """Success that reports failure, and failure that reports success: what the system shows counts."""
    with acme(tmp_path, Weather(seed=1, chance=1.0, among=(trouble,), at_most=1)) as company:
        rows = nights(company, 4)
        judge(company, rows)
        assert company.could_not() == set()
        made = Counter(one.subjects for one in company.weather.events if one.method == "POST" and one.done)
        assert set(made.values()) == {1}, "nobody was made twice"


def test_a_token_that_ends_in_the_middle_stops_the_run_and_a_new_one_finishes_it(tmp_path: Path) -> None:
    with acme(tmp_path, Weather(seed=1, chance=0.0, token_dies_after=25)) as company:
        company.file(rows := staff(20))
        assert company.run() == AuthenticationFailed("").code
        before = len(company.users())
        assert 0 < before < 20
        assert company.run() == AuthenticationFailed("").code and len(company.users()) == before
        company.key = "second"
        company.until_quiet()
        judge(company, rows)


def test_an_outage_of_an_hour_loses_nothing_and_is_over_by_itself(tmp_path: Path) -> None:
    with acme(tmp_path, Weather(seed=1, chance=0.0)) as company:
        company.file(rows := staff(12))
        company.until_quiet()
        company.weather.away = True
        company.file(rows := [*changed(rows, "0003", job_title="Captain"), worker(13)])
        ends = {company.run() for _ in range(2)}
        assert "done 0" not in ends and len(company.users()) == 12
        company.weather.away = False
        company.until_quiet()
        assert company.ends[-1] == "done 0"
        judge(company, rows)


# ------------------------------------------------------------------------------------------------------ the weather


def change(who: str) -> Asked:
    return Asked(method="POST", target="/v2/Users", body=json.dumps({"userName": who}).encode())


def test_what_befalls_one_person_does_not_depend_on_when_the_others_ask() -> None:
    def troubles(order: str) -> dict[str, list[Trouble]]:
        weather, found = Weather(seed=3, chance=0.6, refuses=0.2), {}
        for who in order:
            found.setdefault(who, []).append(weather.befalls(change(who)).trouble)
        return found

    one = troubles("abcdefgh" * 3)
    assert one == troubles("a" * 3 + "h" * 3 + "bcdefg" * 3)
    assert len({trouble for each in one.values() for trouble in each}) > 4


def test_the_same_request_meets_trouble_only_so_often_and_what_is_refused_stays_refused() -> None:
    weather = Weather(seed=5, chance=1.0, at_most=2, refuses=0.3)
    told = {who: [weather.befalls(change(who)).trouble for _ in range(4)] for who in "abcdefghijkl"}
    refused = {who for who, each in told.items() if Trouble.REFUSED in each}
    assert refused and all(set(told[who]) == {Trouble.REFUSED} for who in refused)
    assert all(told[who][2:] == [Trouble.NONE] * 2 for who in set(told) - refused)
    assert weather.never_taken() == {("POST", who) for who in refused}
