"""The text form: Python's expression grammar, cut down to comparisons, joined by and, or, not.

Rule 1: every syntax node that is not named here is refused; a new one needs a node of ours and a test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, TypeAlias

from joinery.core.rules.conditions.building import Refused, attribute, compare, iso_date, one_of
from joinery.core.rules.conditions.functions import FUNCTIONS, call
from joinery.core.rules.conditions.nodes import (
    Always,
    And,
    Attribute,
    Flag,
    How,
    Literal,
    Node,
    Not,
    Op,
    Or,
    Plain,
    TextTest,
)
from joinery.core.rules.conditions.scanning import MAX_DEPTH, Scanned, scan, tree_of
from joinery.core.rules.conditions.trouble import did_you_mean, trouble
from joinery.core.rules.conditions.vocabulary import Kind, Vocabulary
from joinery.errors import ConditionError

_OPS: Final[dict[type[ast.cmpop], Op]] = {
    ast.Eq: Op.EQ,
    ast.NotEq: Op.NE,
    ast.Lt: Op.LT,
    ast.LtE: Op.LE,
    ast.Gt: Op.GT,
    ast.GtE: Op.GE,
}
_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class _Many:
    values: tuple[Plain, ...]


_Operand: TypeAlias = Attribute | Literal | _Many


@dataclass(frozen=True, slots=True)
class _Parser:
    scanned: Scanned
    vocabulary: Vocabulary

    def node(self, tree: ast.expr, depth: int = 0) -> Node:
        """The condition that this syntax tree states."""
        if depth > MAX_DEPTH:
            raise self.error(tree, Refused("This is nested too deeply", "Split the rule in two."))
        match tree:
            case ast.BoolOp(op, values):
                terms = tuple(self.node(value, depth + 1) for value in values)
                return And(terms) if isinstance(op, ast.And) else Or(terms)
            case ast.UnaryOp(ast.Not(), operand):
                return Not(self.node(operand, depth + 1))
            case ast.Compare():
                return self.chain(tree)
            case ast.Call():
                return self.called(tree)
            case ast.Name(name):
                return self.flag(tree, name)
            case ast.Constant(bool(value)):
                return Always(value)
            case _:
                raise self.error(tree, _unfit(tree))

    def chain(self, tree: ast.Compare) -> Node:
        """`a < b <= c` is `a < b and b <= c`."""
        sides = [tree.left, *tree.comparators]
        tests = [self.pair(tree, left, op, right) for (left, right), op in zip(pairwise(sides), tree.ops, strict=True)]
        return tests[0] if len(tests) == 1 else And(tuple(tests))

    def pair(self, whole: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Node:
        first, second = self.operand(left), self.operand(right)
        try:
            if isinstance(op, ast.In | ast.NotIn):
                return _member(first, second, negated=isinstance(op, ast.NotIn))
            return _compared(first, _OPS.get(type(op)), second)
        except Refused as refused:
            place = left if isinstance(first, Literal) and isinstance(second, Attribute) else right
            raise self.error(place, refused) from None

    def operand(self, tree: ast.expr) -> _Operand:
        """One side of a comparison."""
        match tree:
            case ast.Name(name) if name.lower() not in _TRUTH:
                return self.attribute(tree, name)
            case ast.List(elements) | ast.Tuple(elements) | ast.Set(elements):
                return _Many(tuple(self.plain(element) for element in elements))
            case _:
                return Literal(self.plain(tree))

    def plain(self, tree: ast.expr) -> Plain:
        """A value written out."""
        match tree:
            case ast.Constant(str() | bool() | int() | float() as value):
                return value
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(value, bool):
                return -value
            case ast.Name(name) if name in _TRUTH:
                return _TRUTH[name]
            case ast.Call(ast.Name("date"), [ast.Constant(str(text))], []):
                return self.dated(tree, text)
            case _:
                raise self.error(tree, _unfit(tree))

    def dated(self, tree: ast.expr, text: str) -> date:
        try:
            return iso_date(text)
        except Refused as refused:
            raise self.error(tree, refused) from None

    def attribute(self, tree: ast.expr, name: str) -> Attribute:
        try:
            return attribute(name, self.vocabulary)
        except Refused as refused:
            raise self.error(tree, refused) from None

    def flag(self, tree: ast.expr, name: str) -> Node:
        """A name on its own must be a yes-or-no."""
        if name.lower() in _TRUTH:
            return Always(_TRUTH[name.lower()])
        if name in FUNCTIONS:
            raise self.error(tree, Refused(f"{name} is a function", f"It is written {FUNCTIONS[name].usage}."))
        found = self.attribute(tree, name)
        if found.kind is not Kind.FLAG:
            hint = f"Compare it with something, or ask known({name})."
            raise self.error(tree, Refused(f"{name} is {found.kind.value}, not yes or no", hint))
        return Flag(name)

    def called(self, tree: ast.Call) -> Node:
        """A function on an attribute."""
        if not isinstance(tree.func, ast.Name):
            raise self.error(tree.func, _unfit(tree.func))
        name = tree.func.id
        if name not in FUNCTIONS:
            hint = did_you_mean(name, FUNCTIONS) or f"There are {', '.join(FUNCTIONS)} and date."
            what = (
                "date(...) is a value, to compare a date with" if name == "date" else f'There is no function "{name}"'
            )
            raise self.error(
                tree.func, Refused(what, 'As in hire_date >= date("2026-01-31").' if name == "date" else hint)
            )
        usage = f"It is written {FUNCTIONS[name].usage}."
        if tree.keywords or not tree.args or not isinstance(tree.args[0], ast.Name):
            raise self.error(tree, Refused(f"{name} starts with the name of an attribute", usage))
        left = self.attribute(tree.args[0], tree.args[0].id)
        texts = tuple(value for argument in tree.args[1:] for value in self.spread(argument))
        try:
            return call(name, left, texts, edges=self.vocabulary.edges)
        except Refused as refused:
            raise self.error(tree, refused) from None

    def spread(self, tree: ast.expr) -> Iterator[Plain]:
        """Texts may be given one by one or as a list."""
        found = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
        yield from (self.plain(element) for element in found)

    def error(self, tree: ast.expr, refused: Refused) -> ConditionError:
        return trouble(refused.what, self.scanned.source, self.scanned.span(tree), refused.hint)


def _compared(left: _Operand, op: Op | None, right: _Operand) -> Node:
    if op is None:
        raise Refused('"is" is not known here', "Write == or != to compare, known(...) to ask for a value.")
    match left, right:
        case (_Many(), _) | (_, _Many()):
            raise Refused("A list is not equal to one value", "Write in [...] or not in [...].")
        case Attribute(), Attribute() | Literal():
            return compare(left, op, right)
        case Literal(), Attribute():
            return compare(right, op.mirrored, left)
        case _:
            raise Refused("Two written values are compared", "One side must be the name of an attribute.")


def _member(left: _Operand, right: _Operand, *, negated: bool) -> Node:
    match left, right:
        case Attribute(), _Many(values):
            return one_of(left, values, negated=negated)
        case Literal(str(text)), Attribute(name, Kind.TEXT | Kind.MIXED):
            if not text.strip():
                raise Refused("An empty text is found everywhere", "Write what to look for.")
            return TextTest(name, How.CONTAINS, (text.strip(),), negated)
        case Attribute(name), Literal(str(text)):
            raise Refused("in looks for a value in a list", f'Write {name} in ["{text}"], or "{text}" in {name}.')
        case _:
            raise Refused('"in" is not used like this', 'Write country in ["FR", "BE"], or \'Manager\' in job_title.')


def _unfit(tree: ast.expr) -> Refused:
    match tree:
        case ast.BinOp() | ast.UnaryOp():
            return Refused("There is no arithmetic here", "Compare an attribute with a written value.")
        case ast.Attribute() | ast.Subscript():
            return Refused("There are only plain attribute names", "No dots and no brackets after a name.")
        case ast.Constant(str()):
            return Refused("A text alone says nothing", "Compare it with an attribute.")
        case ast.Constant(None):
            return Refused("None is not a value", "Ask known(...) or not known(...).")
        case ast.Constant() | ast.List() | ast.Tuple() | ast.Set():
            return Refused("A value alone says nothing", "Compare it with an attribute.")
        case ast.Name(name):
            return Refused(f'A written value is needed here, not the name "{name}"', f'If it is a text: "{name}".')
        case ast.Call():
            return Refused("A function cannot stand here")
        case _:
            return Refused("This is not part of the condition language", "There are comparisons, and, or, not.")


def parse_text(source: str, vocabulary: Vocabulary) -> Node:
    """The node of a condition in text form; raises ConditionError with line, column and a caret line."""
    scanned = scan(source)
    return _Parser(scanned, vocabulary).node(tree_of(scanned))
