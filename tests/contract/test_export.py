"""A learning system known from an export keeps the contract of those that can only be read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from joinery.app.exports import read_export
from joinery.connectors.export import ExportTarget
from joinery.core.model.ids import AccountId
from joinery.errors import Rejected
from joinery.kit.contract import Target
from joinery.testing.read_only_contract import ReadOnlyContract


def target_of(path: Path) -> ExportTarget:
    entry = SimpleNamespace(path=path, encoding=None, delimiter=None, fields={})
    return ExportTarget(lambda: read_export(entry))


class TestExport(ReadOnlyContract):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[Target]:
        file = tmp_path / "users.csv"
        rows = "".join(f"u{n},u{n}@acme.example,Ana,Family{n}\n" for n in range(2345))
        file.write_text("username,email,firstname,lastname\n" + rows)
        yield target_of(file)

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Target:
        file = tmp_path / "broken.csv"
        file.write_text("")
        return target_of(file)

    def test_it_makes_no_sign_in_link_and_has_no_training_records(self, target: ExportTarget) -> None:
        with pytest.raises(Rejected) as caught:
            asyncio.run(target.sign_in_link(AccountId("u1")))
        assert "acme.example" not in str(caught.value)
        page = asyncio.run(target.completions("x"))
        assert (page.items, page.next, page.more) == ((), "x", False)
