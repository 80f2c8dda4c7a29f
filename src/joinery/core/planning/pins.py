"""What is left as somebody left it: pins of an undo, and changes by hand that are kept or asked about. Pure.

Rule: a pin answers one wanted value and ends when HR or a rule wants another; no pin keeps somebody in whom a word of
HR's since then, or a person, puts out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from joinery.core.model.account import AccountState
from joinery.core.model.standing import Standing
from joinery.core.rules.desired import Desired

ACCESS = "access"
_CLOSED = frozenset({str(AccountState.SUSPENDED), str(AccountState.ARCHIVED)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """`subject`: an attribute, `access`, `group:X`, an assignment key. `value`: what was wanted when it was made.

    `behind`: where the employment stood then, for access. `asks`: nobody has said yet which of the two is right.
    """

    id: str
    subject: str
    value: str
    behind: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """`kept` and `asked` are subjects; `over` are the IDs of pins that answer nothing any more."""

    kept: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    over: tuple[str, ...] = ()


def wanted_of(desired: Desired) -> Mapping[str, str]:
    """Subject -> what is wanted, of everything that a pin may speak of; a group that is not here should be `out`."""
    wanted = {**desired.attributes, ACCESS: str(desired.access.state or "")}
    wanted |= {f"group:{group}": "in" for group in desired.groups}
    return wanted | dict.fromkeys(desired.enrolments, "assigned") | dict.fromkeys(desired.withdrawals, "withdrawn")


def wanted_value(wanted: Mapping[str, str], subject: str) -> str:
    """What is wanted of one subject."""
    return wanted.get(subject, "out" if subject.startswith("group:") else "")


def behind_access(standing: Standing) -> str:
    """Where an employment stands, as far as it decides about access: another answer is another fact."""
    return f"{standing.stage} {standing.ended_on or ''} {standing.access_off}"


def pinned_by(pins: Iterable[Pin], desired: Desired, standing: Standing) -> Pinned:
    """Which pins hold now."""
    wanted = wanted_of(desired)
    kept: set[str] = set()
    asked: set[str] = set()
    over: list[str] = []
    for pin in pins:
        if _holds(pin, wanted, desired, standing):
            (asked if pin.asks else kept).add(pin.subject)
        elif not desired.hold and (pin.subject == ACCESS or desired.access.state is AccountState.ACTIVE):
            over.append(pin.id)  # of a closed account nothing else is wanted, which says nothing about the rest
    return Pinned(kept=frozenset(kept), asked=frozenset(asked - kept), over=tuple(over))


def _holds(pin: Pin, wanted: Mapping[str, str], desired: Desired, standing: Standing) -> bool:
    now = wanted_value(wanted, pin.subject)
    if pin.subject != ACCESS or pin.value not in _CLOSED:
        return now == pin.value
    if desired.access.by_hand or (pin.behind and pin.behind != behind_access(standing)):
        return False
    # whoever was left in although they were to be suspended is not archived for the same end either; who is at work
    # is archived for their absence, which nobody has had a say about
    same_end = pin.value == AccountState.SUSPENDED and now == AccountState.ARCHIVED and not standing.stage.employed
    return now == pin.value or same_end
