"""Decides whether the last row is about the file and not about a person, and whether the count in it is right.

Rule 1: a source whose files end with such a row was cut off when it is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from joinery.core.model.finding import Finding, Severity
from joinery.intake.decode import untrusted
from joinery.intake.delimiter import cells_of
from joinery.intake.layout import Layout

#: these are no employee numbers and no first cells of a row
_SURE: Final = re.compile(
    r"\W*(trailer|trl|tlr|footer|eof|end[ _-]of[ _-]file|(?:record|row)[ _-]?count|total[ _-](?:rows|records))\b",
    re.IGNORECASE,
)
#: these might be, so the row must look like none as well; what they sum up is not always rows
_LIKELY: Final = re.compile(r"\W*(totals?|sum|count|rows|records|employees)\b", re.IGNORECASE)
_DATE: Final = re.compile(r"(19|20)\d{6}(\d{4,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailer:
    """`begins`: what to expect of the next file; `counts`: the numbers in it, without dates."""

    begins: str
    line: int = 0
    counts: tuple[int, ...] = ()


def trailer_in(text: str, layout: Layout, *, width: int, delimiter: str) -> Trailer | None:
    """What this last line says of the file; None when it is a row like the others."""
    bare = text.strip("\r\n \t\"'")
    if layout.trailer and bare.lower().startswith(layout.trailer.lower()):
        return Trailer(begins=layout.trailer, counts=_counts(bare[len(layout.trailer) :]))
    if found := _SURE.match(text):
        return Trailer(begins=found[1], counts=_counts(text[found.end() :]))
    cells = cells_of(text, delimiter) if delimiter else [bare]
    filled = sum(1 for cell in cells if cell)
    if (found := _LIKELY.match(text)) and (len(cells) < width or filled * 2 <= width + 1):
        return Trailer(begins="")
    return None


def _counts(rest: str) -> tuple[int, ...]:
    numbers = re.findall(r"(?<![\d.])\d{1,12}(?![\d.])", rest)
    return tuple(int(number) for number in numbers if not _DATE.fullmatch(number))


def check_trailer(found: Trailer | None, layout: Layout, *, rows: int, lines: int) -> tuple[Finding, ...]:
    """Raises SourceUntrusted `truncated` when it is missing where there always is one, or counts otherwise."""
    if found is None:
        if layout.trailer:
            raise untrusted(
                "truncated",
                f"The last row should begin with {layout.trailer!r} and does not, so the file was cut off. "
                "Nothing was read and nobody was touched.",
                "Send the whole file again; if it has no such row any more, say so: trailer: none.",
            )
        return ()
    there = {"rows": (rows,), "lines": (lines,)}.get(layout.trailer_counts)
    if there is not None and len(set(found.counts)) == 1 and found.counts[0] not in there:
        raise untrusted(
            "truncated",
            f"The last row says {found.counts[0]} and the file has {there[0]} {layout.trailer_counts}. "
            "Nothing was read and nobody was touched.",
            "Send the whole file again. If that number counts something else: trailer_counts: lines, or nothing.",
            rows=there[0],
            stated=found.counts[0],
        )
    checked = "; its count is right" if there is not None and set(found.counts) & set(there) else ""
    message = f"The last row is about the file and was not read as a person{checked}."
    return (Finding(check="trailer_skipped", severity=Severity.NOTE, message=message, line=found.line or None),)
