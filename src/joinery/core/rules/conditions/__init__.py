"""The condition language of rules: text or mapping in, a typed condition with three-valued answers out.

Rule 1: nothing from a configuration is ever executed; Python's grammar is only borrowed, node by node.
"""

from joinery.core.rules.conditions.condition import Condition, parse
from joinery.core.rules.conditions.explanation import Explanation
from joinery.core.rules.conditions.facts import Facts, Value, WorkerFacts
from joinery.core.rules.conditions.vocabulary import Kind, Vocabulary

__all__ = ["Condition", "Explanation", "Facts", "Kind", "Value", "Vocabulary", "WorkerFacts", "parse"]
