"""Several rows of one person in news of changes: which came last, and where nothing shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from joinery.core.mapping.spec import FieldSpec, MappingSpec, row_of
from joinery.core.mapping.succession import Said, agreed_end, by_person, in_turn, lives_in, unclear_finding
from joinery.core.model.worker import Status

NAMES = ("worker_id", "given_name", "family_name", "work_email", "status", "hire_date", "termination_date", "job_title")
TIMES = ("changed_at", "effective_date")
SPEC = MappingSpec(rows=tuple(row_of(name, FieldSpec(column=name)) for name in (*NAMES, *TIMES)))
ANA = {"worker_id": "007", "given_name": "Ana", "family_name": "Ruiz", "work_email": "ana@acme.example"}
WORKS = (
    ANA
    | {"status": "Active", "hire_date": "2020-01-15", "termination_date": "", "job_title": "Clerk"}
    | dict.fromkeys(TIMES, "")
)
Row = dict[str, str]


def row(**values: str) -> Row:
    return WORKS | values


def at(hour: int, **values: str) -> Row:
    """Written at this hour."""
    return row(changed_at=f"2026-11-20T{hour:02}:00Z", **values)


def on(day: str, **values: str) -> Row:
    """It holds from this day."""
    return row(effective_date=f"2026-{day}", **values)


def said(rows: Sequence[Row]) -> list[Said]:
    return [Said(SPEC, each) for each in rows]


GONE = {"status": "Terminated"}
LAST_DAY = {"termination_date": "2026-11-20"}
BACK = {"hire_date": "2026-12-01"}


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        pytest.param([at(12), at(10)], (1, 0), id="what HR wrote later is later, wherever it stands"),
        pytest.param([on("12-01"), on("11-20")], (1, 0), id="without record times what holds later is later"),
        pytest.param([at(9, effective_date="2026-12-01"), at(10, effective_date="2026-11-01")], (0, 1),
                     id="when it was written comes before when it holds"),
        pytest.param([at(9, effective_date="2026-12-01"), at(9, effective_date="2026-11-01")], (1, 0),
                     id="of what was written at one moment, what holds later is later"),
        pytest.param([row(job_title="A"), row(job_title="B")], (0, 1), id="without times the order of the file counts"),
        pytest.param([on("11-20", job_title="A"), on("11-20", job_title="B")], (0, 1),
                     id="of one day the order of the file counts"),
        pytest.param([at(12), at(10), row()], (0, 1, 2), id="a time that only some rows have says nothing"),
        pytest.param([row(changed_at="soon"), at(10)], (0, 1), id="nor does one that cannot be read"),
        pytest.param([row(changed_at="2026-11-20T10:00+02:00"), row(changed_at="2026-11-20T09:00")], (0, 1),
                     id="moments of two zones are compared as moments; without a zone they are UTC"),
        pytest.param([at(9, **GONE), at(10, job_title="B"), at(11, **GONE)], (0, 1, 2), id="three in a row"),
    ],
)  # fmt: skip
def test_the_order_in_which_they_were_said(rows: list[Row], order: tuple[int, ...]) -> None:
    assert in_turn([said(rows)])[0].order == order


@pytest.mark.parametrize(
    ("rows", "unclear"),
    [
        pytest.param([row(), row(job_title="B")], (), id="the last word counts"),
        pytest.param([row(job_title="B"), row(**GONE)], (), id="a transfer and then an end on one day"),
        pytest.param([row(job_title="B"), row(**GONE, **LAST_DAY)], (), id="the same with a last day"),
        pytest.param([row(**GONE), row()], ("status",), id="an end, and a row without it that stands behind"),
        pytest.param([at(9, **GONE), at(12)], (), id="HR took the end back later: it says when"),
        pytest.param([on("11-20", **GONE), on("12-01")], (), id="back from a later day on"),
        pytest.param([on("11-20", **GONE), on("11-20")], ("status",), id="out and in from the very same day on"),
        pytest.param([at(9, **GONE), at(9)], ("status",), id="out and in, written at one moment"),
        pytest.param([row(**GONE, **LAST_DAY), row(**BACK)], (), id="gone and hired again: the days say it"),
        pytest.param([row(**GONE), row(**BACK)], (), id="gone without a day, and hired anew"),
        pytest.param([row(**GONE, **LAST_DAY), row(hire_date="2026-11-01")], ("status", "termination_date"),
                     id="hired before the end is not hired again"),
        pytest.param([row(**LAST_DAY), row(job_title="B")], ("termination_date",), id="an end to come that is lost"),
        pytest.param([row(**LAST_DAY), row(termination_date="2026-12-31")], (), id="an end that is moved"),
        pytest.param([row(**GONE, **LAST_DAY), row(**GONE)], (), id="still gone, and no day any more"),
        pytest.param([row(**GONE), row(status="")], ("status",), id="an empty word does not take an end back"),
        pytest.param([row(**GONE), row(status="Zzz")], ("status",), id="nor does one that nobody knows"),
        pytest.param([row(**GONE, **LAST_DAY), row(status="Notice", **LAST_DAY)], (), id="the same day in other words"),
        pytest.param([row(**GONE), row(**GONE), row()], ("status",), id="said twice and then not at all"),
        pytest.param([row(**GONE), row(), row(**GONE)], ("status",), id="to and fro"),
        pytest.param([row(), row()], (), id="the same row twice"),
        pytest.param([row(), row(given_name="Ola", family_name="Nord", work_email="o@acme.example")], ("worker_id",),
                     id="two people under one number"),
        pytest.param([row(), row(family_name="Nord", work_email="a.nord@acme.example")], (),
                     id="married: one name is the same"),
        pytest.param([row(), row(given_name="", family_name="", work_email="")], (), id="a row that names nobody"),
    ],
)  # fmt: skip
def test_what_nobody_can_tell_the_last_word_of(rows: list[Row], unclear: tuple[str, ...]) -> None:
    assert in_turn([said(rows)])[0].unclear == unclear


NEWEST_FIRST = [on("12-01"), on("11-20")]


@pytest.mark.parametrize(
    ("rows", "unclear"),
    [
        pytest.param([row(job_title="A"), row(job_title="B")], ("job_title",), id="two titles"),
        pytest.param([row(**GONE), row()], ("status",), id="out and in"),
        pytest.param([row(), row(**GONE)], ("status",), id="in and out: it may have been the other way round"),
        pytest.param(
            [row(**GONE), row(**GONE, job_title="B")], ("job_title",), id="the end is clear, the title is not"
        ),
        pytest.param([row(), row(given_name="")], (), id="an empty cell that keeps what was says nothing"),
        pytest.param([row(), row(job_title="")], ("job_title",), id="one that means none does"),
        pytest.param([row(), row()], (), id="the same row twice"),
        pytest.param([on("11-20", **GONE), on("12-01")], (), id="what has days of its own is in order"),
    ],
)
def test_in_a_file_whose_order_is_not_that_of_time_their_place_says_nothing(
    rows: list[Row], unclear: tuple[str, ...]
) -> None:
    assert in_turn([said(NEWEST_FIRST), said(rows)])[1].unclear == unclear


def test_the_place_says_nothing_also_where_record_times_stand_backwards() -> None:
    assert in_turn([said([at(12), at(10)]), said([row(job_title="A"), row(job_title="B")])])[1].unclear


def test_a_row_of_a_push_that_has_no_such_cell_takes_nothing_back() -> None:
    short = MappingSpec(rows=tuple(row_of(name, FieldSpec(column=name)) for name in ("worker_id", "job_title")))
    rows = [Said(SPEC, row(**GONE, **LAST_DAY)), Said(short, {"worker_id": "007", "job_title": "B"})]
    assert in_turn([rows])[0].unclear == ()


def test_lists_of_leavers_agree_that_somebody_leaves() -> None:
    spec = MappingSpec(
        rows=tuple(row_of(n, FieldSpec(column=n)) for n in ("worker_id", "termination_date")), part="leavers"
    )
    rows = [{"worker_id": "007", "termination_date": day} for day in ("2026-11-20", "")]
    assert in_turn([[Said(spec, each) for each in rows]])[0].unclear == ()


@pytest.mark.parametrize(
    ("rows", "end"),
    [
        pytest.param([row(**GONE), row(**GONE, **LAST_DAY)], date(2026, 11, 20), id="all tell of it: by the last day"),
        pytest.param([row(**GONE), row(**GONE)], None, id="all tell of it, none has a day"),
    ],
)
def test_an_end_that_all_rows_tell_is_one(rows: list[Row], end: date | None) -> None:
    assert agreed_end(said(rows)) == ("Terminated", Status.TERMINATED, end)


def test_an_end_that_one_row_does_not_tell_is_none() -> None:
    assert agreed_end(said([row(**GONE), row()])) is None


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        pytest.param([row(job_title="B"), row(**GONE, **LAST_DAY)], [2], id="a transfer and an end"),
        pytest.param([row(**GONE, **LAST_DAY), row(**BACK)], [1, 1], id="gone, and hired anew after the last day"),
        pytest.param([row(**GONE), row(**BACK)], [1, 1], id="gone without a day, and hired anew"),
        pytest.param([row(job_title="B"), row(**LAST_DAY), row(**BACK), row(**BACK, job_title="C")], [2, 2],
                     id="what is said before and after goes with it"),
        pytest.param([row(**GONE, **LAST_DAY), *[row(**BACK, **LAST_DAY, job_title=title) for title in "BC"]], [1, 2],
                     id="HR forgot to clear the end"),
        pytest.param([row(**GONE, **LAST_DAY), row(hire_date="2026-11-01")], [2], id="hired before the end"),
        pytest.param([at(9, **GONE), at(12)], [2], id="an end that is taken back"),
        pytest.param([row(), row(**BACK)], [2], id="a first day that moves, without an end"),
        pytest.param([row(**GONE, **LAST_DAY), row(**BACK), row(**BACK, **GONE, termination_date="2027-01-31"),
                      row(hire_date="2027-03-01")], [1, 2, 1], id="twice"),
    ],
)  # fmt: skip
def test_where_somebody_is_back_after_an_end(rows: list[Row], parts: list[int]) -> None:
    assert [len(life) for life in lives_in(SPEC, rows)] == parts


def test_whoever_stands_on_several_rows_and_no_row_without_a_number() -> None:
    assert by_person(["1", "2", "1", "", ""]) == {"1": [0, 2]}


def test_what_is_told_of_it_holds_no_values() -> None:
    found = unclear_finding("007", ("status", "job_title"), 2)
    assert found.message == "2 rows tell of 007, differ in status, job_title, and nothing shows which came last."
