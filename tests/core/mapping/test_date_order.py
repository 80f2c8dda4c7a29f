"""Which way 03/04/2026 is read: decided by the whole column, remembered, or asked; never guessed."""

from __future__ import annotations

from datetime import date

import pytest

from joinery.core.mapping.date_order import Seen, in_workbook, settle
from joinery.core.mapping.dates import NotADate, parse_date
from joinery.core.mapping.spec import DateFormat, FieldSpec, MappingSpec, row_of

DAY, MONTH = "DD/MM/YYYY", "MM/DD/YYYY"
SPEC = MappingSpec(
    rows=(
        row_of("worker_id", FieldSpec(column="No")),
        row_of("hire_date", FieldSpec(column="Start")),
        row_of("termination_date", FieldSpec(column="End")),
    )
)


def seen(*pairs: tuple[int, int], iso: tuple[int, ...] = ()) -> Seen:
    return Seen(pairs=frozenset(pairs), iso_days=frozenset(iso), isos=len(iso))


OPEN = seen((3, 4), (11, 12))
DAYS, MONTHS = seen((25, 12), (3, 4)), seen((12, 25), (3, 4))
NONE = seen()

CASES = [
    ("ISO only needs no order", {"hire_date": seen(iso=(4, 30))}, None, {}, {}, []),
    ("one day above 12 decides", {"hire_date": DAYS}, None, {}, {"hire_date": DAY}, []),
    ("one month in second place above 12 decides", {"hire_date": MONTHS}, None, {}, {"hire_date": MONTH}, []),
    ("nothing decides", {"hire_date": OPEN}, None, {}, {}, ["ambiguous_dates"]),
    ("3/3 is no question", {"hire_date": seen((3, 3))}, None, {}, {}, []),
    ("the settings decide", {"hire_date": OPEN}, MONTH, {}, {"hire_date": MONTH}, []),
    ("the last file decides", {"hire_date": OPEN}, None, {"hire_date": DAY}, {"hire_date": DAY}, []),
    ("the settings beat the last file", {"hire_date": OPEN}, MONTH, {"hire_date": DAY}, {"hire_date": MONTH}, []),
    ("the column beside decides", {"hire_date": DAYS, "termination_date": OPEN}, None, {},
     {"hire_date": DAY, "termination_date": DAY}, []),
    ("columns beside that disagree decide nothing", {"hire_date": seen((25, 12), (12, 25)), "termination_date": OPEN},
     None, {}, {}, ["ambiguous_dates"]),
    ("another order than before", {"hire_date": MONTHS}, None, {"hire_date": DAY}, {"hire_date": DAY},
     ["date_order_changed"]),
    ("another order than the settings say", {"hire_date": DAYS}, MONTH, {}, {"hire_date": MONTH},
     ["date_order_changed"]),
    ("both orders in one column", {"hire_date": seen((25, 12), (12, 25), (3, 4))}, None, {}, {}, ["mixed_dates"]),
    ("both orders and nothing open", {"hire_date": seen((25, 12), (12, 25))}, None, {}, {}, []),
    ("half of them turned into dates", {"hire_date": seen((25, 12), (30, 4), (13, 1), iso=(1, 5, 12))}, None, {},
     {"hire_date": DAY}, ["dates_half_converted"]),
    ("dates among texts, both of all days", {"hire_date": seen((25, 12), (30, 4), (13, 1), iso=(1, 5, 31))}, None, {},
     {"hire_date": DAY}, []),
    ("no file has shown it yet", {"hire_date": NONE}, None, {"hire_date": DAY}, {"hire_date": DAY}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "given", "before", "decided", "told"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_order_of_a_column(
    columns: dict[str, Seen], given: str | None, before: dict[str, str], decided: dict[str, str], told: list[str]
) -> None:
    settled = settle(SPEC, columns, given, before)
    assert settled.decided == decided
    assert [finding.check for finding in settled.findings] == told
    assert {row.to: row.order.value for row in settled.spec.rows if row.order} == decided
    assert [finding.check for finding in settled.doubts] == [check for check in told if check != "mixed_dates"]


def test_the_question_names_both_readings_and_the_line_to_write() -> None:
    (asked,) = settle(SPEC, {"hire_date": OPEN}, None, {}).findings
    assert "03/04 is 3 April or 4 March" in asked.message
    assert "`dates: DD/MM/YYYY` for 3 April, `dates: MM/DD/YYYY` for 4 March" in asked.suggestion
    assert [row.to for row in settle(SPEC, {"hire_date": OPEN}, None, {}).sure.rows] == [
        "worker_id",
        "termination_date",
    ]


def test_a_format_of_its_own_is_never_asked_about() -> None:
    rows = (SPEC.rows[0], row_of("hire_date", FieldSpec(column="Start", format=DateFormat.MONTH_FIRST)))
    assert settle(MappingSpec(rows=rows), {"hire_date": DAYS}, None, {}).findings == ()


ORDERED = [
    ("03/04/2026", DateFormat.DAY_FIRST, date(2026, 4, 3)),
    ("03/04/2026", DateFormat.MONTH_FIRST, date(2026, 3, 4)),
    ("25/12/2026", DateFormat.MONTH_FIRST, date(2026, 12, 25)),
    ("2026-04-03", DateFormat.MONTH_FIRST, date(2026, 4, 3)),
    ("03.04.2026", DateFormat.MONTH_FIRST, date(2026, 4, 3)),
    ("3-Apr-2026", DateFormat.DAY_FIRST, date(2026, 4, 3)),
    ("03/04/2026", None, NotADate(code="ambiguous_date")),
]


@pytest.mark.parametrize(("text", "order", "day"), ORDERED)
def test_an_order_only_settles_what_can_be_read_in_two_ways(text: str, order: DateFormat | None, day: object) -> None:
    assert parse_date(text, None, order) == day


def test_a_date_of_a_workbook_is_read_whatever_format_its_texts_have() -> None:
    formats = (DateFormat.DAY_FIRST, DateFormat.MONTH_FIRST, DateFormat.PACKED)
    rows = tuple(row_of("hire_date", FieldSpec(column="Start", format=each)) for each in formats)
    read = in_workbook(MappingSpec(rows=rows)).rows
    assert [parse_date("2026-04-03", row.format, row.order) for row in read] == [date(2026, 4, 3)] * 3
    assert [parse_date("03/04/2026", row.format, row.order) for row in read][:2] == [date(2026, 4, 3), date(2026, 3, 4)]
    assert [row.asks_order for row in read] == [False, False, True]
