"""Things a sceptical customer tries on day one, told with the starter rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.core.rules.life import GO_LIVE, Life, exemption, manual, rule

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.conditions import Vocabulary
from joinery.core.rules.explain import Origin, why, why_not
from joinery.core.rules.learning import LearningRule, State
from joinery.core.rules.rule_data import rule_from
from joinery.core.rules.starters import STARTERS, location_compliance


def starters() -> tuple[LearningRule, ...]:
    return tuple(rule_from(data, Vocabulary(), GO_LIVE) for several in STARTERS.values() for data in several)


@pytest.mark.parametrize(
    "facts",
    [
        {"job_title": "Clerk", "country": "US", "location": "New York"},
        {"job_title": "Manager", "job_level": "Director", "location": "London"},
        {"job_title": "", "country": ""},
    ],
    ids=["in the country of a rule", "a manager", "hardly any facts"],
)
def test_1_veterans_get_no_onboarding_and_nothing_is_overdue(facts: dict[str, Any]) -> None:
    life = Life(*starters(), **facts)
    life.on(GO_LIVE)
    for days in (1, 30, 300):
        life.on(GO_LIVE + timedelta(days=days))
        assert life.rows == ()
        assert life.decided.changes == ()


def test_day_one_the_new_hire_gets_the_onboarding_path() -> None:
    start = date(2026, 9, 1)
    life = Life(*starters(), hire_date=start, job_title="Clerk")
    life.having(employed=False).on(start - timedelta(days=20))
    assert life.rows == ()
    life.having(employed=True, account_created_on=start - timedelta(days=7)).on(start - timedelta(days=7))
    assert [(row.requirement, row.due_on) for row in life.open] == [
        ("path:Onboarding_Path", start + timedelta(days=30))
    ]


def test_7_london_to_new_york_back_dated_40_days_is_due_from_the_day_known() -> None:
    known = date(2026, 9, 14)
    life = Life(*starters(), location="London", country="UK")
    life.on(GO_LIVE)
    life.on(known, location="New York", country="US")
    assert [(row.requirement, row.due_on) for row in life.open] == [
        ("course:US-COMPLIANCE", known + timedelta(days=30))
    ]
    origins = {"country": Origin(source="Workday", changed_on=known - timedelta(days=40))}
    (reason, due) = why(life.decided, life.open[0].requirement, origins)
    assert "rule US-COMPLIANCE (version " in reason
    assert 'country is "US" (from Workday, changed 2026-08-05)' in reason
    assert due == "Assigned on 2026-09-14, due on 2026-10-14."


def test_what_the_old_place_granted_is_kept() -> None:
    life = Life(*starters(), location="New York", country="US")
    life.on(GO_LIVE)
    life.on(date(2026, 3, 2), location="London", country="UK")
    life.on(date(2026, 5, 4), location="New York", country="US")
    assert {row.requirement: row.state for row in life.rows} == {
        "course:UK-COMPLIANCE": State.OPEN,
        "course:US-COMPLIANCE": State.OPEN,
    }


def test_8_a_manager_typo_fixed_twice_gives_one_leadership_101() -> None:
    life = Life(*starters(), job_title="Clerk")
    life.on(GO_LIVE)
    seen = []
    for days, title in ((1, "Manager"), (2, "Clerk"), (3, "Manager"), (4, "Clerk"), (60, "Manager")):
        life.on(GO_LIVE + timedelta(days=days), job_title=title)
        seen += life.what()
    assert seen == ["assigned"]
    assert life.only.due_on == GO_LIVE + timedelta(days=91)


TITLES = [
    ("reports say more than a title", {"job_title": "Clerk"}, True, True),
    ("an account manager is nobody's manager", {"job_title": "Account Manager"}, False, False),
    ("a manager by title where HR gives no level and no code", {"job_title": "Manager"}, False, True),
    ("a manager of something", {"job_title": "Manager of Operations"}, False, True),
    (
        "a level that says otherwise outweighs the title",
        {"job_title": "Manager", "job_level": "Specialist"},
        False,
        False,
    ),
    ("a level that says so", {"job_title": "Head", "job_level": "Director"}, False, True),
    ("a code makes the title count for nothing", {"job_title": "Manager", "job_code": "4711"}, False, False),
]


@pytest.mark.parametrize(("facts", "reports", "expected"), [pytest.param(f, r, e, id=i) for i, f, r, e in TITLES])
def test_who_leads(facts: dict[str, str], reports: bool, expected: bool) -> None:
    life = Life(*starters(), job_title="Trainee", job_level="")
    life.on(GO_LIVE)
    life.derived["has_reports"] = reports
    life.on(date(2026, 3, 2), **facts)
    assert bool(life.rows) is expected


def test_9_back_from_leave_the_remaining_days_are_restored_and_nothing_is_done_again() -> None:
    life = Life(*starters(), hire_date=GO_LIVE, job_title="Clerk")
    life.on(GO_LIVE)
    away, back = date(2026, 2, 1), date(2026, 12, 1)
    life.having(on_leave=True, leave_started=away).on(away)
    life.having(on_leave=False, leave_started=None).on(back)
    assert life.only.due_on == back + timedelta(days=14)
    life.having(completions={"path:Onboarding_Path": back}).on(back)
    life.having(on_leave=True, leave_started=date(2027, 1, 1)).on(date(2027, 1, 1))
    life.having(on_leave=False).on(date(2027, 9, 1))
    assert life.only.state is State.COMPLETED


def test_a_site_table_helps_where_hr_gives_no_country() -> None:
    data = location_compliance("FR-COMPLIANCE", ("FR",), ("Lille",), give="path:France")
    life = Life(rule_from(data, Vocabulary(), GO_LIVE), location="Rome", country="IT")
    life.on(GO_LIVE)
    life.on(date(2026, 3, 2), location="Lille", country="")
    assert life.only.requirement == "path:France"


# --- why and why not


def explained() -> Life:
    return Life(rule("Lille", 'location == "Lille" and country == "FR"', due="30 days"), location="Paris", country="FR")


def test_why_not_names_the_nearest_failing_condition() -> None:
    life = explained()
    life.on(GO_LIVE)
    (sentence,) = why_not(life.decided, RequirementKey("course:COURSE"))
    assert sentence.endswith('does not match: location is "Paris", not "Lille".')
    assert why(life.decided, RequirementKey("course:COURSE")) == ()


def test_why_not_of_what_no_rule_gives() -> None:
    life = explained()
    life.on(GO_LIVE)
    assert why_not(life.decided, RequirementKey("course:NEVER")) == ("No rule gives course:NEVER.",)


def test_why_not_when_it_cannot_be_told() -> None:
    life = explained()
    life.on(GO_LIVE, country="", location="Lille")
    (sentence,) = why_not(life.decided, RequirementKey("course:COURSE"))
    assert sentence.endswith("cannot be told: country is not known.")


def test_why_not_names_the_exemption_and_who_decided_it() -> None:
    life = explained().having(exemptions=(exemption(until=date(2026, 12, 31)),))
    life.on(GO_LIVE, location="Lille")
    said = "ann decided on an exemption from course:COURSE until 2026-12-31"
    assert why_not(life.decided, RequirementKey("course:COURSE"))[0] == f"{said}."
    assert why_not(life.decided, RequirementKey("course:COURSE"), confidential=True)[0] == f"{said}: agreed."


def test_why_not_tells_when_it_was_done_or_withdrawn() -> None:
    life = explained().having(completions={"course:COURSE": GO_LIVE})
    life.on(GO_LIVE, location="Lille")
    assert why_not(life.decided, RequirementKey("course:COURSE")) == (
        "course:COURSE was completed on 2026-01-05; asked for by rule Lille.",
    )
    life = Life(rule("Lille", 'location == "Lille"', when_match_ends="withdraw"), location="Lille")
    life.on(GO_LIVE)
    life.on(date(2026, 2, 2), location="Paris")
    assert why_not(life.decided, RequirementKey("course:COURSE"))[0].startswith(
        "course:COURSE was withdrawn on 2026-02-02"
    )


def test_why_not_for_new_matches_only() -> None:
    life = Life(rule("Lille", 'location == "Lille"', applies_to="new_matches"), location="Lille")
    life.on(GO_LIVE)
    assert why_not(life.decided, RequirementKey("course:COURSE"))[0].endswith(
        "is for new matches only; this person matched already when the rule began to count."
    )


def test_why_names_every_reason() -> None:
    life = Life(
        rule("Keeps", 'location == "Lille"'),
        rule("Moves", "changed(location)"),
        rule("Unclear", 'country == "FR"'),
        location="Paris",
        country="FR",
    ).having(manual=(manual(),))
    life.on(GO_LIVE)
    life.on(date(2026, 2, 2), location="Lille")
    life.on(date(2026, 3, 2), location="Rome", country="")
    life.on(date(2026, 3, 3))
    told = why(life.decided, RequirementKey("course:COURSE"))
    assert [sentence.split("; ")[-1] for sentence in told if "; " in sentence] == [
        "the rule keeps what it gave.",
        "it fired on a change.",
        "now it cannot be told: country is not known.",
    ]
    assert "Has course:COURSE because ann assigned it by hand." in told
    life.rules = ()
    life.on(date(2026, 3, 4))
    assert any("does not exist any more" in sentence for sentence in why(life.decided, RequirementKey("course:COURSE")))


def test_why_says_that_the_time_stands_still() -> None:
    life = explained()
    life.on(GO_LIVE, location="Lille")
    life.having(on_leave=True, leave_started=GO_LIVE).on(date(2026, 2, 2))
    assert why(life.decided, RequirementKey("course:COURSE"))[-1].endswith(
        "and the time stands still during the leave."
    )


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ("not known(termination_date)", {"termination_date": date(2026, 12, 31)}),
        ("termination_date > today", {"termination_date": date(2026, 12, 31)}),
        ("termination_date < today", {"termination_date": date(2026, 12, 31)}),
        ('status_text == "Active"', {"status_text": "On sick leave"}),
        ('not status_text == "Active"', {"status_text": "On sick leave"}),
        ('changed_to(leave_class, "sick")', {"leave_class": "sick"}),
        ({"leave_class": "sick"}, {"leave_class": "sick"}),
    ],
    ids=str,
)
def test_no_reason_tells_an_end_to_come_or_why_somebody_is_away(when: object, facts: dict[str, object]) -> None:
    life = Life(rule("R", when))  # type: ignore[arg-type]
    life.on(GO_LIVE)
    life.on(date(2026, 2, 2), **facts)
    told = [
        *why(life.decided, RequirementKey("course:COURSE")),
        *why_not(life.decided, RequirementKey("course:COURSE")),
    ]
    told += [sentence for change in life.decided.changes for sentence in change.because]
    assert told
    assert not [word for word in ("2026-12-31", "sick", "leave", "termination") if any(word in each for each in told)]
