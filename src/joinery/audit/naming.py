"""How findings name people: by their numbers, a few of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: people named one by one in a finding about many
_NAMED: Final = 5


def some(ids: Iterable[str]) -> str:
    """`E1, E2, E3, E4, E5 and 7 others`."""
    listed = list(ids)
    more = f" and {len(listed) - _NAMED} others" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more
