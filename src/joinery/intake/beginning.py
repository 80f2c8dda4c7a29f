"""Decides in which line a table begins, below title lines and remarks. Rule 1: a line that could be a row is none of
them; the settings decide before any guess."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from joinery.core.model.finding import Finding, Severity
from joinery.intake.decode import untrusted
from joinery.intake.delimiter import CANDIDATES, cells_of, facts_in
from joinery.intake.layout import Layout

#: so many lines are looked at for the headings
LOOKED_AT: Final = 50
_RECORD_ABOVE: Final = re.compile(r"\W*(header|hdr|hd|file ?header)\b", re.IGNORECASE)


def find_beginning(lines: Sequence[str], layout: Layout) -> int:
    """The index of the line with the headings; with named columns, of the first row. Raises SourceUntrusted."""
    if layout.header_row is not None:
        return given_row(layout, len(lines))
    start = _remarks(lines)
    separators = [layout.delimiter] if layout.delimiter else []
    separators += [c for c in CANDIDATES if c != layout.delimiter]
    splits = [_splitter(lines, separator) for separator in separators]
    if layout.wanted and not layout.columns:
        for split in splits:
            if (found := row_with(split, range(start, min(len(lines), start + LOOKED_AT)), layout.wanted)) is not None:
                return found
    rows = range(start, min(len(lines), start + LOOKED_AT))
    split = max(splits, key=lambda split: _typical(split, rows))
    return below_titles(split, rows, _typical(split, rows)[1], len(layout.columns))


def given_row(layout: Layout, lines: int) -> int:
    """The index that `header_row` means. Raises SourceUntrusted `no_header` when the file is shorter."""
    at = (layout.header_row or 1) - (0 if layout.columns else 1)
    if at >= lines and not (layout.columns and at == lines):
        raise untrusted(
            "no_header",
            f"The settings say that the headings are in row {layout.header_row}; the file has {lines} rows.",
            "Correct `header_row`, or leave it out to have the headings found.",
        )
    return at


def row_with(split: Callable[[int], Sequence[str]], rows: range, wanted: frozenset[str]) -> int | None:
    """The first of these rows that holds all these headings."""
    return next((at for at in rows if wanted <= set(split(at))), None)


def below_titles(split: Callable[[int], Sequence[str]], rows: range, width: int, named: int = 0) -> int:
    """The first row that is as wide as the table, when only title lines stand above it; else the first of all.

    A title fills fewer than half of the table's cells. `named`: the settings name so many columns, so rows begin here.
    """
    wide, at = named or width, rows.start
    while at < rows.stop and _is_title(split(at), wide, bool(named)):
        at += 1
    if wide < 2 or at == rows.stop or (not named and facts_in(split(at))):
        return rows.start
    return at


def _is_title(cells: Sequence[str], width: int, headless: bool) -> bool:
    filled = sum(1 for cell in cells if cell)
    if headless and filled and len(cells) == width:
        return False
    most = (width - 1) // 2
    few = filled <= (most if len(cells) == width else max(1, most))
    return few or (headless and bool(_RECORD_ABOVE.match(cells[0])))


def _typical(split: Callable[[int], Sequence[str]], rows: range) -> tuple[int, int]:
    """(how many of these lines have it, the commonest number of cells above one)."""
    widths = Counter(len(split(at)) for at in rows)
    widths.pop(0, None)
    widths.pop(1, None)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    return count, width


def _splitter(lines: Sequence[str], separator: str) -> Callable[[int], Sequence[str]]:
    return lambda at: cells_of(lines[at], separator)


def _remarks(lines: Sequence[str]) -> int:
    """How many blank lines and `#` remarks stand above the rest."""
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith("#"):
            return number
    return len(lines)


def skipped(start: int, lines: Sequence[str]) -> tuple[Finding, ...]:
    """A note about what stands above the table."""
    remarks = sum(1 for line in lines[:start] if line.strip())
    if not remarks:
        return ()
    above = "1 line" if remarks == 1 else f"{remarks} lines"
    message = f"{above} of remarks above the table {'was' if remarks == 1 else 'were'} skipped."
    return (Finding(check="remarks_skipped", severity=Severity.NOTE, message=message, line=1),)
