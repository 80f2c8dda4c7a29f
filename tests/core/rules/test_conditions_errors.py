"""What is refused, where it points, and what it suggests."""

from __future__ import annotations

import pytest

from joinery.core.rules.conditions import Kind, Vocabulary, parse
from joinery.errors import ConditionError

VOCABULARY = Vocabulary(custom={"badge": Kind.TEXT})

REFUSED = [
    ("a slip in a name", 'jobtitle == "x"', 1, "There is no attribute", "job_title"),
    ("a name on the second line", 'country == "FR"\nand locaton == "x"', 5, "locaton", "location"),
    ("a text without quotes", "country == FR", 12, 'attribute "FR"', '"FR"'),
    ("a function that is not there", 'containz(job_title, "x")', 1, "containz", "contains"),
    ("an import", "__import__('os')", 1, "no function", "contains"),
    ("a dotted name", "job_title.__class__ == 'x'", 1, "plain attribute names", ""),
    ("a call of a dotted name", "job_title.upper()", 1, "plain attribute names", ""),
    ("a lambda", "(lambda: True)()", 2, "not part of the condition language", ""),
    ("a comprehension", "[x for x in 'ab']", 1, "not part of the condition language", ""),
    ("a huge power", "10 ** 10 ** 10 > 1", 1, "arithmetic", ""),
    ("a huge repetition", "'a' * 1000000000 == country", 1, "arithmetic", ""),
    ("a sum", "tenure_days + 1 > 3", 1, "arithmetic", ""),
    ("an f-string", 'f"{country}" == "x"', 2, "letter stands right before a quote", ""),
    ("bytes", 'b"x" == country', 2, "letter stands right before a quote", ""),
    ("a date that is none", "hire_date == 'abc'", 14, '"abc" is not a date', "YYYY-MM-DD"),
    ("a day that does not exist", 'hire_date == date("2026-02-30")', 14, "not a date", "YYYY-MM-DD"),
    ("a number for a date", "hire_date > 2020", 13, "a date", 'date("'),
    ("a number for a code", "job_code == 4711", 13, "job_code is text", "leading zeros"),
    ("a text for a number", 'tenure_days > "90"', 15, "tenure_days is a number", ""),
    ("an order of texts", 'country > "A"', 11, "needs a date or a number", ""),
    ("an order of a level in quotes", 'job_level >= "5"', 14, "needs a date or a number", "job_level >= 5"),
    ("a date and a text attribute", "hire_date == country", 14, "cannot be compared", ""),
    ("a text on its own", "country", 1, "not yes or no", "known(country)"),
    ("a value on its own", "'FR'", 1, "A text alone", ""),
    ("a list on its own", "['FR']", 1, "value alone", ""),
    ("two written values", "1 < 2", 5, "Two written values", ""),
    ("a list for equals", 'country == ["FR"]', 12, "list", "in [...]"),
    ("a text for in", 'country in "FR"', 12, "list", '["FR"]'),
    ("an empty list", "country in []", 12, "empty", ""),
    ("a list of sorts", 'job_level in ["a", 1]', 14, "mixes", ""),
    ("an empty text", 'country == ""', 12, "empty text", "known"),
    ("an empty search", '"" in country', 1, "empty text", ""),
    ("none", "country == None", 12, "None", "known"),
    ("is", "country is 'FR'", 12, '"is"', "=="),
    ("one equals sign", "country = 'FR'", 9, '"="', "=="),
    ("two ampersands", "country == 'FR' && has_reports", 17, '"&"', "and"),
    ("capital letters", "country == 'FR' AND has_reports", 17, "small letters", "and"),
    ("an exclamation mark", "!has_reports", 1, '"!"', "not"),
    ("a forgotten comma", 'country in ["FR" "BE"]', 18, "side by side", "comma"),
    ("a curly quote", "country == “FR”", 12, "typographic", "straight"),
    ("an open quote", "country == 'FR", 12, "not closed", ""),
    ("a comment that would hide the rest", "has_reports # and country == 'FR'", 13, '"#"', ""),
    ("two statements", "has_reports; has_reports", 12, '";"', ""),
    ("an open bracket", "(has_reports", 1, "cannot be understood", ""),
    ("a missing side", "country ==", 10, "cannot be understood", ""),
    ("a walrus", "(x := 1) == tenure_days", 2, "not part of the condition language", ""),
    ("nothing", "   ", 1, "empty", "True"),
    ("a tree of something else", 'under(location, "Sales")', 1, "departments", "under(department"),
    ("a function without its text", "contains(job_title)", 1, "not called like this", "contains(job_title, "),
    (
        "a function the wrong way round",
        'contains("Manager", job_title)',
        1,
        "starts with the name",
        "contains(job_title, ",
    ),
    ("a function by keyword", 'contains(job_title, text="x")', 1, "starts with the name", ""),
    ("a function on a date", 'contains(hire_date, "2020")', 1, "looks into text", ""),
    ("a function with a number", "contains(job_title, 1)", 1, "takes texts", ""),
    ("a function without brackets", "known", 1, "function", "known(country)"),
    ("a date on its own", 'date("2026-01-01")', 1, "to compare a date with", "hire_date >= date"),
    ("an infinite number", "fte > 1e999", 7, "cannot be compared", ""),
    ("a complex number", "fte > 1j", 7, "neither a name nor a number", ""),
    ("a hexadecimal number", "fte > 0x10", 7, "neither a name nor a number", ""),
    ("a number with leading zeros", "job_level == 007", 14, "neither a name nor a number", "quotes"),
    ("a word that grew together", "fte > 1and has_reports", 7, "neither a name nor a number", "blank"),
    ("deep brackets", "(" * 40 + "has_reports" + ")" * 40, 33, "too deeply", ""),
    ("deep nots", "not " * 40 + "has_reports", 129, "too deeply", ""),
    ("many minus signs", "-" * 3_000 + "1 == tenure_days", 33, "too deeply", ""),
    ("a very long text", "country == '" + "x" * 4_000 + "'", 1, "4,000", ""),
]


