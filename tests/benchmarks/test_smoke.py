"""The benchmarks run: small, and without a word about speed. Those that start many processes run with the long ones."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.bare import run
from benchmarks.school import school
from benchmarks.soak import slope

from tests.conftest import ROOT

#: what is no program, but part of several
PARTS = {"__init__", "people", "doubles", "school", "stage", "bare"}
PROGRAMS = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in PARTS)


def measured(*command: str) -> dict[str, Any]:
    """The last line of a benchmark, as JSON; whether it met its bound is not asked here."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}/src"}
    words = [sys.executable, "-m", f"benchmarks.{command[0]}", *command[1:], "--json"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip(), done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_says_what_it_measures_and_is_in_the_list(name: str) -> None:
    program = importlib.import_module(f"benchmarks.{name}")
    assert program.__doc__ and f"python -m benchmarks.{name}" in program.__doc__
    assert callable(program.main)
    assert f"`{name}`" in (ROOT / "benchmarks" / "README.md").read_text()


def test_the_learning_system_counts_who_is_made_twice() -> None:
    import asyncio

    with school(latency=0.01) as lms:
        first = asyncio.run(run(f"{lms.url}/v2", 12, 4))
        assert first["people"] == 12 and first["seconds"] >= 2 * 12 / 4 * 0.01
        told = lms.ask("/told")
        assert (told["users"], told["calls"], told["doubled"], told["busiest"]) == (12, 25, 0, 4)
        lms.ask("/begin?latency=0")
        assert lms.ask("/told")["users"] == 0


def test_a_single_peak_does_not_tilt_the_slope() -> None:
    rising = [(float(at), 100 + 0.5 * at) for at in range(20)]
    assert slope(rising) == pytest.approx(0.5)
    assert slope([*rising[:10], (10.0, 900.0), *rising[11:]]) == pytest.approx(0.5)
    assert slope([(1.0, 5.0)]) == 0.0


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        pytest.param(
            ["overhead", "--people", "16", "--rounds", "1", "--only", "sqlite", "--latency", "0.01"],
            {"operations": 16, "calls": "34 (bare 33)"},
            id="overhead",
        ),
        pytest.param(["first_load", "--people", "60"], {"missing": 0, "twice": 0}, id="first load"),
        pytest.param(
            ["workers", "--people", "96", "--workers", "2", "--rounds", "1", "--plain"], {"people": 96}, id="workers"
        ),
        pytest.param(
            ["soak", "--minutes", "0.2", "--people", "30", "--night", "5", "--rest", "5"],
            {"wrong": [], "judged": False},
            id="soak",
        ),
        pytest.param(["idle", "--connections", "2", "--seconds", "3", "--settle", "2"], {"connections": 2}, id="idle"),
        pytest.param(["mass_change", "--people", "300"], {"people": 300}, id="mass change"),
        pytest.param(["kill_switch", "--people", "2", "--backlog", "100"], {"what": "meanwhile"}, id="kill switch"),
    ],
)
def test_the_great_ones_run_small(command: list[str], wanted: dict[str, Any]) -> None:
    found = measured(*command)
    assert {name: found[name] for name in wanted} == wanted


def test_extrapolate_reads_what_the_others_print(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text(
        '{"what": "4 workers against 1", "people": 80, "seconds with 1": 2, "times faster": 3}\n'
    )
    assert measured("extrapolate", str(tmp_path / "lines"))["breaks first"]
