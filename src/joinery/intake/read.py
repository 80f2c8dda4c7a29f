"""Reads one file into a table of texts, or refuses it with the exact reason.

Rule 1: Polars pads short rows silently, so what it read counts only when every byte of the file is accounted for;
otherwise `strict` reads the file record by record. A cut exactly at a line end cannot be seen here: that is what the
trailer, the manifest and the gate (`core.hygiene.trust`) are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from joinery.core.model.finding import Finding
from joinery.errors import StopRun
from joinery.intake.beginning import find_beginning, given_row, skipped
from joinery.intake.decode import Decoded, decode, untrusted
from joinery.intake.delimiter import Separators, find_separators, header_of
from joinery.intake.last_row import columns_in_doubt
from joinery.intake.layout import Layout
from joinery.intake.other_formats import refuse_other_formats
from joinery.intake.plain import Rows, cut
from joinery.intake.strict import Records, RejectedRow, first_record, split_lines
from joinery.intake.table import LINE, Table, frame_of, refuse_when_hardly_readable
from joinery.intake.trailer import Trailer, check_trailer, trailer_in

__all__ = ["LINE", "Table", "read_bytes", "read_table"]

_SAMPLE_BYTES: Final = 1 << 16
_SAMPLE_LINES: Final = 50
_BLANK: Final = b"\r\n\t \0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """`offset` and `rows_from`: where the rows begin, in bytes and as a 0-based line; `eol` as the first line ends.

    `row`: the line (from 1) of the headings, 0 when the settings name the columns.
    """

    names: tuple[str, ...]
    separators: Separators
    offset: int
    rows_from: int
    row: int
    eol: bytes
    findings: tuple[Finding, ...]

    @property
    def delimiter(self) -> str:
        return self.separators.delimiter


def read_table(path: Path, layout: Layout) -> Table:
    """The file's rows as text. Raises SourceUntrusted with data["code"], e.g. empty_file, no_header, duplicate_header,
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
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        from joinery.intake.workbook import read_workbook

        return read_workbook(raw, layout, sha256)
    decoded = decode(raw, layout.encoding)
    refuse_other_formats(decoded.data)
    data = decoded.data.rstrip(b"\x1a") if decoded.data.endswith(b"\x1a") else decoded.data
    ended = data.endswith((b"\n", b"\r"))
    head = _head(data, layout)
    if not ended and (layout.final_newline or head.offset >= len(data)):
        raise untrusted(
            "truncated",
            "The file was cut off: its last line has no line end. Nothing was read and nobody was touched.",
            "Send the whole file again; every line, the header too, ends with a line end.",
        )
    body, trailer = _without_trailer(data, head, layout)
    frame, rejected = _rows(body, head, decoded, layout)
    count = frame.height + len(rejected)
    lines = count + bool(head.row) + bool(trailer)
    about = check_trailer(trailer, layout, rows=count, lines=lines)
    whole = bool(trailer) or data is not decoded.data or _row_ended(data)
    table = Table(
        frame=frame,
        header=head.names,
        rejected=tuple(rejected),
        findings=decoded.findings + head.findings + about,
        encoding=decoded.encoding,
        delimiter=head.delimiter,
        final_newline=ended,
        sha256=sha256,
        header_row=head.row,
        trailer=trailer.begins if trailer else "",
        open_in=() if whole else columns_in_doubt(frame, rejected, fixed=bool(layout.widths)),
    )
    refuse_when_hardly_readable(table)
    return table


def _head(data: bytes, layout: Layout) -> _Head:
    if not data[:_SAMPLE_BYTES].strip(_BLANK) and not data.strip(_BLANK):
        raise untrusted("empty_file", "The file is empty; nobody is touched because of it.", "Send the whole file.")
    end = min(len(data), _SAMPLE_BYTES)
    lines = split_lines(data[:end].decode("utf-8", "ignore"))
    if layout.widths:
        start, separators = given_row(layout, len(lines)) if layout.header_row else 0, Separators(delimiter="")
    else:
        start = find_beginning(lines, layout)
        separators = _separators(lines, start, layout)
    cells, rows_from = _first(lines, start, separators, layout)
    if any("\0" in cell for cell in cells):
        raise untrusted("not_a_table", "The header holds NUL bytes; this is not a text file.", "Export it as CSV.")
    headings = not layout.columns or tuple(cell.strip() for cell in cells) == layout.columns
    if not headings:
        rows_from = start
        _refuse_other_width(cells, layout, start + 1)
    text = lines[max(rows_from, 1) - 1] if lines else ""
    return _Head(
        names=layout.columns or header_of(cells, start + 1),
        separators=separators,
        offset=sum(len(line.encode()) for line in lines[:rows_from]),
        rows_from=rows_from,
        row=start + 1 if headings else 0,
        eol=text[len(text.rstrip("\r\n")) :].encode(),
        findings=separators.findings + skipped(start, lines),
    )


