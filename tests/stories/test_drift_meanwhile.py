"""Somebody changes an account by hand, HR changes something else of that person: the change by hand is found all the
same, and becomes what `learning.drift` says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import Change, LeaveGroup, Operation, SuspendAccount, UpdateAccount
from joinery.errors import SystemUnreachable, TryAgain
from joinery.flows.reconcile import reconcile
from joinery.kit.contract import Order
from joinery_simulators.hostile import HostileTarget
from joinery_simulators.mischief import Mischief, OnCommand
from tests.stories.company import Company, Row, changed, moment, staff


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What an administrator does to somebody's account, what a reconcile calls it, and the line that puts it back."""

    what: str
    action: str
    does: Callable[[PersonKey], Operation]
    shows: Callable[[Account], str]


LYON = (Change(attribute="location", old="Lille", new="Lyon"),)
EDITS = {
    "0001": ByHand(
        what="access",
        action="restore",
        does=lambda key: SuspendAccount(person_key=key),
        shows=lambda account: str(account.state),
    ),
    "0002": ByHand(
        what="location",
        action="update",
        does=lambda key: UpdateAccount(person_key=key, changes=LYON),
        shows=lambda account: account.attributes["location"],
    ),
    "0003": ByHand(
        what="group:Sales",
        action="group",
        does=lambda key: LeaveGroup(person_key=key, group="Sales"),
        shows=lambda account: ", ".join(account.groups),
    ),
}


def company(folder: Path, into: str, choice: str, **settings: Any) -> tuple[Company, list[Row]]:
    drift = dict.fromkeys(("access", "location", "groups"), choice)
    where = {"into": into, "database": "classroom.db"} if into == "classroom" else {"into": into}
    learning = {"groups_from": ["department"], "drift": drift, **where}
    acme, rows = Company(folder, learning=learning, settings={"guards": "off", **settings}), staff(3)
    acme.day("2026-11-23", rows)
    return acme, rows


def edited(acme: Company) -> dict[str, str]:
    """Each of them is changed by hand in the system itself, beside Joinery; how it is afterwards."""

    accounts = there(acme)

    async def go() -> None:
        target = it.ports.target()
        orders = [
            Order(key=who, operation=edit.does(PersonKey(accounts[who].external_id)), account_id=accounts[who].id)
            for who, edit in EDITS.items()
        ]
        assert all([receipt.changed async for receipt in target.perform(orders)])
        await target.close()

    with acme.open() as it:
        asyncio.run(go())
    return shown(acme)


def there(acme: Company) -> dict[str, Account]:
    """Number -> account, as the system itself has them."""

    async def go() -> dict[str, Account]:
        target = it.ports.target()
        page = await target.accounts(None)
        await target.close()
        return {account.worker_id: account for account in page.items}

    with acme.open() as it:
        return asyncio.run(go())


def shown(acme: Company) -> dict[str, str]:
    accounts = there(acme)
    return {who: edit.shows(accounts[who]) for who, edit in EDITS.items()}


def titled(rows: list[Row], title: str) -> list[Row]:
    """HR changes the title of everybody."""
    return [row | {"job_title": title} for row in rows]


def read_again(acme: Company, day: str) -> dict[str, str]:
    """`0001 access` -> what happens."""
    with acme.open(day) as it:
        return {f"{each.worker_id} {each.what}": each.happens for each in reconcile(it.ports, moment(day)).drift}


UPDATED = [f"{who} update done" for who in EDITS]


