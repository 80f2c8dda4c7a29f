"""What was seen at one time, and whether it was everything. `complete` is the most important boolean here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")

RawRecord = Mapping[str, str]
"""One record of a source: its own column name -> text, trimmed of nothing; absent when null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Generic[T]):
    """Items seen at `taken_at` (UTC). Only a complete snapshot may imply that somebody is gone."""

    items: tuple[T, ...]
    complete: bool
    taken_at: datetime
