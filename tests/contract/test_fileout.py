"""The target that writes import files keeps the contract, by what it has written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from joinery.connectors.fileout import FileOutTarget
from joinery.kit.contract import Target
from joinery.testing.records_contract import ErasingContract
from joinery.testing.target_contract import TargetContract
from tests.connectors.fileout.files import layout

NOW = datetime(2026, 3, 9, 6, tzinfo=UTC)


class TestFileOut(TargetContract, ErasingContract):
    missing = None

    @pytest.fixture(params=["changes", "full"])
    def target(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
        made = FileOutTarget(
            layout("generic"),
            folder=tmp_path / "out",
            state=tmp_path / "state",
            now=lambda: NOW,
            full=request.param == "full",
        )
        made.capabilities = type(made.capabilities)(actions=made.capabilities.actions, batch_size=50, concurrency=1)
        yield made
