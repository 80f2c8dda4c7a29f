"""Worker -> account attributes, by rows of data. Rule: only mapped attributes are ever compared or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from joinery.core.model.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRow:
    """`to` is the account's attribute, `attribute` the worker's; `write`: always | on_create | if_empty."""

    to: str
    attribute: str
    write: str = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """HR's code -> the target's word. `unmapped`: hold (leave that attribute alone) | keep (HR's own) | use:<word>."""

    values: Mapping[str, str] = field(default_factory=dict)
    unmapped: str = "hold"

    def translate(self, code: str) -> str | None:
        """The target's word; None when the value is unmapped and held."""
        if code in self.values or not code:
            return self.values.get(code, "")
        if self.unmapped.startswith("use:"):
            return self.unmapped.removeprefix("use:")
        return code if self.unmapped == "keep" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Everything that turns a worker into what the account should hold."""

    rows: tuple[OutboundRow, ...]
    tables: Mapping[str, ValueTable] = field(default_factory=dict)
    groups_from: tuple[str, ...] = ()

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
