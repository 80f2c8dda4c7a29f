"""What a condition can ask about one person.

Rule 1: "HR gives nothing" is None or empty text, and both mean unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol, TypeAlias

from joinery.core.model.worker import FIELD_NAMES, Status, Worker
from joinery.core.rules.conditions.words import fold

Value: TypeAlias = str | date | int | float | bool | None

_PLAIN: Final = FIELD_NAMES - {"status"}


class Facts(Protocol):
    """The questions a condition asks. Names are checked at parse time, so that each is answerable."""

    def value(self, name: str) -> Value:
        """The attribute's value; None or empty text when HR gives nothing."""
        ...

    def changed(self, name: str) -> tuple[str, str] | None:
        """(old, new) as text when the attribute has just changed, else None."""
        ...

    def above(self, department: str) -> tuple[str, ...]:
        """The departments above this one, nearest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """A worker's facts as of one day.

    `derived` holds `has_reports`, `go_live`, `today` (and `tenure_days`, else computed from hire date and today);
    `changes` the attributes that changed in this run (attribute -> old, new; empty for baseline facts);
    `tree` says department -> department above it.
    """

    worker: Worker
    derived: Mapping[str, Value] = field(default_factory=dict)
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tree: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """The attribute's value; `status` is what HR's word means, an unmapped word is unknown."""
        if name in _PLAIN:
            found: Value = getattr(self.worker, name)
            return found
        if name in self.derived:
            return self.derived[name]
        if name == "status":
            return None if self.worker.status is Status.UNKNOWN else self.worker.status.value
        if name == "tenure_days":
            return self._tenure()
        return self.worker.custom.get(name)

    def changed(self, name: str) -> tuple[str, str] | None:
        """(old, new) in HR's own words, when this run brought a change of the attribute."""
        return self.changes.get(name)

    def above(self, department: str) -> tuple[str, ...]:
        """The departments above; a loop in the tree ends where it closes."""
        return above_in(self.tree, department)

    def _tenure(self) -> int | None:
        today, hired = self.derived.get("today"), self.worker.hire_date
        return (today - hired).days if isinstance(today, date) and hired is not None else None


def above_in(tree: Mapping[str, str], department: str) -> tuple[str, ...]:
    """The departments above this one, nearest first; a loop ends where it closes."""
    found: list[str] = []
    seen = {fold(department)}
    current = _parent(tree, department)
    while current and (key := fold(current)) not in seen:
        seen.add(key)
        found.append(current)
        current = _parent(tree, current)
    return tuple(found)


def _parent(tree: Mapping[str, str], department: str) -> str:
    return tree.get(department) or tree.get(fold(department)) or ""
