"""How text is compared and how values are said aloud.

Rule 1: every comparison of text goes through `fold`: case, outer blanks and Unicode composition never matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from unicodedata import normalize


def fold(text: str) -> str:
    """The form in which two texts are the same text."""
    if text.isascii():
        return text.strip().lower()
    return normalize("NFC", text.strip().casefold())


def say(value: object) -> str:
    """A value as a person reads it: text in quotes, dates in ISO form, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def one_of(values: Iterable[object]) -> str:
    """'"FR"', or 'one of "FR", "BE"'; at most five are spelled out."""
    every = [say(value) for value in values]
    if len(every) == 1:
        return every[0]
    more = f" and {len(every) - 5} more" if len(every) > 5 else ""
    return "one of " + ", ".join(every[:5]) + more
