"""The parts of an Excel workbook: opened within limits, and what they say that the reader of values leaves out.

Rule 1: nothing is unpacked without a limit, and no part with a document type (entities) is read at all.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.etree import ElementTree as ET

from joinery.intake.decode import untrusted

#: of all parts together, unpacked
MOST_BYTES: Final = 1 << 30
#: cells in the rectangle from the first to the last one: readers keep a place for each
MOST_CELLS: Final = 20_000_000
_MOST_PARTS: Final = 10_000
_CHUNK: Final = 1 << 20

_PREFIX: Final = re.compile(rb"(</?)\w+:(?=(?:row|c|f|v|is|col|filterColumn)\b)")
_ROW: Final = re.compile(rb"<row\b([^>]*)>")
_CELL: Final = re.compile(rb"<(row|c)\b([^>]*)>")
_PLACE: Final = re.compile(rb"<c\s[^>]*?\br=[\"']([A-Z]{1,3})\d+[\"'][^>/]*>")
#: a formula, and then no value: the end of the cell, or an empty one
_NO_VALUE: Final = re.compile(rb"<c\b[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?P<value></c>|<v\s*/>|<v>(?:|0)</)")
_VALUE: Final = re.compile(rb"[^>]*>(?:(?!</c>).)*?<v>([^<]*)</", re.DOTALL)
_HIDDEN: Final = re.compile(rb"\bhidden=[\"'](?:1|true)[\"']")
_ASIDE: Final = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_COL: Final = re.compile(rb"<col\b([^>]*)>")


@dataclass(slots=True, kw_only=True)
class Marks:
    """What stands in a sheet besides values. Rows and columns count from 0."""

    rows: int = 0
    columns: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    filtered: bool = False
    #: text of each cell that shows an error
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    #: cells whose format shows zeros that the number does not have, and how many digits it shows
    padded: dict[tuple[int, int], int] = field(default_factory=dict)
    #: cells with a formula that nobody computed
    unvalued: set[tuple[int, int]] = field(default_factory=set)


def refuse_workbook(why: str, fix: str = "Send the workbook again, or export it as CSV.", code: str = "") -> NoReturn:
    """Raises SourceUntrusted `not_a_workbook` unless another code is given."""
    raise untrusted(code or "not_a_workbook", f"{why} Nothing was read and nobody was touched.", fix)


def _refuse_damaged() -> NoReturn:
    refuse_workbook("The workbook was cut off or damaged on its way.", "Send the whole file again.", "truncated")


class Package:
    """The zip file of a workbook. Raises SourceUntrusted: `truncated`, `not_a_workbook`, `too_large`."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            _refuse_damaged()
        self._infos = {info.filename: info for info in self._zip.infolist()}
        if len(self._infos) != len(self._zip.infolist()):
            refuse_workbook("The workbook holds two parts of one name.")
        if len(self._infos) > _MOST_PARTS or sum(info.file_size for info in self._infos.values()) > MOST_BYTES:
            self._refuse_large()
        if "xl/workbook.xml" not in self._infos:
            refuse_workbook("The file is an archive and no Excel workbook (.xlsx).", "Save it as .xlsx, or as CSV.")
        self._left = MOST_BYTES
        for name in self._infos:
            if name.endswith((".xml", ".rels")):
                self._verify(name)

    def _refuse_large(self) -> NoReturn:
        refuse_workbook(
            f"Unpacked, the workbook is larger than {MOST_BYTES >> 30} GiB.", "Export it as CSV.", code="too_large"
        )

    def _verify(self, name: str) -> None:
        """Unpacks it once to its very end, whatever size it claims to have."""
        size, first, tail = 0, b"", b""
        for chunk in self._chunks(name):
            first = first or chunk[:64]
            size += len(chunk)
            if size > self._left:
                self._refuse_large()
            if b"<!DOCTYPE" in chunk or b"<!DOCTYPE" in tail + chunk[:16]:
                refuse_workbook("The workbook holds a document type, which no spreadsheet program writes.")
            tail = chunk[-16:]
        self._left -= size
        if size != self._infos[name].file_size or (first and not first.removeprefix(b"\xef\xbb\xbf").startswith(b"<")):
            refuse_workbook("A part of the workbook is not what it says.")

    def _chunks(self, name: str) -> Iterator[bytes]:
        info = copy(self._infos[name])
        info.file_size = 1 << 62
        try:
            with self._zip.open(info) as part:
                while chunk := part.read(_CHUNK):
                    yield chunk
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zlib.error):
            _refuse_damaged()

    def part(self, name: str) -> bytes:
        """The part without comments; empty when there is none."""
        if name not in self._infos:
            return b""
        data = b"".join(self._chunks(name))
        return _ASIDE.sub(b"", data) if b"<!" in data else data

    def tree(self, name: str) -> ET.Element:
        """A small part, parsed."""
        try:
            return ET.fromstring(self.part(name) or b"<none/>")  # noqa: S314 a part with a document type was refused
        except ET.ParseError:
            refuse_workbook("A part of the workbook is not what it says.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the workbook says of itself: the part of each sheet, cell styles that pad with zeros, the calendar."""

    sheets: Mapping[str, str]
    padded: Mapping[int, int]
    since_1904: bool
    #: it asks to be computed when opened: zeros behind formulas are stand-ins
    uncomputed: bool


def contents(package: Package) -> Contents:
    """Raises SourceUntrusted `not_a_workbook` when the parts do not fit together."""
    book = package.tree("xl/workbook.xml")
    targets = {each.get("Id", ""): each.get("Target", "") for each in package.tree("xl/_rels/workbook.xml.rels")}
    sheets: dict[str, str] = {}
    flags = {"date1904": False, "fullCalcOnLoad": False}
    for element in book.iter():
        tag = element.tag.rpartition("}")[2]
        if tag == "sheet":
            identity = next((value for key, value in element.items() if key.rpartition("}")[2] == "id"), "")
            sheets[element.get("name", "")] = _resolved(targets.get(identity, ""))
        for flag in flags:
            flags[flag] |= tag in {"workbookPr", "calcPr"} and element.get(flag) in {"1", "true"}
    return Contents(
        sheets=sheets,
        padded=_padded(package),
        since_1904=flags["date1904"],
        uncomputed=flags["fullCalcOnLoad"],
    )


def _resolved(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _padded(package: Package) -> dict[int, int]:
    """Cell style -> digits, of formats that are nothing but zeros (`00000`)."""
    styles = package.tree("xl/styles.xml")
    formats: dict[str, int] = {}
    found: dict[int, int] = {}
    for element in styles.iter():
        tag = element.tag.rpartition("}")[2]
        code = element.get("formatCode", "").split(";")[0]
        if tag == "numFmt" and re.fullmatch("0{2,30}", code):
            formats[element.get("numFmtId", "")] = len(code)
        if tag == "cellXfs":
            for number, style in enumerate(element):
                if (digits := formats.get(style.get("numFmtId", ""))) is not None:
                    found[number] = digits
    return found


def column_number(letters: bytes) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def marks_in(data: bytes, about: Contents) -> Marks:
    """What a sheet's part says besides values. Raises SourceUntrusted `too_large`."""
    if b"<sheetData" not in data:
        data = _PREFIX.sub(rb"\1", data)
    marks = Marks(filtered=b"filterColumn" in data)
    at = -1
    for row in _ROW.finditer(data):
        at = _number(row[1], b"r", at + 1)
        if _HIDDEN.search(row[1]):
            marks.hidden_rows.add(at)
    marks.rows = at + 1
    for column in _COL.finditer(data):
        if _HIDDEN.search(column[1]):
            first = _number(column[1], b"min", 0)
            marks.hidden_columns.update(range(first, min(_number(column[1], b"max", first), 16_383) + 1))
    places = _PLACE.findall(data)
    marks.columns = max((column_number(each) + 1 for each in set(places)), default=0)
    errors = b't="e"' in data or b"t='e'" in data
    odd = about.padded or errors or (b"<f" in data and _NO_VALUE.search(data))
    if odd or len(places) < data.count(b"</c>"):
        _look_at_cells(data, about, marks)
    if marks.rows * marks.columns > MOST_CELLS:
        refuse_workbook(
            f"The sheet spans {marks.rows} rows and {marks.columns} columns.",
            "Clear what stands far outside the table, or export it as CSV.",
            code="too_large",
        )
    return marks


def _number(attributes: bytes, name: bytes, otherwise: int) -> int:
    """An attribute that counts from 1, from 0 then."""
    found = re.search(rb"(?:^|\s)" + name + rb"=[\"'](\d{1,9})[\"']", attributes)
    return int(found[1]) - 1 if found else otherwise


def _look_at_cells(data: bytes, about: Contents, marks: Marks) -> None:
    """Cell by cell; one without a place of its own stands beside the last."""
    row, column = -1, -1
    for found in _CELL.finditer(data):
        attributes = found[2]
        if found[1] == b"row":
            row, column = _number(attributes, b"r", row + 1), -1
            continue
        place = re.search(rb"\br=[\"']([A-Z]{1,3})\d+[\"']", attributes)
        column = column_number(place[1]) if place else column + 1
        if attributes.endswith(b"/"):
            continue
        marks.columns = max(marks.columns, column + 1)
        _look_at_cell(data, found, (row, column), about, marks)


def _look_at_cell(data: bytes, found: re.Match[bytes], at: tuple[int, int], about: Contents, marks: Marks) -> None:
    kind = re.search(rb"\bt=[\"'](\w+)[\"']", found[2])
    if kind and kind[1] == b"e":
        value = _VALUE.match(data, found.end() - 1)
        marks.errors[at] = value[1].decode("utf-8", "replace") if value else "#VALUE!"
    elif kind is None or kind[1] == b"n":
        style = re.search(rb"\bs=[\"'](\d{1,6})[\"']", found[2])
        if style and int(style[1]) in about.padded:
            marks.padded[at] = about.padded[int(style[1])]
    bare = _NO_VALUE.match(data, found.start())
    if bare and _is_unvalued(bare["value"], kind[1] if kind else b"n", about):
        marks.unvalued.add(at)


def _is_unvalued(value: bytes, kind: bytes, about: Contents) -> bool:
    if b">0<" in value:
        return about.uncomputed and kind == b"n"
    return value.startswith(b"</") or kind != b"str"
