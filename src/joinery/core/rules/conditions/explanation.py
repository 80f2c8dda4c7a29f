"""Why a condition holds, does not hold, or cannot be told: the same tree again, with the person's values in it.

Rule 1: the verdict of an explanation is the verdict of the condition; both come from the same tests.
Rule 2: no value of the employment itself (status, end dates, leave) is ever told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, assert_never

from joinery.core.rules.conditions.comparing import DATES, HOW, NUMBERS
from joinery.core.rules.conditions.evaluation import as_text, compiled
from joinery.core.rules.conditions.facts import Facts
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
    names_in,
)
from joinery.core.rules.conditions.vocabulary import LIFECYCLE, Kind
from joinery.core.rules.conditions.words import one_of, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`joint` is and | or | not for inner nodes and empty for a test; `actual` is the value found, as text."""

    verdict: bool | None
    text: str = ""
    attribute: str = ""
    actual: str = ""
    joint: str = ""
    children: tuple[Explanation, ...] = ()

    def nearest_failure(self) -> tuple[str, ...]:
        """The sentences of the tests that stand in the way; of several ways, the one with the fewest. Empty if none."""
        return () if self.verdict is True else tuple(each.text for each in _against(self))

    def supporting(self) -> tuple[Explanation, ...]:
        """The tests that make it hold; empty when it does not."""
        return _for(self) if self.verdict is True else ()


def _against(tree: Explanation) -> tuple[Explanation, ...]:
    """The tests to change for the tree to become true."""
    match tree.joint:
        case "and":
            blocking = [child for child in tree.children if child.verdict is tree.verdict]
            return tuple(each for child in blocking for each in _against(child))
        case "or":
            return min((_against(child) for child in tree.children), key=len)
        case "not":
            inner = tree.children[0]
            return _for(inner) if inner.verdict is True else _against_unknown(inner)
        case _:
            return (tree,)


def _for(tree: Explanation) -> tuple[Explanation, ...]:
    """The tests that make the tree true."""
    match tree.joint:
        case "and":
            return tuple(each for child in tree.children for each in _for(child))
        case "or":
            return _for(next(child for child in tree.children if child.verdict is True))
        case "not":
            return _false_because(tree.children[0])
        case _:
            return (tree,)


def _false_because(tree: Explanation) -> tuple[Explanation, ...]:
    """The tests that make the tree false."""
    match tree.joint:
        case "and":
            return _false_because(next(child for child in tree.children if child.verdict is False))
        case "or":
            return tuple(each for child in tree.children for each in _false_because(child))
        case "not":
            return _for(tree.children[0])
        case _:
            return (tree,)


def _against_unknown(tree: Explanation) -> tuple[Explanation, ...]:
    """The tests that leave the tree unknown."""
    if not tree.joint:
        return (tree,)
    open_ones = [child for child in tree.children if child.verdict is None]
    return tuple(each for child in open_ones for each in _against_unknown(child))


def explain(node: Node, facts: Facts) -> Explanation:
    """The tree of this condition with what was found for the person."""
    verdict = compiled(node)(facts)
    match node:
        case And(terms) | Or(terms):
            joint = "and" if isinstance(node, And) else "or"
            return Explanation(verdict=verdict, joint=joint, children=tuple(explain(term, facts) for term in terms))
        case Not(term):
            return Explanation(verdict=verdict, joint="not", children=(explain(term, facts),))
        case _:
            return _leaf(node, facts, verdict)


_CONFIDENTIAL: Final = {
    True: "the employment is as the rule asks",
    False: "the employment is not as the rule asks",
    None: "the employment cannot be told",
}


def _leaf(leaf: Leaf, facts: Facts, verdict: bool | None) -> Explanation:
    if isinstance(leaf, Always):
        return Explanation(verdict=verdict, text="it fits everybody" if leaf.verdict else "it fits nobody")
    if LIFECYCLE.intersection(names_in(leaf)):
        # an end that is still to come, or why somebody is away, is not for everybody who asks why
        return Explanation(verdict=verdict, text=_CONFIDENTIAL[verdict])
    name = leaf.left.name if isinstance(leaf, Compare | OneOf) else leaf.name
    actual = _actual(name, facts)
    if isinstance(leaf, Changed):
        text = _changed(leaf, facts, verdict)
    elif not actual:
        text = f"{name} is not known"
    elif isinstance(leaf, Known):
        text = f"{name} is known"
    else:
        text = _found(leaf, facts, verdict)
    return Explanation(verdict=verdict, text=text, attribute=name, actual=actual)


def _actual(name: str, facts: Facts) -> str:
    value = facts.value(name)
    if as_text(value) is None:
        return ""
    return say(value).strip('"') if isinstance(value, bool | date) else str(value).strip()


def _found(leaf: Flag | Compare | OneOf | TextTest | Under, facts: Facts, verdict: bool | None) -> str:
    match leaf:
        case Flag(name):
            return _is(name, facts)
        case Compare():
            return _compare(leaf, facts, verdict)
        case OneOf(left, values, _, negated):
            shown = _is(left.name, facts)
            if negated:
                return f"{shown}, not {one_of(values)}" if verdict else f"{shown}, which is ruled out"
            return shown if verdict else f"{shown}, not {one_of(values)}"
        case TextTest():
            return _text_test(leaf, facts, verdict)
        case Under(name, departments):
            shown = _is(name, facts)
            return f"{shown}, {_not(bool(verdict))}in or below {one_of(departments)}"
        case _:
            assert_never(leaf)


def _is(name: str, facts: Facts) -> str:
    value = facts.value(name)
    return f"{name} is {say(value.strip() if isinstance(value, str) else value)}"


def _text_test(leaf: TextTest, facts: Facts, verdict: bool | None) -> str:
    found = bool(verdict) is not leaf.negated
    return f"{_is(leaf.name, facts)}, which {HOW[leaf.how][0 if found else 1]} {one_of(leaf.texts)}"


def _compare(leaf: Compare, facts: Facts, verdict: bool | None) -> str:
    shown, other = _is(leaf.left.name, facts), _other(leaf, facts)
    if verdict is None:
        return f"{shown}, which cannot be compared with {other}"
    if leaf.op is Op.EQ:
        return shown if verdict and not isinstance(leaf.right, Attribute) else f"{shown}, {_not(verdict)}{other}"
    if leaf.op is Op.NE:
        return f"{shown}, not {other}" if verdict else f"{shown}, which is ruled out"
    words = (DATES if leaf.kind is Kind.DATE else NUMBERS)[leaf.op]
    return f"{shown}, {_not(verdict)}{words} {other}"


def _not(verdict: bool) -> str:
    return "" if verdict else "not "


def _other(leaf: Compare, facts: Facts) -> str:
    if not isinstance(leaf.right, Attribute):
        return say(leaf.right.value)
    actual = _actual(leaf.right.name, facts)
    return f"{leaf.right.name} ({actual})" if actual else f"{leaf.right.name}, which is not known"


def _changed(leaf: Changed, facts: Facts, verdict: bool | None) -> str:
    change = facts.changed(leaf.name)
    if change is None:
        return f"{leaf.name} did not change"
    shown = f"{leaf.name} changed from {say(change[0])} to {say(change[1])}"
    if verdict:
        return shown
    wanted = f"to {one_of(leaf.new)}" if leaf.new else f"from {one_of(leaf.old)}"
    return f"{shown}, not {wanted}"