@pytest.mark.parametrize("into", ["memory", "classroom"])
@pytest.mark.parametrize(
    ("choice", "happens", "line"),
    [("overwrite", "put back", "done"), ("keep", "kept", ""), ("ask", "held", "held")],
)
def test_what_was_changed_by_hand_outlives_an_update_of_something_else(
    tmp_path: Path, into: str, choice: str, happens: str, line: str
) -> None:
    acme, rows = company(tmp_path, into, choice)
    was, by_hand = shown(acme), edited(acme)
    for day, title in (("2026-11-24", "Head"), ("2026-11-25", "Chief")):
        assert sorted(acme.day(day, titled(rows, title)).lines) == UPDATED
        assert shown(acme) == by_hand, "nothing is put back unasked, however often HR changes something else"
    assert read_again(acme, "2026-11-25T14:00") == {f"{who} {edit.what}": happens for who, edit in EDITS.items()}
    put_back = [f"{who} {edit.action} {line}" for who, edit in EDITS.items()] if line else []
    assert sorted(acme.day("2026-11-26").lines) == put_back
    after = was if choice == "overwrite" else by_hand
    assert shown(acme) == after
    night = acme.day("2026-11-27", titled(rows, "Boss"))
    assert sorted(each for each in night.lines if each.endswith("done")) == UPDATED
    assert (shown(acme), read_again(acme, "2026-11-27T14:00")) == (after, {}), "it is told once"


def test_a_value_that_hr_changes_as_well_is_skipped_once_and_then_hr_s(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, "memory", "keep")
    edited(acme)
    assert acme.day("2026-11-24", changed(rows, "0002", location="Nantes")).lines == ["0002 update skipped"]
    assert acme.day("2026-11-25").lines == ["0002 update done"]
    assert acme.account("0002").attributes["location"] == "Nantes"


def test_a_role_given_by_hand_is_told_after_an_update_of_something_else(tmp_path: Path) -> None:
    acme, rows = company(tmp_path, "memory", "overwrite")
    acme.lms().edit_with(acme.account("0002").id, roles=("administrator",))
    acme.day("2026-11-24", titled(rows, "Head"))
    assert read_again(acme, "2026-11-24T14:00") == {"0002 role:administrator": "kept"}


def test_a_training_record_brings_no_change_by_hand_along(tmp_path: Path) -> None:
    rule = {"name": "Fire", "when": 'hire_date >= "2000-01-01"', "give": "course:FIRE", "due": "30 days"}
    acme, rows = company(tmp_path, "memory", "keep", learning_rules=[rule])
    edited(acme)
    for who in EDITS:
        acme.completes(who, "OTHER", "2026-11-23")
    acme.day("2026-11-24")
    acme.day("2026-11-25", rows)
    assert read_again(acme, "2026-11-25T14:00") == {f"{who} {edit.what}": "kept" for who, edit in EDITS.items()}


@pytest.mark.parametrize("choice", ["keep", "ask"])
def test_a_reading_that_stops_keeps_what_it_has_seen_to_be_changed_by_hand(tmp_path: Path, choice: str) -> None:
    acme, _ = company(tmp_path, "memory", choice)
    by_hand = edited(acme)
    acme.around = Cut
    with pytest.raises(SystemUnreachable):
        read_again(acme, "2026-11-24")
    acme.around = lambda target: target
    acme.day("2026-11-25")
    assert shown(acme) == by_hand


class Cut:
    """Shows all accounts on one page, says that there is another, and is gone when it is asked for it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def accounts(self, after: str | None = None) -> Any:
        if after is not None:
            raise TryAgain("Gone.")
        return replace(await self._inner.accounts(None), next="more")


def test_a_suspension_by_hand_is_not_believed_because_an_update_failed(tmp_path: Path) -> None:
    """The look at whoever's change failed sees the whole account; only what failed is believed of it."""
    inner, mood = MemoryTarget(), OnCommand()
    hostile = HostileTarget(inner, mood=mood)
    acme = Company(tmp_path, memory=inner, around=lambda _target: hostile, learning={"drift": {"access": "keep"}})
    rows = staff(5)
    acme.day("2026-11-23", rows)
    acme.lms().edit_with(acme.account("0002").id, state=AccountState.SUSPENDED)
    mood.then("perform", Mischief.LIE_FAILED)
    rows = changed(rows, "0002", job_title="Head")
    assert acme.day("2026-11-24", rows).lines == ["0002 update failed"]
    acme.day("2026-11-25", rows)
    acme.day("2026-11-26", changed(rows, "0002", job_title="Chief"))
    assert acme.accounts()["0002"] == "suspended"
    assert acme.account("0002").attributes["job_title"] == "Chief"
