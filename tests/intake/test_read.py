"""Every encoding, delimiter and line end reads to the same cells; what cannot be read is refused by name."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.errors import SourceUntrusted, StopRun
from joinery.intake import read as reading
from joinery.intake.layout import Layout
from joinery.intake.read import LINE, Table, read_bytes, read_table

HEADER = ("Personnel no", "Name", "Größe/Note")
PEOPLE = (("007", "Zoë, Ängström", 'says "hi"'), ("0042", "Jürgen", "two\nlines"), ("9", "", "x"))
PLAIN = (("007", "Zoë", "a"), ("0042", "Jürgen", ""), ("9", "", "x"))


def written(rows: tuple[tuple[str, ...], ...], delimiter: str = ",", end: str = "\n", quoting: int = 0) -> str:
    out = io.StringIO()
    if end == "\r":  # csv.writer leaves a lone newline unquoted then
        quoting = csv.QUOTE_ALL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([HEADER, *rows])
    return out.getvalue()


def cells(table: Table) -> list[tuple[str, ...]]:
    return table.frame.drop(LINE).rows()


def lines(table: Table) -> list[int]:
    return table.frame.get_column(LINE).to_list()


def refused(data: bytes, layout: Layout | None = None) -> str:
    with pytest.raises(SourceUntrusted) as caught:
        read_bytes(data, layout or Layout())
    assert caught.value.exit_code == 5
    assert caught.value.fix
    return str(caught.value.data["code"])


@pytest.mark.parametrize("people", [PEOPLE, PLAIN], ids=["with quoted newlines", "without quotes"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL], ids=["quoted where needed", "all quoted"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_reads_the_same_cells(
    encoding: str, delimiter: str, end: str, quoting: int, people: tuple[tuple[str, ...], ...]
) -> None:
    table = read_bytes(written(people, delimiter, end, quoting).encode(encoding), Layout())
    assert cells(table) == list(people)
    assert table.header == HEADER
    assert table.delimiter == delimiter
    assert table.encoding == {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    assert [f.check for f in table.findings] == (["encoding_assumed"] if encoding == "cp1252" else [])
    assert lines(table) == ([2, 3, 5] if people is PEOPLE else [2, 3, 4])
    assert table.rejected == ()
    assert table.frame.schema == {LINE: pl.UInt32, **dict.fromkeys(HEADER, pl.String)}


REFUSED = [
    ("an empty file", b"", "empty_file"),
    ("only blank lines", b"\r\n\r\n", "empty_file"),
    ("a byte order mark and nothing else", b"\xef\xbb\xbf", "empty_file"),
    ("remarks without a header", b"# one\n# two\n", "no_header"),
    ("data where the header should be", b"1\tDay\t07:00:00\n2\tEvening\t15:00:00\n", "no_header"),
    ("an address in the first row", b"Ann,ann@example.com\nBob,bob@example.com\n", "no_header"),
    ("the same column twice", b"id,name, name \n1,a,b\n", "duplicate_header"),
    ("two-character separators and no header", b"1+|a+|b&|\n2+|a+|b&|\n", "no_header"),
    ("bytes of no encoding", b"id,name\n1,\x81\x8d\n", "unreadable_encoding"),
    ("half a UTF-16 character at the end", "id,name\n1,ä\n".encode("utf-16")[:-1], "truncated"),
    ("half a UTF-8 character at the end", "id,name\n1,Zoë\n2,Zoë".encode()[:-1], "truncated"),
    ("too few fields and no line end", b"id,name,x\n1,a,b\n2,c", "truncated"),
    ("an open quote at the end", b'id,name\n1,a\n2,"b', "truncated"),
    ("an open quote and a line end at the end", b'id,name\n1,a\n2,"b,\n', "truncated"),
    ("an open quote over whole rows, and no line end", b'id,a\n1,x\n2,"y\n3,z\n4,z', "truncated"),
    ("a header that is cut", b"employee_id,first_n", "truncated"),
    ("a header with an open quote", b'id,"name\n', "truncated"),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "unreadable_encoding"),
]


@pytest.mark.parametrize(("data", "code"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refuses_by_name(data: bytes, code: str) -> None:
    assert refused(data) == code


QUARANTINED = [
    ("a row too short", b"id,a,b\n1,x,y\n2,x\n3,x,y\n", [(3, "too_few_fields")], ["1", "3"], [2, 4]),
    ("a row too long", b"id,a\n1,x\n2,x,y\n3,x\n", [(3, "too_many_fields")], ["1", "3"], [2, 4]),
    ("two rows whose faults add up to nothing", b"id,a\n1\n2,x,y\n3,z\n4,z\n5,z\n",
     [(2, "too_few_fields"), (3, "too_many_fields")], ["3", "4", "5"], [4, 5, 6]),
    ("text behind a quote", b'id,a\n1,"x"y\n2,z\n', [(2, "stray_quote")], ["2"], [3]),
    ("a quote that is never closed in the middle", b'id,a\n1,x\n2,"y\n3,z\n4,z\n', [(3, "stray_quote")],
     ["1", "3", "4"], [2, 4, 5]),
    ("a quote closed by the next row's", b'id,a,b\n1,"x,y\n2,"p",q\n3,p,q\n', [(2, "stray_quote")], ["2", "3"], [3, 4]),
    ("a NUL byte", b"id,a\n1,x\n2,\0y\n3,z\n", [(3, "nul_byte")], ["1", "3"], [2, 4]),
    ("one line of another encoding", "id,a\n1,Zoë\n2,Zoé\n".encode() + b"3,Zo\xeb\n", [(4, "bad_bytes")],
     ["1", "2"], [2, 3]),
    ("a row too short after a quoted newline", b'id,a,b\n1,"x\ny",z\n2,z\n3,p,q\n', [(4, "too_few_fields")],
     ["1", "3"], [2, 5]),
    ("words below", b"id,a,b\n1,x,y\n2,x,y\nThat is all\n", [(4, "too_few_fields")], ["1", "2"], [2, 3]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "rejected", "ids", "at"), [r[1:] for r in QUARANTINED], ids=[r[0] for r in QUARANTINED]
)
def test_one_bad_row_never_blocks_the_others(
    data: bytes, rejected: list[tuple[int, str]], ids: list[str], at: list[int]
) -> None:
    table = read_bytes(data, Layout())
    assert [(row.line, row.code) for row in table.rejected] == rejected
    assert table.frame.get_column("id").to_list() == ids
    assert lines(table) == at


ACCEPTED = [
    ("blank lines are skipped", b"\nid,a\n\n1,x\n\n\n2,y\n\n\n", [("1", "x"), ("2", "y")], [4, 7]),
    ("blank lines in one column are skipped", b"id\n1\n\n2\n", [("1",), ("2",)], [2, 4]),
    ("an empty quoted cell in one column is a row", b'id\n"1"\n""\n', [("1",), ("",)], [2, 3]),
    ("remarks above the header are skipped", b"# by HR\n#\n\nid|a\n1|x\n", [("1", "x")], [5]),
    ("a last line without line end", b"id,a\n1,x", [("1", "x")], [2]),
    ("an end-of-file mark of old systems", b"id,a\r\n1,x\r\n\x1a", [("1", "x")], [2]),
    ("an inch mark inside a cell", b'id,a\n1,5" pipe\n', [("1", '5" pipe')], [2]),
    ("a doubled quote", b'id,a\n1,"say ""hi"""\n', [("1", 'say "hi"')], [2]),
    ("empty cells", b"id,a,b\n1,,\n,,\n", [("1", "", ""), ("", "", "")], [2, 3]),
    ("white space is kept", b"id,a\n 1 , x\n", [(" 1 ", " x")], [2]),
    ("a header only", b"id,a\n", [], []),
    ("a header only, quoted, CRLF", b'"id","a"\r\n', [], []),
    ("lone carriage returns among CRLF end lines too", b"id,a\r\n1,x\r2,y\r\n", [("1", "x"), ("2", "y")], [2, 3]),
    ("a quoted header over two lines", b'id,"a\nb"\n1,x\n', [("1", "x")], [3]),
    ("separators inside quotes", b'id;a\n1;"x;y"\n', [("1", "x;y")], [2]),
    ("a blank column name", b"id,\n1,x\n", [("1", "x")], [2]),
]


