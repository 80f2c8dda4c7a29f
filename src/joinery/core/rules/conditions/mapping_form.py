"""The mapping form: `{country: FR, job_family: [Logistics, Ops]}`; all of it must hold; `any`, `all`, `not` nest.

Rule 1: it builds the same nodes as the text form, through the same checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from joinery.core.rules.conditions.building import Refused, attribute, compare, one_of
from joinery.core.rules.conditions.functions import FUNCTIONS, call
from joinery.core.rules.conditions.nodes import And, Literal, Node, Not, Op, Or, Plain
from joinery.core.rules.conditions.parsing import parse_text
from joinery.core.rules.conditions.scanning import MAX_DEPTH
from joinery.core.rules.conditions.trouble import did_you_mean, trouble_at
from joinery.core.rules.conditions.vocabulary import Vocabulary

MAX_VALUES: Final = 2_000
_JOINTS: Final = ("any", "all", "not")


@dataclass(frozen=True, slots=True)
class _Reader:
    vocabulary: Vocabulary

    def item(self, given: object, path: str, depth: int) -> Node:
        """A mapping, or a condition in text form."""
        if depth > MAX_DEPTH:
            raise trouble_at("This is nested too deeply", path[:80], "Split the rule in two.")
        if isinstance(given, str):
            return parse_text(given, self.vocabulary)
        if not isinstance(given, Mapping):
            raise trouble_at("Here goes attribute: value", path, "Or a condition as a text.")
        terms = self.entries(given, path, depth)
        return terms[0] if len(terms) == 1 else And(terms)

    def entries(self, given: Mapping[object, object], path: str, depth: int) -> tuple[Node, ...]:
        if not given:
            raise trouble_at("The condition is empty", path or "when", "Write True when everybody is meant.")
        return tuple(self.entry(str(key), value, f"{path}.{key}".lstrip("."), depth) for key, value in given.items())

    def entry(self, key: str, value: object, path: str, depth: int) -> Node:
        if key == "not":
            return Not(self.item(value, path, depth + 1))
        if key in _JOINTS:
            terms = self.joined(value, path, depth + 1)
            joint = Or(terms) if key == "any" else And(terms)
            return terms[0] if len(terms) == 1 else joint
        try:
            return self.function(key, value) if key in FUNCTIONS else self.equals(key, value)
        except Refused as refused:
            raise trouble_at(refused.what, path, refused.hint) from None

    def joined(self, value: object, path: str, depth: int) -> tuple[Node, ...]:
        """Under any and all: a list of conditions, or a mapping of which each entry is one."""
        if isinstance(value, Mapping):
            return self.entries(value, path, depth)
        if isinstance(value, list | tuple) and value:
            return tuple(self.item(each, f"{path}[{index}]", depth) for index, each in enumerate(value))
        raise trouble_at("Here goes a list of conditions", path)

    def equals(self, key: str, value: object) -> Node:
        if self.vocabulary.kind(key) is None and key not in self.vocabulary.forbid:
            near = did_you_mean(key, (*self.vocabulary.names, *FUNCTIONS, *_JOINTS))
            raise Refused(f'There is no attribute "{key}"', near)
        left = attribute(key, self.vocabulary)
        if isinstance(value, list | tuple):
            return one_of(left, _plains(value))
        return compare(left, Op.EQ, Literal(_plain(value)))

    def function(self, name: str, value: object) -> Node:
        """`known: country`, `changed_to: {location: [New York, Boston]}`."""
        usage = f"As a text it is written {FUNCTIONS[name].usage}."
        if isinstance(value, str):
            return self.call(name, value, ())
        if isinstance(value, Mapping) and len(value) == 1:
            key, texts = next(iter(value.items()))
            return self.call(name, str(key), _plains(texts) if isinstance(texts, list | tuple) else (_plain(texts),))
        raise Refused(f"{name} takes one attribute", usage)

    def call(self, name: str, key: str, texts: tuple[Plain, ...]) -> Node:
        return call(name, attribute(key, self.vocabulary), texts, edges=self.vocabulary.edges)


def _plains(values: list[object] | tuple[object, ...]) -> tuple[Plain, ...]:
    if len(values) > MAX_VALUES:
        raise Refused(f"The list has {len(values):,} values; {MAX_VALUES:,} are allowed", "Use a table.")
    return tuple(_plain(value) for value in values)


def _plain(value: object) -> Plain:
    if isinstance(value, datetime):
        raise Refused("This is a time, not a date", "Dates are written YYYY-MM-DD.")
    if isinstance(value, str | int | float | date):
        return value
    if value is None:
        raise Refused("There is no value here", "To ask whether HR gives one, write known: <attribute>.")
    raise Refused("Here goes one value or a list of values")


def parse_mapping(source: Mapping[str, object], vocabulary: Vocabulary) -> Node:
    """The node of a condition in mapping form; raises ConditionError with the path to the place."""
    return _Reader(vocabulary).item(source, "", 0)
