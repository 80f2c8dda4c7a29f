"""The arithmetic by which measured figures are carried to sizes that nobody measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.extrapolate import (
    Assumed,
    Measured,
    assumptions,
    first,
    linear,
    of_connections,
    of_people,
    read,
    report,
)

NIGHTLY = {
    "quiet": {"seconds": 2.0, "peak_gib": 0.6, "people": 200_000},
    "one_percent": {"seconds": 8.0, "peak_gib": 0.8, "people": 200_000},
    "first_load": {"seconds": 90.0, "people": 200_000, "peak_gib": 1.1},
    "marginal": {"10000": 9.0, "300000": 2.0, "spread": 0.1},
    "warm": {"people": 9000, "seconds": 1.5, "python": 1.0},
}
LINES = (
    {"what": "4 workers against 1", "people": 8000, "seconds with 1": 100.0, "times faster": 3.6},
    {"what": "first load, on sqlite", "people": 100_000, "peak MiB": 300, "store MiB": 2.0},
    {"what": "first load, killed at half-way, on sqlite", "people": 1000, "peak MiB": 999, "store MiB": 9.0},
    {
        "what": "idle connection",
        "MiB": 100.0,
        "share of a core": 0.02,
        "database connections": 8.0,
        "transactions a second": 60.0,
    },
)


@pytest.fixture
def found(tmp_path: Path) -> Measured:
    nightly, lines = tmp_path / "nightly.json", tmp_path / "lines.ndjson"
    nightly.write_text(json.dumps(NIGHTLY, indent=1))
    lines.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return read([nightly, lines])


def test_a_line_begins_at_what_is_needed_before_anybody_is_read() -> None:
    need = linear("memory", need=3.0, at=100, to=300, have=9.0, unit="GiB", why="", base=1.0)
    assert need.need == pytest.approx(7.0), "1 and three times 2"
    assert need.at == pytest.approx(400), "1 + 2 for each hundred is 9 at four hundred"
    assert need.share == pytest.approx(7 / 9)


def test_what_fits_at_every_size_breaks_nowhere() -> None:
    need = linear("memory", need=1.0, at=100, to=10**9, have=2.0, unit="GiB", why="", base=1.0)
    assert need.need == pytest.approx(1.0) and need.at == float("inf") and first([need]) is None


def test_the_files_are_read_by_what_they_say(found: Measured) -> None:
    assert found.people == 200_000 and found.ms_per_changed == 2.0, "of the largest company"
    assert found.per_second == pytest.approx(80) and found.workers == 4
    assert found.load_mib == 300 and found.store_bytes == pytest.approx(2 * 1024**2 / 100_000), "not the killed one"
    assert found.idle_backends == 8.0 and found.sync_seconds == 1.5


def test_the_first_to_break_is_what_is_used_up_at_the_smallest_size(found: Measured) -> None:
    needs = {need.what: need for need in of_people(found, Assumed())}
    behind = needs["an end of access behind a night's plan (SQLite)"]
    assert behind.need == pytest.approx(2_300_000 * 0.01 * 2.0 / 1000) and behind.at == pytest.approx(50_000)
    assert first(list(needs.values())) is behind
    slow = replace(Assumed(), rate=1.0, patience=1000.0)
    broken = first(list(of_people(found, slow)))
    assert broken is not None and broken.what == "the first load's writes" and broken.at == pytest.approx(216_000)


def test_ten_thousand_connections_run_out_of_the_database_first(found: Measured) -> None:
    needs = list(of_connections(found, Assumed()))
    broken = first(needs)
    assert broken is not None and broken.what == "connections to the database"
    assert broken.need == 80_000 and broken.at == pytest.approx(62.5)
    assert next(need for need in needs if need.what.startswith("by a timer")).share < 1


def test_what_was_not_measured_is_not_made_up() -> None:
    said = report(Measured(), Assumed())
    assert {line["what"] for line in said if "what" in line} == {"a night's writes", "the first load's writes"}


def test_an_assumption_that_is_none_is_refused() -> None:
    assert assumptions(["rate=10"]).rate == 10.0
    with pytest.raises(SystemExit, match="no such assumption: speed"):
        assumptions(["speed=10"])
