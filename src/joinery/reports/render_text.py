"""Tables for a terminal or a pipe: aligned columns. Rule: no control character of a cell reaches the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.cells import cell_len, set_cell_size

from joinery.reports.tables import Cell, Table, plain

_BOLD, _DIM, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_GAP = "  "
#: a column that must give way keeps this much
_NARROWEST = 8
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
#: invisible, and part of how Persian and Indian names are written
_JOINERS = "\u200c\u200d"


def as_text(shown: Table, *, width: int | None = None, colour: bool = False) -> str:
    """Title, header, rows; numbers to the right. `width` in cells of the terminal, None to cut nothing (a pipe)."""
    rows = [[printable(plain(cell)) for cell in row] for row in shown.rows]
    headings = [printable(heading) for heading in shown.headings]
    widths = _widths([headings, *rows], width)
    right = [_numbers([row[i] for row in shown.rows]) for i in range(len(headings))]
    lines = [f"{_BOLD}{printable(shown.title)}{_END}" if colour else printable(shown.title)] if shown.title else []
    head = _line(headings, widths, right)
    lines.append(f"{_DIM}{head}{_END}" if colour else head)
    lines.extend(_line(row, widths, right) for row in rows)
    if not rows:
        lines.append("(nothing)")
    return "\n".join(lines) + "\n"


def colour_wanted(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Colour on a terminal, unless NO_COLOR is set to anything or the terminal is dumb."""
    return terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def printable(text: str) -> str:
    """One line; control and invisible direction characters as a visible mark, so that no cell can forge another."""
    flat = " ".join(text.split()) if any(c.isspace() and c != " " for c in text) else text
    return "".join(c if c in _JOINERS or unicodedata.category(c) not in _HIDDEN else "\ufffd" for c in flat)


def _numbers(cells: Sequence[Cell]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return bool(known) and all(isinstance(c, int | float | Decimal) and not isinstance(c, bool) for c in known)


def _widths(rows: Sequence[Sequence[str]], limit: int | None) -> list[int]:
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    while limit is not None and widths and sum(widths) + len(_GAP) * (len(widths) - 1) > limit:
        widest = widths.index(max(widths))
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    shown = (_fit(cell, width, right=side) for cell, width, side in zip(cells, widths, right, strict=True))
    return _GAP.join(shown).rstrip()


def _fit(cell: str, width: int, *, right: bool) -> str:
    length = cell_len(cell)
    if length > width:
        return set_cell_size(set_cell_size(cell, max(0, width - 1)).rstrip() + "…", width)
    return " " * (width - length) + cell if right else cell + " " * (width - length)
