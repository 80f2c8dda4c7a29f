"""What is odd about whom HR names as manager, in words; wherever it was found: in a file, or in what is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from joinery.audit.naming import some
from joinery.core.model.finding import Finding, Severity

MISSING, LEFT, LOOP, RENUMBERED = "manager_missing", "manager_left", "manager_loop", "manager_renumbered"
MANAGERS: Final = frozenset({MISSING, LEFT, LOOP, RENUMBERED})
_THE_MANAGER: Final = "The manager "


def manager_missing(manager: str, ids: Sequence[str], meant: str = "") -> Finding:
    """`ids`: those who name this manager, sorted; `meant`: the one number that is written a little otherwise."""
    first, count = ids[0], len(ids)
    return Finding(
        check="manager_missing",
        severity=Severity.WARNING,
        message=f"{_THE_MANAGER}{manager} of {people_of(count)} ({first}{' and others' if count > 1 else ''}) "
        "is not in the file.",
        worker_id=first,
        attribute="manager_id",
        suggestion=f"Name their present manager{f' ({meant}?)' if meant else ''}; until then they have none.",
        people=tuple(ids),
        better=meant,
    )


def manager_left(manager: str, ids: Sequence[str]) -> Finding:
    """`ids`: those at work who name this manager, sorted."""
    return Finding(
        check="manager_left",
        severity=Severity.WARNING,
        message=f"{_THE_MANAGER}{manager} of {people_of(len(ids))} ({some(ids)}) has left.",
        worker_id=ids[0],
        attribute="manager_id",
        suggestion="Name their present manager; until then the next active one up stands in.",
        people=tuple(ids),
    )


def manager_renumbered(manager: str, present: str, ids: Sequence[str]) -> Finding:
    """`ids`: those who name a manager by a former number, sorted."""
    return Finding(
        check="manager_renumbered",
        severity=Severity.NOTE,
        message=f"{_THE_MANAGER}{manager} of {people_of(len(ids))} ({some(ids)}) has the number {present} now.",
        worker_id=ids[0],
        attribute="manager_id",
        suggestion=f"Enter {present}; until then it is read as that.",
        people=tuple(ids),
        better=present,
    )


def manager_loop(circle: Sequence[str]) -> Finding:
    """`circle`: each the manager of the one before, beginning with the smallest number."""
    return Finding(
        check="manager_loop",
        severity=Severity.WARNING,
        message=f"These people are each other's managers in a circle: {' -> '.join((*circle, circle[0]))}.",
        worker_id=circle[0],
        attribute="manager_id",
        suggestion="Correct the manager of one of them.",
        people=tuple(circle),
    )


def manager_in(message: str) -> str:
    """The number that a finding about a manager names; empty text for a circle."""
    return message.removeprefix(_THE_MANAGER).partition(" of ")[0] if message.startswith(_THE_MANAGER) else ""


def people_of(count: int) -> str:
    """`1 person`, `2 people`."""
    return f"{count} {'person' if count == 1 else 'people'}"
