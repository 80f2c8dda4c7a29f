"""Why and why not, in sentences: every rule that misses names a failing condition, and nothing is told twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from tests.core.rules.life import GO_LIVE, Life, exemption, manual, rule
from tests.core.rules.test_conditions_properties import FACTS, TEXTS

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.conditions import WorkerFacts
from joinery.core.rules.due import Calendar
from joinery.core.rules.enrolment import assignments_for
from joinery.core.rules.explain import Origin, why, why_not
from joinery.core.rules.subject import Subject

COURSE = RequirementKey("course:COURSE")
LATER = GO_LIVE + timedelta(days=30)


@given(TEXTS, FACTS)
def test_exactly_one_of_why_and_why_not_answers_and_a_miss_names_a_condition(text: str, facts: WorkerFacts) -> None:
    asked = rule("R", text)
    subject = Subject(facts=facts, as_of=LATER, known_on=LATER, go_live=GO_LIVE, hire_date=facts.worker.hire_date)
    decided = assignments_for(subject, (asked,), (), Calendar())
    has, misses = why(decided, COURSE), why_not(decided, COURSE)
    assert bool(has) is not bool(misses)
    (verdict,) = decided.verdicts
    if verdict.matched is not True:
        against = verdict.explanation.nearest_failure()
        assert against
        assert all(condition in misses[0] for condition in against)


def test_that_a_value_is_known_goes_without_saying_where_the_value_is_told() -> None:
    life = Life(rule("R", 'known(job_level) and job_level == "Manager"'), job_level="Manager")
    life.on(LATER)
    (told, _) = (*why(life.decided, COURSE, {"job_level": Origin(source="hris")}), "")[:2]
    assert told.endswith('job_level is "Manager" (from hris).')
    assert "is known" not in told


def test_that_a_value_is_known_is_told_where_nothing_else_is() -> None:
    life = Life(rule("R", "known(job_level)"), job_level="Manager")
    life.on(LATER)
    assert why(life.decided, COURSE)[0].endswith("job_level is known.")


DONE = {
    "a rule": ({}, "; asked for by rule R."),
    "a rule and a person": ({"manual": (manual(),)}, "; asked for by rule R, ann, by hand."),
}


@pytest.mark.parametrize(("more", "expected"), DONE.values(), ids=DONE.keys())
def test_what_is_done_names_who_had_asked_for_it(more: dict[str, object], expected: str) -> None:
    life = Life(rule("R"), rule("Other", 'country == "FR"')).having(**more)
    life.on(GO_LIVE)
    life.having(completions={COURSE: LATER}).on(LATER)
    assert why_not(life.decided, COURSE) == (f"course:COURSE was completed on {LATER}{expected}",)


def test_an_exemption_is_told_before_the_rule_it_stands_against() -> None:
    life = Life(rule("R", 'location == "Lille"'), location="Paris").having(exemptions=(exemption(date(2026, 12, 31)),))
    life.on(LATER)
    first, second = why_not(life.decided, COURSE)
    assert first == "ann decided on an exemption from course:COURSE until 2026-12-31."
    assert second.endswith('does not match: location is "Paris", not "Lille".')


def test_an_exemption_outweighs_the_rule_that_gave_it() -> None:
    life = Life(rule("R", 'location == "Lille"', applies_to="new_matches"), location="Paris")
    life.on(GO_LIVE)
    life.on(LATER, location="Lille")
    life.having(exemptions=(exemption(),)).on(LATER + timedelta(days=1))
    _, second = why_not(life.decided, COURSE)
    assert second.endswith("asks for it; the exemption outweighs that.")
