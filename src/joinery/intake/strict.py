"""Reads any CSV record by record: every row is whole, or rejected with its line. The slow and certain way.

Rule 1: after a broken row the reader goes on at the very next line, so that one stray quote cannot swallow others.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from joinery.intake.decode import UNREADABLE, untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that was not read. `line` is physical and 1-based; `fields` is what could be made out (may be personal)."""

    line: int
    code: str
    reason: str
    fields: tuple[str, ...] = field(default=(), repr=False)


class _Lines:
    """Physical lines for csv.reader, with a place that can be set back."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def split_lines(text: str) -> list[str]:
    """Physical lines with their ends: LF, CRLF or CR, and nothing else that Unicode calls a line end."""
    return list(io.StringIO(text, newline=""))


def first_record(lines: list[str], start: int, delimiter: str, *, spaced: bool = False) -> tuple[list[str], int]:
    """The record that begins at this index, and the index after it. Raises SourceUntrusted when it does not end."""
    source = _Lines(lines)
    source.at = start
    try:
        cells = next(csv.reader(source, delimiter=delimiter, skipinitialspace=spaced, strict=True))
    except (csv.Error, StopIteration):
        raise untrusted(
            "truncated" if source.at >= len(lines) else "not_a_table",
            f"The header (line {start + 1}) holds a quote that is never closed. Nothing was read.",
            "Send the whole file again; a quote inside a name is written twice.",
            line=start + 1,
        ) from None
    return cells, source.at


class Records:
    """Whole records and rejected rows of one file, in order, below its header."""

    #: a space stands before each quote (`1, "Ann"`)
    spaced = False

    def __init__(self, lines: list[str], *, start: int, width: int, delimiter: str, damaged: bool = False) -> None:
        self._source = _Lines(lines)
        self._source.at = start
        self._width = width
        self._delimiter = delimiter
        self._damaged = damaged
        self._nul = any("\0" in line for line in lines)
        self._ended = bool(lines) and lines[-1].endswith(("\n", "\r"))
        self.rejected: list[RejectedRow] = []

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """(line where the record begins, its cells), all of the header's width."""
        source, width = self._source, self._width
        reader = csv.reader(source, delimiter=self._delimiter, skipinitialspace=self.spaced, strict=True)
        while True:
            begin = source.at
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._broken(begin, error)
                continue
            if len(cells) == width and not self._nul and not self._damaged:
                yield begin + 1, cells
            elif cells and self._sound(begin, cells):
                yield begin + 1, cells

    def _sound(self, begin: int, cells: list[str]) -> bool:
        if len(cells) != self._width:
            self._wrong_width(begin, cells)
            return False
        if self._nul and any("\0" in cell for cell in cells):
            self._reject(begin, "nul_byte", "holds a NUL byte", cells)
            return False
        if self._damaged and any(UNREADABLE in cell for cell in cells):
            self._reject(begin, "bad_bytes", "holds bytes that are not text in this file's encoding", cells)
            return False
        return True

    def _wrong_width(self, begin: int, cells: list[str]) -> None:
        after, lines = self._source.at, self._source.lines
        if after >= len(lines) and not self._ended and len(cells) < self._width:
            raise truncated(begin + 1, f"the last row has {len(cells)} of {self._width} fields and no line end")
        if after > begin + 1 and any(self._whole(line) for line in lines[begin + 1 : after]):
            self._stray(begin)
            return
        few = len(cells) < self._width
        reason = f"has {len(cells)} fields where the header has {self._width}"
        if after > begin + 1:
            reason += f" (lines {begin + 1} to {after})"
        self._reject(begin, "too_few_fields" if few else "too_many_fields", reason, cells)

    def _broken(self, begin: int, error: csv.Error) -> None:
        if "unexpected end of data" in str(error) and not self._only_stray(begin):
            raise truncated(begin + 1, f"the quote opened in line {begin + 1} is never closed")
        self._stray(begin)

    def _only_stray(self, begin: int) -> bool:
        """A file that ends with a line end and whose next lines are whole rows was not cut: one quote is too many."""
        if not self._ended:
            return False
        below = [line for line in self._source.lines[begin + 1 :] if line.strip()]
        whole = sum(1 for line in below if self._whole(line))
        return whole * 2 > len(below)

    def _whole(self, line: str) -> bool:
        if self._width < 2:
            return False
        try:
            read = csv.reader([line], delimiter=self._delimiter, skipinitialspace=self.spaced, strict=True)
            return [len(cells) for cells in read] == [self._width]
        except csv.Error:
            return False

    def _stray(self, begin: int) -> None:
        sure = self._source.lines[begin].split('"', 1)[0].split(self._delimiter)[:-1]
        self._reject(begin, "stray_quote", "holds a quote that is not closed or not doubled", sure)
        self._source.at = begin + 1

    def _reject(self, begin: int, code: str, reason: str, cells: list[str]) -> None:
        self.rejected.append(RejectedRow(line=begin + 1, code=code, reason=reason, fields=tuple(cells)))


def truncated(line: int, why: str) -> Exception:
    return untrusted(
        "truncated",
        f"The file was cut off: {why}. Nothing was read and nobody was touched.",
        "Send the whole file again.",
        line=line,
    )
