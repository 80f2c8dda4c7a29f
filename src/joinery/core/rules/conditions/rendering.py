"""A condition as text again: the text form of any node, which parses to the same node.

Rule 1: parsing what this writes gives the node back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import assert_never

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
    Or,
    Plain,
    TextTest,
    Under,
)


def render(node: Node) -> str:
    """The text form."""
    match node:
        case Always(verdict):
            return str(verdict)
        case And(terms):
            return " and ".join(_inner(term) for term in terms)
        case Or(terms):
            return " or ".join(_inner(term) for term in terms)
        case Not(term):
            return f"not {_inner(term)}"
        case _:
            return _leaf(node)


def _leaf(leaf: Flag | Compare | OneOf | TextTest | Under | Known | Changed) -> str:
    match leaf:
        case Flag(name):
            return name
        case Compare(left, op, right, _):
            other = right.name if isinstance(right, Attribute) else _value(right.value)
            return f"{left.name} {op.value} {other}"
        case OneOf(left, values, _, negated):
            return f"{left.name} {'not in' if negated else 'in'} [{_values(values)}]"
        case TextTest():
            return _text_test(leaf)
        case Under(name, departments):
            return f"under({name}, {_values(departments)})"
        case Known(name):
            return f"known({name})"
        case Changed():
            return _changed(leaf)
        case _:
            assert_never(leaf)


def _inner(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, And | Or) else render(node)


def _text_test(node: TextTest) -> str:
    if node.how is How.CONTAINS and len(node.texts) == 1:
        return f"{_value(node.texts[0])} {'not in' if node.negated else 'in'} {node.name}"
    return f"{node.how.value}({node.name}, {_values(node.texts)})"


def _changed(node: Changed) -> str:
    if node.old:
        return f"changed_from({node.name}, {_values(node.old)})"
    return f"changed_to({node.name}, {_values(node.new)})" if node.new else f"changed({node.name})"


def _values(values: Iterable[Plain]) -> str:
    return ", ".join(map(_value, values))


def _value(value: Plain) -> str:
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    if isinstance(value, str):
        # texts have no escapes: one that holds both sorts of quotes can only come from the mapping form
        return f"'{value}'" if '"' in value else f'"{value}"'
    return str(value)
