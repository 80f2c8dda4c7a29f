"""`joinery check` reads as `joinery sync` does: encrypted files, and what earlier files looked like."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.running import environment
from tests.support.forked import joinery
from tests.support.gpg import Gpg, gnupg

ROWS = (
    "Employee number,First name,Last name,Work e-mail,Status,Start date\n0001,Ana,Ito,ana@x.example,Active,2020-01-15\n"
)
SETTINGS = (
    "version: 1\ncompany: { name: Example SA, time_zone: UTC }\nlearning: { into: memory, file: lms.json }\n"
    "people:\n  from: file\n  path: ./in/*\n  ready_when: present\n"
    "  fields: { worker_id: Employee number, given_name: First name, family_name: Last name, "
    "work_email: Work e-mail }\n"
)


@pytest.fixture(scope="module")
def gpg(gpg_path: Path) -> Iterator[Gpg]:
    with gnupg(gpg_path) as it:
        yield it


def typed(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*joinery(), *words],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def sealed(folder: Path, gpg: Gpg) -> None:
    """A key of ours, and a file that is encrypted to it."""
    public = typed(folder, "key", "new", "--out", "ours.asc", "--name", "Example SA").stdout
    gpg.run("--import", given=public.encode())
    listed = gpg.run("--with-colons", "--import-options", "show-only", "--import", given=public.encode()).decode()
    us = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
    (folder / "hr.csv.pgp").write_bytes(gpg.seal(ROWS.encode(), to=us))


def test_an_encrypted_file_is_opened_by_a_key_that_is_named_and_nothing_of_it_is_left(tmp_path: Path, gpg: Gpg) -> None:
    sealed(tmp_path, gpg)
    before = set(tmp_path.rglob("*"))
    closed = typed(tmp_path, "check", "hr.csv.pgp")
    assert closed.returncode == 7 and "--decrypt-with" in closed.stderr
    secret = (tmp_path / "ours.asc").read_text()
    for words, more in ((("file:ours.asc",), {}), (("env:OURS",), {"OURS": secret})):
        done = typed(tmp_path, "check", "hr.csv.pgp", "--decrypt-with", *words, "--json", **more)
        assert "files" in done.stdout, done.stdout + done.stderr
        (file,) = json.loads(done.stdout)["files"]
        assert (file["file"], file["rows"]) == ("hr.csv.pgp", 1)
    other = typed(tmp_path, "check", "hr.csv.pgp", "--decrypt-with", "secret-itself")
    assert other.returncode == 7 and "secret-itself" not in other.stdout + other.stderr
    assert set(tmp_path.rglob("*")) == before


def test_with_settings_the_key_of_the_source_opens_it(tmp_path: Path, gpg: Gpg) -> None:
    sealed(tmp_path, gpg)
    (tmp_path / "joinery.yaml").write_text(f"{SETTINGS}  decrypt_with: {{ file: ours.asc }}\n")
    assert json.loads(typed(tmp_path, "check", "hr.csv.pgp", "--json").stdout)["files"][0]["rows"] == 1
    (tmp_path / "hr.csv").write_text(ROWS)
    plain = typed(tmp_path, "check", "hr.csv", "--json")
    assert plain.returncode == 5, "sync would refuse a file that is not encrypted"


def test_what_earlier_files_looked_like_counts_as_in_a_sync_until_it_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "joinery.yaml").write_text(SETTINGS)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(ROWS)
    assert typed(tmp_path, "sync").returncode == 0
    cut = f"{ROWS}0002,Bo,Lund,bo@x.example,Active,2020-01-15"
    (tmp_path / "b.csv").write_text(cut)
    assert "its last line has no line end" in typed(tmp_path, "check", "b.csv").stderr
    assert json.loads(typed(tmp_path, "check", "b.csv", "--forget-layout", "--json").stdout)["files"][0]["rows"] == 2
    (tmp_path / "in" / "b.csv").write_text(cut)
    assert typed(tmp_path, "sync").returncode == 5
    (tmp_path / "in" / "b.csv").write_text(cut)
    assert typed(tmp_path, "sync", "--forget-layout", "nobody").returncode == 2
    assert typed(tmp_path, "sync", "--forget-layout", "hris").returncode == 0
