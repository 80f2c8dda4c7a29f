"""Classroom behind a real HTTP server keeps the contract; one server for all tests, so it is never empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from joinery.connectors.classroom import ClassroomTarget
from joinery.kit.contract import Target
from joinery.kit.transport import Transport
from tests.contract.classroom import TOKEN, Classroom, ClassroomContract, classroom
from tests.contract.serving import served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Classroom, str]]:
    with classroom(tmp_path_factory.mktemp("classroom")) as opened, served(opened.app) as url:
        yield opened, url


class TestClassroomOverHttp(ClassroomContract):
    @pytest.fixture
    def target(self, running: tuple[Classroom, str]) -> Target:
        self.opened, url = running
        return ClassroomTarget(Transport(url, auth=lambda: TOKEN))
