"""What a condition is once it is understood: a closed union of frozen nodes.

Rule 1: a new node is added to `Node` and `Leaf`; mypy then lists every `match` to extend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from joinery.core.rules.conditions.vocabulary import Kind

Plain: TypeAlias = str | int | float | bool | date


class Op(StrEnum):
    """The comparisons."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def mirrored(self) -> Op:
        """The same comparison with its sides exchanged."""
        return {Op.LT: Op.GT, Op.LE: Op.GE, Op.GT: Op.LT, Op.GE: Op.LE}.get(self, self)

    @property
    def ordering(self) -> bool:
        """True when it needs an order, which text does not have here."""
        return self not in {Op.EQ, Op.NE}


class How(StrEnum):
    """The tests on text."""

    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES_WORD = "matches_word"


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value of this name for the person at hand."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the condition."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Always:
    """Everybody, or nobody."""

    verdict: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-or-no attribute on its own."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """`left` is an attribute; `kind` says as what the two sides are read."""

    left: Attribute
    op: Op
    right: Attribute | Literal
    kind: Kind


@dataclass(frozen=True, slots=True)
class OneOf:
    """The attribute equals one of the values; none of them when `negated`."""

    left: Attribute
    values: tuple[Plain, ...]
    kind: Kind
    negated: bool = False


@dataclass(frozen=True, slots=True)
class TextTest:
    """One of the texts is found in the attribute as `how` says; none of them when `negated`."""

    name: str
    how: How
    texts: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Under:
    """The department is one of these or below one of them."""

    name: str
    departments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """HR gives a value. The only test that is never unknown itself, beside the changes."""

    name: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The attribute has just changed: at all, from one of `old`, to one of `new` (empty tuple: any)."""

    name: str
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; the opposite of unknown is unknown."""

    term: Node


Leaf: TypeAlias = Always | Flag | Compare | OneOf | TextTest | Under | Known | Changed
Node: TypeAlias = Leaf | And | Or | Not


def leaves(node: Node) -> Iterator[Leaf]:
    """Every test in the condition, left to right."""
    match node:
        case And(terms) | Or(terms):
            for term in terms:
                yield from leaves(term)
        case Not(term):
            yield from leaves(term)
        case _:
            yield node


def names_in(leaf: Leaf) -> Iterator[str]:
    """The attributes that a test reads."""
    match leaf:
        case Always():
            return
        case Compare(left, _, right, _):
            yield left.name
            if isinstance(right, Attribute):
                yield right.name
        case OneOf(left, _, _, _):
            yield left.name
        case Flag(name) | TextTest(name=name) | Under(name=name) | Known(name) | Changed(name=name):
            yield name
