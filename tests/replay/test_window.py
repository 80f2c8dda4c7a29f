"""Replays: one export a day, and every event and account compared with an oracle that knows the history.

The small one makes its own history and needs nothing; the other takes days of a real one from beside the checkout.
"""

from __future__ import annotations

import csv
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from joinery.app.wiring import opened
from joinery.flows.sync import sync
from joinery.store.accounts import Accounts
from joinery.store.events import events_between
from tests.conftest import ROOT
from tests.stories.company import Company, Row, worker

FIRST = date(2026, 3, 2)
DAYS = 30
PEOPLE = 200
TITLES = ("Clerk", "Senior Clerk", "Engineer", "Manager", "Analyst")
DEPARTMENTS = ("Sales", "Support", "Works")
#: how many days before the first (last) day HR enters a hire (an end)
HEARD_BEFORE = 5


def day(number: int) -> date:
    """Day 0 is that of the baseline."""
    return FIRST + timedelta(days=number)


def has_file(number: int) -> bool:
    return day(number).weekday() < 5


@dataclass
class Life:
    """One person as HR lives it; `spans` are employments by day number, first and last day, None while it goes on."""

    who: str
    spans: list[tuple[int, int | None]]
    #: (day, attribute, value), oldest first; the first two are from before the baseline
    changes: list[tuple[int, str, str]] = field(default_factory=list)

    def value(self, attribute: str, on: int) -> str:
        return [value for at, name, value in self.changes if name == attribute and at <= on][-1]

    def span(self, on: int) -> tuple[int, int | None] | None:
        """The employment that HR's record speaks of on that day; None before anything was entered."""
        entered = [span for span in self.spans if span[0] - HEARD_BEFORE <= on]
        return entered[-1] if entered else None

    def row(self, on: int) -> Row | None:
        span = self.span(on)
        if span is None:
            return None
        start, end = span
        known_end = end if end is not None and end - HEARD_BEFORE <= on else None
        status = "Pre-hire" if on < start else "Terminated" if known_end is not None and on > known_end else "Active"
        return worker(
            self.who,
            status=status,
            hire_date=str(day(start)),
            termination_date=str(day(known_end)) if known_end is not None else "",
            job_title=self.value("job_title", on),
            department=self.value("department", on),
        )


def history(seed: int) -> list[Life]:
    chance = random.Random(seed)
    return [_life(f"{number:04}", chance) for number in range(PEOPLE)]


def _life(who: str, chance: random.Random) -> Life:
    start = chance.choice([-900, -300, -40, chance.randint(1, DAYS - 3), chance.randint(1, DAYS + 4)])
    spans: list[tuple[int, int | None]] = [(start, None)]
    if chance.random() < 0.25:
        end = chance.randint(max(start + 3, 1), max(start + 3, DAYS))
        spans = [(start, end)]
        if chance.random() < 0.4:
            spans.append((end + HEARD_BEFORE + chance.randint(2, 8), None))
    life = Life(who=who, spans=spans)
    life.changes = [(-9999, "job_title", chance.choice(TITLES)), (-9999, "department", chance.choice(DEPARTMENTS))]
    for on in range(1, DAYS + 1):
        if has_file(on) and chance.random() < 0.04 and _moves(life, on):
            attribute, values = chance.choice([("job_title", TITLES), ("department", DEPARTMENTS)])
            new = chance.choice([value for value in values if value != life.value(attribute, on)])
            life.changes.append((on, attribute, new))
    return life


def _moves(life: Life, on: int) -> bool:
    """Employed the whole day before and after: a change on the first or last day belongs to the joiner or leaver."""
    span = life.span(on)
    return span is not None and span[0] < on and (span[1] is None or on < span[1])


def expected_events(lives: list[Life]) -> Counter[str]:
    found: Counter[str] = Counter()
    for life in lives:
        for nth, (start, end) in enumerate(life.spans):
            heard = next(on for on in range(start - HEARD_BEFORE, start + 9) if has_file(on))
            if 0 < heard <= DAYS and heard < start:
                found[f"{life.who} prehire {day(start)}"] += 1
            if 0 < start <= DAYS:
                found[f"{life.who} {'rehire' if nth else 'joiner'} {day(start)}"] += 1
            if end is not None and 0 < end + 1 <= DAYS:
                found[f"{life.who} leaver {day(end)}"] += 1
        for at, attribute, new in life.changes:
            if at > 0:
                old = life.value(attribute, at - 1)
                found[f"{life.who} mover {day(at)} {attribute}: {old} -> {new}"] += 1
    return found