@pytest.mark.parametrize(("data", "rows", "at"), [r[1:] for r in ACCEPTED], ids=[r[0] for r in ACCEPTED])
def test_reads_what_is_odd_but_clear(data: bytes, rows: list[tuple[str, ...]], at: list[int]) -> None:
    table = read_bytes(data, Layout())
    assert cells(table) == rows
    assert lines(table) == at
    assert table.rejected == ()


def test_a_blank_column_name_gets_a_name() -> None:
    assert read_bytes(b"id,\n1,x\n", Layout()).header == ("id", "column 2")


def test_a_file_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(StopRun, match="cannot be read"):
        read_table(tmp_path / "none.csv", Layout())


def test_reads_from_a_path(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"id,a\n1,x\n")
    assert cells(read_table(path, Layout())) == [("1", "x")]


def test_a_remembered_layout_is_kept_without_a_warning() -> None:
    first = read_bytes("id;a\n1;ä\n".encode("cp1252"), Layout())
    assert first.layout == Layout(encoding="cp1252", delimiter=";", final_newline=True)
    assert read_bytes("id;a\n1;ä\n".encode("cp1252"), first.layout).findings == ()


def test_a_changed_delimiter_is_a_warning() -> None:
    table = read_bytes(b"id,a\n1,x\n", Layout(delimiter=";"))
    assert cells(table) == [("1", "x")]
    assert [f.check for f in table.findings] == ["delimiter_changed"]


