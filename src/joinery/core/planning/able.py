"""What a learning system cannot do is held with the reason, before anything is counted, approved or sent.

It is said once: a person with whom nothing else is to be done, and nothing new is out of reach, has no lines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from joinery.core.model.operation import ActionClass, Assign, Operation, SendSignInMail, Withdraw
from joinery.core.model.plan import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Lines to store, those of them that the target can do, and what is out of reach now, to be remembered."""

    lines: tuple[Line, ...]
    possible: tuple[Line, ...]
    beyond: tuple[str, ...]


def within_reach(lines: Sequence[Line], cannot: Mapping[ActionClass, str], told: Collection[str]) -> Reach:
    """`told` is what was out of reach when this person was last looked at."""
    possible = tuple(line for line in lines if line.action not in cannot)
    beyond = tuple(sorted(_named(line.operation, line.action) for line in lines if line.action in cannot))
    if not possible and set(beyond) == set(told):
        return Reach(lines=(), possible=(), beyond=beyond)
    return Reach(lines=tuple(_held(line, cannot) for line in lines), possible=possible, beyond=beyond)


def _held(line: Line, cannot: Mapping[ActionClass, str]) -> Line:
    """What was held for another reason keeps that one."""
    why = cannot.get(line.action, "")
    return replace(line, held=why) if why and not line.held else line


def _named(operation: Operation, action: ActionClass) -> str:
    match operation:
        case Assign() | Withdraw():
            return f"{action} {operation.requirement}#{operation.cycle}"
        case SendSignInMail():
            return f"{action} {operation.employment}"
        case _:
            return str(action)
