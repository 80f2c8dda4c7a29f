"""A query in a file of its own is part of the settings: of their version, and of what is kept of it."""

from __future__ import annotations

from pathlib import Path

from tests.settings.files import MINIMAL, loaded

TEXT = MINIMAL.replace(
    "  from: file\n  path: ./inbox/employees*.csv", "  from: sql\n  url: sqlite:///hr.db\n  query: { file: people.sql }"
)


def test_another_query_in_the_file_is_another_version_and_both_are_kept(tmp_path: Path) -> None:
    (tmp_path / "people.sql").write_text("SELECT 1 -- all\nFROM people;\n")
    first = loaded(tmp_path, TEXT)
    assert first.people["hris"].query == "SELECT 1 -- all\nFROM people;\n"  # type: ignore[union-attr]
    assert first.written().files["people.sql"].startswith(b"SELECT 1")
    (tmp_path / "people.sql").write_text("SELECT 2 FROM people")
    assert loaded(tmp_path, TEXT).version_hash != first.version_hash
    (tmp_path / "effective.yaml").write_text(first.written().effective)
    again = loaded(tmp_path, first.written().effective)
    assert again.people["hris"].query == first.people["hris"].query  # type: ignore[union-attr]
