"""The memory target keeps the contract, in memory and in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account
from joinery.core.model.ids import AccountId
from joinery.kit.contract import Completion, Target
from joinery.testing.records_contract import ErasingContract, RecordContract, SignInContract
from joinery.testing.target_contract import TargetContract


class TestMemory(TargetContract, SignInContract, RecordContract, ErasingContract):
    missing = None

    @pytest.fixture(params=["in memory", "in a file"])
    def target(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
        yield MemoryTarget(page_size=7, path=tmp_path / "lms.json" if request.param == "in a file" else None)

    def start(self, target: Target, account: Account, enrolment: str) -> None:
        assert isinstance(target, MemoryTarget)
        target.learn(account.id, enrolment)

    def promote(self, target: Target, account: Account) -> None:
        assert isinstance(target, MemoryTarget)
        target.edit_with(account.id, roles=("administrator",))

    def unlinked(self, target: Target) -> Account:
        assert isinstance(target, MemoryTarget)
        target.edit(Account(id=AccountId("m-by-hand"), attributes={"email": "by.hand@example.org"}))
        return target.world.accounts[AccountId("m-by-hand")]

    def complete(self, target: Target, account: Account, hour: int) -> None:
        assert isinstance(target, MemoryTarget)
        at = f"2026-03-01T{hour:02}:00:00Z"
        done = Completion(
            id=f"{account.id}/{at}",
            account_id=account.id,
            course="forklift",
            course_title="Forklift",
            course_version="1",
            completed_at=at,
            result="completed",
        )
        target.complete(done)
