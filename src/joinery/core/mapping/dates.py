"""Decides which day a text means. Rule 1: a text that can mean two days means none; nobody is hired by a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from joinery.core.mapping.spec import DateFormat

_TIME: Final = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME)
_PACKED: Final = re.compile(r"(\d{4})(\d{2})(\d{2})" + _TIME)
_PARTS: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _TIME)
_NAMED: Final = re.compile(r"(\d{1,2})[-/. ]([^\W\d_]{3,9})\.?[-/. ,]+(\d{4})" + _TIME)
#: first three letters, lower case: English, then French and German where they differ
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb fév fev",
            "mar mär mrz maa",
            "apr avr",
            "may mai mei",
            "jun",
            "jul",
            "aug aoû aou",
            "sep",
            "oct okt",
            "nov",
            "dec dez déc",
        ),
        1,
    )
    for name in names.split()
}
_FRENCH_SUMMER: Final = {"juin": 6, "juil": 7, "juillet": 7}
_FIRST_REAL_YEAR: Final = 1901
_LAST_REAL_YEAR: Final = 2900


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDay:
    """A text that HR systems write for "none": 9999-12-31, 1900-01-01, 0000-00-00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotADate:
    """`code`: `ambiguous_date`, or `bad_date` when no such day exists or the text is no date."""

    code: str


Parsed: TypeAlias = date | NoDay | NotADate

_NO_DAY: Final = NoDay()
_BAD: Final = NotADate(code="bad_date")
_AMBIGUOUS: Final = NotADate(code="ambiguous_date")


@lru_cache(maxsize=1 << 16)
def parse_date(text: str, written: DateFormat | None, order: DateFormat | None = None) -> Parsed:
    """The day this trimmed, not empty text means; a time of day behind it is left out.

    `order`: without a format, how a text is read that can mean two days.
    """
    match written:
        case None:
            found = _free(text)
            return _ordered(text, order) if found is _AMBIGUOUS and order is not None else found
        case DateFormat.ISO:
            return _year_first(_ISO.fullmatch(text))
        case DateFormat.PACKED:
            return _year_first(_PACKED.fullmatch(text))
        case DateFormat.NAMED:
            return _named(text)
        case DateFormat.DAY_FIRST | DateFormat.DOTS | DateFormat.MONTH_FIRST:
            return _ordered(text, written)
        case _:
            assert_never(written)


def _free(text: str) -> Parsed:
    """ISO, packed, month by name, dots (always day first); slashes and hyphens when only one reading exists."""
    if found := _ISO.fullmatch(text) or _PACKED.fullmatch(text):
        return _year_first(found)
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return _named(text)
    first, mark, second = int(parts[1]), parts[2], int(parts[3])
    if mark == "." or first > 12:
        return _day(parts[4], second, first)
    if second > 12 or first == second:
        return _day(parts[4], first, second)
    return _AMBIGUOUS


def _year_first(found: re.Match[str] | None) -> Parsed:
    return _day(found[1], int(found[2]), int(found[3])) if found else _BAD


def _ordered(text: str, order: DateFormat) -> Parsed:
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return _BAD
    day, month = (3, 1) if order is DateFormat.MONTH_FIRST else (1, 3)
    return _day(parts[4], int(parts[month]), int(parts[day]))


def _named(text: str) -> Parsed:
    found = _NAMED.fullmatch(text)
    if found is None:
        return _BAD
    name = found[2].lower()
    month = _FRENCH_SUMMER.get(name) or _MONTHS.get(name[:3])
    return _day(found[3], month, int(found[1])) if month else _BAD


def _day(year_text: str, month: int, day: int) -> Parsed:
    year = int(year_text)
    if year > _LAST_REAL_YEAR or (year < _FIRST_REAL_YEAR and (month, day) in {(1, 1), (0, 0)}):
        return _NO_DAY
    try:
        return date(year, month, day)
    except ValueError:
        return _BAD
