"""Excel workbooks read to the same cells as CSV, or are refused by name; what is easily overlooked is told."""

from __future__ import annotations

import datetime as d
import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook

from joinery.errors import SourceUntrusted
from joinery.intake import package
from joinery.intake.layout import Layout
from joinery.intake.read import read_bytes
from joinery.intake.table import LINE, Table
from tests.intake.workbooks import patched, workbook

SHEET = "xl/worksheets/sheet1.xml"
HEADER = ("Employee number", "Name", "Start date")
ANN, BO = ("00101", "Ann", d.date(2024, 3, 1)), ("00102", "Bo", d.date(2025, 11, 30))
STAFF = [HEADER, ANN, BO]
READ = [("00101", "Ann", "2024-03-01"), ("00102", "Bo", "2025-11-30")]


def cells(table: Table) -> list[tuple[str, ...]]:
    return table.frame.drop(LINE).rows()


def checks(table: Table) -> list[str]:
    return [finding.check for finding in table.findings]


def refused(raw: bytes, layout: Layout | None = None) -> str:
    with pytest.raises(SourceUntrusted) as caught:
        read_bytes(raw, layout or Layout())
    assert caught.value.exit_code == 5
    assert caught.value.fix
    return str(caught.value.data["code"])


CELLS = [
    ("a text with zeros", "00123", "00123"),
    ("a number", 123, "123"),
    ("a number with a fraction", 1.5, "1.5"),
    ("a hundred thousand", 1e5, "100000"),
    ("fifteen digits", 123456789012345, "123456789012345"),
    ("more digits than a spreadsheet keeps", 1234567890123456789, "1.234567890123457e+18"),
    ("a number that became a text", "1.23457E+11", "1.23457E+11"),
    ("a date", d.date(2024, 2, 29), "2024-02-29"),
    ("a moment", d.datetime(2024, 2, 29, 8, 30), "2024-02-29T08:30:00"),
    ("midnight", d.datetime(2024, 2, 29), "2024-02-29"),
    ("a time", d.time(8, 30), "08:30:00"),
    ("a duration", d.timedelta(hours=30), "30:00:00"),
    ("yes", True, "TRUE"),
    ("an error", "#N/A", "#N/A"),
    ("two lines", "a\nb", "a\nb"),
    ("a quote and a comma", 'say "hi", Ann', 'say "hi", Ann'),
    ("nothing", None, ""),
]


@pytest.mark.parametrize(("written", "read"), [c[1:] for c in CELLS], ids=[c[0] for c in CELLS])
def test_a_cell_is_read_as_it_is_seen(written: Any, read: str) -> None:
    table = read_bytes(workbook(("Staff", [("id", "x"), ("1", written), ("2", "y")])), Layout())
    assert cells(table) == [("1", read), ("2", "y")]


def padded(book: Workbook) -> None:
    book["Staff"]["A2"] = 101
    book["Staff"]["A2"].number_format = "00000"


def hidden(book: Workbook) -> None:
    book["Staff"].row_dimensions[3].hidden = True
    book["Staff"].column_dimensions["B"].hidden = True


def filtered(book: Workbook) -> None:
    book["Staff"].row_dimensions[3].hidden = True
    book["Staff"].auto_filter.ref = "A1:C3"
    book["Staff"].auto_filter.add_filter_column(1, ["Ann"])


def since_1904(book: Workbook) -> None:
    book.epoch = CALENDAR_MAC_1904


def hidden_sheet(book: Workbook) -> None:
    book.create_sheet("Old").append(HEADER)
    book["Old"].append(ANN)
    book["Old"].sheet_state = "hidden"


def second_sheet(book: Workbook) -> None:
    book.create_sheet("Notes").append(("Please send by Friday",))
    book["Notes"].append(("Ask Mr Smith",))


def titles(book: Workbook) -> None:
    book["Staff"].insert_rows(1, 3)
    book["Staff"]["A1"] = "Employees of Example"
    book["Staff"]["A2"] = d.date(2026, 1, 1)


def moved(book: Workbook) -> None:
    book["Staff"].insert_rows(1, 2)
    book["Staff"].insert_cols(1, 2)


def styled_far_away(book: Workbook) -> None:
    book["Staff"]["ZZ90000"].number_format = "0.00"


def total(book: Workbook) -> None:
    book["Staff"].append(("Total rows", 2))


def blank_rows(book: Workbook) -> None:
    book["Staff"].insert_rows(3, 2)


AS_SEEN: list[tuple[str, Callable[[Workbook], None], list[str], list[int]]] = [
    ("as it is", lambda _book: None, [], [2, 3]),
    ("zeros that only the format shows", padded, ["zeros_by_format"], [2, 3]),
    ("a hidden row and a hidden column", hidden, ["hidden_rows", "hidden_columns"], [2, 3]),
    ("a filter", filtered, ["hidden_rows"], [2, 3]),
    ("the calendar of old Macs", since_1904, ["dates_since_1904"], [2, 3]),
    ("a hidden sheet with another table", hidden_sheet, [], [2, 3]),
    ("a second sheet with a note", second_sheet, ["other_sheets"], [2, 3]),
    ("titles and a blank row above", titles, [], [5, 6]),
    ("a table that begins at C3", moved, [], [4, 5]),
    ("an empty cell with a format, far away", styled_far_away, [], [2, 3]),
    ("a row with the count", total, ["trailer_skipped"], [2, 3]),
    ("blank rows between", blank_rows, [], [2, 5]),
]


