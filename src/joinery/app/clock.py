"""The only reader of "now"."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The real instant, UTC."""
    return datetime.now(UTC)
