"""Names of departments, with a sense for abbreviations."""

from __future__ import annotations

import pytest

from joinery.audit.abbreviations import likeness, nearest

ALIKE = [
    ("Information Technology", "IT Dept."),
    ("Human Resources", "HR"),
    ("Research and Development", "R&D"),
    ("Operations North", "Ops/North"),
    ("Marketing", "Mktg"),
    ("Finance", "Fin"),
    ("Sales Dept", "sales"),
    ("Abteilung Einkauf", "Einkauf"),
    ("Sales", "Sales & Marketing"),
    ("Logistics", "Logistic"),
]
OTHERS = [
    ("Finance", "Facilities"),
    ("Legal", "Logistics"),
    ("Sales North", "Sales South East"),
    ("IT", "Italy"),
    ("4711", "4712"),
    ("", "Sales"),
    ("Dept.", "Sales"),
]


@pytest.mark.parametrize(("one", "two"), ALIKE, ids=[f"{one} is {two}" for one, two in ALIKE])
def test_names_that_mean_the_same(one: str, two: str) -> None:
    assert likeness(one, two) >= 75 and likeness(two, one) == likeness(one, two)


@pytest.mark.parametrize(("one", "two"), OTHERS, ids=[f"{one} is not {two}" for one, two in OTHERS])
def test_names_that_do_not(one: str, two: str) -> None:
    assert likeness(one, two) <= 75


def test_the_nearest_wins_and_nothing_near_is_nothing() -> None:
    assert nearest("Information Technology", ["Italy", "IT Dept.", "Information Desk"]) == ("IT Dept.", 95.0)
    assert nearest("Post room", ["Italy", "IT Dept."]) is None
    assert nearest("Anything", []) is None
