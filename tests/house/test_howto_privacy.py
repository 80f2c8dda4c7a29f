"""The page about people's data works as it stands, in its order, from the first file to after an erasure."""

from __future__ import annotations

from pathlib import Path

from tests.house.test_howto import HOWTO, blocks, type_line


def test_the_page_about_privacy_works_as_written(tmp_path: Path) -> None:
    typed = 0
    for block in blocks(HOWTO / "privacy.md"):
        if block.file:
            target = tmp_path / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
        elif block.language == "sh":
            for line in block.text.splitlines():
                type_line(line, tmp_path)
                typed += 1
    assert typed >= 14
