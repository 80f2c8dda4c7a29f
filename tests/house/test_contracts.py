"""The import contracts of pyproject.toml go red on the violations they are there for, and on nothing else.

Each case plants one import in a copy of `src` and lets the real import-linter judge the copy.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

DIRECTION = "One direction"
PIPELINE = "The core reads like the pipeline"
DECIDES = "The core decides, it never does"
FLOWS = "Flows know the contract, not the systems"
CONNECTORS = "Connectors do not know each other"
TRANSPORT = "Only the transport speaks HTTP"
NEIGHBOURS = "Neighbours keep their own house"
CYCLES = "No cycles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One import nobody should write: in which module, and which contracts must object."""

    story: str
    module: str
    line: str
    red: frozenset[str]


def _case(story: str, module: str, line: str, *red: str) -> Planted:
    return Planted(story=story, module=module, line=line, red=frozenset(red))


CASES = [
    _case("core opens a database", "joinery.core.model.planted", "import sqlite3", DECIDES),
    _case("core throws dice", "joinery.core.rules.planted", "import random", DECIDES),
    _case("core reads the clock", "joinery.core.planning.planted", "import time", DECIDES),
    _case("mapping asks correlation", "joinery.core.mapping.planted", "import joinery.core.correlation", PIPELINE),
    _case("the model knows the rules", "joinery.core.model.planted", "import joinery.core.rules", PIPELINE, CYCLES),
    _case("flows name a system", "joinery.flows.planted", "import joinery.connectors.moodle", FLOWS),
    _case(
        "one connector uses another", "joinery.connectors.adp.planted", "import joinery.connectors.moodle", CONNECTORS
    ),
    _case("a connector sends HTTP itself", "joinery.connectors.adp.planted", "import httpx2", TRANSPORT),
    _case("the kit runs a flow", "joinery.kit.planted", "import joinery.flows.planted", DIRECTION, CYCLES),
    _case("the store writes a report", "joinery.store.planted", "import joinery.reports", DIRECTION),
    _case("a stray helpers module", "joinery.helpers", "", DIRECTION),
    _case("Classroom looks into Joinery", "joinery_classroom.planted", "import joinery.errors", NEIGHBOURS),
    _case("SCIM looks into Joinery", "joinery_scim.planted", "import joinery.errors", NEIGHBOURS),
]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `src` with two more connectors, one of them new to everybody (`adp`)."""
    copy = tmp_path_factory.mktemp("planted")
    for package in (ROOT / "src").iterdir():
        if (package / "__init__.py").exists():
            shutil.copytree(package, copy / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for module in ("joinery.connectors.adp.wire", "joinery.connectors.moodle.wire", "joinery.flows.planted"):
        _write(copy, module, "import joinery.kit\n")
    return copy


def _write(copy: Path, module: str, text: str) -> Path:
    path = copy.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(text)
    return path


def _judge(copy: Path) -> tuple[frozenset[str], str]:
    """Which contracts are broken, and all that import-linter said."""
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--no-cache", "--config", "pyproject.toml"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", done.stdout, flags=re.MULTILINE))
    assert len(verdicts) == 8, done.stdout + done.stderr
    return frozenset(name for name, verdict in verdicts.items() if verdict == "BROKEN"), done.stdout


def test_a_new_connector_needs_no_edit_anywhere(clean: Path) -> None:
    red, said = _judge(clean)
    assert red == frozenset(), said


@pytest.mark.parametrize("planted", CASES, ids=[case.story for case in CASES])
def test_the_contract_goes_red(clean: Path, planted: Planted) -> None:
    path = clean.joinpath(*planted.module.split(".")).with_suffix(".py")
    before = path.read_text() if path.exists() else None
    _write(clean, planted.module, f"{planted.line}\n")
    try:
        red, said = _judge(clean)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert planted.red <= red <= planted.red | {CYCLES}, said  # an import upwards may also close a circle
