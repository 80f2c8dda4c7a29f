"""Real files of other systems: each reads as the manifest says, or is refused with the code that it says."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from joinery.errors import SourceUntrusted
from joinery.intake.layout import Layout
from joinery.intake.read import read_table

MANIFEST = Path(__file__).with_name("messy.manifest")
MESSY = Path(__file__).resolve().parents[3] / "shared" / "data" / "messy"


def expected() -> dict[tuple[str, str], str]:
    """(hash, settings) -> outcome; every line argues its outcome."""
    lines = [line.split(" | ") for line in MANIFEST.read_text().splitlines() if not line.startswith("#")]
    assert all(len(line) == 4 and line[3].strip() for line in lines)
    return {(sha256, settings): outcome for sha256, settings, outcome, _ in lines}


def layout_of(settings: str) -> Layout:
    if settings == "-":
        return Layout()
    name, _, value = settings.partition("=")
    assert name == "columns"
    return Layout(columns=tuple(f"column {n}" for n in range(1, int(value) + 1)))


def outcome(path: Path, layout: Layout) -> str:
    try:
        table = read_table(path, layout)
    except SourceUntrusted as error:
        return str(error.data["code"])
    rejected = [f"{row.line}:{row.code}" for row in table.rejected]
    return " ".join(["read", str(table.frame.height), str(len(table.header)), *rejected])


def samples() -> dict[str, Path]:
    files = [path for path in MESSY.rglob("*") if path.is_file() and path.suffix != ".md"]
    return {hashlib.sha256(path.read_bytes()).hexdigest()[:12]: path for path in files}


@pytest.mark.shared
def test_every_messy_file_reads_or_is_refused_as_the_manifest_says() -> None:
    files, wanted = samples(), expected()
    assert {sha256 for sha256, _ in wanted} == files.keys()
    assert {key: outcome(files[key[0]], layout_of(key[1])) for key in wanted} == wanted


@pytest.mark.shared
def test_what_is_refused_without_a_header_is_read_whole_once_its_columns_are_named() -> None:
    wanted = expected()
    files = samples()
    refused = [sha256 for (sha256, settings), said in wanted.items() if said == "no_header"]
    named = {sha256: said for (sha256, settings), said in wanted.items() if settings != "-"}
    assert named.keys() == set(refused)
    for sha256, said in named.items():
        lines = sum(1 for line in files[sha256].read_bytes().splitlines() if line.strip())
        assert said.split()[:2] == ["read", str(lines)]


@pytest.mark.shared
def test_the_rows_are_as_many_as_another_reader_finds() -> None:
    """Python's own reader, told the separator: our figures are not only what we said ourselves."""
    files = samples()
    for (sha256, settings), said in expected().items():
        if settings != "-" or not said.startswith("read") or ":" in said:
            continue
        table = read_table(files[sha256], Layout())
        with files[sha256].open(newline="", encoding="utf-8-sig") as file:
            text = [line for line in file if not line.startswith("#")]
        rows = [row for row in csv.reader(text, delimiter=table.delimiter, skipinitialspace=True) if row]
        assert len(rows) - 1 == table.frame.height, sha256
        assert [cell.strip() for cell in rows[0] if cell.strip()] == [c for c in table.header if "column" not in c]
