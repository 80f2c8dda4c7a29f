"""What comes again: windows, anniversaries, grace, and leave that does not stop validity."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.core.rules.life import GO_LIVE, Life, rule

from joinery.core.rules.learning import State

YEARLY = {"every": "12 months", "window": "60 days", "grace": "30 days"}
START, DONE = date(2026, 2, 1), date(2026, 3, 1)
EXPIRY = date(2027, 3, 1)
OPENS = EXPIRY - timedelta(days=60)


def certified(**data: object) -> Life:
    """Forklift, assigned on 1 February 2026 and passed on 1 March."""
    life = Life(rule("Forklift", give=["FORKLIFT"], recurs={**YEARLY, **data}, due="30 days"))
    life.on(START)
    life.having(completions={"course:FORKLIFT": DONE}).on(DONE)
    assert [(row.cycle, row.state) for row in life.rows] == [("", State.COMPLETED)]
    return life


def test_before_the_window_nothing_is_open() -> None:
    life = certified()
    life.on(OPENS - timedelta(days=1))
    assert life.open == ()
    assert life.decided.wake_on == OPENS


def test_in_the_window_the_next_cycle_opens_and_is_due_on_the_expiry() -> None:
    life = certified()
    life.on(OPENS)
    assert life.what() == ["assigned"]
    (row,) = life.open
    assert (row.cycle, row.due_on, row.renews) == ("2027-03-01", EXPIRY, EXPIRY)
    life.on(EXPIRY + timedelta(days=5))
    assert life.open == (row,), "overdue, the same cycle"


RENEWALS = [
    ("inside the window keeps the anniversary", date(2027, 2, 10), "2028-03-01"),
    ("on the first day of the window keeps it", OPENS, "2028-03-01"),
    ("on the expiry keeps it", EXPIRY, "2028-03-01"),
    ("after the expiry restarts", date(2027, 3, 20), "2028-03-20"),
    ("before the window restarts", date(2026, 12, 1), "2027-12-01"),
]


@pytest.mark.parametrize(("done", "cycle"), [pytest.param(d, c, id=i) for i, d, c in RENEWALS])
def test_renewal(done: date, cycle: str) -> None:
    life = certified()
    if done >= OPENS:
        life.on(OPENS)
    life.having(completions={"course:FORKLIFT": done}).on(done)
    assert life.open == ()
    life.on(date.fromisoformat(cycle) - timedelta(days=10))
    assert [row.cycle for row in life.open] == [cycle]  # type: ignore[var-annotated]


def test_renewed_between_two_evaluations_keeps_the_anniversary_of_the_open_cycle() -> None:
    life = certified()
    life.on(OPENS)
    life.having(completions={"course:FORKLIFT": OPENS + timedelta(days=3)}).on(OPENS + timedelta(days=20))
    assert [(row.cycle, row.state) for row in life.rows][-1] == ("2027-03-01", State.COMPLETED)


def test_within_the_grace_the_renewal_does_and_beyond_it_the_initial_one_is_needed() -> None:
    life = certified(renew_with="REFRESHER")
    life.on(OPENS)
    assert [row.requirement for row in life.open] == ["course:REFRESHER"]
    life.on(EXPIRY + timedelta(days=30))
    assert [row.requirement for row in life.open] == ["course:REFRESHER"]
    life.on(EXPIRY + timedelta(days=31))
    assert [(row.requirement, row.cycle) for row in life.open] == [("course:FORKLIFT", "2027-03-01")]
    withdrawn = [row for row in life.rows if row.state is State.WITHDRAWN]
    assert [row.requirement for row in withdrawn] == ["course:REFRESHER"]
    again = EXPIRY + timedelta(days=50)
    life.having(completions={"course:FORKLIFT": again}).on(again)
    assert life.open == ()
    life.on(date(2028, 4, 1))
    assert [(row.requirement, row.cycle) for row in life.open] == [("course:REFRESHER", "2028-04-20")]  # type: ignore[var-annotated]


def test_the_refresher_renews_the_initial_proof() -> None:
    life = certified(renew_with="REFRESHER")
    life.on(OPENS)
    life.having(completions={"course:FORKLIFT": DONE, "course:REFRESHER": date(2027, 2, 1)}).on(date(2027, 2, 1))
    assert life.open == ()
    life.on(date(2028, 2, 1))
    assert [(row.requirement, row.cycle) for row in life.open] == [("course:REFRESHER", "2028-03-01")]  # type: ignore[var-annotated]


def test_proof_from_before_the_rule_is_credited_and_its_cycle_opens_in_time() -> None:
    life = Life(rule("Forklift", give=["FORKLIFT"], recurs=YEARLY, due="30 days"))
    life.having(completions={"course:FORKLIFT": date(2025, 6, 1)}).on(START)
    assert life.what() == ["credited"]
    life.on(date(2026, 5, 1))
    assert [(row.cycle, row.due_on) for row in life.open] == [("2026-06-01", date(2026, 6, 1))]


def test_proof_that_had_lapsed_before_the_rule_gets_the_time_of_the_rule() -> None:
    life = Life(rule("Forklift", give=["FORKLIFT"], recurs=YEARLY, due="30 days"))
    life.having(completions={"course:FORKLIFT": date(2020, 6, 1)}).on(START)
    assert [(row.cycle, row.due_on) for row in life.open] == [("2021-06-01", START + timedelta(days=30))]


def test_a_match_that_ends_takes_an_open_cycle_but_no_proof() -> None:
    data = {"give": ["FORKLIFT"], "recurs": YEARLY, "when_match_ends": "withdraw"}
    life = Life(rule("Forklift", 'location == "Lille"', **data), location="Lille")  # type: ignore[arg-type]
    life.having(completions={"course:FORKLIFT": DONE}).on(DONE)
    life.on(OPENS)
    life.on(OPENS + timedelta(days=1), location="Paris")
    assert [row.state for row in life.rows] == [State.COMPLETED, State.WITHDRAWN]
    life.on(OPENS + timedelta(days=2), location="Lille")
    assert [row.state for row in life.rows] == [State.COMPLETED, State.OPEN]


def test_cycles_go_on_for_new_matches() -> None:
    data = {"give": ["FORKLIFT"], "recurs": YEARLY, "applies_to": "new_matches"}
    life = Life(rule("Forklift", 'location == "Lille"', **data), location="Paris")  # type: ignore[arg-type]
    life.on(GO_LIVE)
    life.on(START, location="Lille")
    life.having(completions={"course:FORKLIFT": DONE}).on(DONE)
    life.on(OPENS)
    assert [row.cycle for row in life.open] == ["2027-03-01"]


def test_a_lapse_during_leave_is_due_before_duty_and_the_rest_gets_14_days() -> None:
    life = Life(
        rule("Forklift", give=["FORKLIFT"], recurs=YEARLY),
        rule("Code", give=["CODE"], due="10 days"),
        rule("Done", give=["DONE"]),
    )
    life.having(completions={"course:FORKLIFT": DONE, "course:DONE": DONE}).on(DONE)
    done = [row for row in life.rows if row.state is State.COMPLETED]
    life.having(on_leave=True, leave_started=date(2026, 3, 5)).on(date(2026, 3, 5))
    life.on(OPENS)
    back = date(2027, 4, 1)
    life.having(on_leave=False, leave_started=None).on(back)
    assert {row.requirement: row.due_on for row in life.open} == {
        "course:FORKLIFT": back,
        "course:CODE": back + timedelta(days=14),
    }
    assert all(row in life.rows for row in done), "nothing finished is assigned again"


def test_a_lapse_during_leave_is_due_before_duty_even_if_nobody_looked_meanwhile() -> None:
    life = certified()
    back = date(2027, 4, 1)
    life.on(back)
    assert [(row.cycle, row.due_on) for row in life.open] == [("2027-03-01", back)]
