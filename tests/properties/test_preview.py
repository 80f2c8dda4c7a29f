"""The preview is what happens: what a plan shows is what the learning system is asked, in content and in order."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from joinery.connectors.memory import MemoryTarget
from joinery.core.model.codec import canonical, encode_operation
from joinery.core.model.receipt import Receipt
from joinery.kit.contract import Order
from tests.properties.test_plan_properties import QUIET, STAFF, nights
from tests.stories.company import Company, Night, Row


@dataclass
class Recorder:
    """A target that writes down every order in the order of its arrival."""

    inner: MemoryTarget
    orders: list[Order] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def perform(self, orders: Sequence[Order]) -> AsyncIterator[Receipt]:
        self.orders += orders
        async for receipt in self.inner.perform(orders):
            yield receipt


def asked(recorder: Recorder) -> dict[str, list[str]]:
    """Person -> what the learning system was asked, in order."""
    found: dict[str, list[str]] = {}
    for order in recorder.orders:
        found.setdefault(order.operation.person_key, []).append(canonical(encode_operation(order.operation)))
    return found


def shown(night: Night, states: frozenset[str]) -> dict[str, list[str]]:
    """Person -> what the plan shows, in order, of lines in these states."""
    found: dict[str, list[str]] = {}
    for stored in night.stored:
        if stored.state in states:
            found.setdefault(stored.line.person_key, []).append(canonical(encode_operation(stored.line.operation)))
    return found


def company(folder: str, mode: str) -> tuple[Company, Recorder]:
    recorder = Recorder(MemoryTarget())
    acme = Company(
        Path(folder),
        settings={"guards": {"create": {"most": 2}, "suspend": {"most": 3}}, "learning_rules": RULES},
        learning={"groups_from": ["department"]},
        around=lambda _target: recorder,
        memory=recorder.inner,
    )
    acme.write_settings(guards="off")
    acme.day("2026-11-22", STAFF)
    acme.write_settings(guards={"create": {"most": 2}, "suspend": {"most": 3}}, mode=mode)
    recorder.orders.clear()
    return acme, recorder


RULES = [{"name": "Safety", "when": {"department": "Support"}, "give": ["SAFETY", "FIRE"], "due": "30 days"}]


@QUIET
@given(rows=nights())
def test_what_a_run_shows_is_what_it_asked(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        acme, recorder = company(folder, "automatic")
        night = acme.day("2026-11-24", rows)
        assert asked(recorder) == shown(night, frozenset({"done", "skipped", "failed", "needs_you"}))
        assert not night.did("suspend", "waiting")


@QUIET
@given(rows=nights(), override=st.booleans())
def test_what_somebody_approved_is_what_is_asked(rows: list[Row], override: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        acme, recorder = company(folder, "approve")
        acme.drop(rows)
        plan = acme.look("2026-11-24")
        assert recorder.orders == []
        if plan is None:
            return
        acme.approve(plan.plan, override="looked at" if override else "")
        states = frozenset({"waiting", "held"} if override else {"waiting"})
        own_holds = {s.line.person_key for s in plan.stored if s.state == "held"}
        wanted, got = shown(plan, states), asked(recorder)
        for person in wanted.keys() - own_holds:
            assert got[person] == wanted[person]
        assert got.keys() <= wanted.keys()
        for person, operations in got.items():
            assert operations == [one for one in wanted[person] if one in operations], "in the order shown"


@QUIET
@given(rows=nights())
def test_observing_asks_for_nothing_and_shows_what_would_be_asked(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        watching, silent = company(one, "observe")
        acting, recorder = company(two, "automatic")
        night, real = watching.day("2026-11-24", rows), acting.day("2026-11-24", rows)
        assert silent.orders == []
        assert [line.rsplit(" ", 1)[0] for line in night.lines] == [line.rsplit(" ", 1)[0] for line in real.lines]
        assert len(recorder.orders) == len([s for s in real.stored if s.state == "done"])
