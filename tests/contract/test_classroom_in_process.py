"""Classroom inside this process keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from joinery.connectors.classroom import ClassroomTarget
from joinery.kit.contract import Target
from joinery.kit.transport import Transport
from tests.contract.classroom import TOKEN, ClassroomContract, classroom


class TestClassroomInProcess(ClassroomContract):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[Target]:
        with classroom(tmp_path) as self.opened:
            yield ClassroomTarget(Transport("http://classroom.test", auth=lambda: TOKEN, app=self.opened.app))
