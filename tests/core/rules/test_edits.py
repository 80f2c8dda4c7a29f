"""What an edit is called, and whom it touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from joinery.core.model.ids import RequirementKey
from joinery.core.model.worker import Worker
from joinery.core.rules.conditions import Vocabulary, WorkerFacts, parse
from joinery.core.rules.edits import RuleEdit, Scope, rule_edits, scope_moved, touches
from joinery.core.rules.learning import LearningRule
from joinery.core.rules.rule_data import rules_from
from joinery.core.rules.scope import in_scope_by_any

(RULE,) = rules_from(
    [{"name": "A", "when": {"country": "FR"}, "give": ["X"]}],
    Vocabulary(),
    lambda _name, _version: date(2026, 1, 1),
    lambda name: RequirementKey(f"course:{name}"),
)
(OTHER,) = rules_from(
    [{"name": "A", "when": {"country": "DE"}, "give": ["X"]}],
    Vocabulary(),
    lambda _name, _version: date(2026, 1, 1),
    lambda name: RequirementKey(f"course:{name}"),
)


def facts(**values: str) -> WorkerFacts:
    return WorkerFacts(worker=Worker(source_id="w", worker_id="w", **values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (None, RULE, "new"),
        (RULE, None, "removed"),
        (RULE, OTHER, "edited"),
        (RULE, replace(RULE, version="later", published_on=date(2026, 2, 1)), "the same"),
    ],
    ids=["new", "removed", "edited", "only its version is another"],
)
def test_an_edit_has_a_word_and_a_name(old: LearningRule | None, new: LearningRule | None, word: str) -> None:
    assert (RuleEdit(old=old, new=new).word, RuleEdit(old=old, new=new).name) == (word, "A")


def test_no_rule_at_all_has_no_name() -> None:
    assert RuleEdit().name == "" and rule_edits([RULE], [RULE]) == ()


@pytest.mark.parametrize(
    ("country", "remembered", "touched"),
    [("FR", (), True), ("DE", (), True), ("NO", (), False), ("NO", ("A",), True)],
    ids=["the old one matches", "the new one matches", "neither", "something of it is still there"],
)
def test_whom_an_edit_touches(country: str, remembered: tuple[str, ...], touched: bool) -> None:
    (edit,) = rule_edits([RULE], [OTHER])
    assert touches(edit, facts(country=country), facts(country=country), remembered) is touched


def test_a_scope_that_moves_somebody_or_only_the_consequence() -> None:
    vocabulary = Vocabulary.for_inclusion()
    french = Scope(include=(parse('country == "FR"', vocabulary),))
    ana, bo = facts(country="FR"), facts(country="DE")
    assert scope_moved(Scope(), french, bo, bo) and not scope_moved(Scope(), french, ana, ana)
    assert scope_moved(french, replace(french, out_of_scope="keep"), bo, bo)
    assert not scope_moved(french, replace(french, out_of_scope="keep"), ana, ana)


@pytest.mark.parametrize(
    ("countries", "inside"),
    [(("DE", "FR"), True), (("DE", ""), None), (("DE", "NO"), False)],
    ids=["one job is inside", "one job cannot be told", "none is"],
)
def test_several_jobs_and_the_scope(countries: tuple[str, ...], inside: bool | None) -> None:
    include = (parse('country == "FR"', Vocabulary.for_inclusion()),)
    assert in_scope_by_any([facts(country=each) for each in countries], include, ()).inside is inside
