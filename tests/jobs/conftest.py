"""A store with the tables in it, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from joinery.store.database import Database
from tests.jobs.world import make_store


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    database = make_store(store_url)
    yield database
    database.close()
