"""Finds misspelled e-mail domains: rare ones close to frequent or well-known ones.

Rule 1: a suggestion, never a fix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rapidfuzz.distance import OSA

from joinery.core.hygiene.contact import FREE_MAIL

#: rare: at most this many people, and at most this share of the domain it resembles
_RARE: Final = 3
_RARE_SHARE: Final = 0.02
_FREQUENT: Final = 20
_FARTHEST: Final = 2
#: two letters of difference say nothing about a name this short
_SHORT: Final = 8


def misspelled(people: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """(domain, what it was probably meant to be, people), by domain; `people` is lower-case domain -> people."""
    frequent = {name for name, count in people.items() if count >= _FREQUENT}
    known = sorted(frequent | FREE_MAIL)
    for name in sorted(people.keys() - frequent - FREE_MAIL):
        if people[name] > _RARE:
            continue
        meant = _closest(name, known)
        if meant and people[name] <= max(1, _RARE_SHARE * people.get(meant, 0)):
            yield name, meant, people[name]


def _closest(name: str, known: list[str]) -> str:
    farthest = _FARTHEST if len(name) > _SHORT else 1
    best = min(known, key=lambda other: (OSA.distance(name, other, score_cutoff=farthest), other), default="")
    return best if best and OSA.distance(name, best) <= farthest else ""
