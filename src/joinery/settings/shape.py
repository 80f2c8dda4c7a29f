"""How the rows stand in a source's files. Rule: what is not given is found out; what is given is never guessed over."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.tree import Section
from joinery.settings.values import Count, Reading, Shape, Text, wrong

_SPAN: Final = re.compile(r"(\d{1,5}) *- *(\d{1,5})")


def _encoding(value: object) -> object:
    try:
        known = isinstance(value, str) and codecs.lookup(value)._is_text_encoding
    except (LookupError, ValueError):
        known = False
    if not known:
        wrong(f"must be an encoding such as utf-8 or cp1252; found {found(value)}")
    return value


Encoding = Annotated[str, BeforeValidator(_encoding)]


def _names(value: object) -> object:
    if isinstance(value, list | tuple):
        twice = [str(name) for name, count in Counter(map(str, value)).items() if count > 1]
        if twice:
            wrong(f"every column needs a name of its own; {twice[0]!r} stands more than once")
        return tuple(value)
    return value


def _width(value: object) -> str:
    """`8`, or `1-8`: as text either way."""
    text = str(value).strip()
    span = _SPAN.fullmatch(text)
    whole = isinstance(value, int | str) and not isinstance(value, bool) and re.fullmatch(r"[1-9]\d{0,4}", text)
    if not whole and not (span and 1 <= int(span[1]) <= int(span[2])):
        wrong(f"must be a number of characters such as 8, or positions such as 1-8; found {found(value)}")
    return text


def spans_of(widths: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """(first character, the one behind the last) of each column, from 0; a bare width follows the one before."""
    spans: list[tuple[int, int]] = []
    for width in widths:
        span = _SPAN.fullmatch(width)
        first = int(span[1]) - 1 if span else spans[-1][1] if spans else 0
        spans.append((first, int(span[2]) if span else first + int(width)))
    return tuple(spans)


_WIDTH_SCHEMA: Final = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^\\d+ *- *\\d+$"}]}


class FileShape(Part):
    """What is known of the form of the files; one of people who work with spreadsheets needs none of it."""

    encoding: Encoding | None = Field(
        default=None, description="The file's encoding, e.g. `cp1252`; found out when not given."
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=3)] | None = Field(
        default=None, description='What separates columns, e.g. `";"` or `"+|"`; found out when not given.'
    )
    sheet: Text | None = Field(
        default=None, description="The sheet of an Excel workbook; the only one that holds a table when not given."
    )
    header_row: Annotated[Count, Field(ge=1)] | None = Field(
        default=None,
        description="The row that holds the headings, counted from 1; found out when not given. With `columns`, the "
        "last row that is not read.",
    )
    columns: Annotated[tuple[Text, ...], BeforeValidator(_names)] = Field(
        default=(), description="Names for the columns of a file without headings, all of them and in order."
    )
    widths: tuple[Annotated[str, BeforeValidator(_width), Shape(_WIDTH_SCHEMA, instead=True)], ...] = Field(
        default=(),
        description="For columns of fixed width: how many characters each has, or from where to where (`1-8`).",
    )
    dates: Literal["DD/MM/YYYY", "MM/DD/YYYY"] | None = Field(
        default=None,
        description="How dates such as 03/04/2026 are meant, where a field has no `format` and no other date of the "
        "column shows it; found out from all values when not given.",
    )
    trailer: Text | None = Field(
        default=None,
        description="What the last row begins with when it is about the file, e.g. `TRAILER`: a file without it was "
        "cut off. Found out when not given; `none` when there is no such row.",
    )
    trailer_counts: Literal["rows", "lines", "nothing"] = Field(
        default="rows",
        description="What a number in that last row counts: rows of people, all lines of the file, or something else.",
    )

    @model_validator(mode="before")
    @classmethod
    def _widths_fit_columns(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, Section) or not isinstance(info.context, Reading):
            return data
        names, widths = (len(each) if isinstance(each := data.get(key), list) else 0 for key in ("columns", "widths"))
        if names and widths and names != widths:
            said = f"names {widths} widths for {names} columns; each column needs one"
            info.context.problems.add(data.values_at["widths"], data.path_of("widths"), said)
        return data