def test_utf8_where_cp1252_was_remembered_is_read_right_with_a_warning() -> None:
    table = read_bytes("id,a\n1,ä\n".encode(), Layout(encoding="cp1252"))
    assert cells(table) == [("1", "ä")]
    assert [f.check for f in table.findings] == ["encoding_changed"]


def test_many_broken_rows_refuse_the_file() -> None:
    rows = b"".join(b"%d,x\n" % n for n in range(10)) + b"".join(b"%d\n" % n for n in range(11))
    assert refused(b"id,a\n" + rows) == "not_a_table"


SHOWN = [
    ("the key is the first cell", b"id,a,b\n1,x\n2,x,y,z\n3,x,y\n4,x,y\n5,x,y\n", {"1", "2", "x"}, 0),
    ("a cell too many before the key", b"a,id,b\nx,y,1,z\np,3,q\n", {"y", "1"}, 0),
    ("a cell too few before the key", b"a,b,id\ny,1\np,q,3\n", {"1"}, 0),
    ("a stray quote behind the key", b'id,a\n1,"x"y\n3,q\n', {"1"}, 0),
    ("a stray quote before the key", b'a,id\n"x"y,1\nq,3\n', set(), 1),
    ("a NUL byte elsewhere", b"id,a\n1,\0\n3,q\n", {"1"}, 0),
    ("a NUL byte in the key", b"id,a\n1\0,x\n3,q\n", set(), 1),
    ("a blank key", b"id,a,b\n ,x\n3,q,r\n", set(), 1),
]


@pytest.mark.parametrize(("data", "keys", "unknown"), [s[1:] for s in SHOWN], ids=[s[0] for s in SHOWN])
def test_rejected_rows_tell_the_keys_they_may_still_show(data: bytes, keys: set[str], unknown: int) -> None:
    assert read_bytes(data, Layout()).rejected_keys("id") == (keys, unknown)  # type: ignore[comparison-overlap]


def test_a_rejected_row_does_not_print_its_cells() -> None:
    (row,) = read_bytes(b"id,a\n1,secret,x\n2,y\n", Layout()).rejected
    assert "secret" not in repr(row)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("people", [PEOPLE, PLAIN], ids=["with quoted newlines", "without quotes"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL], ids=["quoted where needed", "all quoted"])
