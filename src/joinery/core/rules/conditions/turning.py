"""The days on which a condition can change its answer although HR changes nothing: it looks at the calendar.

Rule 1: a day too many costs one look; a day too few, and a rule never fires.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Final

from joinery.core.rules.conditions.evaluation import as_date, as_number
from joinery.core.rules.conditions.facts import Facts
from joinery.core.rules.conditions.nodes import Attribute, Compare, Leaf, Literal, Node, OneOf, leaves, names_in
from joinery.core.rules.instants import days_after

#: what moves by itself
CLOCKS: Final = frozenset({"today", "tenure_days"})


def clocks_in(node: Node) -> tuple[Leaf, ...]:
    """The tests that look at the calendar."""
    return tuple(leaf for leaf in leaves(node) if CLOCKS.intersection(names_in(leaf)))


def turns(leaf: Leaf, facts: Facts) -> Iterator[date]:
    """The days of one test, past ones included."""
    match leaf:
        case Compare(left, _, right, _):
            if left.name in CLOCKS:
                yield from _days(left.name, _value(right, facts), facts)
            if isinstance(right, Attribute) and right.name in CLOCKS:
                yield from _days(right.name, facts.value(left.name), facts)
        case OneOf(left, values, _, _):
            for value in values:
                yield from _days(left.name, value, facts)
        case _:
            return


def _value(side: Attribute | Literal, facts: Facts) -> object:
    return side.value if isinstance(side, Literal) else facts.value(side.name)


def _days(clock: str, value: object, facts: Facts) -> Iterator[date]:
    """The first day on which the clock reaches the value, and the first on which it is past it."""
    if clock == "today":
        day = as_date(value) if isinstance(value, date | str) else None
    else:
        hired, number = as_date(facts.value("hire_date")), as_number(value)  # type: ignore[arg-type]
        day = days_after(hired, math.ceil(number)) if hired is not None and number is not None else None
    if day is not None:
        yield day
        yield days_after(day, 1)
