"""What looks wrong with a rule although it can be read: values that do not occur, cycles that cannot work.

Rule 1: a remark names its rule, what it is about and what to write instead; it never changes anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from joinery.core.mapping.dated import DatedTable
from joinery.core.rules.conditions.facts import above_in
from joinery.core.rules.conditions.nodes import Attribute, Compare, Known, Leaf, Literal, OneOf, Under, leaves, names_in
from joinery.core.rules.conditions.vocabulary import DERIVED, LIFECYCLE, Kind
from joinery.core.rules.conditions.words import fold
from joinery.core.rules.learning import LearningRule

#: any day will do to tell which of two periods is longer
_A_DAY = date(2026, 1, 1)


class Weighs(StrEnum):
    """error: it cannot do what it says. warning: probably not what was meant. note: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """`people` are employee IDs, the first few; `count` all of them."""

    check: str
    weighs: Weighs
    message: str
    rule: str = ""
    suggestion: str = ""
    count: int = 0
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What occurs: attribute -> folded value -> as HR writes it; what tables know; departments in the tree."""

    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: attribute -> folded code of every row
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: attribute -> folded word -> its code
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)


def remarks_on(rule: LearningRule, seen: Seen) -> tuple[Remark, ...]:
    """Everything about one rule that can be told without counting people."""
    return (*_cycle(rule), *(each for leaf in leaves(rule.when.node) for each in _leaf(rule, leaf, seen)))


def _cycle(rule: LearningRule) -> Iterator[Remark]:
    recurs = rule.recurs
    if recurs is None:
        return
    every = recurs.every.after(_A_DAY)
    if recurs.window.after(_A_DAY) >= every:
        yield Remark(
            check="window_longer_than_cycle",
            weighs=Weighs.ERROR,
            rule=rule.name,
            message=f"It comes again every {recurs.every} and can be renewed {recurs.window} before: it never rests.",
            suggestion="Make the window shorter than the cycle.",
        )
    if rule.due is not None and rule.due.within is not None and rule.due.within.after(_A_DAY) >= every:
        yield Remark(
            check="due_after_cycle",
            weighs=Weighs.WARNING,
            rule=rule.name,
            message=f"It is due after {rule.due.within}, and by then the next cycle of {recurs.every} has begun.",
            suggestion="Make due shorter than the cycle.",
        )


def _leaf(rule: LearningRule, leaf: Leaf, seen: Seen) -> Iterator[Remark]:
    name, values = _asked(leaf)
    asked = [name for name in names_in(leaf) if name not in DERIVED and name not in LIFECYCLE]
    for each in asked:
        if not seen.values.get(each) and not isinstance(leaf, Known):
            yield Remark(
                check="attribute_without_values",
                weighs=Weighs.WARNING,
                rule=rule.name,
                message=f"HR gives {each} for nobody, so this can be told of nobody.",
                suggestion=f"Name the column of {each} under `fields`, or ask for something else.",
            )
            return
    for value in values:
        yield from _value(rule, name, value, seen, tree=isinstance(leaf, Under))


def _asked(leaf: Leaf) -> tuple[str, Sequence[str]]:
    """The attribute and the texts that it is compared with."""
    match leaf:
        case Compare(left, _, Literal(value), Kind.TEXT):
            return left.name, [str(value)]
        case OneOf(left, values, Kind.TEXT, _):
            return left.name, [str(value) for value in values]
        case Under(name, departments):
            return name, departments
        case Compare(Attribute(name), _, _, _):
            return name, ()
        case _:
            return "", ()


def _value(rule: LearningRule, name: str, value: str, seen: Seen, *, tree: bool) -> Iterator[Remark]:
    if name in LIFECYCLE or name in DERIVED:
        return
    key, occurs = fold(value), dict(seen.values.get(name, {}))
    if tree:
        occurs |= seen.departments
    if key not in occurs:
        code = seen.words.get(name, {}).get(key)
        yield Remark(
            check="value_that_does_not_occur",
            weighs=Weighs.WARNING,
            rule=rule.name,
            message=f'No {name} is "{value}".',
            suggestion=f'"{value}" is the word for "{code}": conditions compare what HR writes.'
            if code
            else _near(key, occurs),
        )
    elif seen.codes.get(name) is not None and key not in seen.codes[name] and not tree:
        yield Remark(
            check="code_without_a_word",
            weighs=Weighs.NOTE,
            rule=rule.name,
            message=f'The table for {name} has no word for "{value}".',
            suggestion=f'joinery map set {name} "{value}" "…"',
        )


def _near(key: str, occurs: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(key, occurs, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(occurs[each]) for each in near)}?" if near else ""


def loops_in(tree: DatedTable, days: Iterable[date]) -> tuple[Remark, ...]:
    """Departments that stand below themselves on one of these days."""
    found: dict[str, date] = {}
    for day in days:
        above = tree.on(day)
        for code in above:
            chain = above_in(above, code)
            if chain and fold(above.get(fold(chain[-1]), "")) == fold(code):
                found.setdefault(code, day)
    return tuple(
        Remark(
            check="department_below_itself",
            weighs=Weighs.ERROR,
            message=f'In the tree of departments "{code}" stands below itself on {day.isoformat()}.',
            suggestion="Correct the row of it, or of one above it, in `department_tree`.",
        )
        for code, day in sorted(found.items())
    )
