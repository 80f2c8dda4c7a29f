"""Which names a condition may use, and of what kind each is.

Rule 1: a name that is not here is an error at parse time, never an unknown at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from joinery.core.model.worker import DATE_NAMES, FACT_NAMES, LIFECYCLE_NAMES


class Kind(StrEnum):
    """What an attribute holds. MIXED is text that may also be compared as a number, such as a job level."""

    TEXT = "text"
    MIXED = "text or a number"
    NUMBER = "a number"
    DATE = "a date"
    FLAG = "yes or no"


#: computed for the person, not written by HR
DERIVED: Final[Mapping[str, Kind]] = {
    "has_reports": Kind.FLAG,
    "tenure_days": Kind.NUMBER,
    "go_live": Kind.DATE,
    "today": Kind.DATE,
}

_MIXED: Final = frozenset({"job_level", "fte"})

LIFECYCLE: Final = LIFECYCLE_NAMES | {"status_text"}

NOT_IN_INCLUSION: Final = (
    "Inclusion rules say who is managed at all; a leaver is not somebody who left the scope, so employment "
    "status and end dates have no place here (people who leave are found by the life cycle itself)."
)


def _kind_of(name: str) -> Kind:
    if name in DATE_NAMES:
        return Kind.DATE
    return Kind.MIXED if name in _MIXED else Kind.TEXT


CANONICAL: Final[Mapping[str, Kind]] = {
    **{name: _kind_of(name) for name in FACT_NAMES},
    "source": Kind.TEXT,
    "status_text": Kind.TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names one sort of rule may use.

    `custom` are the attributes a company added (name -> kind); `forbid` are names refused with `forbid_because`;
    `edges` allows `changed(...)` and its kin.
    """

    custom: Mapping[str, Kind] = field(default_factory=dict)
    forbid: frozenset[str] = frozenset()
    forbid_because: str = NOT_IN_INCLUSION
    edges: bool = True

    def kind(self, name: str) -> Kind | None:
        """The kind of this name; None when there is no such name."""
        return CANONICAL.get(name) or DERIVED.get(name) or self.custom.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All names that may be used, in the order to suggest them."""
        every = (*CANONICAL, *DERIVED, *self.custom)
        return tuple(name for name in every if name not in self.forbid)

    @staticmethod
    def for_inclusion(custom: Mapping[str, Kind] | None = None) -> Vocabulary:
        """For inclusion and exclusion rules: no life cycle and no changes, for scope is a state."""
        return Vocabulary(custom=custom or {}, forbid=LIFECYCLE, edges=False)
