"""Finds the real programs that tests talk to. Rule: missing is a failure, left out by name is a skip."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

#: peer's name -> its name and version, for the line at the end of a run
USED: pytest.StashKey[dict[str, str]] = pytest.StashKey()

CHROMIUM_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_PROGRAMS = {
    "postgresql": ("postgres",),
    "mariadb": ("mariadbd",),
    "chromium": ("chromium", "google-chrome", "google-chrome-stable"),
    "openssh": ("sshd",),
    "gnupg": ("gpg",),
}


def left_out() -> frozenset[str]:
    """Names the person at the keyboard opted out of."""
    return frozenset(os.environ.get("JOINERY_TEST_WITHOUT", "").replace(" ", "").split(",")) - {""}


def need(name: str) -> Path:
    """The peer's program; skips when opted out by name, fails when it is simply not there."""
    if name in left_out():
        pytest.skip(f"{name} is left out by JOINERY_TEST_WITHOUT")
    found = _find(name)
    if found is None:
        pytest.fail(f"{name} is not installed: run script/peers, or leave it out with JOINERY_TEST_WITHOUT={name}")
    return found


def note(config: pytest.Config, name: str, binary: Path) -> None:
    """Remembers that a test used this peer, with the version it gives itself."""
    flag = "-V" if name == "openssh" else "--version"
    answer = subprocess.run([str(binary), flag], capture_output=True, text=True, check=False)
    config.stash[USED][name] = (answer.stdout or answer.stderr).strip().splitlines()[0]


def _find(name: str) -> Path | None:
    if name == "chromium" and os.environ.get("JOINERY_CHROMIUM"):
        return Path(os.environ["JOINERY_CHROMIUM"])
    for program in _PROGRAMS[name]:
        if found := shutil.which(program, path=_search_path(name)):
            return Path(found)
    return _playwright_chromium() if name == "chromium" else None


def _search_path(name: str) -> str:
    """Debian keeps each PostgreSQL in a folder of its own, outside PATH; the newest comes first."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    extra = [str(folder) for folder in reversed(versions)] if name == "postgresql" else ["/usr/sbin", "/sbin"]
    return os.pathsep.join([*extra, os.environ.get("PATH", "")])


def _playwright_chromium() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = Path(playwright.chromium.executable_path)
    return found if found.exists() else None