@pytest.mark.parametrize(
    ("text", "column", "what", "hint"), [pytest.param(t, c, w, h, id=i) for i, t, c, w, h in REFUSED]
)
def test_it_is_refused_at_its_place(text: str, column: int, what: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text, VOCABULARY)
    error = caught.value
    assert what in error.message
    assert hint in str(error.data["hint"])
    assert error.data["column"] == column, str(error)
    assert "SyntaxError" not in str(error)
    assert "^" in str(error)


def test_the_caret_stands_below_the_place() -> None:
    with pytest.raises(ConditionError) as caught:
        parse('badge == "ü" and\nlocaton == "x"', VOCABULARY)
    assert caught.value.data["line"] == 2
    assert str(caught.value).splitlines() == [
        'There is no attribute "locaton" (line 2, column 1). Did you mean location?',
        '    locaton == "x"',
        "    ^^^^^^^",
    ]


INCLUSION = Vocabulary.for_inclusion()


@pytest.mark.parametrize("name", ["status", "status_text", "termination_date", "leave_end_date", "leave_class"])
@pytest.mark.parametrize("form", ["text", "mapping"])
def test_the_life_cycle_has_no_place_in_an_inclusion_rule(name: str, form: str) -> None:
    with pytest.raises(ConditionError, match="cannot be used here") as caught:
        parse(f"known({name})" if form == "text" else {name: "x"}, INCLUSION)
    assert "a leaver is not somebody who left the scope" in str(caught.value)


def test_a_change_has_no_place_in_an_inclusion_rule() -> None:
    with pytest.raises(ConditionError, match="looks at a change"):
        parse("changed(location)", INCLUSION)


MAPPINGS: list[tuple[str, dict[str, object], str, str]] = [
    ("a slip in a name", {"any": [{"country": "FR"}, {"locaton": "x"}]}, "any[1].locaton", "location"),
    ("a number for a code", {"job_code": 4711}, "job_code", "leading zeros"),
    ("no value", {"country": None}, "country", "known"),
    ("an empty mapping", {}, "when", "True"),
    ("an empty list", {"any": []}, "any", ""),
    ("an empty nested mapping", {"not": {}}, "not", "True"),
    ("a mapping for a value", {"country": {"a": "b"}}, "country", ""),
    ("a number for a condition", {"all": [3]}, "all[0]", ""),
    ("a function with two attributes", {"under": {"department": "a", "location": "b"}}, "under", "under(department"),
    ("a function with a number", {"contains": {"job_title": 3}}, "contains", "contains(job_title"),
    ("a list far too long", {"country": ["x"] * 2_001}, "country", "table"),
]


@pytest.mark.parametrize(("data", "path", "hint"), [pytest.param(d, p, h, id=i) for i, d, p, h in MAPPINGS])
def test_the_mapping_form_names_the_path(data: dict[str, object], path: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(data, VOCABULARY)
    assert caught.value.data["path"] == path
    assert hint in str(caught.value.data["hint"])


def test_a_mapping_nested_too_deeply_is_refused() -> None:
    data: dict[str, object] = {"country": "FR"}
    for _ in range(100):
        data = {"not": data}
    with pytest.raises(ConditionError, match="too deeply"):
        parse(data, VOCABULARY)
