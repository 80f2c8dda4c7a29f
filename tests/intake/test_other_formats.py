"""What is text and no table is refused by name; what only looks a little like it is read."""

from __future__ import annotations

import json

import pytest

from joinery.errors import SourceUntrusted
from joinery.intake.layout import Layout
from joinery.intake.read import read_bytes

PEOPLE = [{"id": "1", "name": "Ana"}, {"id": "2", "name": "Bea"}]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(json.dumps(PEOPLE), "JSON", id="JSON in one line"),
        pytest.param(json.dumps(PEOPLE, indent=2) + "\n", "JSON", id="JSON over many lines"),
        pytest.param(json.dumps({"people": PEOPLE}, indent=1), "JSON", id="one object"),
        pytest.param("\n".join(map(json.dumps, PEOPLE)) + "\n", "JSON", id="a value in each line"),
        pytest.param("\ufeff" + json.dumps(PEOPLE), "JSON", id="JSON behind a mark"),
        pytest.param('<?xml version="1.0"?>\n<people><person id="1"/></people>\n', "XML", id="XML"),
        pytest.param("<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n", "web page", id="a sign-in page"),
    ],
)
def test_it_is_refused_by_its_name(text: str, what: str) -> None:
    with pytest.raises(SourceUntrusted, match=what) as refused:
        read_bytes(text.encode(), Layout())
    assert refused.value.data["code"] == "not_a_table"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[Number],[Name]\n1,Ana\n2,[b]\n", id="headings in brackets"),
        pytest.param("{Number},Name\n1,{x}\n", id="headings in braces"),
        pytest.param("[Number]\n[1]\n", id="one column in brackets"),
        pytest.param("Number,Tags\n1,[]\n2,{}\n", id="cells of brackets"),
    ],
)
def test_a_table_with_brackets_is_read(text: str) -> None:
    assert read_bytes(text.encode(), Layout()).frame.height == text.count("\n") - 1
