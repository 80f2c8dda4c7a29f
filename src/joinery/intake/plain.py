"""Reads rows that are not CSV: columns of fixed width, and fields separated by several characters.

Rule 1: a row is whole, or rejected with its line; nothing in such files is quoted over several cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from joinery.intake.decode import UNREADABLE
from joinery.intake.delimiter import Separators
from joinery.intake.strict import RejectedRow, truncated


def cut(line: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """The cells at these positions, trimmed; a line whose blanks at the end were left out has empty ones."""
    return [line[first:last].strip() for first, last in spans]


@dataclass(slots=True, kw_only=True)
class Rows:
    """(line, cells) of every whole row below `start`; `rejected` fills while they are read."""

    lines: Sequence[str]
    start: int
    width: int
    spans: Sequence[tuple[int, int]] = ()
    separators: Separators | None = None
    rejected: list[RejectedRow] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for line, text in self._texts():
            cells = self._cells(text)
            if (wrong := self._wrong(text, cells)) is None:
                yield line, cells
            else:
                self.rejected.append(RejectedRow(line=line, code=wrong[0], reason=wrong[1], fields=tuple(cells)))

    def _texts(self) -> Iterator[tuple[int, str]]:
        """(line, text without its end) of each row; with an end of its own a row may go over several lines."""
        end = self.separators.row_end if self.separators else ""
        begin, held = self.start, ""
        for at in range(self.start, len(self.lines)):
            text = held + self.lines[at].rstrip("\r\n")
            if not text.strip():
                begin = at + 1
            elif end and not text.endswith(end):
                held = text + "\n"
            else:
                yield begin + 1, text.removesuffix(end) if end else text
                begin, held = at + 1, ""
        if held:
            raise truncated(begin + 1, f"the last row does not end with {end!r}")

    def _cells(self, text: str) -> list[str]:
        if self.separators is None:
            return cut(text, self.spans)
        return [_unquoted(cell) for cell in text.split(self.separators.delimiter)]

    def _wrong(self, text: str, cells: Sequence[str]) -> tuple[str, str] | None:
        if self.separators is None and text[max(last for _, last in self.spans) :].strip():
            return "too_many_fields", "goes on behind its last column"
        if len(cells) != self.width:
            code = "too_few_fields" if len(cells) < self.width else "too_many_fields"
            return code, f"has {len(cells)} fields where the header has {self.width}"
        if "\0" in text:
            return "nul_byte", "holds a NUL byte"
        return ("bad_bytes", "holds bytes that are not text in this file's encoding") if UNREADABLE in text else None

    def refuse_cut(self, ended: bool) -> None:
        """Raises SourceUntrusted `truncated` when the last line has no end and is shorter than the others."""
        if ended or len(self.lines) <= self.start + 1:
            return
        last = self.lines[-1]
        longest = max(len(line.rstrip("\r\n")) for line in self.lines[self.start : -1])
        if self.separators is None and len(last) < longest:
            raise truncated(len(self.lines), "the last row is shorter than the others and has no line end")
        if self.separators is not None and len(self._cells(last)) < self.width:
            raise truncated(len(self.lines), f"the last row has fewer than {self.width} fields and no line end")


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell
