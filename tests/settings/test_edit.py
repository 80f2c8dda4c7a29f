"""Edits of settings and tables change what is meant, and keep every other letter."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.mapping.dated import DatedRow
from joinery.errors import ConfigError
from joinery.settings.edit import with_value, without_key_but
from joinery.settings.table_edit import as_table, set_row, with_rows
from joinery.settings.table_rows import TableTrouble, cells_of, rows_of

PATH = ("map", "department", "values", "4713")
#: what is there, what the line that changes becomes
FLOW = 'version: 1 # one\nmap: # codes\n  department: { values: { "4711": Logistics } } # flow\nmode: observe\n'
BLOCK = """\
map:
  # departments
  department:
    values:
      '4711': Logistics # old

    unmapped: keep

# mode
mode: observe
"""
LOCATION = "map:\n  location:\n    values: { L: Lille }\n"
EDITS = [
    ("a flow mapping", FLOW, FLOW.replace("Logistics }", 'Logistics, "4713": "Ops/North" }')),
    ("a block mapping", BLOCK, BLOCK.replace("# old\n", '# old\n      "4713": "Ops/North"\n')),
    (
        "no map yet",
        "version: 1\nmode: observe # careful\n",
        'version: 1\nmode: observe # careful\nmap:\n  department:\n    values:\n      "4713": "Ops/North"\n',
    ),
    (
        "another attribute has a map",
        LOCATION + "mode: observe\n",
        LOCATION + '  department:\n    values:\n      "4713": "Ops/North"\nmode: observe\n',
    ),
    ("a map in one line", "map: { location: { values: { L: Lille } } }\n", None),
    ("an empty map", "map: {}\n", 'map: { department: { values: { "4713": "Ops/North" } } }\n'),
    (
        "a word that is there is replaced, its comment stays",
        'map: { department: { values: { "4713": Old } } } # codes\n',
        'map: { department: { values: { "4713": "Ops/North" } } } # codes\n',
    ),
    (
        "the same in a block, without a line end",
        "map:\n  department:\n    values:\n      4713: 'Old' # why",
        'map:\n  department:\n    values:\n      4713: "Ops/North" # why',
    ),
]


@pytest.mark.parametrize(("before", "after"), [pytest.param(*case[1:], id=case[0]) for case in EDITS])
def test_a_word_is_written_where_it_belongs(before: str, after: str | None) -> None:
    edited = with_value(before, PATH, "Ops/North")
    assert after is None or edited == after
    # once more changes nothing
    assert with_value(edited, PATH, "Ops/North") == edited


REFUSED = [
    ("no settings", "- a list\n"),
    ("not YAML", "map: {\n"),
    ("an alias that stands for two places", "a: &x { values: { a: b } }\nmap: { department: *x }\n"),
]


@pytest.mark.parametrize("before", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_changed_safely_is_not_changed(before: str) -> None:
    with pytest.raises(Exception, match=r"cannot be|expected|list"):
        with_value(before, PATH, "Ops/North")


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1),
    st.sampled_from([FLOW, BLOCK]),
)
def test_whatever_the_word_is_it_comes_back(word: str, text: str) -> None:
    edited = with_value(text, PATH, word)
    assert with_value(edited, PATH, "x") == with_value(text, PATH, "x")


def test_values_become_a_table() -> None:
    assert without_key_but(FLOW, ("map", "department", "values"), "table", "maps/d.csv") == FLOW.replace(
        'values: { "4711": Logistics }', 'table: "maps/d.csv"'
    )
    told = without_key_but(BLOCK, ("map", "department", "values"), "table", "maps/d.csv")
    assert 'table: "maps/d.csv" # old\n\n    unmapped: keep\n' in told and "# departments" in told
    with pytest.raises(ConfigError, match="cannot be changed safely"):
        without_key_but(FLOW, ("map", "location", "values"), "table", "maps/d.csv")


TODAY, JULY = date(2026, 6, 15), date(2026, 7, 1)


def row(code: str, value: str, start: date | None = None, end: date | None = None) -> DatedRow:
    return DatedRow(code=code, value=value, valid_from=start, valid_to=end)


OPS, SHOP = row("47", "Ops"), row("48", "Shop")
ENDED, BEGUN = row("47", "Ops", None, date(2026, 6, 30)), row("47", "North", JULY)
SETS = [
    ("a new code", (SHOP,), None, (SHOP, row("47", "North"))),
    ("another word at once", (OPS, SHOP), None, (row("47", "North"), SHOP)),
    ("another word from a day on", (OPS, SHOP), JULY, (ENDED, SHOP, BEGUN)),
    ("a new code from a day on", (SHOP,), JULY, (SHOP, BEGUN)),
    ("the day is there already", (ENDED, row("47", "South", JULY)), JULY, (ENDED, BEGUN)),
    (
        "between two rows",
        (row("47", "Old", None, date(2026, 12, 31)), row("47", "New", date(2027, 1, 1))),
        JULY,
        (
            row("47", "Old", None, date(2026, 6, 30)),
            row("47", "New", date(2027, 1, 1)),
            row("47", "North", JULY, date(2026, 12, 31)),
        ),
    ),
    (
        "before the first row",
        (row("47", "New", date(2027, 1, 1)),),
        JULY,
        (row("47", "New", date(2027, 1, 1)), row("47", "North", JULY, date(2026, 12, 31))),
    ),
]


@pytest.mark.parametrize(("rows", "since", "expected"), [pytest.param(*case[1:], id=case[0]) for case in SETS])
def test_a_word_for_a_code(rows: tuple[DatedRow, ...], since: date | None, expected: tuple[DatedRow, ...]) -> None:
    assert set_row(rows, "47", "North", since, TODAY) == expected


def test_at_once_means_nothing_where_rows_hold_on_other_days_only() -> None:
    with pytest.raises(TableTrouble, match="--effective"):
        set_row((row("47", "New", JULY),), "47", "North", None, TODAY)


TEXTS = [
    (
        "commas",
        'code,value\n47,Ops\n48,"Shop, old"\n',
        'code,value,valid_from,valid_to\n48,"Shop, old"\n47,Ops,,2026-06-30\n47,North,2026-07-01,\n',
    ),
    ("semicolons and no heading", "47;Ops\n48;Shop, old\n", "48;Shop, old\n47;Ops;;2026-06-30\n47;North;2026-07-01;\n"),
    ("columns the other way round", 'value,code\nOps,47\n"Shop, old",48\n', None),
]


@pytest.mark.parametrize(("before", "after"), [pytest.param(*case[1:], id=case[0]) for case in TEXTS])
def test_lines_that_are_not_meant_stay_as_they_were_written(before: str, after: str | None) -> None:
    rows = rows_of(cells_of(before))
    wanted = set_row(rows, "47", "North", JULY, TODAY)
    edited = with_rows(before, rows, wanted)
    assert after is None or edited == after
    assert sorted(map(str, rows_of(cells_of(edited)))) == sorted(map(str, wanted))


def test_a_table_from_nothing_has_days_only_where_there_are_any() -> None:
    assert as_table([OPS]) == "code,value\n47,Ops\n"
    assert as_table([ENDED]) == "code,value,valid_from,valid_to\n47,Ops,,2026-06-30\n"
    assert with_rows("", (), (OPS,)) == "code,value\n47,Ops\n"
