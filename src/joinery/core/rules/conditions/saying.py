"""A condition said aloud, of nobody in particular: `country is "FR" and department is in or below "Sales"`."""

from __future__ import annotations

from typing import assert_never

from joinery.core.rules.conditions.comparing import DATES, HOW, NUMBERS
from joinery.core.rules.conditions.nodes import (
    Always,
    And,
    Attribute,
    Changed,
    Compare,
    Flag,
    Known,
    Leaf,
    Node,
    Not,
    OneOf,
    Op,
    Or,
    TextTest,
    Under,
)
from joinery.core.rules.conditions.vocabulary import Kind
from joinery.core.rules.conditions.words import one_of, say


def said(node: Node) -> str:
    """The sentence part after "everybody for whom"."""
    match node:
        case And(terms):
            return " and ".join(_inner(term) for term in terms)
        case Or(terms):
            return " or ".join(_inner(term) for term in terms)
        case Not(term):
            return f"it is not so that {_inner(term)}"
        case _:
            return _leaf(node)


def _inner(node: Node) -> str:
    return f"({said(node)})" if isinstance(node, And | Or) else said(node)


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Always(verdict):
            return "nothing is asked" if verdict else "nobody fits"
        case Flag(name) | Known(name):
            return f"{name} is {'yes' if isinstance(leaf, Flag) else 'known'}"
        case Compare():
            return _compare(leaf)
        case OneOf(left, values, _, negated):
            return f"{left.name} is {'not ' if negated else ''}{one_of(values)}"
        case TextTest(name, how, texts, negated):
            return f"{name} {HOW[how][negated]} {one_of(texts)}"
        case Under(name, departments):
            return f"{name} is in or below {one_of(departments)}"
        case Changed():
            return _changed(leaf)
        case _:
            assert_never(leaf)


def _compare(leaf: Compare) -> str:
    other = leaf.right.name if isinstance(leaf.right, Attribute) else say(leaf.right.value)
    if leaf.op.ordering:
        words = DATES if leaf.kind is Kind.DATE else NUMBERS
        return f"{leaf.left.name} is {words[leaf.op]} {other}"
    return f"{leaf.left.name} is {'' if leaf.op is Op.EQ else 'not '}{other}"


def _changed(leaf: Changed) -> str:
    old = f" from {one_of(leaf.old)}" if leaf.old else ""
    new = f" to {one_of(leaf.new)}" if leaf.new else ""
    return f"{leaf.name} changes{old}{new}"