def test_a_file_cut_at_any_byte_is_refused_or_an_honest_prefix(
    end: str, people: tuple[tuple[str, ...], ...], quoting: int
) -> None:
    """With the remembered line end. A cut exactly at a line end is only seen by the manifest and the gate."""
    whole = written(people, end=end, quoting=quoting).encode()
    for cut in range(len(whole)):
        try:
            table = read_bytes(whole[:cut], Layout(encoding="utf-8", delimiter=",", final_newline=True))
        except SourceUntrusted as error:
            assert error.data["code"] in {"truncated", "empty_file"}
            continue
        assert cells(table) == list(people[: table.frame.height])
        assert table.rejected == ()
        assert whole[cut - 1 : cut] in {b"\n", b"\r"}


def test_without_a_remembered_line_end_only_the_last_cell_can_be_cut_and_that_is_said() -> None:
    whole = written(PLAIN).encode()
    for cut in range(len(whole) + 1):
        try:
            table = read_bytes(whole[:cut], Layout())
        except SourceUntrusted:
            continue
        got = cells(table)
        if got:
            *before, last = got
            assert before == list(PLAIN[: len(before)])
            assert last[:-1] == PLAIN[len(before)][:-1]
            assert PLAIN[len(before)][-1].startswith(last[-1])
            assert table.open_in == (() if whole[cut - 1 : cut] == b"\n" else (HEADER[-1],))


OPEN = [
    ("fixed width: all behind the last character", b"1   2026-1", Layout(columns=("id", "end", "more"), widths=((0, 4),
     (4, 14), (14, 20))), ("end", "more")),
    ("blanks behind a line end", b"id\n1\n  ", Layout(), ()),
    ("an end-of-file mark", b"id,a\n1,x\x1a", Layout(), ()),
    ("a count below", b"id,a\n1,x\nTRAILER,1", Layout(), ()),
    ("a header only", b"id,a\n", Layout(), ()),
    ("a last row that was rejected", b"id,a\n1,x\n2,x,y", Layout(), ()),
]  # fmt: skip


@pytest.mark.parametrize(("data", "layout", "columns"), [o[1:] for o in OPEN], ids=[o[0] for o in OPEN])
def test_it_is_known_where_the_last_row_may_be_cut(data: bytes, layout: Layout, columns: tuple[str, ...]) -> None:
    assert read_bytes(data, layout).open_in == columns


TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffd") | st.sampled_from(',;"\n|\t #'),
    max_size=8,
)


@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.tuples(*[TEXT] * n), min_size=1, max_size=8)),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_a_writer_wrote_is_read_as_it_was(
    rows: list[tuple[str, ...]], quoting: int, end: str, delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([[f"c{n}" for n in range(len(rows[0]))], *rows])
    table = read_bytes(out.getvalue().encode(), Layout(delimiter=delimiter))
    assert cells(table) == rows
    assert table.rejected == ()


@given(st.binary(max_size=60), st.sampled_from(["utf-8", "utf-16-le", "cp1252"]))
def test_no_bytes_at_all_make_it_crash(data: bytes, encoding: str) -> None:
    for layout in (Layout(), Layout(encoding=encoding)):
        try:
            table = read_bytes(b"id,a\n" + data, layout)
        except SourceUntrusted:
            continue
        assert table.frame.width == len(table.header) + 1
        assert table.frame.null_count().sum_horizontal().item() == 0


@given(st.text(st.sampled_from('ab,"\n\r'), max_size=40), st.sampled_from(["\n", "\r\n"]))
def test_the_quick_way_never_disagrees_with_the_certain_way(body: str, end: str) -> None:
    data = f"x,y{end}{body}{end}".encode()

    def outcome() -> object:
        try:
            table = read_bytes(data, Layout(delimiter=","))
        except SourceUntrusted as error:
            return error.data["code"]
        return cells(table), lines(table), [(row.line, row.code) for row in table.rejected]

    quick = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_fast", lambda data, head: None)
        assert quick == outcome()


def test_the_quick_way_is_taken_for_clean_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "Records", None)
    people = (PEOPLE[0], *PLAIN)
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        for end in ("\n", "\r\n"):
            table = read_bytes(written(people, end=end, quoting=quoting).encode(), Layout())
            assert cells(table) == list(people)
