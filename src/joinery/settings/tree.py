"""A settings file as a tree that knows where everything stands.

Rule: scalars stay the text that was written (000123, 10:30, NO, 1.10); numbers, dates and durations are read by the
setting that wants one.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from joinery.settings.problems import Place

Value: TypeAlias = "str | bool | Section | Items | None"

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,9})?", re.ASCII)


class Scalar(str):
    """Text of the file; `style` is how it was written: nothing, a quote, or the sign of a block."""

    style: str = ""

    @classmethod
    def written(cls, text: str, style: str) -> Scalar:
        """The text with its style."""
        scalar = cls(text)
        scalar.style = style
        return scalar


class Section(dict[str, Any]):
    """A mapping of the file. `place` is where it begins, `keys_at`/`values_at` where each key and value stand."""

    def __init__(self, *, path: str, place: Place) -> None:
        super().__init__()
        self.path = path
        self.place = place
        self.keys_at: dict[str, Place] = {}
        self.values_at: dict[str, Place] = {}

    @classmethod
    def like(cls, other: Section) -> Section:
        """An empty mapping that stands where `other` stands and knows the places of its keys."""
        same = cls(path=other.path, place=other.place)
        same.keys_at, same.values_at = other.keys_at, other.values_at
        return same

    def put(self, key: str, value: Value, key_at: Place, value_at: Place) -> None:
        """Set one key and remember where it stands."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at

    def path_of(self, key: str) -> str:
        """The whole path of one of its keys."""
        return f"{self.path}.{key}" if self.path else key


class Items(list[Any]):
    """A list of the file; `places` has one place for each item."""

    def __init__(self, *, path: str, place: Place) -> None:
        super().__init__()
        self.path = path
        self.place = place
        self.places: list[Place] = []

    def put(self, value: Value, place: Place) -> None:
        """Append one item and remember where it stands."""
        self.append(value)
        self.places.append(place)


def is_number(text: str) -> bool:
    """Reads as a number where it stands unquoted."""
    return _NUMBER.fullmatch(text) is not None


def typed(value: Value) -> Any:
    """Plain data in which unquoted numbers are numbers, as conditions want it; 0042 and "42" stay text."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    if isinstance(value, Scalar) and not value.style and (match := _NUMBER.fullmatch(value)):
        return float(value) if match[2] else int(value)
    return str(value) if isinstance(value, str) else value
