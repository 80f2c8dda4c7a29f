"""Several connections share a store: one that hangs or is flooded with refusals leaves the others on time."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.receipt import Receipt
from joinery.errors import ConfigError, TryAgain
from joinery.flows.policy import Ports
from joinery.flows.sync import sync
from joinery.kit.contract import Order
from tests.stories.company import Company, changed, moment, staff

#: far more than a quiet run takes, far less than the others hang
ON_TIME = 20.0


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Company, Company]:
    """Two connections of one store, each in its own folder, after a good day."""
    store = {"store": {"url": f"sqlite:///{tmp_path}/shared.db"}}
    both = [named(tmp_path / name, name, f"{name}-lms", store) for name in ("acme", "brazil")]
    for company in both:
        company.day("2026-11-23", staff(5))
    return both[0], both[1]


def named(folder: Path, name: str, lms: str, store: dict[str, Any]) -> Company:
    company = Company(folder, settings={"name": name, **store})
    company.write_settings(learning={lms: {"into": "memory", "file": "lms.json", "simulation": True}})
    return company


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield thread


def on_time(company: Company) -> None:
    begin = time.monotonic()
    night = company.day("2026-11-24", changed(staff(5), "0002", status="Terminated", termination_date="2026-11-20"))
    assert night.exit_code == 0 and company.accounts()["0002"] == "suspended"
    assert time.monotonic() - begin < ON_TIME


def test_a_source_that_hangs_keeps_no_other_connection_waiting(pair: tuple[Company, Company]) -> None:
    acme, brazil = pair
    hangs, over = threading.Event(), threading.Event()

    class Hanging:
        def __init__(self, drop: Any) -> None:
            self._drop = drop

        def __getattr__(self, name: str) -> Any:
            return getattr(self._drop, name)

        def pending(self) -> Any:
            hangs.set()
            over.wait(60)
            return self._drop.pending()

    def hang() -> None:
        with acme.open("2026-11-24") as it:
            sources = {key: replace(each, drop=Hanging(each.drop)) for key, each in it.ports.sources.items()}
            ports: Ports = replace(it.ports, sources=sources)
            sync(ports, moment("2026-11-24"))

    with meanwhile(hang) as thread:
        assert hangs.wait(30)
        on_time(brazil)
        assert thread.is_alive(), "it still hangs"
        over.set()
        thread.join(30)
    assert not thread.is_alive()


def test_a_learning_system_that_refuses_for_ever_keeps_no_other_connection_waiting(
    pair: tuple[Company, Company],
) -> None:
    acme, brazil = pair
    refused, over = threading.Event(), threading.Event()

    class Refusing:
        def __init__(self, target: MemoryTarget) -> None:
            self._target = target

        def __getattr__(self, name: str) -> Any:
            return getattr(self._target, name)

        async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
            refused.set()
            time.sleep(0.05)
            if not over.is_set():
                raise TryAgain("429: too many requests", data={"effect": "none", "status": 429})
            async for receipt in self._target.perform(orders):
                yield receipt

    acme.around = Refusing

    def flood() -> None:
        for day in range(24, 29):
            acme.day(f"2026-11-{day}", [row | {"job_title": f"Head {day}"} for row in staff(5)])

    with meanwhile(flood) as thread:
        assert refused.wait(30)
        on_time(brazil)
        over.set()
        thread.join(60)
    assert not thread.is_alive()


def test_two_connections_of_a_store_may_not_call_their_learning_systems_the_same(
    tmp_path: Path, pair: tuple[Company, Company]
) -> None:
    third = named(tmp_path / "third", "third", "acme-lms", {"store": {"url": f"sqlite:///{tmp_path}/shared.db"}})
    with pytest.raises(ConfigError, match="'acme-lms'"):
        third.day("2026-11-24", staff(2))
