"""Encrypted files through a whole night: read, archived as they came, and never lying about in the open."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faces.running import environment
from tests.stories.company import COLUMNS, Company, Row, changed, staff
from tests.support.forked import joinery
from tests.support.gpg import Gpg, gnupg


@pytest.fixture(scope="module")
def gpg(gpg_path: Path) -> Iterator[Gpg]:
    with gnupg(gpg_path) as it:
        yield it


def text_of(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


class Sealed:
    """A company whose file is encrypted to a key that Joinery made, and signed by HR."""

    def __init__(self, folder: Path, gpg: Gpg) -> None:
        self.gpg = gpg
        folder.mkdir()
        self.folder = folder
        public = self.typed("key", "new", "--out", "pgp_private.asc", "--name", "Example SA").stdout
        gpg.run("--import", given=public.encode())
        listed = gpg.run("--with-colons", "--import-options", "show-only", "--import", given=public.encode()).decode()
        self.us = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        self.hr = gpg.key(folder.name, kind="ed25519")
        (folder / "keys").mkdir()
        (folder / "keys" / "hr.asc").write_bytes(gpg.public(self.hr))
        people = {
            "path": "./inbox/*",
            "decrypt_with": {"file": "pgp_private.asc"},
            "require_signature_from": [f"0x{self.hr.upper()}"],
        }
        self.acme = Company(folder, people=people)

    def typed(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*joinery(), *words], cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=60
        )

    def send(self, rows: Sequence[Row], name: str, **how: Any) -> bytes:
        data = self.gpg.seal(text_of(rows), **({"to": self.us, "by": self.hr} | how))
        (self.folder / "inbox" / name).write_bytes(data)
        return data

    def in_the_open(self) -> list[str]:
        """Files below the company's folder in which a name can be read."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.suffix not in {".db", ".json"})
        return [path.name for path in found if b"Given0001" in path.read_bytes() and "lms" not in path.name]


@pytest.fixture
def sealed(tmp_path: Path, gpg: Gpg) -> Sealed:
    return Sealed(tmp_path / f"acme{abs(hash(tmp_path.name)) % 10_000}", gpg)


def test_a_sealed_file_is_read_and_archived_as_it_came(sealed: Sealed) -> None:
    data = sealed.send(staff(3), "employees.csv.pgp")
    night = sealed.acme.day("2026-11-24")
    assert (night.exit_code, night.files) == (0, {"employees.csv.pgp": "accepted"})
    assert sealed.acme.who_is("active") == {"0001", "0002", "0003"}
    (kept,) = (sealed.folder / "archive" / "accepted").rglob("*.pgp")
    assert kept.read_bytes() == data
    assert sealed.in_the_open() == []


def test_the_same_people_encrypted_anew_are_the_same_content(sealed: Sealed) -> None:
    first = sealed.send(staff(2), "one.csv.pgp")
    assert first != sealed.send(staff(2), "two.csv.gpg")
    assert sealed.acme.day("2026-11-24").files == {"one.csv.pgp": "accepted", "two.csv.gpg": "same"}


def test_what_is_not_sealed_as_agreed_touches_nobody(sealed: Sealed) -> None:
    sealed.send(staff(3), "a.csv.pgp")
    sealed.acme.day("2026-11-24")
    gone = changed(staff(3), "0002", status="Terminated")
    (sealed.folder / "inbox" / "b.csv").write_bytes(text_of(gone))
    sealed.send(gone, "c.csv.pgp", by="")
    night = sealed.acme.day("2026-11-25")
    assert night.files == {"b.csv": "rejected", "c.csv.pgp": "rejected"}
    assert night.checks == {"not_encrypted", "not_signed"}
    assert sealed.acme.who_is("active") == {"0001", "0002", "0003"}


def test_a_key_that_is_not_there_lets_files_wait_and_dates_fire(sealed: Sealed) -> None:
    sealed.send(changed(staff(2), "0002", termination_date="2026-11-24"), "a.csv.pgp")
    sealed.acme.day("2026-11-20")
    key = sealed.folder / "pgp_private.asc"
    key.rename(sealed.folder / "elsewhere")
    sealed.send(staff(3), "b.csv.pgp")
    night = sealed.acme.day("2026-11-25")
    assert night.exit_code == 6
    assert sealed.acme.who_is("suspended") == {"0002"}
    assert sealed.acme.arrived("rejected") == []
    (sealed.folder / "elsewhere").rename(key)
    assert sealed.acme.day("2026-11-26").files == {"b.csv.pgp": "accepted"}


def test_key_show_gives_what_hr_needs_and_status_warns_before_the_end(sealed: Sealed) -> None:
    shown = sealed.typed("key", "show")
    assert shown.returncode == 0
    assert shown.stdout.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
    assert "PRIVATE" not in shown.stdout
    assert " ".join(sealed.us[n : n + 4] for n in range(0, 40, 4)) in shown.stderr
    assert (sealed.folder / "pgp_private.asc").stat().st_mode & 0o777 == 0o600
    assert sealed.typed("key", "new", "--out", "pgp_private.asc").returncode == 2
    sealed.send(staff(1), "a.csv.pgp")
    assert sealed.typed("sync").returncode == 0
    assert "our key" not in sealed.typed("status").stdout
    for days, first in ((29, False), (6, True)):
        made = sealed.typed("key", "new", "--out", f"short{days}.asc", "--days", str(days))
        assert made.returncode == 0
        sealed.acme.people["decrypt_with"] = [{"file": "pgp_private.asc"}, {"file": f"short{days}.asc"}]
        sealed.acme.write_settings()
        said = sealed.typed("status").stdout
        assert "our key" in said
        assert said.startswith("A key needs you") is first
