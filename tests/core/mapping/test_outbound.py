"""A worker on the way out: which attribute is written where, and what an unknown code holds back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joinery.core.mapping.outbound import Outbound, OutboundRow, ValueTable, attributes_for, groups_for, unmapped_in
from joinery.core.model.worker import Status, Worker

ANA = Worker(
    source_id="s",
    worker_id="007",
    work_email="Ana@Example.com",
    given_name="Ana",
    hire_date=date(2026, 3, 2),
    status=Status.LEAVE,
    status_text="On leave",
    location="LIL",
    department="Sales",
    custom={"team": "Night"},
)
ROWS = (
    OutboundRow(to="email", attribute="work_email"),
    OutboundRow(to="nickname", attribute="given_name", write="if_empty"),
    OutboundRow(to="language", attribute="language", write="on_create"),
    OutboundRow(to="site", attribute="location"),
)
TABLES = {"location": ValueTable(values={"LIL": "Lille"})}
SPEC = Outbound(rows=ROWS, tables=TABLES, groups_from=("location", "department", "country"))

ATTRIBUTES = [
    (
        "a new account gets every row, also what is empty",
        None,
        {"email": "Ana@Example.com", "nickname": "Ana", "language": "", "site": "Lille"},
    ),
    (
        "an empty account is filled, but not with what belongs to the creation",
        {},
        {"email": "Ana@Example.com", "nickname": "Ana", "site": "Lille"},
    ),
    (
        "what somebody chose stays where only empty ones are filled",
        {"nickname": "Nana", "email": "old@example.com"},
        {"email": "Ana@Example.com", "site": "Lille"},
    ),
]


@pytest.mark.parametrize(("current", "expected"), [pytest.param(c, e, id=i) for i, c, e in ATTRIBUTES])
def test_attributes(current: dict[str, str] | None, expected: dict[str, str]) -> None:
    assert attributes_for(SPEC, ANA, current) == expected


CODES = [
    ("a known code is translated", "hold", "LIL", "Lille"),
    ("an unknown code is held", "hold", "LYO", None),
    ("an unknown code is kept", "keep", "LYO", "LYO"),
    ("an unknown code becomes the word for all others", "use:Elsewhere", "LYO", "Elsewhere"),
    ("an unknown code becomes nothing where that is wanted", "use:", "LYO", ""),
    ("no code is no code, never the word for all others", "use:Elsewhere", "", ""),
]


@pytest.mark.parametrize(("unmapped", "code", "expected"), [pytest.param(*c[1:], id=c[0]) for c in CODES])
def test_codes(unmapped: str, code: str, expected: str | None) -> None:
    assert ValueTable(values={"LIL": "Lille"}, unmapped=unmapped).translate(code) == expected


def test_a_table_may_name_what_no_code_means() -> None:
    assert ValueTable(values={"": "Unknown"}).translate("") == "Unknown"


LYON = Worker(source_id="s", worker_id="008", location="LYO", department="Sales")


def test_a_held_code_holds_its_own_attribute_and_nothing_else() -> None:
    assert attributes_for(SPEC, LYON, {"nickname": "x"}) == {"email": ""}
    assert groups_for(SPEC, LYON) == frozenset({"Sales"})
    assert unmapped_in(SPEC, LYON) == (("location", "LYO"),)


def test_groups_are_the_translated_values_that_are_there() -> None:
    assert groups_for(SPEC, ANA) == frozenset({"Lille", "Sales"})
    assert unmapped_in(SPEC, ANA) == ()


def test_an_empty_attribute_is_no_unmapped_code() -> None:
    assert unmapped_in(SPEC, Worker(source_id="s", worker_id="9")) == ()


VALUES = [
    ("a date is ISO text", "hire_date", "2026-03-02"),
    ("a status is HR's own word", "status", "On leave"),
    ("an attribute of the company's own", "team", "Night"),
    ("a date that HR does not give", "termination_date", ""),
    ("an attribute that nobody knows", "shoe_size", ""),
]


@pytest.mark.parametrize(("attribute", "expected"), [pytest.param(a, e, id=i) for i, a, e in VALUES])
def test_values(attribute: str, expected: str) -> None:
    assert SPEC.value(ANA, attribute) == expected


@given(st.dictionaries(st.sampled_from(["email", "nickname", "language", "site", "other"]), st.text(max_size=3)))
def test_only_mapped_attributes_are_ever_written(current: dict[str, str]) -> None:
    assert attributes_for(SPEC, ANA, current).keys() <= {row.to for row in ROWS}
    assert attributes_for(SPEC, ANA, current).items() <= attributes_for(SPEC, ANA, None).items()
