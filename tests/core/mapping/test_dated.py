"""Tables whose rows hold for a time."""

from __future__ import annotations

from datetime import date

import pytest

from joinery.core.mapping.dated import DatedRow, DatedTable, clash
from joinery.core.mapping.outbound import Outbound, OutboundRow, ValueTable
from joinery.core.model.worker import Worker

JUNE, LAST, JULY = date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 1)


def row(code: str, value: str, start: date | None = None, end: date | None = None) -> DatedRow:
    return DatedRow(code=code, value=value, valid_from=start, valid_to=end)


RENAMED = DatedTable(rows=(row("47", "Ops", None, LAST), row("47", "Operations", JULY), row("48", "Shop", JUNE, LAST)))

DAYS = [
    ("before the change the old word", date(2026, 6, 15), {"47": "Ops", "48": "Shop"}),
    ("the last day is included", LAST, {"47": "Ops", "48": "Shop"}),
    ("the first day is included", JULY, {"47": "Operations"}),
    ("before its first day a row says nothing", date(2026, 5, 31), {"47": "Ops"}),
]


@pytest.mark.parametrize(("day", "expected"), [pytest.param(*case[1:], id=case[0]) for case in DAYS])
def test_a_day_decides_which_rows_hold(day: date, expected: dict[str, str]) -> None:
    assert RENAMED.on(day) == expected


NEXT = [
    ("a row that begins", ("47",), date(2026, 6, 15), JULY),
    ("a row that has ended", ("48",), date(2026, 6, 15), JULY),
    ("the first of several", ("47", "48"), date(2026, 5, 1), JUNE),
    ("nothing is to come", ("47",), JULY, None),
    ("a code that no row has", ("99",), JUNE, None),
]


@pytest.mark.parametrize(("codes", "after", "expected"), [pytest.param(*case[1:], id=case[0]) for case in NEXT])
def test_the_next_change(codes: tuple[str, ...], after: date, expected: date | None) -> None:
    assert RENAMED.next_change(codes, after) == expected


def test_a_row_without_an_end_in_this_calendar_never_ends() -> None:
    assert DatedTable(rows=(row("47", "Ops", None, date.max),)).next_change(("47",), JUNE) is None


def test_the_schedule_of_a_code_is_what_it_stands_for_and_each_change_to_come() -> None:
    assert RENAMED.schedule("47", JUNE) == ((None, "Ops"), (JULY, "Operations"))
    assert RENAMED.schedule("48", JUNE) == ((None, "Shop"), (JULY, None))
    assert RENAMED.schedule("47", JULY) == ((None, "Operations"),)


def test_rows_that_say_the_same_in_a_row_are_no_change() -> None:
    split = DatedTable(rows=(row("47", "Ops", None, LAST), row("47", "Ops", JULY)))
    assert split.schedule("47", JUNE) == ((None, "Ops"),)


CLASHES = [
    ("two values on one day", (row("47", "A", None, JULY), row("47", "B", JULY)), (0, 1)),
    ("two values for ever", (row("47", "A"), row("48", "A"), row("47", "B")), (0, 2)),
    ("one after the other", (row("47", "A", None, LAST), row("47", "B", JULY)), None),
    ("the same twice", (row("47", "A"), row("47", "A")), None),
]


@pytest.mark.parametrize(("rows", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CLASHES])
def test_two_values_on_one_day_clash(rows: tuple[DatedRow, ...], expected: tuple[int, int] | None) -> None:
    assert clash(rows) == expected


ANA = Worker(source_id="1", worker_id="1", department="47", location="L")
SPEC = Outbound(
    rows=(OutboundRow(to="department", attribute="department"),),
    tables={
        "department": ValueTable(dated=RENAMED),
        "location": ValueTable(dated=DatedTable(rows=(row("L", "Lille", JUNE),))),
    },
)


def test_an_account_gets_the_word_of_the_day() -> None:
    assert [SPEC.on(day).value(ANA, "department") for day in (LAST, JULY)] == ["Ops", "Operations"]


def test_only_tables_that_something_is_made_of_wake_anybody() -> None:
    assert SPEC.next_change(ANA, date(2026, 5, 1)) == JULY


def test_tables_without_days_are_the_same_on_every_day() -> None:
    plain = Outbound(rows=SPEC.rows, tables={"department": ValueTable(values={"47": "Ops"})})
    assert plain.on(JULY) is plain
    assert plain.next_change(ANA, JUNE) is None
    assert plain.tables["department"].schedule("47", JUNE) == ((None, "Ops"),)


UNMAPPED = [
    ("held", "hold", "48", ((None, "Shop"), (JULY, None))),
    ("kept", "keep", "48", ((None, "Shop"), (JULY, "48"))),
    ("another word", "use:Others", "48", ((None, "Shop"), (JULY, "Others"))),
    ("no code at all", "hold", "", ((None, ""),)),
]


@pytest.mark.parametrize(("unmapped", "code", "expected"), [pytest.param(*case[1:], id=case[0]) for case in UNMAPPED])
def test_a_code_whose_rows_have_ended_is_unmapped(unmapped: str, code: str, expected: object) -> None:
    assert ValueTable(dated=RENAMED, unmapped=unmapped).schedule(code, JUNE) == expected
