"""Reads one CSV file into a table of texts, or refuses it with the exact reason.

Rule 1: Polars pads short rows silently, so what it read counts only when every byte of the file is accounted for;
otherwise `strict` reads the file record by record. A cut exactly at a line end cannot be seen here: that is what the
manifest and the gate (`core.hygiene.trust`) are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from joinery.core.model.finding import Finding, Severity
from joinery.errors import StopRun
from joinery.intake.decode import UNREADABLE, Decoded, decode, untrusted
from joinery.intake.delimiter import find_delimiter, header_of
from joinery.intake.layout import Layout
from joinery.intake.strict import Records, RejectedRow, first_record, split_lines

LINE: Final = "__line__"

_SAMPLE_BYTES: Final = 1 << 16
_SAMPLE_LINES: Final = 50
_BLANK: Final = b"\r\n\t \0"
#: below this many rows even a few broken ones would be a majority
_JUDGED_FROM: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`frame`: one column of texts per header name, empty cells "", and `__line__` (UInt32, physical, 1-based)."""

    frame: pl.DataFrame
    header: tuple[str, ...]
    rejected: tuple[RejectedRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    encoding: str
    delimiter: str
    final_newline: bool
    sha256: str

    @property
    def layout(self) -> Layout:
        """What to remember for the next file of this source."""
        encoding = self.encoding if self.encoding != "utf-8" else None
        return Layout(encoding=encoding, delimiter=self.delimiter, final_newline=self.final_newline or None)

    def rejected_keys(self, column: str) -> tuple[frozenset[str], int]:
        """(keys that rejected rows may still show in this column, how many rejected rows show none).

        In a row of the wrong width a cell can stand aside; all that can be the key are given, some of them are none.
        """
        at = self.header.index(column)
        shown = [_possible_keys(row, at, len(self.header)) for row in self.rejected]
        return frozenset(key for keys in shown for key in keys), sum(1 for keys in shown if not keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """`offset` and `rows_from`: where the rows begin, in bytes and as a 0-based line; `eol` as the header ends."""

    names: tuple[str, ...]
    delimiter: str
    offset: int
    rows_from: int
    eol: bytes
    findings: tuple[Finding, ...]


def _possible_keys(row: RejectedRow, at: int, width: int) -> list[str]:
    first = last = at
    if row.code in {"too_few_fields", "too_many_fields"}:
        first, last = sorted((at, at + len(row.fields) - width))
    cells = (cell.strip() for cell in row.fields[max(first, 0) : max(last, 0) + 1])
    return [cell for cell in cells if cell and "\0" not in cell and UNREADABLE not in cell]


def read_table(path: Path, layout: Layout) -> Table:
    """The file's rows as text. Raises SourceUntrusted with data["code"]: empty_file, no_header, duplicate_header,
    unreadable_encoding, not_a_table or truncated; StopRun when the file cannot be opened. Nothing is written."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StopRun(
            f"The file {path.name} cannot be read: {error.strerror}. Nothing was changed.",
            fix="See that the file is there and that Joinery may read it.",
            data={"path": str(path)},
        ) from error
    return read_bytes(raw, layout)


def read_bytes(raw: bytes, layout: Layout) -> Table:
    """As `read_table`, for bytes that are already here."""
    sha256 = hashlib.sha256(raw).hexdigest()
    decoded = decode(raw, layout.encoding)
    data = decoded.data.rstrip(b"\x1a") if decoded.data.endswith(b"\x1a") else decoded.data
    ended = data.endswith((b"\n", b"\r"))
    head = _head(data, layout)
    if not ended and (layout.final_newline or head.offset >= len(data)):
        raise untrusted(
            "truncated",
            "The file was cut off: its last line has no line end. Nothing was read and nobody was touched.",
            "Send the whole file again; every line, the header too, ends with a line end.",
        )
    frame, rejected = _rows(data, head, decoded)
    _refuse_when_hardly_readable(frame, rejected, head)
    return Table(
        frame=frame,
        header=head.names,
        rejected=tuple(rejected),
        findings=decoded.findings + head.findings,
        encoding=decoded.encoding,
        delimiter=head.delimiter,
        final_newline=ended,
        sha256=sha256,
    )


def _head(data: bytes, layout: Layout) -> _Head:
    if not data[:_SAMPLE_BYTES].strip(_BLANK) and not data.strip(_BLANK):
        raise untrusted("empty_file", "The file is empty; nobody is touched because of it.", "Send the whole file.")
    cut = min(len(data), _SAMPLE_BYTES)
    lines = split_lines(data[:cut].decode("utf-8", "ignore"))
    start = _comments(lines)
    sample = [line for line in lines[start : start + _SAMPLE_LINES] if line.strip()]
    if not sample:
        raise untrusted("no_header", "The file holds remarks but no column names.", "Export with a header row.")
    delimiter, findings = find_delimiter(sample, layout.delimiter)
    cells, rows_from = first_record(lines, start, delimiter)
    if any("\0" in cell for cell in cells):
        raise untrusted("not_a_table", "The header holds NUL bytes; this is not a text file.", "Export it as CSV.")
    text = lines[rows_from - 1]
    return _Head(
        names=header_of(cells, delimiter, start + 1),
        delimiter=delimiter,
        offset=sum(len(line.encode()) for line in lines[:rows_from]),
        rows_from=rows_from,
        eol=text[len(text.rstrip("\r\n")) :].encode(),
        findings=findings + _preamble(start, lines),
    )


def _comments(lines: Sequence[str]) -> int:
    """How many blank lines and `#` remarks stand above the header."""
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith("#"):
            return number
    return len(lines)


def _preamble(count: int, lines: Sequence[str]) -> tuple[Finding, ...]:
    remarks = sum(1 for line in lines[:count] if line.strip())
    if not remarks:
        return ()
    message = f"{remarks} lines of remarks above the header were skipped."
    return (Finding(check="remarks_skipped", severity=Severity.NOTE, message=message, line=1),)


def _rows(data: bytes, head: _Head, decoded: Decoded) -> tuple[pl.DataFrame, list[RejectedRow]]:
    if not decoded.damaged and (frame := _fast(data, head)) is not None:
        return frame, []
    lines = split_lines(data.decode())
    records = Records(
        lines, start=head.rows_from, width=len(head.names), delimiter=head.delimiter, damaged=decoded.damaged
    )
    numbers: list[int] = []
    frame = _frame(records, numbers, head.names, _unused(data, 2))
    return frame.insert_column(0, pl.Series(LINE, numbers, pl.UInt32)), records.rejected


def _unused(data: bytes, count: int) -> list[str]:
    """Control characters that the file does not hold, to separate cells and rows on the way into Polars."""
    candidates = (chr(c) for c in (*range(31, 13, -1), *range(8, 0, -1)))
    free = list(islice((c for c in candidates if c.encode() not in data), count))
    if len(free) < count:
        raise untrusted("not_a_table", "The file is not text; nothing was read.", "Export it as CSV.")
    return free


def _frame(
    records: Iterable[tuple[int, list[str]]], numbers: list[int], names: Sequence[str], separators: Sequence[str]
) -> pl.DataFrame:
    """The records as a frame; `numbers` is filled with their lines. Chunked, so that memory stays small."""
    cell_end, row_end = separators
    schema = dict.fromkeys(names, pl.String)
    chunks: list[pl.DataFrame] = [pl.DataFrame(schema=schema)]
    source = iter(records)
    while chunk := list(islice(source, 20_000)):
        numbers.extend(number for number, _ in chunk)
        text = row_end.join([cell_end.join(cells) for _, cells in chunk]) + row_end
        chunks.append(
            pl.read_csv(
                text.encode(),
                has_header=False,
                schema=schema,
                separator=cell_end,
                eol_char=row_end,
                quote_char=None,
                empty_string_is_null=False,
            )
        )
    return pl.concat(chunks, rechunk=False)


def _fast(data: bytes, head: _Head) -> pl.DataFrame | None:
    """The rows as Polars reads them, if they account for every byte of the file; None sends it to the slow way."""
    width, quoted = len(head.names), b'"' in data
    if head.eol not in {b"\n", b"\r\n"} or (width == 1 and quoted) or b"\0" in data:
        return None
    end = _end_of_rows(data, head)
    if end <= head.offset:
        return pl.DataFrame(schema={LINE: pl.UInt32, **dict.fromkeys(head.names, pl.String)})
    try:
        frame = pl.read_csv(
            data if end == len(data) else data[:end],
            has_header=False,
            skip_lines=head.rows_from,
            schema=dict.fromkeys(head.names, pl.String),
            separator=head.delimiter,
            quote_char='"' if quoted else None,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if not _accounts_for_all(frame, data, head, end):
        return None
    return _numbered(frame, head)


def _end_of_rows(data: bytes, head: _Head) -> int:
    """Where the last row ends, its line end included: blank lines at the very end belong to no row."""
    eol, end = head.eol, len(data)
    while end > head.offset and data.startswith(eol, end - len(eol)) and _blank_before(data, head, end):
        end -= len(eol)
    return end


def _blank_before(data: bytes, head: _Head, end: int) -> bool:
    before = end - len(head.eol)
    return before <= head.offset or data.startswith(head.eol, before - len(head.eol))


def _accounts_for_all(frame: pl.DataFrame, data: bytes, head: _Head, end: int) -> bool:
    """Cells, delimiters, quotes and line ends add up to the bytes of the file.

    A row that is too short lacks delimiters, a blank line too, a lost character lacks itself; rows that are too long
    were refused by Polars. An enclosing quote, and one of each doubled pair, is in the file but not in the cells.
    """
    sizes = frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum().cast(pl.UInt64)))
    cells = int(sizes.item()) if frame.height else 0
    width, eol = len(head.names), len(head.eol)
    rows = frame.height * (width - 1) + frame.height * eol
    if not data.startswith(head.eol, end - eol):
        rows -= eol
    quotes = data.count(b'"', head.offset) if b'"' in data else 0
    if quotes:
        in_cells = frame.select(pl.sum_horizontal(pl.all().str.count_matches('"', literal=True).sum())).item()
        rows += quotes - int(in_cells or 0)
    if cells + rows != end - head.offset:
        return False
    return _only_our_line_ends(frame, data, head, end) and (not quotes or _quotes_in_order(data, head, end))


def _quotes_in_order(data: bytes, head: _Head, end: int) -> bool:
    """On every line with a quote, cells are either quoted whole, inner quotes doubled, or hold no quote.

    Polars takes `""a""` for a quoted cell; and a quoted line end belongs to the slow way, which knows the lines.
    """
    whole, cell_end = _unused(data, 1)[0], f"\\x{ord(head.delimiter):02x}"
    lines = pl.read_csv(
        data if end == len(data) else data[:end],
        has_header=False,
        skip_lines=head.rows_from,
        schema={"line": pl.String},
        separator=whole,
        quote_char=None,
        empty_string_is_null=False,
    ).get_column("line")
    cell = f'(?:"(?:[^"]|"")*"|[^"{cell_end}]*)'
    return lines.str.contains(f"^{cell}(?:{cell_end}{cell})*\r?$").all()


def _only_our_line_ends(frame: pl.DataFrame, data: bytes, head: _Head, end: int) -> bool:
    """No carriage return inside a row: the slow way takes it for a line end, so the fast one must not hide it."""
    if b"\r" not in data:
        return True
    last = 0 if data.startswith(head.eol, end - len(head.eol)) else 1
    ends = frame.height - last
    start = head.offset
    return head.eol == b"\r\n" and data.count(b"\r", start, end) == ends == data.count(b"\r\n", start, end)


def _numbered(frame: pl.DataFrame, head: _Head) -> pl.DataFrame:
    first = head.rows_from + 1
    names = head.names
    if len(names) == 1 and frame.height:
        return frame.with_row_index(LINE, first).filter(pl.col(names[0]) != "")
    return frame.with_row_index(LINE, first)


def _refuse_when_hardly_readable(frame: pl.DataFrame, rejected: Sequence[RejectedRow], head: _Head) -> None:
    total = frame.height + len(rejected)
    if not rejected or (frame.height and (total < _JUDGED_FROM or len(rejected) <= frame.height)):
        return
    first = rejected[0]
    raise untrusted(
        "not_a_table",
        f"{len(rejected)} of {total} rows do not fit the header in line {head.rows_from} ({len(head.names)} columns): "
        f"line {first.line} {first.reason}. Nothing was read.",
        "Look at the separator, and at title lines above the header.",
        line=first.line,
        rows=total,
    )
