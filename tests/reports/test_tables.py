"""Lists for people: the same cells as CSV, Excel, text and JSON, none of which can run anything."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from joinery.reports.render_csv import as_csv, write_csv
from joinery.reports.render_text import as_text, colour_wanted
from joinery.reports.render_xlsx import write_xlsx
from joinery.reports.tables import Cell, Table, as_json, records, table

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "\uff1d1"]
SAMPLE = table(
    "People",
    ["worker_id=Employee number", "name", "due_on", "seen_at", "days", "share", "late", "score"],
    [
        ["000123", "Ana Núñez", date(2026, 3, 16), NOW, -4, 0.5, True, Decimal("7.10")],
        ["=HYPERLINK(1)", "https://evil.example", None, None, 12, 1.0, False, None],
    ],
)
NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def one(cell: Cell) -> Table:
    return table("One", ["value"], [[cell]])


@pytest.mark.parametrize("text", EVIL)
def test_a_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    assert next(csv.reader(io.StringIO(as_csv(one(text)).split("\r\n", 1)[1], newline=""))) == [f"'{text}"]


@pytest.mark.parametrize(("number", "shown"), [(-4, "-4"), (Decimal("-1.50"), "-1.50"), (-0.5, "-0.5")])
def test_a_negative_number_stays_a_number(number: Cell, shown: str) -> None:
    assert as_csv(one(number)).splitlines()[1] == shown


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20))
def test_no_text_cell_starts_a_formula_and_none_is_lost(text: str) -> None:
    ((cell,),) = list(csv.reader(io.StringIO(as_csv(one(f"{text}x")), newline="")))[1:]
    assert cell.removeprefix("'") == f"{text}x".removeprefix("'")
    assert cell[0] not in "=+-@\t\r"


def test_a_heading_cannot_calculate_either() -> None:
    assert as_csv(table("", ["x==A1"], [])).startswith("'=A1")


def test_a_csv_file_for_people_carries_the_mark_of_utf_8(tmp_path: Path) -> None:
    write_csv(SAMPLE, path := tmp_path / "people.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfEmployee number,Name,")
    assert path.read_bytes().count(b"\r\n") == 3


def sheet(shown: Table, tmp_path: Path, name: str = "sheet1") -> tuple[dict[str, tuple[str, str]], zipfile.ZipFile]:
    """Cell reference -> (type, text) as stored."""
    write_xlsx(shown, path := tmp_path / "out.xlsx", NOW)
    book = zipfile.ZipFile(path)
    root = ET.fromstring(book.read(f"xl/worksheets/{name}.xml"))
    cells = {}
    for cell in root.iterfind(".//x:c", NS):
        text = "".join(part.text or "" for part in [*cell.iterfind(".//x:t", NS), *cell.iterfind("x:v", NS)])
        cells[cell.attrib["r"]] = (cell.attrib.get("t", "n"), text)
    return cells, book


def test_excel_gets_typed_cells_and_text_as_text(tmp_path: Path) -> None:
    cells, book = sheet(SAMPLE, tmp_path)
    with book:
        content = book.read("xl/worksheets/sheet1.xml").decode()
    assert cells["A2"] == ("inlineStr", "000123"), "leading zeros stay"
    assert cells["C2"] == ("n", "46097"), "16 March 2026 as Excel counts days"
    assert cells["D2"] == ("n", "46083.20833333334")
    assert cells["E2"] == ("n", "-4")
    assert cells["G2"] == ("b", "1")
    assert cells["H2"] == ("n", "7.10")
    assert cells["A3"] == ("inlineStr", "=HYPERLINK(1)")
    assert "C3" not in cells
    assert "<f>" not in content
    assert "hyperlink" not in content.replace("=HYPERLINK", "").lower()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
def test_excel_files_hold_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        return
    cells, book = sheet(one(f"a{text}"), tmp_path_factory.mktemp("x"))
    with book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    assert cells["A2"][0] == "inlineStr"


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        pytest.param(12345678901234567890, ("inlineStr", "12345678901234567890"), id="a number Excel would round"),
        pytest.param(float("nan"), ("inlineStr", "nan"), id="not a number"),
        pytest.param(date(1899, 12, 31), ("inlineStr", "1899-12-31"), id="a day before Excel's days"),
        pytest.param("x" * 40_000, ("inlineStr", "x" * 32_766 + "…"), id="a text longer than Excel holds"),
    ],
)
def test_what_excel_cannot_hold_is_text(cell: Cell, stored: tuple[str, str], tmp_path: Path) -> None:
    cells, book = sheet(one(cell), tmp_path)
    book.close()
    assert cells["A2"] == stored


@pytest.mark.parametrize("title", ["History", "a/b:c?*[x]" * 9, "", "'quoted'", "\x00"])
def test_any_title_makes_a_sheet(title: str, tmp_path: Path) -> None:
    sheet(table(title, ["x"], [["1"]]), tmp_path)[1].close()


def test_more_rows_than_a_sheet_holds_go_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joinery.reports.render_xlsx.MOST_ROWS", 2)
    cells, book = sheet(table("Big", ["n"], [["1"], ["2"], ["3"]]), tmp_path, "sheet2")
    book.close()
    assert cells["A2"] == ("inlineStr", "3")


def test_equal_tables_make_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_xlsx(SAMPLE, tmp_path / name, NOW)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_text_is_aligned_and_numbers_stand_to_the_right() -> None:
    shown = table("Due", ["name", "course", "days"], [["Ana", "Fire", 3], ["Søren Ōta", "消防", -12]])
    assert as_text(shown) == ("Due\nName       Course  Days\nAna        Fire       3\nSøren Ōta  消防     -12\n")


def test_an_empty_list_says_so() -> None:
    assert as_text(table("", ["name"], [])) == "Name\n(nothing)\n"


def test_a_narrow_terminal_cuts_the_widest_column() -> None:
    shown = table("", ["id", "text"], [["000123", "a very long text that does not fit"]])
    lines = as_text(shown, width=24).splitlines()
    assert lines[1] == "000123  a very long tex…"
    assert all(cell_len(line) <= 24 for line in lines)


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "a\rb", "two\nlines", "\x9b2J", "\u202eevil", "\x07"])
def test_nothing_reaches_the_terminal_but_text(text: str) -> None:
    shown = as_text(one(text))
    assert shown.count("\n") == 3
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)


def test_colour_is_only_for_headings_and_can_be_told_to_stay_away() -> None:
    assert "\x1b[" in as_text(SAMPLE, colour=True)
    assert "\x1b[" not in as_text(SAMPLE)
    assert colour_wanted({}, terminal=True)
    assert not colour_wanted({}, terminal=False)
    assert not colour_wanted({"NO_COLOR": "1"}, terminal=True)
    assert not colour_wanted({"TERM": "dumb"}, terminal=True)


def test_json_keeps_names_and_types() -> None:
    answer = json.loads(as_json(SAMPLE))
    assert answer["rows"][0] == {
        "worker_id": "000123",
        "name": "Ana Núñez",
        "due_on": "2026-03-16",
        "seen_at": "2026-03-02T05:00:00Z",
        "days": -4,
        "share": 0.5,
        "late": True,
        "score": "7.10",
    }
    assert [row["worker_id"] for row in records(SAMPLE)] == ["000123", "=HYPERLINK(1)"]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="cells"):
        table("", ["a", "b"], [["1"]])
