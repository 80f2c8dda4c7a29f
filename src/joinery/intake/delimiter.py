"""Decides what separates the fields. Rule 1: the header decides; the rows below it only settle a tie."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from joinery.core.model.finding import Finding, Severity
from joinery.intake.decode import untrusted

CANDIDATES: Final = (",", ";", "\t", "|")
NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_NUMBER_OR_DATE: Final = re.compile(
    r"[-+]?\d[\d.,]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2}.*)?"
)
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TWO_CHARACTERS: Final = re.compile(r"[^\w\s\"'.,;|)\]][|,;\t]")


def find_delimiter(lines: Sequence[str], remembered: str | None) -> tuple[str, tuple[Finding, ...]]:
    """The delimiter of these first lines (header first), and a warning when it is not the remembered one."""
    header = lines[0]
    if remembered is not None and (remembered in header or not any(c in header for c in CANDIDATES)):
        return remembered, ()
    found = max(CANDIDATES, key=lambda c: _fitness(lines, c))
    if found not in header:
        return remembered or ",", ()
    if remembered is None:
        return found, ()
    message = f"The fields are separated by {NAMES[found]} now, by {NAMES.get(remembered, remembered)} before."
    return found, (Finding(check="delimiter_changed", severity=Severity.WARNING, message=message),)


def _fitness(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """(share of lines with as many fields as the header, fields in the header); (0, 0) when the header has one."""
    header, *rows = (len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
    if header < 2:
        return (0.0, 0)
    if not rows:
        return (1.0, header)
    return (round(sum(1 for width in rows if width == header) / len(rows), 1), header)


def header_of(cells: Sequence[str], delimiter: str, line: int) -> tuple[str, ...]:
    """Trimmed column names; a blank one gets the name `column N`.

    Raises SourceUntrusted: `not_a_table`, `no_header`, `duplicate_header`.
    """
    names = tuple(cell.strip("\ufeff \t\u00a0\r\n") or f"column {n}" for n, cell in enumerate(cells, 1))
    _refuse_two_characters(delimiter.join(cells), delimiter)
    _refuse_data(names, line)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise untrusted(
            "duplicate_header",
            f"{len(twice)} column names stand more than once in line {line}: {', '.join(map(repr, twice))}. "
            "Nothing was read.",
            "Give every column a name of its own.",
            columns=twice,
        )
    return names


def _refuse_two_characters(header: str, delimiter: str) -> None:
    found = _TWO_CHARACTERS.findall(header)
    count = header.count(delimiter)
    if count and len(found) == count and len(set(found)) <= 2:
        raise untrusted(
            "not_a_table",
            f"The fields are separated by two characters ({found[0]!r}), which is not CSV. Nothing was read.",
            "Export with one separator: comma, semicolon, tab or bar.",
        )


def _refuse_data(names: Sequence[str], line: int) -> None:
    facts = [n for n, name in enumerate(names, 1) if _NUMBER_OR_DATE.fullmatch(name) or _ADDRESS.fullmatch(name)]
    if facts:
        raise untrusted(
            "no_header",
            f"The first row (line {line}) is data, not column names: column {facts[0]} holds a number, a date or an "
            "address. Nothing was read.",
            "Export with a header row.",
        )
