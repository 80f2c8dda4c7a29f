"""What a condition says about a person: values, unknown values, text, dates, trees, changes."""

from __future__ import annotations

import time
from datetime import date
from timeit import timeit

import pytest

from joinery.core.model.worker import Status, Worker
from joinery.core.rules.conditions import Kind, Vocabulary, WorkerFacts, parse
from joinery.core.rules.conditions.vocabulary import CANONICAL, DERIVED

VOCABULARY = Vocabulary(custom={"badge": Kind.TEXT, "points": Kind.NUMBER, "checked_on": Kind.DATE, "minor": Kind.FLAG})
WORKER = Worker(
    source_id="w-1",
    worker_id="000123",
    given_name="Zoë",
    status=Status.ACTIVE,
    status_text="Actif",
    hire_date=date(2020, 1, 31),
    job_title=" Account  MANAGER ",
    job_level="7",
    department="Field Sales",
    location="Lille",
    country="FR",
    fte="0.80",
    custom={"badge": "Blau", "points": "12", "checked_on": "2026-05-01", "minor": "no"},
)
FACTS = WorkerFacts(
    worker=WORKER,
    derived={"today": date(2026, 11, 24), "go_live": date(2026, 1, 1), "has_reports": False},
    changes={
        "location": ("London", "Lille"),
        "department": ("", "Field Sales"),
        "hire_date": ("2020-01-01", "2020-01-31"),
    },
    tree={"Field Sales": "Sales", "Sales": "Commerce", "Commerce": "Sales"},
)

HOLDS = [
    ("text is compared without case and outer blanks", 'country == " fr "', True),
    ("another text is another text", 'country == "DE"', False),
    ("different is the opposite of equal", 'country != "DE"', True),
    ("one of a list", 'country in ["be", "fr"]', True),
    ("none of a list", 'country not in ["BE", "NL"]', True),
    ("one of a list of one in brackets", 'country in ("FR",)', True),
    ("a word inside a text", "'Manager' in job_title", True),
    ("a text that is not inside", "'Director' not in job_title", True),
    ("contains is the same", 'contains(job_title, "count")', True),
    ("starts with one of several", 'starts_with(job_title, "Key", "Acc")', True),
    ("ends with", 'ends_with(job_title, "manager")', True),
    ("a whole word", 'matches_word(job_title, "manager")', True),
    ("half a word is not a word", 'matches_word(job_title, "manage")', False),
    ("accents are kept, case is not", 'given_name == "ZOË"', True),
    ("a composed letter equals a combined one", 'given_name == "Zoe\u0308"', True),
    ("leading zeros survive", 'worker_id == "123"', False),
    ("a level compares as a number", "job_level >= 5", True),
    ("a level compares as text", 'job_level == "7"', True),
    ("a share compares as a number", "fte == 0.8", True),
    ("a negative number", "tenure_days > -1", True),
    ("a chain is both halves", "1000 < tenure_days <= 3000", True),
    ("a written value may stand first", '"FR" == country', True),
    ("a date with a date", 'hire_date == date("2020-01-31")', True),
    ("a date with an ISO text", 'hire_date < "2020-02-01"', True),
    ("a date with another date", "hire_date >= go_live", False),
    ("a date in a list", 'hire_date in ["2020-01-30", "2020-01-31"]', True),
    ("two attributes", "country != location", True),
    ("tenure counts from the hire date to today", "tenure_days == 2489", True),
    ("a yes or no on its own", "not has_reports", True),
    ("a yes or no with a value", "has_reports == False", True),
    ("a text of the company's own", 'badge == "blau"', True),
    ("a number of the company's own", "points > 11.5", True),
    ("a date of the company's own", 'checked_on < "2026-06-01"', True),
    ("a yes or no of the company's own", "not minor", True),
    ("status is what HR's word means", 'status == "active"', True),
    ("HR's own word has a name too", 'status_text == "actif"', True),
    ("everybody", "True", True),
    ("everybody in small letters", "true", True),
    ("nobody", "False", False),
    ("a department below", 'under(department, "sales")', True),
    ("a department two levels below", 'under(department, "Commerce")', True),
    ("the department itself", 'under(department, "Field Sales")', True),
    ("another tree, though this one has a loop", 'under(department, "Operations")', False),
    ("one of several trees", 'under(department, ["Operations", "Sales"])', True),
    ("a change", "changed(location)", True),
    ("no change", "changed(job_title)", False),
    ("a change from a value", 'changed_from(location, "london")', True),
    ("a change from another value", 'changed_from(location, "Paris")', False),
    ("a change from nothing", 'changed_from(department, "")', True),
    ("a change to one of several", 'changed_to(location, "Paris", "Lille")', True),
    ("a change of a date", 'changed_to(hire_date, "2020-01-31")', True),
    ("a value that is known", "known(country)", True),
    ("a value that is not known", "known(legal_entity)", False),
    ("unknown compared is unknown", 'legal_entity == "X"', None),
    ("unknown compared for difference is unknown", 'legal_entity != "X"', None),
    ("unknown in a list is unknown", 'legal_entity in ["X"]', None),
    ("unknown not in a list is unknown", 'legal_entity not in ["X"]', None),
    ("not unknown is unknown", 'not legal_entity == "X"', None),
    ("unknown and false is false", 'legal_entity == "X" and country == "DE"', False),
    ("unknown and true is unknown", 'legal_entity == "X" and country == "FR"', None),
    ("unknown or true is true", 'legal_entity == "X" or country == "FR"', True),
    ("unknown or false is unknown", 'legal_entity == "X" or country == "DE"', None),
    ("an unknown date is unknown", "termination_date < today", None),
    ("a line break is a blank", 'country == "FR" and\n  location == "Lille"', True),
    ("a backslash is only a character", "badge == 'B\\lau'", False),
    ("a quote inside the other quotes", "badge == 'B\"lau'", False),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(t, e, id=i) for i, t, e in HOLDS])
