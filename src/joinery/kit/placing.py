"""Where finished files go: a folder here, or somebody's server. Rule: a file has its name only when it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Place(Protocol):
    """Takes finished files."""

    def put(self, paths: Sequence[Path]) -> None:
        """Each of these, in this order, whole under its own name there, and then no longer here.

        May be called again after any crash: what is there already is not put a second time; a path that is not there
        any more was put before. Raises StopRun when the place cannot be reached or refuses.
        """
