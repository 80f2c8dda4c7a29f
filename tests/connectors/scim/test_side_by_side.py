"""People of one batch are written side by side: as many as may be, never more, and nobody's answer is thrown away."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from joinery.connectors.scim.connector import SIDE_BY_SIDE, Pace, ScimTarget
from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import CreateAccount
from joinery.core.model.receipt import Receipt
from joinery.errors import TryAgain
from joinery.kit.contract import Order
from joinery.kit.transport import Transport

CONFIG = {"patch": {"supported": True}, "bulk": {"supported": False}, "filter": {"supported": True}}


class Lms:
    """Creates accounts; `broken` names whose creation it breaks on, `slow` whose it answers after `others` are over."""

    def __init__(self, *, broken: Sequence[str] = (), slow: Sequence[str] = (), others: int = 0) -> None:
        self.broken, self.slow, self.others = broken, slow, others
        self.made: Counter[str] = Counter()
        self.over = 0
        self.busy = self.busiest = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        status, said = await self.answer(scope["method"], scope["path"], body)
        self.busy -= 1
        headers = [(b"content-type", b"application/scim+json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    async def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET":
            await asyncio.sleep(0.001)
            is_config = path.endswith("Config")
            return 200, CONFIG if is_config else {"totalResults": 0, "Resources": []}
        user = json.loads(body)
        key = user["externalId"]
        if key in self.broken:
            self.over += 1
            return 503, {}
        for _ in range(500 if key in self.slow else 0):
            if self.over >= self.others:
                break
            await asyncio.sleep(0.01)
        self.over += 1
        self.made[key] += 1
        return 201, user | {"id": f"u-{key}", "active": True}


def orders(count: int) -> list[Order]:
    people = [PersonKey(f"p{number:02}") for number in range(count)]
    return [
        Order(key=f"P-1/{key}", operation=CreateAccount(person_key=key, attributes={"email": f"{key}@example.test"}))
        for key in people
    ]


async def receipts_of(
    lms: Lms, wanted: Sequence[Order], places: int = SIDE_BY_SIDE
) -> tuple[list[Receipt], Exception | None]:
    target = ScimTarget(Transport("http://127.0.0.1/v2", auth=lambda: "key", app=lms), pace=Pace(side_by_side=places))
    got: list[Receipt] = []
    try:
        async for receipt in target.perform(wanted):
            got.append(receipt)
    except TryAgain as error:
        return got, error
    finally:
        await target.close()
    return got, None


@pytest.mark.parametrize("places", [1, 3, SIDE_BY_SIDE])
def test_as_many_as_may_be_at_one_time_and_everybody_once(places: int) -> None:
    lms = Lms()
    got, error = asyncio.run(receipts_of(lms, orders(30), places))
    assert error is None and {receipt.key for receipt in got} == {order.key for order in orders(30)}
    assert set(lms.made.values()) == {1} and len(lms.made) == 30
    assert lms.busiest == places


def test_one_slow_answer_keeps_only_its_own_place() -> None:
    lms = Lms(slow=["p00"], others=29)
    got, _ = asyncio.run(receipts_of(lms, orders(30)))
    # those of the last round may still be on their way when it answers
    place = [receipt.key for receipt in got].index("P-1/p00")
    assert place > 29 - SIDE_BY_SIDE, "the others were done meanwhile"


@pytest.mark.parametrize("slow", ["p00", "p07"])
def test_when_one_breaks_those_on_their_way_still_answer_and_no_more_begin(slow: str) -> None:
    lms = Lms(broken=["p03"], slow=[slow], others=4)
    got, error = asyncio.run(receipts_of(lms, orders(30)))
    assert error is not None
    assert {receipt.key.removeprefix("P-1/") for receipt in got} == set(lms.made), "an answer was thrown away"
    assert slow in lms.made and len(lms.made) < 20
