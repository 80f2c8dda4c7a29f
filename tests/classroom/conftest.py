"""Fixtures of the Classroom tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom.house import House, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A Classroom of this test's own, with the starter courses."""
    with opened(tmp_path) as made:
        yield made
