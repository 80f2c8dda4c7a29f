"""What looks wrong with a rule, and a rule in sentences."""

from __future__ import annotations

from datetime import date

import pytest

from joinery.core.mapping.dated import DatedRow, DatedTable
from joinery.core.rules.conditions import Vocabulary, parse
from joinery.core.rules.conditions.saying import said
from joinery.core.rules.learning import LearningRule
from joinery.core.rules.lint import Seen, loops_in, remarks_on
from joinery.core.rules.rule_data import rule_from
from joinery.core.rules.telling import told

SINCE = date(2026, 1, 1)
SEEN = Seen(
    values={"department": {"4711": "4711", "4712": "4712"}, "country": {"fr": "FR"}, "job_title": {"clerk": "Clerk"}},
    codes={"department": frozenset({"4711"})},
    words={"department": {"logistics": "4711"}},
    departments={"sales": "Sales"},
)


def rule(**data: object) -> LearningRule:
    return rule_from({"name": "R", "give": "X", **data}, Vocabulary(), SINCE)


REMARKS = [
    ("a value that occurs", {"when": {"department": "4711"}}, []),
    ("another case is the same value", {"when": {"country": "fr"}}, []),
    (
        "a value that does not occur, and what is near",
        {"when": 'job_title == "Clerck"'},
        ["value_that_does_not_occur: No job_title is \"Clerck\". Did you mean 'Clerk'?"],
    ),
    (
        "a word where HR writes a code",
        {"when": {"department": ["4711", "Logistics"]}},
        [
            'value_that_does_not_occur: No department is "Logistics". '
            '"Logistics" is the word for "4711": conditions compare what HR writes.'
        ],
    ),
    (
        "a code that the table has no word for",
        {"when": {"department": "4712"}},
        ['code_without_a_word: The table for department has no word for "4712". joinery map set department "4712" "…"'],
    ),
    ("a department of the tree", {"when": 'under(department, "Sales")'}, []),
    (
        "a department of neither",
        {"when": 'under(department, "Post")'},
        ['value_that_does_not_occur: No department is "Post". '],
    ),
    (
        "an attribute that HR gives for nobody",
        {"when": {"job_family": "Ops"}},
        [
            "attribute_without_values: HR gives job_family for nobody, so this can be told of nobody. "
            "Name the column of job_family under `fields`, or ask for something else."
        ],
    ),
    ("asking whether HR gives it at all", {"when": "not known(job_family)"}, []),
    ("two attributes beside one another", {"when": "job_title == country"}, []),
    ("employment and what is worked out", {"when": 'status == "active" and tenure_days > 3 and has_reports'}, []),
    (
        "a cycle that never rests",
        {"recurs": {"every": "2 months", "window": "90 days"}},
        [
            "window_longer_than_cycle: It comes again every 2 months and can be renewed 90 days before: "
            "it never rests. Make the window shorter than the cycle."
        ],
    ),
    (
        "due after the next cycle has begun",
        {"recurs": "2 months", "due": "3 months"},
        [
            "due_after_cycle: It is due after 3 months, and by then the next cycle of 2 months has begun. "
            "Make due shorter than the cycle."
        ],
    ),
    ("a sound cycle", {"recurs": "12 months", "due": "30 days"}, []),
]


@pytest.mark.parametrize(("data", "expected"), [pytest.param(*case[1:], id=case[0]) for case in REMARKS])
def test_remarks(data: dict[str, object], expected: list[str]) -> None:
    assert [f"{each.check}: {each.message} {each.suggestion}" for each in remarks_on(rule(**data), SEEN)] == expected


def test_a_department_below_itself_is_found_on_the_day_it_is() -> None:
    later = date(2027, 1, 1)
    tree = DatedTable(
        rows=(
            DatedRow(code="a", value="B"),
            DatedRow(code="b", value="C"),
            DatedRow(code="c", value="A", valid_from=later),
            DatedRow(code="d", value="A"),
        )
    )
    assert loops_in(tree, [SINCE]) == ()
    found = loops_in(tree, [SINCE, later])
    assert [each.message for each in found] == [
        f'In the tree of departments "{name}" stands below itself on 2027-01-01.' for name in "abc"
    ]


ALOUD = [
    ('country == "FR"', 'country is "FR"'),
    ('country != "FR"', 'country is not "FR"'),
    (
        'country in ["FR", "DE"] and not known(job_title)',
        'country is one of "FR", "DE" and it is not so that job_title is known',
    ),
    ('country not in ["FR"]', 'country is not "FR"'),
    (
        "has_reports or (job_level >= 3 and tenure_days < 90)",
        "has_reports is yes or (job_level is at least 3 and tenure_days is less than 90)",
    ),
    ("hire_date >= go_live", "hire_date is on or after go_live"),
    ('hire_date < date("2026-01-31")', "hire_date is before 2026-01-31"),
    ('under(department, "Sales")', 'department is in or below "Sales"'),
    ('starts_with(job_code, "FR-")', 'job_code starts with "FR-"'),
    ('"Lead" not in job_title', 'job_title does not contain "Lead"'),
    ('changed_from(location, "London")', 'location changes from "London"'),
    ('changed_to(location, "Lille", "Paris")', 'location changes to one of "Lille", "Paris"'),
    ("changed(job_title)", "job_title changes"),
    ("True", "nothing is asked"),
    ("False", "nobody fits"),
]


@pytest.mark.parametrize(("condition", "expected"), ALOUD, ids=[each[0] for each in ALOUD])
def test_a_condition_said_aloud(condition: str, expected: str) -> None:
    assert said(parse(condition, Vocabulary()).node) == expected


def test_a_rule_in_sentences() -> None:
    full = rule(
        when={"country": "FR"},
        give=["X", "path:P"],
        groups=["G"],
        due="30 days after start",
        recurs={"every": "12 months", "window": "60 days", "grace": "10 days", "renew_with": "Y"},
        counts_if_done_within="24 months",
        applies_to="new_matches",
        when_match_ends="withdraw",
        kind="recommended",
    )
    assert told(full) == (
        'Everybody whose country is "FR" gets course:X and path:P and is in the group G.',
        "It is due 30 days after the latest of: the match, the hire, the day this version began to count, go-live, "
        "the day it became known and the day the account was made.",
        "A proof is good for 12 months; it can be renewed by course:Y from 60 days before its end on, "
        "and up to 10 days after it.",
        "Whoever completed it in the 24 months before counts as done.",
        "Only who begins to match from now on gets it; who matched when this version began to count does not.",
        "Who no longer matches loses what they have not completed.",
        "It is recommended: nobody is overdue.",
        f"This version, {full.version}, counts since 2026-01-01.",
    )


SHORT = [
    ("for everybody", {}, "Everybody gets course:X."),
    ("for nobody", {"when": "False"}, "Nobody gets course:X."),
    (
        "on a change",
        {"when": "changed(job_title)"},
        "Whoever begins to fit (job_title changes), once for each change, gets course:X.",
    ),
    ("no due date", {}, "It has no due date."),
    ("a fixed day", {"due": "on 2026-12-31"}, "It is due on 2026-12-31; whoever matches late has at least 14 days."),
    ("an option", {"kind": "optional"}, "It is optional: nobody is overdue."),
    (
        "a renewal by itself",
        {"recurs": "12 months"},
        "A proof is good for 12 months; it can be renewed from 30 days before its end on, and up to 0 days after it.",
    ),
]


@pytest.mark.parametrize(("data", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in SHORT])
def test_sentences_of_a_rule(data: dict[str, object], sentence: str) -> None:
    assert sentence in told(rule(**data))