def test_a_condition_says(text: str, expected: bool | None) -> None:
    condition = parse(text, VOCABULARY)
    assert condition.holds(FACTS) is expected
    assert condition.explain(FACTS).verdict is expected
    assert parse(condition.text, VOCABULARY) == condition


def test_a_level_that_is_no_number_is_unknown_as_a_number() -> None:
    worker = Worker(source_id="w", worker_id="w", job_level="L7")
    assert parse("job_level >= 5", VOCABULARY).holds(WorkerFacts(worker=worker)) is None


def test_an_unmapped_status_is_unknown() -> None:
    worker = Worker(source_id="w", worker_id="w", status=Status.UNKNOWN, status_text="Z9")
    assert parse('status == "active"', VOCABULARY).holds(WorkerFacts(worker=worker)) is None


MAPPINGS = [
    (
        "every entry must hold",
        {"country": "FR", "location": ["Lille", "Paris"]},
        'country == "FR" and location in ["Lille", "Paris"]',
    ),
    ("any of a list", {"any": [{"country": "DE"}, {"location": "Lille"}]}, 'country == "DE" or location == "Lille"'),
    ("any of a mapping", {"any": {"country": "DE", "location": "Lille"}}, 'country == "DE" or location == "Lille"'),
    (
        "not of a mapping is not all",
        {"not": {"country": "DE", "location": "Lille"}},
        'not (country == "DE" and location == "Lille")',
    ),
    ("texts nest", {"all": ["job_level >= 5", {"country": "FR"}]}, 'job_level >= 5 and country == "FR"'),
    ("a date as YAML gives it", {"hire_date": date(2020, 1, 31)}, 'hire_date == date("2020-01-31")'),
    ("a yes or no", {"has_reports": False}, "has_reports == False"),
    ("a function on a name", {"changed": "location"}, "changed(location)"),
    (
        "a function with values",
        {"changed_to": {"location": ["Lille", "Paris"]}},
        'changed_to(location, "Lille", "Paris")',
    ),
    ("a function with one value", {"under": {"department": "Sales"}}, 'under(department, "Sales")'),
]


