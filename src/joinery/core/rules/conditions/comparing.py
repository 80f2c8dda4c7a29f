"""The words for how things are compared, the same wherever a condition is said or explained."""

from __future__ import annotations

from typing import Final

from joinery.core.rules.conditions.nodes import How, Op

#: (it is so, it is not so)
HOW: Final = {
    How.CONTAINS: ("contains", "does not contain"),
    How.STARTS_WITH: ("starts with", "does not start with"),
    How.ENDS_WITH: ("ends with", "does not end with"),
    How.MATCHES_WORD: ("has the word", "does not have the word"),
}
DATES: Final = {Op.LT: "before", Op.LE: "on or before", Op.GT: "after", Op.GE: "on or after"}
NUMBERS: Final = {Op.LT: "less than", Op.LE: "at most", Op.GT: "more than", Op.GE: "at least"}
