"""What a mapping is: rows of (canonical attribute, column, how to read it). Data only.

Rule 1: everything a mapping may do is in these closed sets; a mapping never runs code of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from joinery.core.mapping.transforms import Transform
from joinery.core.model.worker import DATE_NAMES, FACT_NAMES, Status


class Empty(StrEnum):
    """What an empty cell says: keep what we knew, HR gives none, or this row is not right."""

    KEEP = "keep"
    NONE = "none"
    ERROR = "error"


class DateFormat(StrEnum):
    """How a column writes dates; without one, ISO and what can be read in one way only."""

    ISO = "YYYY-MM-DD"
    DAY_FIRST = "DD/MM/YYYY"
    MONTH_FIRST = "MM/DD/YYYY"
    DOTS = "DD.MM.YYYY"
    PACKED = "YYYYMMDD"
    NAMED = "DD-Mon-YYYY"


#: names and addresses survive an empty cell; dates, manager, organisation and job do not (`2-semantics` §3)
KEPT_WHEN_EMPTY: Final = frozenset({"given_name", "family_name", "preferred_name", "work_email", "personal_email"})
ADDRESS_NAMES: Final = frozenset({"work_email", "personal_email", "manager_email"})
ID_NAMES: Final = frozenset({"source_id", "worker_id", "previous_id", "person_id", "manager_id"})
CANONICAL: Final = frozenset(FACT_NAMES)
#: about the record and not about the person: when HR wrote it, and from which day it holds
RECORD_NAMES: Final = frozenset({"changed_at", "effective_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field as settings name it; None means the default of that attribute."""

    column: str
    format: DateFormat | None = None
    empty: Empty | None = None
    transforms: tuple[Transform, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow:
    """`to` is a canonical attribute, or the name of a custom one."""

    to: str
    column: str
    format: DateFormat | None = None
    empty: Empty = Empty.NONE
    transforms: tuple[Transform, ...] = ()
    #: without a format: which way a date is read that can be read in two, as all values of the column show
    order: DateFormat | None = None

    @property
    def is_date(self) -> bool:
        """The cell holds a calendar date."""
        return self.to in DATE_NAMES or self.to == "effective_date"

    @property
    def asks_order(self) -> bool:
        """Nothing says yet how its dates are written."""
        return self.is_date and self.format is None and self.order is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSpec:
    """A whole mapping; `statuses` and `leave_classes` are the company's own words, normalised by `statuses.normal`."""

    rows: tuple[MappingRow, ...]
    source: str = "hris"
    statuses: Mapping[str, Status] = field(default_factory=dict)
    #: kind of leave -> keep | suspend; the kind itself is never kept
    leave_classes: Mapping[str, str] = field(default_factory=dict)
    #: what a file leaves out: "" nothing; "rest": what it has no column for stays; "leavers": it names people who leave
    part: str = ""
    #: each legal entity numbers its own people: inside, numbers are `entity/000123`
    per_entity: bool = False
    #: attribute -> columns that could each be it: none of them is read
    doubtful: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def numbered(self) -> bool:
        """The legal entity is part of the key: numbers repeat, and there is no key of the source's own."""
        return self.per_entity and self.column_of("source_id") is None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once, in order: the allow-list."""
        return tuple(dict.fromkeys(row.column for row in self.rows))

    @property
    def by_attribute(self) -> dict[str, str]:
        """Canonical attribute -> column."""
        return {row.to: row.column for row in self.rows}

    @property
    def says(self) -> frozenset[str]:
        """The attributes that a row says something about; of leavers only that they leave, and when."""
        if self.part == "leavers":
            return frozenset({"worker_id", "source_id", "status", "termination_date"})
        return frozenset(self.by_attribute)

    def column_of(self, attribute: str) -> str | None:
        """The column of an attribute; None when it is not mapped."""
        return self.by_attribute.get(attribute)


def row_of(to: str, given: FieldSpec) -> MappingRow:
    """The row for one field, defaults filled in."""
    empty = given.empty or (Empty.KEEP if to in KEPT_WHEN_EMPTY else Empty.NONE)
    return MappingRow(to=to, column=given.column, format=given.format, empty=empty, transforms=given.transforms)
