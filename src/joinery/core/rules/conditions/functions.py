"""The functions a condition may call. Adding one: a builder here, a line in FUNCTIONS, a heading in the reference.

Rule 1: a builder checks the kinds of its arguments and returns a node; nothing is computed at parse time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from joinery.core.rules.conditions.building import Refused, iso_date
from joinery.core.rules.conditions.nodes import Attribute, Changed, How, Known, Node, Plain, TextTest, Under
from joinery.core.rules.conditions.vocabulary import Kind
from joinery.core.rules.conditions.words import say

Builder = Callable[[Attribute, tuple[str, ...]], Node]


@dataclass(frozen=True, slots=True)
class Function:
    """How it is called: `usage` is shown in errors; `least`/`most` count the texts after the attribute."""

    usage: str
    build: Builder
    least: int = 1
    most: int = 1_000
    edge: bool = False


def _text_test(how: How) -> Builder:
    def build(left: Attribute, texts: tuple[str, ...]) -> Node:
        if left.kind not in {Kind.TEXT, Kind.MIXED}:
            raise Refused(f"{how.value} looks into text, and {left.name} is {left.kind.value}")
        return TextTest(left.name, how, _filled(texts))

    return build


def _filled(texts: tuple[str, ...]) -> tuple[str, ...]:
    if any(not text.strip() for text in texts):
        raise Refused("An empty text is found everywhere", "Write what to look for.")
    return tuple(text.strip() for text in texts)


def _under(left: Attribute, texts: tuple[str, ...]) -> Node:
    if left.name != "department":
        raise Refused(f"Only departments have a tree, and this is {left.name}", 'Write under(department, "Sales").')
    return Under(left.name, _filled(texts))


def _known(left: Attribute, texts: tuple[str, ...]) -> Node:
    return Known(left.name)


def _dated(left: Attribute, texts: tuple[str, ...]) -> tuple[str, ...]:
    if left.kind is Kind.DATE:
        return tuple(iso_date(text).isoformat() if text.strip() else "" for text in texts)
    return tuple(text.strip() for text in texts)


def _changed(left: Attribute, texts: tuple[str, ...]) -> Node:
    return Changed(left.name)


def _changed_from(left: Attribute, texts: tuple[str, ...]) -> Node:
    return Changed(left.name, old=_dated(left, texts))


def _changed_to(left: Attribute, texts: tuple[str, ...]) -> Node:
    return Changed(left.name, new=_dated(left, texts))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "contains": Function('contains(job_title, "Manager")', _text_test(How.CONTAINS)),
    "starts_with": Function('starts_with(job_code, "FR-")', _text_test(How.STARTS_WITH)),
    "ends_with": Function('ends_with(job_title, "Lead")', _text_test(How.ENDS_WITH)),
    "matches_word": Function('matches_word(job_title, "Manager")', _text_test(How.MATCHES_WORD)),
    "under": Function('under(department, "Sales")', _under),
    "known": Function("known(country)", _known, 0, 0),
    "changed": Function("changed(job_title)", _changed, 0, 0, edge=True),
    "changed_from": Function('changed_from(location, "London")', _changed_from, edge=True),
    "changed_to": Function('changed_to(location, "New York", "Boston")', _changed_to, edge=True),
}


def call(name: str, left: Attribute, texts: tuple[Plain, ...], *, edges: bool) -> Node:
    """The node of one call; refused with the way it is written."""
    function = FUNCTIONS[name]
    if function.edge and not edges:
        raise Refused(f"{name} looks at a change, and this sort of rule looks at how things are")
    if not function.least <= len(texts) <= function.most:
        raise Refused(f"{name} is not called like this", f"It is written {function.usage}.")
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise Refused(f"{name} takes texts, and {say(wrong[0])} is none", f"It is written {function.usage}.")
    return function.build(left, tuple(text for text in texts if isinstance(text, str)))
