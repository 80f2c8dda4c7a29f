"""One part of an answer: a title, sentences, and the same as plain values for programs. Dates are the person's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`name` is the key in JSON; without sentences it is left out where people read."""

    name: str
    title: str
    said: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def day(at: datetime, zone: tzinfo) -> str:
    """The local day of an instant, ISO."""
    return at.astimezone(zone).date().isoformat()
