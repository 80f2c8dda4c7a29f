"""The how-to pages work as they stand. Rule: a page is changed when the product is, never the other way round.

A block ```yaml NAME or ```csv NAME is written to that file and each line of a ```sh block is typed; `# ends with N`
after a command is the exit code it must have (0 otherwise).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from joinery.settings import load
from tests.conftest import ROOT

HOWTO = ROOT / "docs" / "howto"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: pages whose commands are typed, one after the other
RUN = ("existing-lms", "first-feed", "mapping-tables", "pgp", "rules", "sql-source", "two-files", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: its language, the file it is written to (or none), its text."""

    language: str
    file: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return [Block(language=found[1], file=found[2], text=found[3]) for found in BLOCK.finditer(page.read_text())]


def type_line(line: str, folder: Path) -> None:
    """Run one line as the reader would and demand its exit code."""
    command, _, remark = line.partition("  # ends with ")
    expected = int(re.match(r"\d*", remark)[0] or 0)  # type: ignore[index]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "NO_COLOR": "1"}
    environment["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == expected, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    "page", ["existing-lms", "first-feed", "mapping-tables", "pgp", "rules", "sql-source", "two-files", "why"]
)
def test_a_page_works_as_written(tmp_path: Path, page: str, request: pytest.FixtureRequest) -> None:
    if page == "pgp":
        request.getfixturevalue("gpg_path")
    typed = 0
    for block in blocks(HOWTO / f"{page}.md"):
        if block.file:
            target = tmp_path / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
        elif block.language == "sh":
            for line in block.text.splitlines():
                type_line(line, tmp_path)
                typed += 1
    if page == "pgp":
        type_line("gpgconf --kill all", tmp_path)
    assert typed >= 5


@pytest.mark.parametrize("page", sorted(HOWTO.glob("*.md")), ids=lambda page: page.stem)
def test_settings_shown_in_a_page_are_valid(page: Path, tmp_path: Path) -> None:
    base = {
        "company": "company: {name: A, time_zone: UTC}\n",
        "learning": "learning: {into: classroom}\n",
        "people": "people: {from: file, path: ./in/*.csv, fields: {worker_id: ID}}\n",
    }
    environment = {"JOINERY_DATABASE": "postgresql+psycopg://joinery@localhost/joinery"}
    for block in blocks(page):
        if block.language in {"csv", "sql"} and block.file:
            (tmp_path / block.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.file).write_text(block.text)
        if block.language == "yaml" and not block.file.startswith("rules/"):
            file = tmp_path / "joinery.yaml"
            needed = "".join(text for key, text in base.items() if f"\n{key}:" not in f"\n{block.text}")
            file.write_text(block.text if block.text.startswith("version:") else f"version: 1\n{needed}{block.text}")
            load(file, environ=environment)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "examples").glob("*/*.yaml")), ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_the_settings_of_every_example_are_valid(file: Path) -> None:
    load(file, environ={})
