"""What surrounds `joinery` when a test starts it; how it starts is in `tests/support/forked.py`."""

from __future__ import annotations

import os


def environment(**more: str) -> dict[str, str]:
    """The environment without Joinery's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("JOINERY_")} | more
