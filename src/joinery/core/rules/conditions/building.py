"""From names and plain values to typed nodes: the checks that both written forms share.

Rule 1: what cannot be compared is refused here, so that evaluation never meets a wrong type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Final

from joinery.core.rules.conditions.nodes import Attribute, Compare, Literal, Node, OneOf, Op, Plain
from joinery.core.rules.conditions.trouble import did_you_mean
from joinery.core.rules.conditions.vocabulary import Kind, Vocabulary
from joinery.core.rules.conditions.words import say


@dataclass
class Refused(Exception):
    """Why something cannot stand here; the written form adds the place."""

    what: str
    hint: str = ""


_CODES: Final = "Texts and codes go in quotes, so that leading zeros survive."


def attribute(name: str, vocabulary: Vocabulary) -> Attribute:
    """The attribute of this name; refused when there is none or when it has no place in this sort of rule."""
    if name in vocabulary.forbid:
        raise Refused(f"{name} cannot be used here", vocabulary.forbid_because)
    kind = vocabulary.kind(name)
    if kind is None:
        raise Refused(f'There is no attribute "{name}"', did_you_mean(name, vocabulary.names) or _quoted(name))
    return Attribute(name, kind)


def _quoted(name: str) -> str:
    return f'If a text is meant, write it in quotes: "{name}".'


def iso_date(text: str) -> date:
    """The date of `YYYY-MM-DD`; refused otherwise."""
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == 10 else _no_date(text)
    except ValueError:
        return _no_date(text)


def _no_date(text: str) -> date:
    raise Refused(f'"{text}" is not a date', "Dates are written YYYY-MM-DD.")


def value_for(value: Plain, left: Attribute) -> tuple[Plain, Kind]:
    """The value as the attribute's kind reads it, and that kind (a mixed attribute becomes text or number)."""
    match left.kind, value:
        case _, bool():
            if left.kind is Kind.FLAG:
                return value, Kind.FLAG
        case ((Kind.TEXT | Kind.MIXED), str()):
            return _some_text(value), Kind.TEXT
        case ((Kind.NUMBER | Kind.MIXED), int() | float()):
            if isinstance(value, int) or math.isfinite(value):
                return value, Kind.NUMBER
        case Kind.DATE, date():
            return value, Kind.DATE
        case Kind.DATE, str():
            return iso_date(value), Kind.DATE
        case _:
            pass
    hint = _CODES if left.kind is Kind.TEXT else _expected(left.kind)
    raise Refused(f"{left.name} is {left.kind.value} and cannot be compared with {say(value)}", hint)


def _expected(kind: Kind) -> str:
    if kind is Kind.DATE:
        return 'Dates are written date("2026-01-31").'
    return "Write True or False." if kind is Kind.FLAG else f"It takes {kind.value}."


def _some_text(text: str) -> str:
    if not text.strip():
        raise Refused("An empty text is what HR gives when it gives nothing", "Write known(...) or not known(...).")
    return text.strip()


def compare(left: Attribute, op: Op, right: Attribute | Literal) -> Node:
    """`left op right`, type-checked."""
    if isinstance(right, Literal):
        value, kind = value_for(right.value, left)
        right = Literal(value)
    else:
        kind = _common(left, right)
    if op.ordering and kind in {Kind.TEXT, Kind.FLAG}:
        raise Refused(f'"{op.value}" needs a date or a number, and {left.name} is {kind.value}', _ordered_hint(left))
    return Compare(left, op, right, kind)


def _ordered_hint(left: Attribute) -> str:
    return f"Write the number without quotes: {left.name} >= 5." if left.kind is Kind.MIXED else ""


def _common(left: Attribute, right: Attribute) -> Kind:
    kinds = {left.kind, right.kind}
    if len(kinds) == 1:
        return Kind.TEXT if left.kind is Kind.MIXED else left.kind
    if kinds == {Kind.MIXED, Kind.TEXT}:
        return Kind.TEXT
    if kinds == {Kind.MIXED, Kind.NUMBER}:
        return Kind.NUMBER
    raise Refused(f"{left.name} is {left.kind.value} and cannot be compared with {right.name}, {right.kind.value}")


def one_of(left: Attribute, values: tuple[Plain, ...], *, negated: bool = False) -> Node:
    """`left in values`, type-checked; all values must be of one kind."""
    if not values:
        raise Refused("The list is empty", "An empty list fits nobody.")
    read = [value_for(value, left) for value in values]
    if len({kind for _, kind in read}) > 1:
        raise Refused("The list mixes texts and numbers", _CODES)
    return OneOf(left, tuple(value for value, _ in read), read[0][1], negated)
