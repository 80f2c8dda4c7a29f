"""Laws of deciding, over random lives: idempotent, order-free, one row per identity, nothing completed is lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.rules.life import GO_LIVE, Life, exemption, manual, rule

from joinery.core.rules.learning import LearningRule, State
from joinery.core.rules.storing import decode_assignment, encode_assignment
from joinery.core.rules.subject import Decided

CONDITIONS = [
    'location == "Lille"',
    'country == "FR"',
    'changed_to(location, "Lille")',
    'not location == "Paris"',
    "tenure_days > 2300",
    "True",
]
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "when": st.sampled_from(CONDITIONS),
    "give": st.sampled_from([["COURSE"], ["COURSE", "OTHER"], ["OTHER"]]),
    "groups": st.sampled_from([[], ["G1"], ["G1", "G2"]]),
    "due": st.sampled_from([None, "30 days", "2 days", "on 2026-06-30"]),
    "applies_to": st.sampled_from(["everyone", "new_matches"]),
    "when_match_ends": st.sampled_from(["keep", "withdraw", "withdraw_if_not_started"]),
    "counts_if_done_within": st.sampled_from([None, "6 months"]),
    "recurs": st.sampled_from([None, {"every": "6 months", "window": "20 days", "renew_with": "OTHER"}, "3 months"]),
}
RULES = st.lists(st.fixed_dictionaries(OPTIONS), min_size=1, max_size=3).map(
    lambda several: tuple(rule(f"R{index}", **data) for index, data in enumerate(several))
)
COURSES = st.sampled_from(["course:COURSE", "course:OTHER"])
STEP = st.fixed_dictionaries(
    {"days": st.integers(0, 120)},
    optional={
        "location": st.sampled_from(["", "Lille", "Paris"]),
        "country": st.sampled_from(["", "FR", "DE"]),
        "done": COURSES,
        "on_leave": st.booleans(),
        "left": st.booleans(),
        "started": st.frozensets(COURSES),
        "exempt": st.booleans(),
        "manual": st.booleans(),
    },
)
LIVES = st.lists(STEP, min_size=1, max_size=7)


def lived(rules: tuple[LearningRule, ...], steps: list[dict[str, Any]]) -> list[tuple[date, Decided]]:
    """The life after each step; `Life.on` itself checks that deciding twice changes nothing."""
    life, day, done, seen = Life(*rules), GO_LIVE, {}, []
    for step in steps:
        day += timedelta(days=step["days"])
        if "done" in step:
            done[step["done"]] = day
        given_now: dict[str, Any] = {"completions": dict(done)}
        given_now |= {name: step[name] for name in ("on_leave", "left", "started") if name in step}
        if "exempt" in step:
            given_now["exemptions"] = (exemption(),) if step["exempt"] else ()
        if "manual" in step:
            given_now["manual"] = (manual(),) if step["manual"] else ()
        life.having(**given_now).on(day, **{name: step[name] for name in ("location", "country") if name in step})
        seen.append((day, life.decided))
    return seen


def keeps_the_laws(rules: tuple[LearningRule, ...], steps: list[dict[str, Any]]) -> None:
    before: dict[tuple[str, str], Any] = {}
    for day, decided in lived(rules, steps):
        rows = {(row.requirement, row.cycle): row for row in decided.assignments}
        assert len(rows) == len(decided.assignments), "one assignment of one identity"
        for identity, old in before.items():
            assert identity in rows, "nothing remembered is forgotten"
            if old.state is State.COMPLETED:
                assert rows[identity] == old, "nothing completed is touched"
            if old.state is State.OPEN and rows[identity].state is State.OPEN and old.due_on:
                assert rows[identity].due_on >= old.due_on or rows[identity].by_hand, "no due date moves earlier"
        for identity, row in rows.items():
            if identity not in before and row.state is State.OPEN and row.due_on:
                assert row.due_on >= day, "nobody starts out overdue"
            assert decode_assignment(encode_assignment(row)) == row
        for change in decided.changes:
            assert change.because, "no change without a reason"
        before = rows  # type: ignore[assignment]


@settings(max_examples=300, deadline=None)
@given(RULES, LIVES)
def test_a_life_keeps_the_laws(rules: tuple[LearningRule, ...], steps: list[dict[str, Any]]) -> None:
    keeps_the_laws(rules, steps)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(RULES, LIVES)
def test_many_lives_keep_the_laws(rules: tuple[LearningRule, ...], steps: list[dict[str, Any]]) -> None:
    keeps_the_laws(rules, steps)


def does_not_see_the_order(rules: tuple[LearningRule, ...], steps: list[dict[str, Any]], random: Any) -> None:
    mixed = list(rules)
    random.shuffle(mixed)
    one, other = lived(rules, steps), lived(tuple(mixed), steps)
    for (_, first), (_, second) in zip(one, other, strict=True):
        assert first.assignments == second.assignments
        assert first.groups == second.groups


@settings(max_examples=200, deadline=None)
@given(RULES, LIVES, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(
    rules: tuple[LearningRule, ...], steps: list[dict[str, Any]], random: Any
) -> None:
    does_not_see_the_order(rules, steps, random)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(RULES, LIVES, st.randoms(use_true_random=False))
def test_in_many_lives_the_order_of_rules_does_not_matter(
    rules: tuple[LearningRule, ...], steps: list[dict[str, Any]], random: Any
) -> None:
    does_not_see_the_order(rules, steps, random)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "Lille", "Paris"]), st.integers(1, 90)), max_size=10), RULES)
def test_to_and_fro_never_makes_two_of_one(moves: list[tuple[str, int]], rules: tuple[LearningRule, ...]) -> None:
    plain = tuple(each for each in rules if each.recurs is None and each.counts_if_done_within is None)
    life, day = Life(*plain), date(2026, 2, 2)
    life.on(GO_LIVE)
    assigned: list[str] = []
    for place, days in moves:
        day += timedelta(days=days)
        decided = life.on(day, location=place)
        assigned += [change.after.key for change in decided.changes if change.what == "assigned"]
    assert len(assigned) == len(set(assigned))