@pytest.mark.parametrize(("change", "told", "at"), [s[1:] for s in AS_SEEN], ids=[s[0] for s in AS_SEEN])
def test_the_same_people_are_read_and_what_is_easily_overlooked_is_told(
    change: Callable[[Workbook], None], told: list[str], at: list[int]
) -> None:
    table = read_bytes(workbook(("Staff", STAFF), change=change), Layout())
    assert table.header == HEADER
    assert cells(table) == READ
    assert table.frame.get_column(LINE).to_list() == at
    assert checks(table) == told
    assert table.rejected == ()
    assert (table.encoding, table.sheet) == ("xlsx", "Staff")


def test_a_cell_merged_downwards_counts_for_each_of_its_rows() -> None:
    rows = [("id", "unit", "name"), ("1", "A", "x"), ("2", None, "y"), ("3", "B", "z")]
    table = read_bytes(workbook(("S", rows), change=lambda book: book["S"].merge_cells("B2:B3")), Layout())
    assert cells(table) == [("1", "A", "x"), ("2", "A", "y"), ("3", "B", "z")]
    assert checks(table) == ["merged_cells"]


def test_a_row_with_a_cell_merged_sideways_is_set_aside() -> None:
    rows = [("id", "unit", "name"), ("1", "A", "x"), ("2", "A", None), ("3", "B", "z")]
    table = read_bytes(workbook(("S", rows), change=lambda book: book["S"].merge_cells("B3:C3")), Layout())
    assert [(row.line, row.code) for row in table.rejected] == [(3, "merged_cells")]
    assert table.frame.get_column("id").to_list() == ["1", "3"]


def test_a_formula_without_a_value_is_refused_only_where_it_is_read() -> None:
    rows = [("id", "unit", "sum"), ("1", "A", "=1+1"), ("2", "B", 2)]
    table = read_bytes(workbook(("S", rows)), Layout())
    table.refuse_unusable(["id", "unit"])
    with pytest.raises(SourceUntrusted, match=r"1 cells of 'sum' .* \(rows 2\)") as caught:
        table.refuse_unusable(["id", "sum"])
    assert caught.value.data["code"] == "formula_without_value"


