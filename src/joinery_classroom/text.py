"""Reads the plain text of a course page: headings (#), lists (-) and paragraphs. It is data; templates escape it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a page. A list has several lines, everything else one."""

    kind: Literal["heading", "subheading", "paragraph", "list"]
    lines: tuple[str, ...]


def blocks(text: str) -> tuple[Block, ...]:
    """The pieces of a page, in order. Lines of a paragraph are joined; a list item may go on in the next line."""
    found: list[Block] = []
    listed: list[str] = []
    running: list[str] = []
    for line in [*(raw.strip() for raw in text.splitlines()), ""]:
        starts_item, heading = line.startswith("- "), line.startswith("#")
        if running and (not line or starts_item or heading):
            found.append(Block(kind="paragraph", lines=(" ".join(running),)))
            running = []
        if listed and not starts_item and (not line or heading):
            found.append(Block(kind="list", lines=tuple(listed)))
            listed = []
        if starts_item:
            listed.append(line[2:].strip())
        elif heading:
            found.append(_heading(line))
        elif line and listed:
            listed[-1] = f"{listed[-1]} {line}"
        elif line:
            running.append(line)
    return tuple(found)


def _heading(line: str) -> Block:
    level = len(line) - len(line.lstrip("#"))
    return Block(kind="heading" if level == 1 else "subheading", lines=(line.lstrip("# ").strip(),))