def expected_accounts(lives: list[Life]) -> dict[str, str]:
    found = {}
    for life in lives:
        begun = [span for span in life.spans if span[0] <= DAYS]
        if begun:
            end = begun[-1][1]
            found[life.who] = "active" if end is None or end >= DAYS else "suspended"
    return found


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 3))], ids=lambda seed: f"history {seed}"
)
def test_a_month_of_a_small_company_gives_every_event_once_and_the_right_accounts(tmp_path: Path, seed: int) -> None:
    lives, chance = history(seed), random.Random(seed)
    acme = Company(tmp_path, settings={"guards": "off"})
    for on in range(DAYS + 1):
        rows = [row for life in lives if (row := life.row(on)) is not None]
        chance.shuffle(rows)
        night = acme.day(str(day(on)), rows if has_file(on) else None)
        assert night.exit_code == 0, (on, night.lines)
    have = Counter(acme.events())
    assert len(have) > 80, "a month in which something happens"
    assert have - expected_events(lives) == Counter(), "too much"
    assert expected_events(lives) - have == Counter(), "missing"
    assert acme.accounts() == expected_accounts(lives)
    for life in lives:
        if acme.accounts().get(life.who) == "active":
            held = acme.account(life.who).attributes
            assert (held["job_title"], held["department"]) == (
                life.value("job_title", DAYS),
                life.value("department", DAYS),
            )


# ------------------------------------------------------------------------------------- days of a real history

START = "1996-08-02"


def replayed(shared: Path, *arguments: str) -> None:
    told = subprocess.run(
        [sys.executable, str(shared / "data" / "replay" / "replay.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


@pytest.mark.shared
@pytest.mark.parametrize("days", [3, pytest.param(10, marks=pytest.mark.long)], ids=lambda days: f"{days} days")
def test_a_real_history_misses_nothing_doubles_nothing_and_invents_nothing(
    shared_dir: Path, tmp_path: Path, days: int
) -> None:
    pytest.importorskip("duckdb")
    window = ["--start", START, "--days", str(days)]
    replayed(shared_dir, "window", *window, "--out", str(tmp_path / "days"))
    replayed(shared_dir, "oracle", "--out", str(tmp_path / "oracle"))
    replayed(shared_dir, "accounts", *window, "--out", str(tmp_path / "accounts.csv"))
    config = tmp_path / "run" / "joinery.yaml"
    (config.parent / "inbox").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "replay" / "joinery.yaml", config)
    last = START
    for file in sorted((tmp_path / "days").glob("*.csv")):
        last = file.stem
        shutil.copy(file, config.parent / "inbox" / f"employees_{last}.csv")
        at = datetime.fromisoformat(f"{last}T12:00").replace(tzinfo=UTC)
        with opened(config, environ={}, as_of=at) as it:
            assert sync(it.ports, at).exit_code in {0, 4}
    _write_events(config, tmp_path / "events.csv", date.fromisoformat(START), date.fromisoformat(last))
    compare = [sys.executable, str(shared_dir / "data" / "replay" / "compare.py")]
    files = [str(tmp_path / "oracle" / "events.csv"), str(tmp_path / "events.csv")]
    told = subprocess.run(
        [*compare, *files, "--from", START, "--to", last], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert _accounts(config) == _wanted(tmp_path / "accounts.csv")


def _write_events(config: Path, out: Path, first: date, last: date) -> None:
    with opened(config, environ={}) as it, it.ports.database.read() as connection, out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["observed_on", "effective_on", "worker_id", "event", "attribute", "old", "new"])
        for e in events_between(connection, it.ports.policy.name, first, last):
            writer.writerow([e.observed_on, e.effective_on, e.worker_id, str(e.kind), e.attribute, e.old, e.new])


def _accounts(config: Path) -> dict[str, tuple[str, str, str, str]]:
    with opened(config, environ={}) as it, it.ports.database.read() as connection:
        found = [account for _, account in Accounts(connection, it.ports.policy.target).managed()]
    told = {
        a.worker_id: (a.email, a.attributes["given_name"], a.attributes["family_name"], str(a.state)) for a in found
    }
    assert len(told) == len(found), "somebody has two accounts"
    return told


def _wanted(path: Path) -> dict[str, tuple[str, str, str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["worker_id"]: (row["email"].lower(), row["given_name"], row["family_name"], row["state"])
            for row in csv.DictReader(file)
        }
