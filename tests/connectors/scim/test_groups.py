"""Ways in and out of a group at peers that each take one way only; whoever else is in it stays in it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from joinery.connectors.scim import MEDIA_TYPE, ScimTarget
from joinery.core.model.ids import AccountId, PersonKey
from joinery.core.model.operation import JoinGroup, LeaveGroup
from joinery.core.model.receipt import Outcome, Receipt
from joinery.kit.contract import Order
from joinery.kit.transport import Transport

EVERYBODY = ["u1", "u2", "u3"]


class Lms:
    """One group of three. What it does with each way to change it: `does`, `ignores`, `empties`, or a status."""

    def __init__(self, **manners: str) -> None:
        self.manners = {"add": "does", "filter": "does", "value": "does", "put": "does", **manners}
        self.members = list(EVERYBODY)
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")
        headers = {name: value.decode() for name, value in scope["headers"]}
        status, said = 415, {}
        if not body or headers[b"content-type"] == MEDIA_TYPE:
            status, said = self.answer(scope["method"], scope["path"], json.loads(body or b"{}"))
        head = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        group = {"id": "g", "displayName": "Night", "members": [{"value": one} for one in self.members]}
        if path.endswith("Config"):
            return 200, {"patch": {"supported": True}, "filter": {"supported": True}}
        if path.endswith("Types"):
            return 200, {"Resources": [{"endpoint": "https://lms.example.test/v2/Groups/"}, {"endpoint": "/Users"}]}
        if "/Users/" in path:
            account = path.rpartition("/")[2]
            shown = [{"display": "Night"}] if account in self.members else []
            return 200, {"id": account, "userName": account, "active": True, "groups": shown}
        if method == "GET":
            return 200, group if path.endswith("/g") else {"totalResults": 1, "Resources": [group]}
        way, members = self.way(method, body)
        self.asked.append(way)
        manner = self.manners[way]
        if manner.isdigit():
            return int(manner), {}
        if manner != "ignores":
            self.members = [] if manner == "empties" else members
        return 200, {}

    def way(self, method: str, body: Any) -> tuple[str, list[str]]:
        """Which way it is, and the members if it is taken."""
        if method == "PUT":
            return "put", [one["value"] for one in body["members"]]
        (operation,) = body["Operations"]
        if operation["op"] == "add":
            return "add", [*self.members, *(one["value"] for one in operation["value"])]
        named = re.fullmatch(r'members\[value eq "(.*)"\]', operation["path"])
        gone = [named[1]] if named else [one["value"] for one in operation["value"]]
        return "filter" if named else "value", [one for one in self.members if one not in gone]


def perform(lms: Lms, *operations: tuple[str, JoinGroup | LeaveGroup]) -> list[Receipt]:
    async def story() -> list[Receipt]:
        target = ScimTarget(Transport("http://127.0.0.1/v2", auth=lambda: "key", app=lms, media_type=MEDIA_TYPE))
        orders = [
            Order(key=f"{number}", operation=one, account_id=AccountId(who))
            for number, (who, one) in enumerate(operations)
        ]
        try:
            return sorted([one async for one in target.perform(orders)], key=lambda one: one.key)
        finally:
            await target.close()

    return asyncio.run(story())


def leave(who: str) -> tuple[str, LeaveGroup]:
    return who, LeaveGroup(person_key=PersonKey("p"), group="Night")


def join(who: str) -> tuple[str, JoinGroup]:
    return who, JoinGroup(person_key=PersonKey("p"), group="Night")


#: how the peer behaves -> the ways that are asked for
WORKS: dict[str, tuple[dict[str, str], list[str]]] = {
    "it is a conforming one": ({}, ["filter"]),
    "it has no PATCH of groups": ({"filter": "405", "value": "405", "add": "405"}, ["filter", "put"]),
    "it finds the filter invalid": ({"filter": "400"}, ["filter", "put"]),
    "it ignores members in a PUT": ({"filter": "501", "put": "ignores"}, ["filter", "put", "value"]),
    "it has no PUT of groups": ({"filter": "501", "put": "405"}, ["filter", "put", "value"]),
}


@pytest.mark.parametrize(("manners", "asked"), WORKS.values(), ids=WORKS)
def test_one_leaves_and_the_others_stay(manners: dict[str, str], asked: list[str]) -> None:
    lms = Lms(**manners)
    (receipt,) = perform(lms, leave("u2"))
    assert (receipt.outcome, receipt.changed) == (Outcome.DONE, True)
    assert lms.members == ["u1", "u3"] and lms.asked == asked


def test_what_was_refused_once_is_not_tried_again() -> None:
    lms = Lms(filter="501", put="ignores")
    receipts = perform(lms, leave("u2"), leave("u3"))
    assert [one.outcome for one in receipts] == [Outcome.DONE] * 2 and lms.members == ["u1"]
    assert lms.asked == ["filter", "put", "value", "value"]


def test_one_joins_a_group_that_can_only_be_written_whole() -> None:
    lms = Lms(add="501")
    (receipt,) = perform(lms, join("u4"))
    assert receipt.outcome is Outcome.DONE and lms.members == [*EVERYBODY, "u4"] and lms.asked == ["add", "put"]


#: how the peer behaves, and who wants what
FAILS: dict[str, tuple[dict[str, str], tuple[str, JoinGroup | LeaveGroup]]] = {
    "it takes the value for all members": ({"filter": "501", "put": "ignores", "value": "empties"}, leave("u2")),
    "it ignores every way": ({"filter": "501", "put": "ignores", "value": "ignores"}, leave("u2")),
    "it says yes to the filter and does nothing": ({"filter": "ignores"}, leave("u2")),
    "it says yes to a joiner and does nothing": ({"add": "ignores"}, join("u4")),
}


@pytest.mark.parametrize(("manners", "wanted"), FAILS.values(), ids=FAILS)
def test_what_does_not_work_is_said_and_harms_nobody(
    manners: dict[str, str], wanted: tuple[str, JoinGroup | LeaveGroup]
) -> None:
    lms = Lms(**manners)
    already, receipt = perform(lms, join("u1"), wanted)
    assert (already.outcome, already.changed) == (Outcome.DONE, False)
    assert (receipt.outcome, receipt.changed) == (Outcome.FAILED, False) and receipt.detail
    assert set(lms.members) >= {"u1", "u3"}, "the others are still in it"
