"""How tests start `joinery`: in a process of its own, without anything of the surrounding settings."""

from __future__ import annotations

import os
import sys

JOINERY = (sys.executable, "-c", "from joinery.cli.main import run; run()")


def environment(**more: str) -> dict[str, str]:
    """The environment without Joinery's own variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("JOINERY_")} | more
