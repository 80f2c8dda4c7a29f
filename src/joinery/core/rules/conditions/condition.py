"""A condition that has been understood, and the one way to get one.

Rule 1: `holds` answers True, False, or None for unknown; the caller must say what unknown means to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from joinery.core.rules.conditions.evaluation import Test, compiled
from joinery.core.rules.conditions.explanation import Explanation, explain
from joinery.core.rules.conditions.facts import Facts
from joinery.core.rules.conditions.mapping_form import parse_mapping
from joinery.core.rules.conditions.nodes import Changed, Leaf, Node, leaves, names_in
from joinery.core.rules.conditions.parsing import parse_text
from joinery.core.rules.conditions.rendering import render
from joinery.core.rules.conditions.turning import clocks_in, turns
from joinery.core.rules.conditions.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Condition:
    """Two conditions are equal when they mean the same node by node, however they were written."""

    node: Node
    #: as it was given: a text, or plain data
    source: str | Mapping[str, object] = field(compare=False)
    _test: Test = field(compare=False, repr=False)
    #: the tests in it that look at the calendar; mostly none
    _clocks: tuple[Leaf, ...] = field(default=(), compare=False, repr=False)

    def holds(self, facts: Facts) -> bool | None:
        """True, False, or None when what HR gives is not enough to tell."""
        return self._test(facts)

    def explain(self, facts: Facts) -> Explanation:
        """The same verdict with its reasons. A hundred times slower than `holds`."""
        return explain(self.node, facts)

    def turns(self, facts: Facts) -> tuple[date, ...]:
        """The days on which its answer can change for this person without news from HR."""
        return tuple(day for leaf in self._clocks for day in turns(leaf, facts))

    @property
    def attributes(self) -> frozenset[str]:
        """Every name it reads, derived ones included."""
        return frozenset(name for leaf in leaves(self.node) for name in names_in(leaf))

    @property
    def is_edge(self) -> bool:
        """True when it looks at a change, so that it holds at one evaluation only."""
        return any(isinstance(leaf, Changed) for leaf in leaves(self.node))

    @property
    def text(self) -> str:
        """The text form, whichever form it was written in."""
        return render(self.node)


def parse(source: str | Mapping[str, object], vocabulary: Vocabulary) -> Condition:
    """The condition that was written; raises ConditionError (never anything else) with the place and a hint."""
    node = parse_text(source, vocabulary) if isinstance(source, str) else parse_mapping(source, vocabulary)
    return Condition(node, source, compiled(node), clocks_in(node))
