"""Days on which a condition changes its answer by the calendar alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.model.worker import Worker
from joinery.core.rules.conditions import Vocabulary, WorkerFacts, parse

HIRED, TODAY = date(2026, 1, 1), date(2026, 3, 1)


def facts(today: date = TODAY, hired: date | None = HIRED) -> WorkerFacts:
    worker = Worker(source_id="1", worker_id="1", hire_date=hired, termination_date=date(2026, 6, 30), fte="10")
    return WorkerFacts(worker=worker, derived={"today": today, "go_live": HIRED, "has_reports": False})


CASES = [
    ("so many days after the hire", "tenure_days >= 90", [date(2026, 4, 1), date(2026, 4, 2)]),
    ("a part of a day counts as one", "tenure_days > 89.5", [date(2026, 4, 1), date(2026, 4, 2)]),
    ("a day", 'today >= date("2026-05-01")', [date(2026, 5, 1), date(2026, 5, 2)]),
    ("the day of an attribute", "termination_date < today", [date(2026, 6, 30), date(2026, 7, 1)]),
    ("an attribute as a number", "tenure_days > fte", [date(2026, 1, 11), date(2026, 1, 12)]),
    ("several", "tenure_days in [1, 3]", [date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 4), date(2026, 1, 5)]),
    (
        "inside of something else",
        'country == "FR" and not (tenure_days < 30 or has_reports)',
        [date(2026, 1, 31), date(2026, 2, 1)],
    ),
    ("nothing that moves by itself", 'hire_date >= go_live and country == "FR"', []),
    ("whether it is known", "known(hire_date)", []),
]


@pytest.mark.parametrize(("condition", "days"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_the_days(condition: str, days: list[date]) -> None:
    assert list(parse(condition, Vocabulary()).turns(facts())) == days


def test_without_a_hire_date_tenure_never_turns() -> None:
    assert parse("tenure_days >= 90", Vocabulary()).turns(facts(hired=None)) == ()


@given(
    st.sampled_from(["tenure_days {} 20", 'today {} date("2026-01-21")', "termination_date {} today"]),
    st.sampled_from([">", ">=", "<", "<=", "==", "!="]),
    st.integers(min_value=-5, max_value=250),
)
def test_no_answer_changes_on_a_day_that_is_not_named(text: str, operator: str, after: int) -> None:
    condition, day = parse(text.format(operator), Vocabulary()), HIRED + timedelta(days=after)
    before, then = facts(day), facts(day + timedelta(days=1))
    if condition.holds(before) is not condition.holds(then):
        assert day + timedelta(days=1) in condition.turns(before)
