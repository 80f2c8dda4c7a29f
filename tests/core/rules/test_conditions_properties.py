"""Laws: three-valued logic, no error but our own, and an explanation that says what `holds` says."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from joinery.core.model.worker import Worker
from joinery.core.rules.conditions import Condition, Vocabulary, WorkerFacts, parse
from joinery.errors import ConditionError

VOCABULARY = Vocabulary()

LEAVES = st.sampled_from(
    [
        'country == "FR"',
        'country != "FR"',
        'location in ["Lille", "Paris"]',
        'location not in ["Lille"]',
        '"lead" in job_title',
        '"lead" not in job_title',
        'starts_with(job_title, "team", "x")',
        "has_reports",
        "tenure_days > 100",
        "job_level >= 5",
        'hire_date < date("2021-01-01")',
        "hire_date >= go_live",
        "known(location)",
        "changed(location)",
        'changed_from(location, "London")',
        'under(department, "Sales")',
        "True",
        "False",
    ]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.tuples(st.sampled_from([" and ", " or "]), st.lists(inner, min_size=2, max_size=3))
    return joined.map(lambda t: "(" + t[0].join(t[1]) + ")") | inner.map(lambda text: f"(not {text})")


TEXTS = st.recursive(LEAVES, _grown, max_leaves=8)
WORKERS = st.builds(
    Worker,
    source_id=st.just("w"),
    worker_id=st.just("w"),
    country=st.sampled_from(["", "FR", "DE"]),
    location=st.sampled_from(["", "Lille", "Paris"]),
    job_title=st.sampled_from(["", "Team Lead", "Clerk"]),
    job_level=st.sampled_from(["", "3", "7", "L7"]),
    department=st.sampled_from(["", "Field", "Sales", "IT"]),
    hire_date=st.sampled_from([None, date(2020, 1, 1), date(2026, 6, 1)]),
)
FACTS = st.builds(
    WorkerFacts,
    worker=WORKERS,
    derived=st.fixed_dictionaries(
        {
            "has_reports": st.sampled_from([True, False, None]),
            "go_live": st.just(date(2026, 1, 1)),
            "today": st.just(date(2026, 11, 24)),
        }
    ),
    changes=st.sampled_from([{}, {"location": ("London", "Lille")}]),
    tree=st.just({"Field": "Sales"}),
)


def condition(text: str) -> Condition:
    return parse(text, VOCABULARY)


@given(TEXTS, TEXTS, FACTS)
def test_de_morgan_holds_with_unknown_values_too(a: str, b: str, facts: WorkerFacts) -> None:
    assert condition(f"not ({a} and {b})").holds(facts) is condition(f"not {a} or not {b}").holds(facts)
    assert condition(f"not ({a} or {b})").holds(facts) is condition(f"not {a} and not {b}").holds(facts)


@given(TEXTS, FACTS)
def test_a_double_negation_is_nothing(text: str, facts: WorkerFacts) -> None:
    assert condition(f"not not {text}").holds(facts) is condition(text).holds(facts)


@given(TEXTS, TEXTS, FACTS)
def test_the_order_of_terms_does_not_matter(a: str, b: str, facts: WorkerFacts) -> None:
    assert condition(f"{a} and {b}").holds(facts) is condition(f"{b} and {a}").holds(facts)
    assert condition(f"{a} or {b}").holds(facts) is condition(f"{b} or {a}").holds(facts)


@given(TEXTS, FACTS)
def test_an_explanation_says_what_holds_says(text: str, facts: WorkerFacts) -> None:
    asked = condition(text)
    tree = asked.explain(facts)
    assert tree.verdict is asked.holds(facts)
    assert bool(tree.nearest_failure()) is (tree.verdict is not True)
    assert bool(tree.supporting()) is (tree.verdict is True)


@given(TEXTS)
def test_a_condition_written_out_again_is_the_same_condition(text: str) -> None:
    asked = condition(text)
    assert parse(asked.text, VOCABULARY) == asked


SIGNS = "()[]{}'\"\\#=<>!&|;:,.@$~^*/%+-\n\t\r\x00\u00a0\u201c\x0c\ud800\uff43"
WORDS = (
    "country date hire_date lambda: True None 1e999 0x 1_ 'FR' \"a changed( known( if else := yield await f' in is or"
)
PIECES = st.sampled_from([*SIGNS, *WORDS.split(), *(f" {word} " for word in WORDS.split()), "9" * 50])


@settings(max_examples=600)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join))
def test_arbitrary_text_raises_a_condition_error_or_nothing(text: str) -> None:
    try:
        parse(text, VOCABULARY)
    except ConditionError as error:
        assert str(error)


@settings(max_examples=60)
@given(
    st.sampled_from(["(", "[", "not ", "-", "{", "not(", "~", "a.", "a[", "1<", "f(", "*", "if "]),
    st.integers(1, 4_000),
)
def test_repetition_never_breaks_the_parser(piece: str, times: int) -> None:
    try:
        parse((piece * times)[:3_900] + "has_reports", VOCABULARY)
    except ConditionError as error:
        assert str(error)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
KEYS = st.sampled_from(["country", "any", "all", "not", "known", "changed_to", "hire_date", "x"]) | st.text(max_size=4)
DATA = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))


@settings(max_examples=300)
@given(st.dictionaries(KEYS, DATA, max_size=3))
def test_an_arbitrary_mapping_raises_a_condition_error_or_nothing(data: dict[str, object]) -> None:
    try:
        parse(data, VOCABULARY)
    except ConditionError as error:
        assert str(error)
