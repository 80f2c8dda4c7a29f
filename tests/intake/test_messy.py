"""Real files of other systems: each reads as the manifest says, or is refused with the code that it says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from joinery.errors import SourceUntrusted
from joinery.intake.layout import Layout
from joinery.intake.read import read_table

MANIFEST = Path(__file__).with_name("messy.manifest")
MESSY = Path(__file__).resolve().parents[3] / "shared" / "data" / "messy"


def expected() -> dict[str, str]:
    lines = [line for line in MANIFEST.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split(" ", 1) for line in lines)


def outcome(path: Path) -> str:
    try:
        table = read_table(path, Layout())
    except SourceUntrusted as error:
        return str(error.data["code"])
    rejected = [f"{row.line}:{row.code}" for row in table.rejected]
    return " ".join([str(table.frame.height), str(len(table.header)), *rejected])


@pytest.mark.shared
def test_every_messy_file_reads_or_is_refused_as_the_manifest_says() -> None:
    files = [path for path in MESSY.rglob("*") if path.is_file() and path.suffix not in {".md", ".json"}]
    found = {hashlib.sha256(path.read_bytes()).hexdigest()[:12]: outcome(path) for path in files}
    assert found == expected()
