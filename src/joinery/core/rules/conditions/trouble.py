"""Errors about conditions: where, what, and what was probably meant.

Rule 1: whatever is typed, only a ConditionError comes out, and it points at the place.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from joinery.errors import ConditionError

_SHOWN: Final = 100


def trouble(what: str, source: str, span: tuple[int, int], hint: str = "") -> ConditionError:
    """An error about `source[span[0]:span[1]]`, with line, column and a caret line. Spans count characters."""
    start = min(max(span[0], 0), len(source))
    before = source[:start]
    line = before.count("\n") + 1
    first = before.rfind("\n") + 1
    column = start - first + 1
    text = source[first:].split("\n", 1)[0]
    width = max(1, min(span[1] - start, len(text) - (column - 1)))
    return ConditionError(
        f"{what} (line {line}, column {column}).",
        "\n".join([hint, *_pointed(text, column - 1, width)]).strip(" "),
        {"line": line, "column": column, "hint": hint},
    )


def _pointed(text: str, at: int, width: int) -> tuple[str, str]:
    """The line and the carets below it, cut to a readable width around the place."""
    cut = max(0, at - _SHOWN // 2)
    shown = "".join(c if c.isprintable() else " " for c in text[cut : cut + _SHOWN])
    return f"    {shown}", "    " + " " * (at - cut) + "^" * max(1, min(width, _SHOWN - (at - cut)))


def trouble_at(what: str, path: str, hint: str = "") -> ConditionError:
    """An error in the mapping form, where the place is a path such as `any[1].country`."""
    return ConditionError(f"{what} (at {path}).", hint, {"path": path, "hint": hint})


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """'Did you mean job_title?', or an empty text when nothing is near."""
    near = get_close_matches(name.lower(), list(known), n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else ""
