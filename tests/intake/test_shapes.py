"""Files that are tables in another shape: no header, fixed width, titles above, a count below, long separators."""

from __future__ import annotations

import pytest

from joinery.errors import SourceUntrusted
from joinery.intake.layout import Layout
from joinery.intake.read import LINE, Table, read_bytes


def cells(table: Table) -> list[tuple[str, ...]]:
    return table.frame.drop(LINE).rows()


def refused(data: bytes, layout: Layout) -> str:
    with pytest.raises(SourceUntrusted) as caught:
        read_bytes(data, layout)
    assert caught.value.fix
    return str(caught.value.data["code"])


THREE = ("id", "name", "unit")
ROWS = [("1", "Ann", "A"), ("2", "Bo", "B")]
NAMED = Layout(columns=THREE)
FIXED = Layout(columns=THREE, widths=((0, 6), (6, 12), (12, 14)))

READ = [
    ("no header, commas", b"1,Ann,A\n2,Bo,B\n", NAMED, [1, 2]),
    ("no header, tabs", b"1\tAnn\tA\n2\tBo\tB\n", NAMED, [1, 2]),
    ("no header, no line end", b"1,Ann,A\n2,Bo,B", NAMED, [1, 2]),
    ("named columns and a header all the same", b"id,name,unit\n1,Ann,A\n2,Bo,B\n", NAMED, [2, 3]),
    ("a header that the settings replace", b"No,No,No\n1,Ann,A\n2,Bo,B\n", Layout(columns=THREE, header_row=1), [2, 3]),
    ("a header record above rows without a header", b"HEADER,20260101\n1,Ann,A\n2,Bo,B\n", NAMED, [2, 3]),
    ("two characters between fields", b"id+|name+|unit\n1+|Ann+|A\n2+|Bo+|B\n", Layout(), [2, 3]),
    ("two characters, and two others at the end", b"id+|name+|unit&|\n1+|Ann+|A&|\n2+|Bo+|B&|\n", Layout(), [2, 3]),
    ("two characters and no header", b"1+|Ann+|A&|\n2+|Bo+|B&|\n", NAMED, [1, 2]),
    ("three characters", b"id~|~name~|~unit\n1~|~Ann~|~A\n2~|~Bo~|~B\n", Layout(), [2, 3]),
    ("two bars", b"id||name||unit\r\n1||Ann||A\r\n2||Bo||B\r\n", Layout(), [2, 3]),
    ("a separator that only the settings know", b"id::name::unit\n1::Ann::A\n2::Bo::B\n", Layout(delimiter="::"),
     [2, 3]),
    ("quotes between long separators", b'id||name||unit\n1||"Ann"||A\n2||Bo||B\n', Layout(), [2, 3]),
    ("a space before each quote", b'"id", "name", "unit"\n"1", "Ann", "A"\n"2", "Bo", "B"\n', Layout(), [2, 3]),
    ("a title above", b"Employees of Example\nid,name,unit\n1,Ann,A\n2,Bo,B\n", Layout(), [3, 4]),
    ("titles and a blank line", b"Example Ltd\n\nid,name,unit\n1,Ann,A\n2,Bo,B\n", Layout(), [4, 5]),
    ("titles that a spreadsheet filled up", b"Employees,,\n,,\nid,name,unit\n1,Ann,A\n2,Bo,B\n", Layout(), [4, 5]),
    ("a header found by the headings it must have", b"a,b,c\nid,name,unit\n1,Ann,A\n2,Bo,B\n",
     Layout(wanted=frozenset({"name", "unit"})), [3, 4]),
    ("a header row that is given", b"a,b,c\nd,e,f\nid,name,unit\n1,Ann,A\n2,Bo,B\n", Layout(header_row=3), [4, 5]),
    ("a count below", b"id|name|unit\n1|Ann|A\n2|Bo|B\nTRAILER|2\n", Layout(), [2, 3]),
    ("a count below, filled up and quoted", b'id,name,unit\n1,Ann,A\n2,Bo,B\n"TRAILER","000002",\n', Layout(), [2, 3]),
    ("a count and a date below", b"id|name|unit\n1|Ann|A\n2|Bo|B\nTRL|20260304|2\n", Layout(), [2, 3]),
    ("a count of all lines", b"id|name|unit\n1|Ann|A\n2|Bo|B\nT|4\n", Layout(trailer="T|", trailer_counts="lines"),
     [2, 3]),
    ("a sum that is no count", b"id,name,unit\n1,Ann,A\n2,Bo,B\nTotal,,40\n", Layout(trailer_counts="rows"), [2, 3]),
    ("fixed width", b"1     Ann   A \n2     Bo    B \n", FIXED, [1, 2]),
    ("fixed width, blanks at the end left out", b"1     Ann   A\r\n2     Bo    B\r\n", FIXED, [1, 2]),
    ("fixed width with headings", b"id    name  unit\n1     Ann   A\n2     Bo    B\n",
     Layout(widths=((0, 6), (6, 12), (12, 16))), [2, 3]),
    ("fixed width, gaps between the columns", b"1  XXXAnn   A\n2  YYYBo    B\n",
     Layout(columns=THREE, widths=((0, 3), (6, 12), (12, 13))), [1, 2]),
    ("fixed width with a count below", b"1     Ann   A\n2     Bo    B\nTRAILER 000002\n", FIXED, [1, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "layout", "at"), [r[1:] for r in READ], ids=[r[0] for r in READ])
def test_reads_the_same_two_people(data: bytes, layout: Layout, at: list[int]) -> None:
    table = read_bytes(data, layout)
    assert table.header == THREE
    assert cells(table) == ROWS
    assert table.frame.get_column(LINE).to_list() == at
    assert table.rejected == ()


REFUSED = [
    ("fewer columns than are named", b"1,Ann\n2,Bo\n", NAMED, "not_a_table"),
    ("a header row below the end", b"id,name\n1,Ann\n", Layout(header_row=9), "no_header"),
    ("a count that is not right", b"id|name|unit\n1|Ann|A\n2|Bo|B\nTRAILER|3\n", Layout(), "truncated"),
    ("a count cut in the middle", b"id|name|unit\n1|Ann|A\n2|Bo|B\nTRAILER|",
     Layout(trailer="TRAILER", final_newline=True), "truncated"),
    ("no last row where there always is one", b"id|name|unit\n1|Ann|A\n", Layout(trailer="TRAILER"), "truncated"),
    ("fixed width cut in the last row", b"1     Ann   A \n2     Bo", FIXED, "truncated"),
    ("long separators cut in the last row", b"id+|name+|unit\n1+|Ann+|A\n2+|Bo", Layout(), "truncated"),
    ("a row end of its own cut off", b"id+|name+|unit&|\n1+|Ann+|A&|\n2+|Bo+|B", Layout(), "truncated"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "layout", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refuses_by_name(data: bytes, layout: Layout, code: str) -> None:
    assert refused(data, layout) == code


ASIDE = [
    ("a row with a long separator too few", b"id+|name+|unit\n1+|Ann+|A\n2+|Bo\n3+|Cy+|C\n", Layout(),
     (3, "too_few_fields")),
    ("a row behind the last column", b"1     Ann   A\n2     Bo    B  and more\n3     Cy    C\n", FIXED,
     (2, "too_many_fields")),
    ("a NUL byte in fixed width", b"1     Ann   A\n2     B\0    B\n3     Cy    C\n", FIXED, (2, "nul_byte")),
]  # fmt: skip


@pytest.mark.parametrize(("data", "layout", "aside"), [r[1:] for r in ASIDE], ids=[r[0] for r in ASIDE])
def test_one_bad_row_never_blocks_the_others(data: bytes, layout: Layout, aside: tuple[int, str]) -> None:
    table = read_bytes(data, layout)
    assert [(row.line, row.code) for row in table.rejected] == [aside]
    assert table.frame.get_column("id").to_list() == ["1", "3"]


def test_a_row_with_an_end_of_its_own_may_hold_line_ends() -> None:
    table = read_bytes(b"id+|name&|\n1+|An\nn&|\n2+|Bo&|\n", Layout())
    assert cells(table) == [("1", "An\nn"), ("2", "Bo")]
    assert table.frame.get_column(LINE).to_list() == [2, 4]


def test_what_stands_above_and_below_is_told_and_remembered() -> None:
    table = read_bytes(b"Employees\nid,name,unit\n1,Ann,A\n2,Bo,B\nTRAILER,2,\n", Layout())
    assert [f.check for f in table.findings] == ["remarks_skipped", "trailer_skipped"]
    assert "its count is right" in table.findings[1].message
    again = Layout().with_remembered(table.layout.to_remember())
    assert refused(b"Employees\nid,name,unit\n1,Ann,A\n", again) == "truncated"
    none = Layout(trailer="").with_remembered(table.layout.to_remember())
    assert cells(read_bytes(b"Employees\nid,name,unit\n1,Ann,A\n", none)) == [("1", "Ann", "A")]


def test_a_signed_heading_is_no_long_separator() -> None:
    assert read_bytes(b"id,#hours,#days\n1,2,3\n", Layout()).header == ("id", "#hours", "#days")
    assert read_bytes(b"id,%done\n1,2\n", Layout()).header == ("id", "%done")


@pytest.mark.parametrize("layout", [NAMED, FIXED, Layout(columns=THREE, delimiter="+|")], ids=["csv", "fixed", "long"])
def test_no_cut_makes_a_row_that_was_not_there(layout: Layout) -> None:
    text = {0: b"1,Ann,A\n2,Bo,B\n", 14: b"1     Ann   A \n2     Bo    B \n"}.get(
        layout.widths[-1][1] if layout.widths else 0, b""
    )
    whole = text if layout.delimiter is None else b"1+|Ann+|A\n2+|Bo+|B\n"
    for at in range(len(whole)):
        try:
            table = read_bytes(whole[:at], Layout(**{**vars_of(layout), "final_newline": True}))  # type: ignore[arg-type]
        except SourceUntrusted as error:
            assert error.data["code"] in {"truncated", "empty_file", "not_a_table"}
            continue
        assert cells(table) == ROWS[: table.frame.height]


def vars_of(layout: Layout) -> dict[str, object]:
    return {name: getattr(layout, name) for name in ("columns", "widths", "delimiter")}
