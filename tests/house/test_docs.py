"""The pages say what the code does: everything has its heading, links lead somewhere, generated pages are fresh.

Rule: these tests collect from the code. Nobody keeps a list of what should be documented.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from joinery import errors
from tests.conftest import ROOT

REFERENCE = ROOT / "docs" / "reference"
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

#: licences that ask for more than to be named
DEMANDING = re.compile(r"\b[AL]?GPL|\bMPL|Mozilla|\bEPL|\bCDDL|\bEUPL|\bGNU", re.IGNORECASE)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def headings(page: Path) -> set[str]:
    """The headings of one page, without marks."""
    return {line.lstrip("#").strip().strip("`") for line in page.read_text().splitlines() if line.startswith("#")}


def links(page: Path) -> Iterator[str]:
    """Targets of links in one page, code blocks left out."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return (target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith(("http", "mailto:")))


def anchor(heading: str) -> str:
    """How a code host turns a heading into the end of a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", MARKDOWN, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, fragment = target.partition("#")
        destination = (page.parent / path) if path else page
        assert destination.exists(), f"{target} in {_name(page)} leads nowhere"
        if fragment:
            assert fragment in {anchor(heading) for heading in headings(destination)}, f"no such heading: {target}"


@pytest.mark.parametrize("page", MARKDOWN, ids=_name)
def test_every_page_starts_with_its_title_and_keeps_its_lines_short(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    lines = [line for line in text.splitlines() if line and not line.startswith("<!--")]
    assert lines[0].startswith("# ")
    if "<!-- Written by" in page.read_text() or page.stem == "settings":
        return  # made from the code, one line for each docstring
    prose = (line for line in lines if not line.startswith(("|", "[")) and "](" not in line)
    assert [line for line in prose if len(line) > 120] == []


def test_readme_has_exactly_two_set_up_commands_and_both_can_be_run() -> None:
    section = re.split(r"^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    setup = next(part for part in section if part.startswith("Set up"))
    commands = re.findall(r"^\| `([^`]+)` \|", setup, flags=re.MULTILINE)
    assert commands == ["script/demo", "script/test"]
    assert all(os.access(ROOT / command, os.X_OK) for command in commands)


@pytest.mark.parametrize("script", sorted([*(ROOT / "script").iterdir(), ROOT / ".ci" / "run"]), ids=_name)
def test_every_script_is_sound_shell_and_says_what_it_is_for(script: Path) -> None:
    if script.suffix == ".py" or script.is_dir():
        pytest.skip("not a shell script")
    lines = script.read_text().splitlines()
    assert os.access(script, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash" and lines[1].startswith("# ")
    assert "set -euo pipefail" in lines
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_architecture_fits_on_two_screens_and_names_every_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert len(text.splitlines()) <= 120
    for package in sorted(path.parent for path in (ROOT / "src").glob("*/__init__.py")):
        assert package.name in text
    folders = [path.parent for path in (ROOT / "src" / "joinery").glob("*/__init__.py")]
    parts = [path.parent for path in (ROOT / "src" / "joinery" / "core").glob("*/__init__.py")]
    expected = [folder.name for folder in folders if folder.name != "core"] + [f"core/{part.name}" for part in parts]
    assert [name for name in expected if f"| `{name}" not in text] == []


def test_generated_pages_are_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, "script/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"run script/docs\n{done.stdout}{done.stderr}"


def _error_classes(root: type[errors.JoineryError] = errors.JoineryError) -> Iterator[type[errors.JoineryError]]:
    yield root
    for child in root.__subclasses__():
        yield from _error_classes(child)


@pytest.mark.parametrize("error", list(_error_classes()), ids=lambda error: error.__name__)
def test_every_error_ends_with_a_documented_number(error: type[errors.JoineryError]) -> None:
    table = (REFERENCE / "exit-codes.md").read_text()
    assert re.search(rf"^\| {error.exit_code} \|", table, flags=re.MULTILINE)


def test_every_documented_number_is_listed_once() -> None:
    numbers = re.findall(r"^\| (\d+) \|", (REFERENCE / "exit-codes.md").read_text(), flags=re.MULTILINE)
    assert numbers == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "130"]


def test_every_command_has_its_heading() -> None:
    reference = importlib.import_module("script.reference")
    main = importlib.import_module("joinery.cli.main")
    typer_main = importlib.import_module("typer.main")
    found = [path for path, _ in reference.commands(typer_main.get_command(main.app))]
    assert len(found) > 5
    assert [path for path in found if path not in headings(REFERENCE / "cli.md")] == []


def test_every_dependency_is_locked_and_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "requirements.lock": [*project["project"]["dependencies"], *project["dependency-groups"]["build"]],
        "requirements-dev.lock": [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]],
    }
    reasons = (ROOT / "docs" / "decisions" / "0001-libraries.md").read_text()
    for lock, requirements in wanted.items():
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), flags=re.MULTILINE))
        for requirement in requirements:
            name = re.split(r"[\[<>=~! ]", requirement)[0].lower().replace(".", "-").replace("_", "-")
            assert name in locked, f"{name} is not in {lock}: run script/lock"
            assert name.replace("-", "") in re.sub(r"[-.]", "", reasons.lower()), f"no reason is given for {name}"


def test_the_locks_name_no_index_and_hash_every_file() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        assert "://" not in text and "--find-links" not in text
        packages = re.split(r"\n(?=[a-z])", text)
        assert [part.splitlines()[0] for part in packages if "--hash=sha256:" not in part] == []


def test_notice_names_every_package_whose_licence_asks_for_more() -> None:
    notice = (ROOT / "NOTICE").read_text().lower()
    for package in metadata.distributions():
        about = package.metadata
        told = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or [""])[:1]]
        classified = [line for line in about.get_all("Classifier") or [] if line.startswith("License")]
        licence = " ".join([*(line[:80] for line in told), *classified])
        if DEMANDING.search(licence):
            assert about["Name"].lower() in notice, f"{about['Name']} ({licence.strip()[:60]}) is missing in NOTICE"
