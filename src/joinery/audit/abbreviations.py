"""How alike the names of two departments, sites or jobs are, abbreviations included: 0 to 100.

Rule: a number to sort proposals by, which people confirm; nothing is ever matched by it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rapidfuzz import fuzz

#: words that say what kind of thing it is, and nothing about which
_KIND: Final = frozenset(
    "dept department departments div division team group grp unit office section svc service services abteilung "
    "bereich service equipe departement site the and of for und et de des la le".split()
)
_WORD: Final = re.compile(r"[^\W_]+")


def likeness(one: str, two: str) -> float:
    """100: the same but for signs and words such as "Dept."; 90 and more: one abbreviates the other."""
    left, right = _words(one), _words(two)
    if not left or not right:
        return 0.0
    if sorted(left) == sorted(right):
        return 100.0
    return max(_abbreviated(left, right), _abbreviated(right, left), _spelled(left, right))


def _words(text: str) -> list[str]:
    found = _WORD.findall(text.casefold())
    return [word for word in found if word not in _KIND] or found


def _spelled(left: Sequence[str], right: Sequence[str]) -> float:
    one, two = " ".join(left), " ".join(right)
    together = fuzz.token_sort_ratio(one, two)
    # one name inside the other says something, and less than being the same
    return max(together, 0.85 * fuzz.token_set_ratio(one, two) if min(len(left), len(right)) > 0 else 0)


def _abbreviated(short: Sequence[str], long: Sequence[str]) -> float:
    """`IT` for `Information Technology`, `Ops North` for `Operations North`, `R D` for `Research Development`."""
    if "".join(short) == "".join(word[0] for word in long) and len(long) > 1:
        return 95.0
    if len(short) == len(long) and all(_shortens(a, b) for a, b in zip(short, long, strict=True)):
        return 92.0
    return 0.0


def _shortens(short: str, long: str) -> bool:
    """Equal, the beginning, or its first letter and others in their order: `mktg` for `marketing`."""
    if short == long or (len(short) >= 3 and long.startswith(short)):
        return True
    if len(short) < 3 or len(short) > len(long) or short[0] != long[0]:
        return False
    rest = iter(long)
    return all(letter in rest for letter in short)


def nearest(name: str, others: Iterable[str], least: float = 75.0) -> tuple[str, float] | None:
    """The most alike of the others, and how much; None when none is alike enough."""
    scored = sorted(((likeness(name, other), other) for other in others), key=lambda pair: (-pair[0], pair[1]))
    return (scored[0][1], scored[0][0]) if scored and scored[0][0] >= least else None
