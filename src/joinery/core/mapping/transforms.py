"""The closed set of things a mapping may do to a text. Rule 1: each is total and pure: any text in, a text out."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

#: what spreadsheets and web forms leave at the ends of a cell, beside white space
_INVISIBLE: Final = "\u200b\u200e\u200f\u2060\ufeff"
_NO_BREAK: Final = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2007": " "})


class Transform(StrEnum):
    """Names as settings write them."""

    TRIM = "trim"
    LOWER = "lower"
    UPPER = "upper"
    TITLE = "title"
    DIGITS = "digits"
    STRIP_LEADING_ZEROS = "strip_leading_zeros"


def clean(text: str) -> str:
    """Trimmed (no-break spaces too) and in Unicode's composed form, as every cell is before anything else."""
    text = text.strip()
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.translate(_NO_BREAK).strip(_INVISIBLE).strip())


def _title(text: str) -> str:
    """`MARY-ANN O'NEIL` -> `Mary-Ann O'Neil`: every letter that follows a letter goes small."""
    out = []
    previous = ""
    for character in text:
        out.append(character.lower() if previous.isalpha() else character.upper())
        previous = character
    return "".join(out)


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _strip_leading_zeros(text: str) -> str:
    return text.lstrip("0") or text[:1]


TRANSFORMS: Final[Mapping[Transform, Callable[[str], str]]] = {
    Transform.TRIM: clean,
    Transform.LOWER: str.lower,
    Transform.UPPER: str.upper,
    Transform.TITLE: _title,
    Transform.DIGITS: _digits,
    Transform.STRIP_LEADING_ZEROS: _strip_leading_zeros,
}
