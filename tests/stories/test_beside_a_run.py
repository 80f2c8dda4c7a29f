"""Access ends while a run lets that very person in, or is about to: the end has the last word, without another run.

The run applies its plan; in the middle of a call the news come, as from a webhook, in a thread of their own.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.account import Account, AccountState
from joinery.core.model.operation import CreateAccount, RestoreAccount, UpdateAccount
from joinery.core.model.receipt import Receipt
from joinery.errors import AuthenticationFailed, JoineryError, TryAgain
from joinery.flows.person import Word, end_access
from joinery.flows.push import News, tell
from joinery.kit.contract import Order
from tests.stories.company import Company, Row, changed, moment, staff, worker

WHO, DAY = "0300", "2026-11-24"
END = {"worker_id": WHO, "status": "Terminated"}


class Beside:
    """A learning system in the midst of whose call something happens. `upon`: the call with such an operation."""

    def __init__(self, inner: MemoryTarget, upon: type, happens: Callable[[], None], *, stale: bool = False) -> None:
        self.inner, self.upon, self.happens, self.stale = inner, upon, happens, stale
        self.thread: threading.Thread | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        """As the inner one, in the middle of what happens; `stale` writes back the state that was read before it."""
        if self.thread is not None or not any(isinstance(one.operation, self.upon) for one in orders):
            async for receipt in self.inner.perform(orders):
                yield receipt
            return
        before = dict(self.inner.world.accounts)
        self.thread = threading.Thread(target=self.happens)
        self.thread.start()
        self.thread.join(0.3)  # it is stored by then, and waits for this call
        until = monotonic() + 10
        while self.stale and self.inner.world.accounts == before and monotonic() < until:
            sleep(0.01)
        async for receipt in self.inner.perform(orders):
            if self.stale and receipt.account is not None:
                written = replace(receipt.account, state=AccountState.ACTIVE)
                self.inner.world.put(written)
                receipt = replace(receipt, account=written)
            yield receipt


def company(folder: Path, upon: type, end: str, *, stale: bool = False) -> tuple[Company, Beside]:
    inner = MemoryTarget()

    def pushed() -> None:
        with acme.open(DAY) as it:
            source, now = it.ports.sources["hris"], it.ports.now()
            tell(it.ports, source, News(door="push", name="n", records=[END], received_at=now))

    def by_hand() -> None:
        with acme.open(DAY) as it:
            end_access(it.ports, WHO, Word(owner="ana", reason="now"))

    beside = Beside(inner, upon, pushed if end == "pushed" else by_hand, stale=stale)
    settings = {"guards": "off", "kill_switch": {"per_hour": 1000}}
    acme = Company(folder, settings=settings, memory=inner, around=lambda _target: beside, clock=lambda: moment(DAY))
    return acme, beside


def state(acme: Company, beside: Beside) -> str | None:
    assert beside.thread is not None
    beside.thread.join(20)
    assert not beside.thread.is_alive()
    return acme.accounts().get(WHO)


@pytest.mark.parametrize("end", ["pushed", "by hand"])
@pytest.mark.parametrize("many", [0, 60], ids=["in the call under way", "in a later call"])
def test_whoever_is_being_let_in_again_is_put_out(tmp_path: Path, end: str, many: int) -> None:
    acme, beside = company(tmp_path, RestoreAccount, end)
    ended = {"status": "Terminated", "termination_date": "2026-11-20"}
    gone = staff(30, 901, **ended)
    there: list[Row] = [*staff(many), worker(WHO)]
    acme.day("2026-11-19", [*there, *staff(30, 901)])
    acme.day("2026-11-23", [*(row | ended for row in there), *gone])
    assert acme.accounts()[WHO] == "suspended"
    acme.day(DAY, [*(row | {"hire_date": DAY} for row in there), *gone])
    assert state(acme, beside) != "active"
    assert acme.events(WHO)[-1] == f"{WHO} leaver {DAY}" if end == "pushed" else acme.events(WHO)[-1].endswith(DAY)


@pytest.mark.parametrize("many", [1, 60], ids=["in the call under way", "in a later call"])
def test_whose_account_is_being_made_is_not_let_in(tmp_path: Path, many: int) -> None:
    acme, beside = company(tmp_path, UpdateAccount, "pushed")
    acme.day("2026-11-23", [worker("0900")])
    beside.upon = CreateAccount
    acme.day(DAY, [worker("0900"), *staff(many), worker(WHO, hire_date=DAY)])
    assert state(acme, beside) in ({None} if many > 1 else {"suspended", "archived"})


@pytest.mark.parametrize("end", ["pushed", "by hand"])
def test_a_call_under_way_that_writes_back_what_it_had_read_is_undone(tmp_path: Path, end: str) -> None:
    """A system without PATCH: an update that read the account before its end writes it whole, and open, after it."""
    acme, beside = company(tmp_path, UpdateAccount, end, stale=True)
    rows = [worker("0900"), worker(WHO)]
    acme.day("2026-11-23", rows)
    acme.day(DAY, changed(rows, WHO, job_title="Head"))
    assert state(acme, beside) == "suspended"
    assert acme.account(WHO).attributes["job_title"] == "Head"


@pytest.mark.parametrize("error", [AuthenticationFailed, TryAgain], ids=["credentials refused", "busy"])
def test_where_the_account_cannot_be_looked_at_after_the_call_its_answer_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[JoineryError]
) -> None:
    """What an update answers of access is believed where it is open, whatever we believed."""
    acme, beside = company(tmp_path, UpdateAccount, "pushed", stale=True)
    rows = [worker("0900"), worker(WHO)]
    acme.day("2026-11-23", rows)

    async def away(**_asked: object) -> Sequence[Account]:
        raise error("not now")

    monkeypatch.setattr(beside.inner, "look_up", away)
    acme.day(DAY, changed(rows, WHO, job_title="Head"))
    assert state(acme, beside) == "suspended"
