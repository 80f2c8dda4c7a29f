"""The memory target's file: what one process did, the next one finds; a damaged file is not believed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import AccountId, PersonKey, RequirementKey
from joinery.core.model.operation import Assign, CreateAccount, JoinGroup, Withdraw
from joinery.core.model.receipt import Outcome
from joinery.errors import BadAnswer
from joinery.kit.contract import Completion, Order

COURSE = RequirementKey("course:forklift")
PERSON = PersonKey("person-1")
IN_ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from joinery.connectors.memory import MemoryTarget
from joinery.core.model.operation import CreateAccount
from joinery.kit.contract import Order

async def main():
    target = MemoryTarget(path=Path(sys.argv[1]))
    creation = CreateAccount(person_key=sys.argv[2], attributes={"email": sys.argv[2] + "@x.org"})
    order = Order(key="k", operation=creation)
    print([receipt.account.id async for receipt in target.perform([order])][0])

asyncio.run(main())
"""


def in_another_process(path: Path, person: str) -> str:
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(path), person]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


async def furnish(target: MemoryTarget) -> None:
    """One account with everything that a file must keep."""
    operations = (
        CreateAccount(person_key=PERSON, attributes={"email": "Ana@example.org", "given_name": "Łucja"}),
        JoinGroup(person_key=PERSON, group="Warehouse"),
        Assign(person_key=PERSON, requirement=COURSE, cycle="2026", due_on=date(2026, 12, 1)),
    )
    orders = [Order(key=str(n), operation=one) for n, one in enumerate(operations)]  # type: ignore[arg-type]
    assert {receipt.outcome async for receipt in target.perform(orders)} == {Outcome.DONE}


def test_another_instance_finds_everything(tmp_path: Path) -> None:
    path = tmp_path / "lms.json"
    first, second = MemoryTarget(path=path), MemoryTarget(path=path)
    asyncio.run(furnish(first))
    account = AccountId("m-000001")
    first.learn(account, f"{COURSE}#2026")
    first.edit_with(account, roles=("administrator",), state=AccountState.SUSPENDED)
    done = Completion(
        id="1", account_id=account, course="forklift", course_title="Forklift", course_version="1",
        completed_at="2026-03-01T09:00:00Z", result="completed",
    )  # fmt: skip
    first.complete(done)
    (found,) = asyncio.run(second.accounts()).items
    assert found == first.world.accounts[account]
    assert found.roles == ("administrator",) and found.groups == {"Warehouse"} and found.email == "ana@example.org"
    assert asyncio.run(second.completions("")).items == (done,)


def test_processes_take_turns_with_one_file(tmp_path: Path) -> None:
    path = tmp_path / "lms.json"
    assert in_another_process(path, "p1") == "m-000001"
    target = MemoryTarget(path=path)
    assert [one.external_id for one in asyncio.run(target.accounts()).items] == ["p1"]
    assert in_another_process(path, "p2") == "m-000002"
    assert [one.external_id for one in asyncio.run(target.accounts()).items] == ["p1", "p2"]
    assert in_another_process(path, "p1") == "m-000001"
    assert not list(tmp_path.glob("*.partial"))


def test_progress_survives_a_withdrawal_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lms.json"
    target = MemoryTarget(path=path)
    asyncio.run(furnish(target))
    target.learn(AccountId("m-000001"), f"{COURSE}#2026", "completed")

    async def story() -> list[str]:
        states = []
        withdraw = Withdraw(person_key=PERSON, requirement=COURSE, cycle="2026", only_if_not_started=False)
        for operation in (withdraw, Assign(person_key=PERSON, requirement=COURSE, cycle="2026")):
            again = MemoryTarget(path=path)
            async for receipt in again.perform([Order(key="k", operation=operation)]):
                assert receipt.account is not None
                states.append(receipt.account.enrolments[f"{COURSE}#2026"].state)
        return states

    assert asyncio.run(story()) == ["withdrawn", "completed"]


DAMAGED = {
    "half of it": '{"accounts": [',
    "no accounts": "{}",
    "another shape": '{"accounts": [1], "groups": [], "progress": {}, "completions": []}',
    "a list": "[]",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_not_believed_and_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lms.json"
    path.write_text(text)
    target = MemoryTarget(path=path)
    with pytest.raises(BadAnswer):
        asyncio.run(target.check())
    with pytest.raises(BadAnswer):
        asyncio.run(furnish(target))
    assert path.read_text() == text


def test_two_accounts_with_one_address_edited_by_hand_are_both_kept() -> None:
    target = MemoryTarget([Account(id=AccountId(one), attributes={"email": "a@x.org"}) for one in ("a", "b")])
    target.edit_with(AccountId("a"), attributes={"email": "other@x.org"})
    assert target.world.taken({"email": "a@x.org"}, None) == "the e-mail belongs to account b"
    assert target.world.taken({"email": "a@x.org"}, AccountId("b")) == ""
