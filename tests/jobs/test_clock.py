"""The clock of the store jumps an hour either way: the living stay alive to each other, the dead do not come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from joinery.jobs import node
from joinery.jobs.node import Node, watched
from joinery.store import nodes
from joinery.store.database import Database
from joinery.store.nodes import NodeRow
from tests.jobs.world import CONNECTION, START, TARGET

HOUR = 3600.0


def row(name: str, silent: float, beat_at: float) -> NodeRow:
    place = {"slot": name, "connection": "main", "kind": "run", "host": "here", "pid": 1, "started_at": ""}
    return NodeRow(id=name, silent=silent, beat_at=beat_at, **place)


@pytest.mark.parametrize(
    ("before", "now", "silent"),
    [
        pytest.param(None, row("a", 5, 100), 5, id="not known: as the store says"),
        pytest.param(None, row("a", -HOUR, 100 + HOUR), 0, id="not known, from times to come"),
        pytest.param(row("a", 1, 100), row("a", 1, 103), 1, id="heard of"),
        pytest.param(row("a", 1, 100), row("a", HOUR, 101), 3, id="heard of, then an hour on"),
        pytest.param(row("a", 1, 100), row("a", 4 + HOUR, 100), 4, id="silent for three seconds, an hour on"),
        pytest.param(row("a", 9, 100), row("a", -HOUR, 100), 12, id="silent for three seconds, an hour back"),
    ],
)
def test_known_ones_are_judged_by_their_signs(before: NodeRow | None, now: NodeRow, silent: float) -> None:
    (found,) = watched((before,) if before else (), (now,), 3)
    assert found.silent == silent


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds by which the store's clock is off: the last of these."""
    offsets, real = [0.0], nodes.epoch
    monkeypatch.setattr(nodes, "epoch", lambda tx: real(tx) + offsets[-1])
    return offsets


@contextmanager
def two(store: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Node, Node]]:
    """Two nodes that give signs when they are told to."""
    monkeypatch.setattr(Node, "_live", lambda _self: None)
    with ExitStack() as stack:
        found = []
        for slot in ("one", "two"):
            parts: dict[str, Any] = {"connection": CONNECTION, "target": TARGET, "kind": "worker", "slot": slot}
            found.append(Node(store, **parts))
            found[-1].start(START)
            stack.callback(found[-1].close)
        found[0]._exchange()
        yield found[0], found[1]


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, 24 * HOUR, -24 * HOUR])
def test_nobody_who_lives_is_taken_for_dead(
    store: Database, jump: list[float], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    with two(store, monkeypatch) as (one, other):
        for _ in range(2):
            jump.append(seconds)
            one._exchange()
            assert one.others() and other.id in (one.living() or {other.id}) and one.share().nodes == 2
            other._exchange()
            one._exchange()
            assert one.others() and one.share().nodes == 2


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_who_is_dead_stays_dead(
    store: Database, jump: list[float], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(node, "DEAD_AFTER", 0.4)
    with two(store, monkeypatch) as (one, other):
        jump.append(seconds)
        one._exchange()
        time.sleep(0.5)
        one._exchange()
        assert not one.others() and other.id not in (one.living() or ())
