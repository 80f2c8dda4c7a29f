"""What an erasure does outside the store: Classroom's own database, and the memory of a system that imports files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from joinery.flows.erase import Erasure, erase, look_at_erasure
from joinery.flows.person import Word
from tests.stories.company import Company, staff, worker

ANA = Word(owner="ana", reason="request 2026/19")
HER = worker("E-77431", given_name="Xanthippe", family_name="Quillfeather", work_email="xq@acme.example")
LEFT = HER | {"status": "Terminated", "termination_date": "2026-11-23"}
WORDS = ("Xanthippe", "Quillfeather", "xq@acme.example", "E-77431")


def lived(folder: Path, **learning: Any) -> Company:
    acme = Company(folder, settings={"guards": "off"}, learning=learning)
    assert acme.day("2026-11-23", [*staff(2), HER]).exit_code == 0
    # nobody confirms what lies in a file
    state = "unconfirmed" if learning["into"] == "file" else "done"
    assert acme.day("2026-11-24", [*staff(2), LEFT]).did("suspend", state) == ["E-77431"]
    return acme


def do(acme: Company) -> Erasure:
    with acme.ports() as ports:
        return erase(ports, "E-77431", ANA, None)


def naming(folder: Path) -> dict[str, list[str]]:
    """Files below the folder that name her -> by what."""
    bodies = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found = {str(p.relative_to(folder)): [w for w in WORDS if w.encode() in body] for p, body in bodies.items()}
    return {name: words for name, words in found.items() if words}


def test_classroom_s_own_database_does_not_name_her_any_more(tmp_path: Path) -> None:
    acme = lived(tmp_path, into="classroom")
    state = acme.folder / ".joinery"
    assert any("classroom" in name for name in naming(state))
    found = do(acme)
    assert naming(state) == {} and found.scrubbed
    (there,) = [part for part in found.parts if part.what == "the account in the learning system itself"]
    assert there.becomes == "without name"
    assert acme.day("2026-11-25", [*staff(2), LEFT]).plan == ""


@pytest.mark.parametrize("send", ["full", "changes"])
def test_what_was_written_of_her_in_import_files_is_forgotten(tmp_path: Path, send: str) -> None:
    acme = lived(tmp_path, into="file", layout="generic", path="./lms-in", send=send)
    memory = acme.folder / ".joinery" / "fileout"
    assert naming(memory)
    with acme.ports() as ports:
        told = {part.what: (part.becomes, part.why) for part in look_at_erasure(ports, "E-77431", None).parts}
    becomes, why = told["the account in the learning system itself"]
    assert becomes == "kept" and "there; what was written of them is forgotten" in why
    do(acme)
    assert naming(acme.folder / ".joinery") == {}
    before = set((acme.folder / "lms-in").glob("users_*.csv"))
    acme.day("2026-11-25", [*staff(3)])
    (written,) = set((acme.folder / "lms-in").glob("users_*.csv")) - before
    assert [word for word in WORDS if word in written.read_text()] == []
    assert ("w0001@acme.example" in written.read_text()) is (send == "full")


def test_what_a_crash_left_half_done_goes_too(tmp_path: Path) -> None:
    acme = lived(tmp_path, into="file", layout="generic", path="./lms-in")
    left = acme.folder / "lms-in" / "tmp" / "users_20261124T120000Z-0009.csv"
    left.write_text("E-77431,Xanthippe\n")
    do(acme)
    assert not left.exists()
    memory = next((acme.folder / ".joinery" / "fileout").rglob("accounts.json"))
    assert len(json.loads(memory.read_bytes())["erased"]) == 1
