"""Worker -> account attributes, by rows of data. Rule: only mapped attributes are ever compared or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from joinery.core.mapping.dated import DatedTable, Schedule
from joinery.core.model.worker import Worker

_NO_DATES: Final = DatedTable()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRow:
    """`to` is the account's attribute, `attribute` the worker's; `write`: always | on_create | if_empty."""

    to: str
    attribute: str
    write: str = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """HR's code -> the target's word. `unmapped`: hold (leave that attribute alone) | keep (HR's own) | use:<word>.

    `values` hold on the day at hand; `on` brings those of another day from `dated`.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    unmapped: str = "hold"
    dated: DatedTable = _NO_DATES

    def on(self, day: date) -> ValueTable:
        """The table as it is on this day."""
        return self if not self.dated.rows else replace(self, values=self.dated.on(day))

    def schedule(self, code: str, since: date) -> Schedule:
        """What is written for this code from `since` on, and each change to come."""
        if not self.dated.rows:
            return ((None, self.translate(code)),)
        none = None if code else ""
        told = self.dated.schedule(code, since)
        return tuple((day, self._said(code, none if value is None else value)) for day, value in told)

    def translate(self, code: str) -> str | None:
        """The target's word; None when the value is unmapped and held."""
        return self._said(code, self.values.get(code, None if code else ""))

    def _said(self, code: str, word: str | None) -> str | None:
        if word is not None:
            return word
        if self.unmapped.startswith("use:"):
            return self.unmapped.removeprefix("use:")
        return code if self.unmapped == "keep" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Everything that turns a worker into what the account should hold."""

    rows: tuple[OutboundRow, ...]
    tables: Mapping[str, ValueTable] = field(default_factory=dict)
    groups_from: tuple[str, ...] = ()

    def on(self, day: date) -> Outbound:
        """The same with every table as it is on this day."""
        if not any(table.dated.rows for table in self.tables.values()):
            return self
        return replace(self, tables={name: table.on(day) for name, table in self.tables.items()})

    @property
    def read(self) -> frozenset[str]:
        """The worker attributes that anything is made of."""
        return frozenset((*(row.attribute for row in self.rows), *self.groups_from))

    def next_change(self, worker: Worker, after: date) -> date | None:
        """The next day on which a table says something else for this worker by itself."""
        days = (
            table.dated.next_change((worker.value(name),), after)
            for name, table in self.tables.items()
            if table.dated.rows and name in self.read
        )
        return min((day for day in days if day is not None), default=None)

    def value(self, worker: Worker, attribute: str) -> str | None:
        """The attribute's outgoing value; None when an unmapped code holds it back."""
        text = worker.value(attribute)
        table = self.tables.get(attribute)
        return text if table is None else table.translate(text)


def attributes_for(spec: Outbound, worker: Worker, current: Mapping[str, str] | None) -> dict[str, str]:
    """What should be written where: all rows for a new account (`current` None), else those that may change it.

    An attribute held back by an unmapped code is absent from the answer, so nothing compares or writes it.
    """
    out: dict[str, str] = {}
    for row in spec.rows:
        if current is not None and row.write == "on_create":
            continue
        if current is not None and row.write == "if_empty" and current.get(row.to):
            continue
        value = spec.value(worker, row.attribute)
        if value is not None:
            out[row.to] = value
    return out


def groups_for(spec: Outbound, worker: Worker) -> frozenset[str]:
    """The groups that the worker's attributes ask for."""
    values = (spec.value(worker, attribute) for attribute in spec.groups_from)
    return frozenset(value for value in values if value)


def unmapped_in(spec: Outbound, worker: Worker) -> tuple[tuple[str, str], ...]:
    """(attribute, code) of every value that no table row knows: the queue for a person to fill."""
    found = (
        (attribute, worker.value(attribute))
        for attribute, table in spec.tables.items()
        if worker.value(attribute) and worker.value(attribute) not in table.values
    )
    return tuple(found)