VALUED = [
    ("an empty text", (b"<f>1+1</f><v />", b"<f>1+1</f><v></v>"), b' t="str"', set()),
    ("a number", (b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"), b"", set()),
    ("nothing at all", (b"<f>1+1</f><v />", b"<f>1+1</f>"), b"", {"sum"}),
    ("a stand-in zero", (b"<f>1+1</f><v />", b"<f>1+1</f><v>0</v>"), b"", {"sum"}),
]


@pytest.mark.parametrize(("change", "kind", "bad"), [v[1:] for v in VALUED], ids=[v[0] for v in VALUED])
def test_a_formula_has_a_value_or_not(change: tuple[bytes, bytes], kind: bytes, bad: set[str]) -> None:
    raw = workbook(("S", [("id", "sum"), ("1", "=1+1"), ("2", 2)]))
    raw = patched(raw, SHEET, change, (b'<c r="B2"', b'<c r="B2"' + kind))
    assert set(read_bytes(raw, Layout()).unusable) == bad


def test_an_error_stays_to_be_seen() -> None:
    raw = workbook(("S", [("id", "unit"), ("1", "=1/0"), ("2", "B")]))
    raw = patched(raw, SHEET, (b'<c r="B2"><f>1/0</f><v />', b'<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v>'))
    assert cells(read_bytes(raw, Layout())) == [("1", "#DIV/0!"), ("2", "B")]


def test_cells_without_a_place_stand_beside_each_other() -> None:
    raw = workbook(("S", [("id", "unit"), ("1", 7), ("2", 8)]), change=lambda b: padding(b))
    raw = patched(raw, SHEET, *((b' r="%s"' % c, b"") for c in (b"A1", b"B1", b"A2", b"B2", b"A3", b"B3")))
    assert cells(read_bytes(raw, Layout())) == [("1", "007"), ("2", "8")]


def test_names_with_a_prefix_say_the_same() -> None:
    """Some programs write <x:row>."""
    raw = workbook(("S", [("id", "unit"), ("1", 7), ("2", "=1/0")]), change=padding)
    names = (b"worksheet", b"sheetData", b"row", b"c", b"v", b"f", b"is", b"t")
    pairs = [(b"<" + name + end, b"<x:" + name + end) for name in names for end in (b" ", b">")]
    pairs += [(b"</" + name + b">", b"</x:" + name + b">") for name in names]
    raw = patched(raw, SHEET, (b"<f>1/0</f><v />", b"<f>1/0</f>"), (b"<worksheet xmlns=", b"<worksheet xmlns:x="))
    raw = patched(raw, SHEET, *(pair for pair in pairs if pair[0] in part(raw)))
    table = read_bytes(raw, Layout())
    assert cells(table)[0] == ("1", "007")
    assert set(table.unusable) == {"unit"}


def part(raw: bytes) -> bytes:
    return zipfile.ZipFile(io.BytesIO(raw)).read(SHEET)


def padding(book: Workbook) -> None:
    book["S"]["B2"].number_format = "000"


TWO = (("North", STAFF), ("South", STAFF))
CHOICES = [
    ("two tables are a question", TWO, Layout(), "which_sheet"),
    ("the settings answer it", TWO, Layout(sheet="south"), "South"),
    ("the last file answers it", TWO, Layout(sheet_before="South"), "South"),
    ("a sheet that is not there", TWO, Layout(sheet="West"), "which_sheet"),
    ("headings that must be there", (("A", [("x", "y"), (1, 2)]), ("B", STAFF)),
     Layout(wanted=frozenset({"Name"})), "B"),
    ("headings that people use", (("A", [("x", "y"), ("1", "2")]), ("B", STAFF)), Layout(), "B"),
    ("a renamed sheet, alone", (("Dec", STAFF),), Layout(sheet_before="Nov"), "Dec"),
    ("nothing at all", (("Empty", []),), Layout(), "empty_file"),
]  # fmt: skip


@pytest.mark.parametrize(("sheets", "layout", "chosen"), [c[1:] for c in CHOICES], ids=[c[0] for c in CHOICES])
def test_the_sheet_is_chosen_once(sheets: Any, layout: Layout, chosen: str) -> None:
    raw = workbook(*sheets)
    try:
        found = read_bytes(raw, layout).sheet
    except SourceUntrusted as error:
        found = str(error.data["code"])
    assert found == chosen


def test_a_sheet_is_remembered_and_a_renamed_one_is_told() -> None:
    first = read_bytes(workbook(("Nov", STAFF)), Layout())
    again = Layout().with_remembered(first.layout.to_remember())
    assert again.sheet_before == "Nov"
    assert checks(read_bytes(workbook(("Dec", STAFF)), again)) == ["sheet_changed"]


def test_columns_can_be_named_and_a_header_row_given() -> None:
    raw = workbook(("S", [("x", "y"), ("only", "words"), ("id", "unit"), ("1", "A")]))
    assert cells(read_bytes(raw, Layout(header_row=3))) == [("1", "A")]
    bare = workbook(("S", [("1", "A"), ("2", "B")]))
    assert cells(read_bytes(bare, Layout(columns=("id", "unit")))) == [("1", "A"), ("2", "B")]
    assert refused(bare, Layout(columns=("id",))) == "not_a_table"
    assert refused(bare) == "no_header"
    assert refused(workbook(("S", [("id", "id"), ("1", "A")]))) == "duplicate_header"


def bomb(claimed: int) -> bytes:
    """A part that unpacks to more than it claims."""
    raw = patched(workbook(("S", STAFF)), SHEET, (b"<sheetData>", b"<sheetData>" + b" " * 400_000))
    real = next(info for info in zipfile.ZipFile(io.BytesIO(raw)).infolist() if info.filename == SHEET).file_size
    return raw.replace(struct.pack("<L", real), struct.pack("<L", claimed))


def other_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("employees.csv", "id,name\n1,Ann\n")
    return out.getvalue()


ENTITY = (b"<worksheet", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet')
BROKEN = [
    ("an old workbook or one with a password", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_a_workbook"),
    ("another archive", other_archive(), "not_a_workbook"),
    ("an empty archive", b"PK\x05\x06" + bytes(18), "not_a_workbook"),
    ("entities", patched(workbook(("S", STAFF)), SHEET, ENTITY), "not_a_workbook"),
    ("a part that is larger than it claims", bomb(100), "not_a_workbook"),
    ("a sheet that is no XML", patched(workbook(("S", STAFF)), SHEET, (b"</sheetData>", b"<<<")), "not_a_workbook"),
    ("a cell in the last corner", patched(workbook(("S", STAFF)), SHEET, (b"</sheetData>",
     b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')), "too_large"),
    ("a cell in the last corner, without its place", patched(workbook(("S", STAFF)), SHEET, (b"</sheetData>",
     b'<row r="1048576">' + b"<c><v>1</v></c>" * 40 + b"</row></sheetData>")), "too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "code"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_refuses_by_name(raw: bytes, code: str) -> None:
    assert refused(raw) == code


def test_a_workbook_that_unpacks_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = bomb(400)
    monkeypatch.setattr(package, "MOST_BYTES", 100_000)
    assert refused(raw) == "too_large"


def test_a_workbook_cut_at_any_byte_is_refused() -> None:
    whole = workbook(("Staff", STAFF))
    codes = {refused(whole[:at]) for at in range(0, len(whole), 7)}
    assert codes <= {"truncated", "empty_file", "unreadable_encoding", "not_a_table", "not_a_workbook"}