def _separators(lines: Sequence[str], start: int, layout: Layout) -> Separators:
    sample = [line for line in lines[start : start + _SAMPLE_LINES] if line.strip()]
    if not sample and layout.columns:
        return Separators(delimiter=layout.delimiter or ",")
    if not sample:
        raise untrusted("no_header", "The file holds remarks but no column names.", "Export with a header row.")
    return find_separators(sample, layout.delimiter, len(layout.columns))


def _first(lines: list[str], start: int, separators: Separators, layout: Layout) -> tuple[list[str], int]:
    """The cells of the header, or of the first row, and the line behind it."""
    if start >= len(lines):
        return [], start
    if layout.widths:
        return cut(lines[start], layout.widths), start + 1
    if len(separators.delimiter) > 1:
        bare = lines[start].rstrip("\r\n").removesuffix(separators.row_end or "\n")
        return bare.split(separators.delimiter), start + 1
    return first_record(lines, start, separators.delimiter, spaced=separators.spaced)


def _refuse_other_width(cells: Sequence[str], layout: Layout, line: int) -> None:
    if cells and len(cells) != len(layout.columns):
        raise untrusted(
            "not_a_table",
            f"Line {line} has {len(cells)} fields and the settings name {len(layout.columns)} columns. "
            "Nothing was read.",
            "Name every column of the file in order (columns), or give the separator (delimiter).",
        )


def _without_trailer(data: bytes, head: _Head, layout: Layout) -> tuple[bytes, Trailer | None]:
    """(the file without a last row that is about the file, that row)."""
    if layout.trailer == "":
        return data, None
    end = _end_of_text(data)
    start = max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end)) + 1
    if start < head.offset or end <= start:
        return data, None
    text = data[start:end].decode("utf-8", "replace")
    found = trailer_in(text, layout, width=len(head.names), delimiter=head.delimiter)
    return (data[:start], found) if found else (data, None)


def _end_of_text(data: bytes) -> int:
    """Where trailing white space begins, found from the end: the file itself is not copied."""
    end = len(data)
    while end and not (tail := data[max(0, end - 4096) : end].rstrip(_BLANK)):
        end = max(0, end - 4096)
    return max(0, end - 4096) + len(tail) if end else 0


def _row_ended(data: bytes) -> bool:
    """A line end stands behind the last row, whatever blanks do."""
    return any(end in data[_end_of_text(data) :] for end in (b"\n", b"\r"))


def _rows(data: bytes, head: _Head, decoded: Decoded, layout: Layout) -> tuple[pl.DataFrame, list[RejectedRow]]:
    plain = len(head.delimiter) != 1
    if not plain and not decoded.damaged and (frame := _fast(data, head)) is not None:
        return frame, []
    lines, width = split_lines(data.decode()), len(head.names)
    if not plain:
        records = Records(lines, start=head.rows_from, width=width, delimiter=head.delimiter, damaged=decoded.damaged)
        records.spaced = head.separators.spaced
        return frame_of(records, head.names), records.rejected
    separators = None if layout.widths else head.separators
    rows = Rows(lines=lines, start=head.rows_from, width=width, spans=layout.widths, separators=separators)
    rows.refuse_cut(data.endswith((b"\n", b"\r")))
    return frame_of(rows, head.names), rows.rejected


def _unused(data: bytes, count: int) -> list[str]:
    """Control characters that the file does not hold, to separate cells and rows on the way into Polars."""
    candidates = (chr(c) for c in (*range(31, 13, -1), *range(8, 0, -1)))
    free = list(islice((c for c in candidates if c.encode() not in data), count))
    if len(free) < count:
        raise untrusted("not_a_table", "The file is not text; nothing was read.", "Export it as CSV.")
    return free


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
