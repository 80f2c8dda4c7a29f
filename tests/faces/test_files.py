"""`joinery files`, typed: everybody is written again, and a learning system without files says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.faces.running import environment
from tests.support.forked import joinery

SETTINGS = (
    "version: 1\ncompany: { name: Example SA, time_zone: Europe/Paris }\n"
    "people: { from: file, path: ./in/*.csv, ready_when: present, fields: "
    "{ worker_id: No, given_name: First, family_name: Last, work_email: Mail, status: Status } }\n"
    "mode: automatic\nguards: off\nlearning: "
)
PEOPLE = "No,First,Last,Mail,Status\n0001,Ana,Ito,ana@x.example,Active\n0002,Bo,Lund,bo@x.example,Active\n"


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*joinery(), *words], cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )


def test_everybody_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "joinery.yaml").write_text(f"{SETTINGS}{{ into: file, layout: generic, path: ./out }}\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(PEOPLE)
    nobody = typed(tmp_path, "files", "resend")
    assert nobody.returncode == 0 and "Nobody has been told" in nobody.stdout
    assert typed(tmp_path, "sync").returncode == 0
    for file in (tmp_path / "out").glob("*.*"):
        file.unlink()
    done = typed(tmp_path, "files", "resend", "--json")
    told = {each["file"].partition("_")[0]: each for each in json.loads(done.stdout)["files"]}
    assert (told["users"]["rows"], told["groups"]["rows"]) == (2, 0)
    assert (tmp_path / "out" / told["users"]["file"]).read_text().count("@x.example") == 2
    assert (tmp_path / "out" / f"{told['users']['file']}.done").exists()


def test_a_learning_system_without_files_says_so(tmp_path: Path) -> None:
    (tmp_path / "joinery.yaml").write_text(f"{SETTINGS}{{ into: memory }}\n")
    done = typed(tmp_path, "files", "resend")
    assert done.returncode == 7 and "takes no import files" in done.stderr
