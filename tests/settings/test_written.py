"""What is kept of a version says the same as the files it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from joinery.app.versions import settings_of
from joinery.settings import load, resolved
from joinery.settings.written import unpacked

TEXT = """\
version: 1 # a comment
company: { name: "Ex \\"SA\\" é", time_zone: Europe/Paris, country: NO }
people:
  from: file
  path: ./in/*.csv
  fields: { worker_id: "001", level: 1.10 }
learning: { into: classroom }
map:
  department: { table: maps/d.csv }
department_tree: maps/tree.csv
guards: { suspend: { most: 12, share: 2.5% } }
rules: [rules/*.yaml]
learning_rules:
  - { name: Written here, when: { level: 3, department: "0042" }, give: A }
"""
RULE = '# why\nname: In a file\nwhen: |\n  country == "FR"\n  and tenure_days > 30\ngive: [B]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "joinery.yaml": TEXT,
        "rules/b.yaml": RULE,
        "maps/d.csv": "1,A\n",
        "maps/tree.csv": "a,b\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_settings_come_back_as_they_were_overrides_included(folder: Path) -> None:
    now = load(folder / "joinery.yaml", environ={"JOINERY__MODE": "approve"})
    kept = unpacked(now.written().packed())
    (folder / "maps" / "d.csv").write_text("1,Another\n")
    with settings_of(kept) as old:
        assert old.mode == "approve"
        assert [rule.name for rule in old.learning_rules] == ["Written here", "In a file"]
        assert old.map["department"].rows()[0].value == "A"
        apart = {"people", "store", "learning", "map", "department_tree"}  # they hold paths
        before, after = resolved(now), resolved(old)
        assert {k: v for k, v in after.items() if k not in apart} == {k: v for k, v in before.items() if k not in apart}
        assert old.people["hris"].fields == now.people["hris"].fields


def test_the_files_are_kept_to_the_byte_and_packed_the_same_each_time(folder: Path) -> None:
    written = load(folder / "joinery.yaml", environ={}).written()
    assert set(written.files) == {"joinery.yaml", "rules/b.yaml", "maps/d.csv", "maps/tree.csv"}
    again = unpacked(written.packed())
    assert again == written
    assert again.files["joinery.yaml"] == TEXT.encode()
    assert written.packed() == written.packed()


def test_bytes_that_are_no_configuration_are_refused() -> None:
    with pytest.raises(ValueError, match="not a packed configuration"):
        unpacked(b"PK something else")
