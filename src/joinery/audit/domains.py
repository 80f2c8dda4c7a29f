"""Finds misspelled e-mail domains, rare ones close to frequent or well-known ones, and domains made to look like them.

Rule 1: a suggestion, never a fix.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from rapidfuzz.distance import OSA

from joinery.core.hygiene.contact import FREE_MAIL

#: rare: at most this many people, and at most this share of the domain it resembles
_RARE: Final = 3
_RARE_SHARE: Final = 0.02
_FREQUENT: Final = 20
_FARTHEST: Final = 2
#: in a small company: this many people, and most of them
_FEW: Final = 5
_MOST: Final = 0.5
#: letters of other alphabets and digits that look like Latin letters, and pairs that look like one
_LOOKS: Final = str.maketrans(
    dict(
        zip(
            "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u0455\u0445\u0443",
            "acdehijlopsxy",
            strict=True,
        )
    )
    | dict(zip("\u03b1\u03b5\u03b9\u03bf\u03c1\u03c5\u03bd\u03ba\u03c4\u0131\u0261", "aeiopuvktig", strict=True))
    | {"0": "o", "1": "l", "3": "e"}
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
#: two letters of difference say nothing about a name this short
_SHORT: Final = 8


def misspelled(people: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """(domain, what it was probably meant to be, people), by domain; `people` is lower-case domain -> people."""
    frequent = _frequent(people)
    known = sorted(frequent | FREE_MAIL)
    for name in sorted(people.keys() - frequent - FREE_MAIL):
        if people[name] > _RARE or _seen(name) in known or not name.isascii():
            continue
        meant = _closest(name, known)
        if meant and people[name] <= max(1, _RARE_SHARE * people.get(meant, 0)):
            yield name, meant, people[name]


def look_alikes(people: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    """As `misspelled`, for domains that the eye takes for a frequent or well-known one: acme.com with a Cyrillic a."""
    frequent = _frequent(people)
    known = {_seen(name): name for name in sorted(frequent | FREE_MAIL)}
    for name in sorted(people.keys() - frequent - FREE_MAIL):
        meant = known.get(_seen(name), "")
        if meant and meant != name:
            yield name, meant, people[name]


def _frequent(people: Mapping[str, int]) -> set[str]:
    everybody = sum(people.values())
    return {
        name for name, count in people.items() if count >= _FREQUENT or (count >= _FEW and count >= _MOST * everybody)
    }


def _seen(name: str) -> str:
    """As the eye sees it: punycode as letters, letters that look alike as one."""
    labels = [_unpacked(label) for label in name.split(".")]
    text = unicodedata.normalize("NFKC", ".".join(labels)).lower()
    apart = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).translate(_LOOKS)
    for pair, one in _PAIRS:
        apart = apart.replace(pair, one)
    return apart


def _unpacked(label: str) -> str:
    try:
        return label.removeprefix("xn--").encode().decode("punycode") if label.startswith("xn--") else label
    except (UnicodeError, ValueError):
        return label


def _closest(name: str, known: list[str]) -> str:
    farthest = _FARTHEST if len(name) > _SHORT else 1
    best = min(known, key=lambda other: (OSA.distance(name, other, score_cutoff=farthest), other), default="")
    return best if best and OSA.distance(name, best) <= farthest else ""
