"""Table files as people make them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from joinery.core.mapping.dated import DatedRow
from joinery.settings.table_rows import TableTrouble, cells_of, read_rows, rows_of
from tests.settings.files import MINIMAL, loaded, said

OPS = DatedRow(code="0047", value="Ops, North")

READ = [
    ("a heading", 'code,value\n0047,"Ops, North"\n', (OPS,)),
    ("no heading", '0047,"Ops, North"\n', (OPS,)),
    ("semicolons, as Excel writes them here", "code;value\n0047;Ops, North\n", (OPS,)),
    ("tabs, as they are copied from a sheet", "0047\tOps, North\n", (OPS,)),
    ("columns in another order", "value;code\nOps, North;0047\n", (OPS,)),
    ("empty lines", "\n0047;Ops, North\n;\n", (OPS,)),
    (
        "days",
        "code,value,valid_from,valid_to\n47,Ops,2026-01-01,31.12.2026\n",
        (DatedRow(code="47", value="Ops", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),),
    ),
    (
        "only one of the two days",
        "code,value,valid_to\n47,Ops,2026-12-31\n",
        (DatedRow(code="47", value="Ops", valid_to=date(2026, 12, 31)),),
    ),
    ("nothing", "", ()),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*case[1:], id=case[0]) for case in READ])
def test_a_table_as_people_write_it(text: str, expected: tuple[DatedRow, ...]) -> None:
    assert rows_of(cells_of(text)) == expected


WRONG = [
    ("one column", "4711\n", "line 1 has one column"),
    ("a day that is none", "code,value,valid_from\n47,Ops,soon\n", "line 2 has a day that cannot be read"),
    ("it ends before it begins", "47,Ops,2026-02-01,2026-01-01\n", "line 1 ends on 2026-01-01, before it begins"),
    ("two values on a day", "47,A\n48,B\n47,C\n", "lines 1 and 3 give the same code two values on the same day"),
]


@pytest.mark.parametrize(("text", "problem"), [pytest.param(*case[1:], id=case[0]) for case in WRONG])
def test_a_row_that_cannot_be_read_is_named_by_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(TableTrouble, match=problem):
        rows_of(cells_of(text))
    (tmp_path / "d.csv").write_text(text)
    told = said(tmp_path, MINIMAL + "map: { department: { table: d.csv } }\n")
    assert len(told) == 1 and problem in told[0] and told[0].startswith("10:20 map.department")


def test_a_workbook_keeps_codes_as_people_see_them(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["code", "value", "valid_from"])
    book.active.append([4711, "Ops", datetime(2026, 1, 1)])
    book.active.append(["0042", "Shop", None])
    book.create_sheet("Others").append(["1", "One"])
    book.save(tmp_path / "d.xlsx")
    assert read_rows(tmp_path / "d.xlsx") == (
        DatedRow(code="4711", value="Ops", valid_from=date(2026, 1, 1)),
        DatedRow(code="0042", value="Shop"),
    )
    assert read_rows(tmp_path / "d.xlsx", "Others") == (DatedRow(code="1", value="One"),)
    with pytest.raises(TableTrouble, match="no sheet 'None of them'; its sheets are Sheet, Others"):
        read_rows(tmp_path / "d.xlsx", "None of them")


@pytest.mark.parametrize("content", [b"no workbook", "é".encode("cp1252")], ids=["rubbish", "not UTF-8"])
def test_rubbish_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ("d.xlsx" if content == b"no workbook" else "d.csv")
    file.write_bytes(content)
    with pytest.raises(TableTrouble):
        read_rows(file)


def test_a_department_above_itself_and_an_empty_tree_are_refused(tmp_path: Path) -> None:
    for text, problem in (("A,A\n", '"A" stands above itself'), ("code,parent\n", "has no rows")):
        (tmp_path / "tree.csv").write_text(text)
        assert problem in said(tmp_path, MINIMAL + "department_tree: tree.csv\n")[0]


def test_an_edited_table_is_another_version(tmp_path: Path) -> None:
    hashes = set()
    for text in ("A,B\n", "A,C\n"):
        (tmp_path / "tree.csv").write_text(text)
        hashes.add(loaded(tmp_path, MINIMAL + "department_tree: tree.csv\n").version_hash)
    assert len(hashes) == 2