@pytest.mark.parametrize(("data", "text"), [pytest.param(d, t, id=i) for i, d, t in MAPPINGS])
def test_the_mapping_form_means_the_same_as_the_text(data: dict[str, object], text: str) -> None:
    assert parse(data, VOCABULARY) == parse(text, VOCABULARY)
    assert parse(data, VOCABULARY).text == text


def test_a_condition_tells_what_it_reads() -> None:
    condition = parse('changed(location) and (hire_date >= go_live or not "x" in job_title)', VOCABULARY)
    assert condition.attributes == {"location", "hire_date", "go_live", "job_title"}
    assert condition.is_edge
    assert not parse('location == "Lille"', VOCABULARY).is_edge


SENTENCES = [
    ('location == "Paris"', ('location is "Lille", not "Paris"',)),
    ('country in ["DE", "NL"]', ('country is "FR", not one of "DE", "NL"',)),
    ('country not in ["FR"]', ('country is "FR", which is ruled out',)),
    ('country != "FR"', ('country is "FR", which is ruled out',)),
    ('"Director" in job_title', ('job_title is "Account  MANAGER", which does not contain "Director"',)),
    ("hire_date >= go_live", ("hire_date is 2020-01-31, not on or after go_live (2026-01-01)",)),
    ("tenure_days < 90", ("tenure_days is 2489, not less than 90",)),
    ("has_reports", ("has_reports is no",)),
    ('under(department, "IT")', ('department is "Field Sales", not in or below "IT"',)),
    ("known(legal_entity)", ("legal_entity is not known",)),
    ('legal_entity == "X"', ("legal_entity is not known",)),
    ("changed(job_title)", ("job_title did not change",)),
    ('changed_to(location, "Paris")', ('location changed from "London" to "Lille", not to "Paris"',)),
    ("False", ("it fits nobody",)),
    (
        'country == "FR" and location == "Paris" and badge == "Rot"',
        ('location is "Lille", not "Paris"', 'badge is "Blau", not "Rot"'),
    ),
    ('(country == "DE" and badge == "Rot") or location == "Paris"', ('location is "Lille", not "Paris"',)),
    ('not (country == "FR" and location == "Lille")', ('country is "FR"', 'location is "Lille"')),
    ('not legal_entity == "X"', ("legal_entity is not known",)),
    ('country == "DE" or not known(country)', ('country is "FR", not "DE"',)),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_the_nearest_failure_is_said_in_words(text: str, expected: tuple[str, ...]) -> None:
    assert parse(text, VOCABULARY).explain(FACTS).nearest_failure() == expected


def test_what_makes_a_condition_hold_is_said_in_words() -> None:
    tree = parse('country == "FR" and not (location == "Paris" or badge == "Rot")', VOCABULARY).explain(FACTS)
    assert [each.text for each in tree.supporting()] == [
        'country is "FR"',
        'location is "Lille", not "Paris"',
        'badge is "Blau", not "Rot"',
    ]
    assert tree.nearest_failure() == ()


def test_every_name_can_be_asked_for() -> None:
    for name in (*CANONICAL, *DERIVED, *VOCABULARY.custom):
        assert parse(f"known({name})", VOCABULARY).holds(FACTS) is not None


def test_a_condition_is_quick() -> None:
    condition = parse('country == "FR" and job_title != "x" and location in ["Lille", "Paris"]', VOCABULARY)
    seconds = timeit(lambda: condition.holds(FACTS), number=20_000, timer=time.process_time)
    assert 20_000 / seconds > 100_000, f"{20_000 / seconds:,.0f} a second"
