"""For which plan a call is made: known where lines are carried out, wanted where calls are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_PLAN: ContextVar[str] = ContextVar("joinery_plan", default="")


@contextmanager
def for_plan(plan_id: str) -> Iterator[None]:
    """Calls that are made in here, by this task and those it starts, belong to this plan."""
    before = _PLAN.set(plan_id)
    try:
        yield
    finally:
        _PLAN.reset(before)


def plan_of_this_call() -> str:
    """Empty outside of any plan: accounts are read, a connection is tested."""
    return _PLAN.get()
