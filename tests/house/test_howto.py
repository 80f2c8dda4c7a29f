"""The how-to pages work as they stand. Rule: a page is changed when the product is, never the other way round.

A block ```yaml NAME or ```csv NAME is written to that file and each line of a ```sh block is typed; `# ends with N`
after a command is the exit code it must have (0 otherwise).
"""

from __future__ import annotations

import getpass
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from joinery.settings import load
from tests.conftest import ROOT
from tests.support.forked import folder_with_joinery
from tests.support.openssh import OpenSsh, openssh

HOWTO = ROOT / "docs" / "howto"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: pages whose commands are typed, one after the other
RUN = ("csv-to-lms", "existing-lms", "first-feed", "mapping-tables", "pgp")
RUN += ("rules", "sftp", "sql-source", "two-files", "why")


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
    quick = folder_with_joinery(folder / ".bin")
    path = os.pathsep.join([str(quick), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "NO_COLOR": "1"}
    environment["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == expected, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", RUN)
def test_a_page_works_as_written(tmp_path: Path, page: str, request: pytest.FixtureRequest) -> None:
    if page == "pgp":
        request.getfixturevalue("gpg_path")
    there = request.getfixturevalue("hr_server") if page == "sftp" else None
    typed = 0
    for block in blocks(HOWTO / f"{page}.md"):
        if block.file:
            target = tmp_path / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(there.told(block.text) if there else block.text)
        elif block.language == "sh":
            for line in block.text.splitlines():
                type_line(line, tmp_path)
                typed += 1
        if there:
            there.let_in(tmp_path / "sftp_key.pub")
    if page == "pgp":
        type_line("gpgconf --kill all", tmp_path)
    assert typed >= 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HrServer:
    """An OpenSSH server with one export, and its owner, who lets a key in."""

    server: OpenSsh

    def told(self, text: str) -> str:
        """Settings with this server's address, user and host key in the place of the page's."""
        text = text.replace("files.example.com", "127.0.0.1").replace("port: 22\n", f"port: {self.server.port}\n")
        text = text.replace("user: joinery\n", f"user: {getpass.getuser()}\n")
        text = re.sub(r'"SHA256:[^"]+"', f'"{self.server.fingerprints["ed25519"]}"', text)
        return text.replace("/out/", f"{self.server.root}/out/")

    def let_in(self, key: Path) -> None:
        """Once there is one."""
        if key.exists():
            (self.server.folder / "authorized").write_text(key.read_text())


@pytest.fixture
def hr_server(sshd_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HrServer]:
    with openssh(sshd_path, tmp_path_factory.mktemp("ssh")) as server:
        (server.root / "out").mkdir()
        rows = "Employee number,First name,Last name,Work e-mail,Status\n000101,Ines,Duarte,i@example.com,Active\n"
        (server.root / "out" / "employees.csv").write_text(rows)
        yield HrServer(server=server)


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
