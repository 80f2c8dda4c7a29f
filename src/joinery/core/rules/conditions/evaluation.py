"""Turns nodes into functions from facts to True, False or None (unknown): Kleene's three-valued logic.

Rule 1: unknown is never false: `not` of unknown is unknown, `and` is false only through a false, `or` true only
through a true.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeAlias, assert_never

from joinery.core.rules.conditions.facts import Facts, Value
from joinery.core.rules.conditions.nodes import (
    Always,
    And,
    Attribute,
    Changed,
    Compare,
    Flag,
    How,
    Known,
    Node,
    Not,
    OneOf,
    Op,
    Or,
    Plain,
    TextTest,
    Under,
)
from joinery.core.rules.conditions.vocabulary import Kind
from joinery.core.rules.conditions.words import fold

Test: TypeAlias = Callable[[Facts], bool | None]
Reader: TypeAlias = Callable[[Facts], Any]

_COMPARE: Final[dict[Op, Callable[[Any, Any], bool]]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}
_YES, _NO = frozenset({"true", "yes", "1", "y"}), frozenset({"false", "no", "0", "n"})


def as_text(value: Value) -> str | None:
    """The folded text; None when there is none."""
    if not value and value is not False:
        return None
    return fold(value if type(value) is str else str(value)) or None


def as_number(value: Value) -> float | None:
    """The number; None when there is none or when it is no number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        found = float(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and abs(found) < float("inf") else None


def as_date(value: Value) -> date | None:
    """The date; None when there is none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def as_flag(value: Value) -> bool | None:
    """Yes or no; None when it is neither."""
    if isinstance(value, bool):
        return value
    found = as_text(value)
    if found in _YES:
        return True
    return False if found in _NO else None


_READ: Final[dict[Kind, Callable[[Value], Any]]] = {
    Kind.TEXT: as_text,
    Kind.MIXED: as_text,
    Kind.NUMBER: as_number,
    Kind.DATE: as_date,
    Kind.FLAG: as_flag,
}


def _reader(name: str, kind: Kind) -> Reader:
    read = _READ[kind]
    return lambda facts: read(facts.value(name))


def compiled(node: Node) -> Test:
    """The function that answers this condition."""
    match node:
        case Always(verdict):
            return lambda facts: verdict
        case And(terms):
            return _all(tuple(map(compiled, terms)))
        case Or(terms):
            return _any(tuple(map(compiled, terms)))
        case Not(term):
            return _opposite(compiled(term))
        case _:
            return _leaf_test(node)


def _leaf_test(leaf: Flag | Compare | OneOf | TextTest | Under | Known | Changed) -> Test:
    match leaf:
        case Flag(name):
            return _reader(name, Kind.FLAG)
        case Compare():
            return _comparison(leaf)
        case OneOf():
            return _membership(leaf)
        case TextTest():
            return _text_test(leaf)
        case Under(name, departments):
            return _under(name, frozenset(map(fold, departments)))
        case Known(name):
            return lambda facts: as_text(facts.value(name)) is not None
        case Changed():
            return _changed(leaf)
        case _:
            assert_never(leaf)


def _wanted(value: Plain, kind: Kind) -> Any:
    return fold(value) if kind is Kind.TEXT and isinstance(value, str) else value


def _comparison(node: Compare) -> Test:
    read, compare = _reader(node.left.name, node.kind), _COMPARE[node.op]
    if isinstance(node.right, Attribute):
        other = _reader(node.right.name, node.kind)

        def against_attribute(facts: Facts) -> bool | None:
            left, right = read(facts), other(facts)
            return None if left is None or right is None else compare(left, right)

        return against_attribute
    wanted = _wanted(node.right.value, node.kind)

    def against_value(facts: Facts) -> bool | None:
        found = read(facts)
        return None if found is None else compare(found, wanted)

    return against_value


def _membership(node: OneOf) -> Test:
    read, negated = _reader(node.left.name, node.kind), node.negated
    wanted = frozenset(_wanted(value, node.kind) for value in node.values)

    def test(facts: Facts) -> bool | None:
        found = read(facts)
        return None if found is None else (found in wanted) is not negated

    return test


def _text_test(node: TextTest) -> Test:
    read, negated, finds = _reader(node.name, Kind.TEXT), node.negated, _finder(node)

    def test(facts: Facts) -> bool | None:
        found = read(facts)
        return None if found is None else finds(found) is not negated

    return test


def _finder(node: TextTest) -> Callable[[str], bool]:
    texts = tuple(map(fold, node.texts))
    match node.how:
        case How.CONTAINS:
            return lambda found: any(text in found for text in texts)
        case How.STARTS_WITH:
            return lambda found: found.startswith(texts)
        case How.ENDS_WITH:
            return lambda found: found.endswith(texts)
        case How.MATCHES_WORD:
            word = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in texts))
            return lambda found: word.search(found) is not None
        case _:
            assert_never(node.how)


def _under(name: str, wanted: frozenset[str]) -> Test:
    def test(facts: Facts) -> bool | None:
        found = facts.value(name)
        key = as_text(found)
        if key is None:
            return None
        return key in wanted or any(fold(above) in wanted for above in facts.above(str(found)))

    return test


def _changed(node: Changed) -> Test:
    name, old, new = node.name, frozenset(map(fold, node.old)), frozenset(map(fold, node.new))

    def test(facts: Facts) -> bool | None:
        change = facts.changed(name)
        if change is None:
            return False
        return (not old or fold(change[0]) in old) and (not new or fold(change[1]) in new)

    return test


def _all(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool | None:
        verdict: bool | None = True
        for each in tests:
            found = each(facts)
            if found is False:
                return False
            if found is None:
                verdict = None
        return verdict

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool | None:
        verdict: bool | None = False
        for each in tests:
            found = each(facts)
            if found:
                return True
            if found is None:
                verdict = None
        return verdict

    return test


def _opposite(inner: Test) -> Test:
    def test(facts: Facts) -> bool | None:
        found = inner(facts)
        return None if found is None else not found

    return test
