"""Who is managed at all."""

from __future__ import annotations

import pytest

from joinery.core.model.worker import Worker
from joinery.core.rules.conditions import Vocabulary, WorkerFacts, parse
from joinery.core.rules.scope import in_scope

FACTS = WorkerFacts(
    worker=Worker(source_id="w", worker_id="w", country="FR", location="Lille", employment_type="employee")
)

CASES = [
    ("without rules everybody is in", [], [], True, ("everybody is included",)),
    ("one inclusion is enough", ['country == "DE"', 'country == "FR"'], [], True, ('country is "FR"',)),
    ("no inclusion holds", ['country == "DE"'], [], False, ('not included: country is "FR", not "DE"',)),
    (
        "an exclusion outweighs an inclusion",
        ['country == "FR"'],
        ['location == "Lille"'],
        False,
        ('excluded: location is "Lille"',),
    ),
    (
        "an exclusion outweighs an unknown inclusion",
        ['legal_entity == "X"'],
        ['location == "Lille"'],
        False,
        ('excluded: location is "Lille"',),
    ),
    ("an exclusion that does not hold", [], ['location == "Paris"'], True, ("everybody is included",)),
    ("an unknown inclusion holds the person", ['legal_entity == "X"'], [], None, ("legal_entity is not known",)),
    ("an unknown exclusion holds the person", [], ['legal_entity == "JV"'], None, ("legal_entity is not known",)),
    (
        "an unknown inclusion beside one that holds",
        ['legal_entity == "X"', 'country == "FR"'],
        [],
        True,
        ('country is "FR"',),
    ),
    (
        "out is out, whatever an exclusion would say",
        ['country == "DE"'],
        ['legal_entity == "JV"'],
        False,
        ('not included: country is "FR", not "DE"',),
    ),
]


@pytest.mark.parametrize(
    ("include", "exclude", "inside", "why"), [pytest.param(i, e, inside, w, id=n) for n, i, e, inside, w in CASES]
)
def test_scope(include: list[str], exclude: list[str], inside: bool | None, why: tuple[str, ...]) -> None:
    vocabulary = Vocabulary.for_inclusion()
    verdict = in_scope(
        FACTS,
        tuple(parse(text, vocabulary) for text in include),
        tuple(parse(text, vocabulary) for text in exclude),
    )
    assert verdict.inside is inside
    assert verdict.why == why
