"""Decides what separates the fields. Rule 1: the header decides; the rows below it only settle a tie."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from joinery.core.model.finding import Finding, Severity
from joinery.intake.decode import untrusted

CANDIDATES: Final = (",", ";", "\t", "|")
NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

_NUMBER_OR_DATE: Final = re.compile(
    r"[-+]?\d[\d.,]*|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2}.*)?"
)
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
#: a sign that stands beside a separator and is part of it, as in `+|` and `~|~`
_SIGN: Final = r"[^\w\s\"'.,;|()\[\]]?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """Between fields, and at the end of a row where that is more than a line end (`&|`)."""

    delimiter: str
    row_end: str = ""
    #: a space stands before each quote (`1, "Ann"`)
    spaced: bool = False
    findings: tuple[Finding, ...] = ()


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, trimmed; a quote left open ends with the line."""
    bare = line.rstrip("\r\n")
    if len(delimiter) > 1:
        return [cell.strip() for cell in bare.split(delimiter)]
    return [cell.strip() for cell in next(csv.reader([bare], delimiter=delimiter), [])]


def find_separators(lines: Sequence[str], remembered: str | None, width: int = 0) -> Separators:
    """As `_found`, and whether a space stands before the quotes."""
    found = _found(lines, remembered, width)
    before_quote = sum(1 for line in lines if f'{found.delimiter} "' in line)
    return replace(found, spaced=len(found.delimiter) == 1 and before_quote * 2 > len(lines))


def _found(lines: Sequence[str], remembered: str | None, width: int) -> Separators:
    """What separates these first lines (header first), with a warning when it is not what is remembered.

    `width`: how many fields a row has, where the settings name the columns of a file without a header.
    """
    header = lines[0]
    if remembered is not None and (remembered in header or not any(c in header for c in CANDIDATES)):
        return Separators(delimiter=remembered, row_end=_row_end(lines, remembered))
    single = max(CANDIDATES, key=lambda c: _fitness(lines, c, width))
    if single not in header:
        return Separators(delimiter=remembered or ",")
    found = _longer(lines, single, width)
    if remembered is None or found.delimiter == remembered:
        return found
    now, before = (NAMES.get(each, repr(each)) for each in (found.delimiter, remembered))
    message = f"The fields are separated by {now} now, by {before} before."
    note = Finding(check="delimiter_changed", severity=Severity.WARNING, message=message)
    return Separators(delimiter=found.delimiter, row_end=found.row_end, findings=(note,))


def _fitness(lines: Sequence[str], delimiter: str, width: int) -> tuple[float, int]:
    """(share of lines as wide as the header, or as `width`; fields in the header); (0, 0) when the header has one."""
    header, *rows = (len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
    if width:
        return (sum(1 for found in (header, *rows) if found == width) / (1 + len(rows)), header)
    if header < 2:
        return (0.0, 0)
    if not rows:
        return (1.0, header)
    return (round(sum(1 for found in rows if found == header) / len(rows), 1), header)


def _longer(lines: Sequence[str], single: str, width: int) -> Separators:
    """The separator with the signs that stand beside it everywhere; else the single character."""
    alone = Separators(delimiter=single)
    pattern = re.compile(f"{_SIGN}{re.escape(single)}+{_SIGN}")
    first = lines[0].rstrip("\r\n")
    found = pattern.findall(first)
    ends = bool(found) and len(found[-1]) > 1 and first.endswith(found[-1]) and found[-1] not in found[:-1]
    row_end = found.pop() if ends and len(found) > 1 else ""
    if len(set(found)) != 1 or len(found[0]) == 1:
        return alone
    longer: str = found[0]
    counts = Counter(line.count(longer) for line in lines)
    fits = counts[len(found)] * 2 > len(lines) and (not width or width == len(found) + 1)
    sure = len(lines) > 1 or single == "|"
    return Separators(delimiter=longer, row_end=row_end and _row_end(lines, longer)) if fits and sure else alone


def _row_end(lines: Sequence[str], delimiter: str) -> str:
    """`&|` when the rows end with another sign before the last character of a longer separator; else nothing."""
    if len(delimiter) < 2:
        return ""
    ends = Counter(line.rstrip("\r\n")[-2:] for line in lines)
    end, count = ends.most_common(1)[0]
    other = end.endswith(delimiter[-1]) and end != delimiter[-2:] and re.fullmatch(r"[^\w\s].", end)
    return end if other and count * 2 >= len(lines) else ""


def header_of(cells: Sequence[str], line: int) -> tuple[str, ...]:
    """Trimmed column names; a blank one gets the name `column N`.

    Raises SourceUntrusted: `no_header`, `duplicate_header`.
    """
    names = tuple(cell.strip("\ufeff \t\u00a0\r\n") or f"column {n}" for n, cell in enumerate(cells, 1))
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


def facts_in(cells: Sequence[str]) -> list[int]:
    """The columns (from 1) that hold a number, a date or an address, which no heading is."""
    return [n for n, cell in enumerate(cells, 1) if _NUMBER_OR_DATE.fullmatch(cell) or _ADDRESS.fullmatch(cell)]


def _refuse_data(names: Sequence[str], line: int) -> None:
    if facts := facts_in(names):
        raise untrusted(
            "no_header",
            f"The first row (line {line}) is data, not column names: column {facts[0]} holds a number, a date or an "
            "address. Nothing was read.",
            f"Export with a header row, or name the {len(names)} columns in the settings: columns: [...].",
            columns=len(names),
        )
