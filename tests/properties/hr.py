"""What HR knows of people, and the rows it writes of them: for the machine in `test_lives_machine.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from tests.properties.told import Cells

#: cells that change here, and those of them that show in an account
NAMES = ("status", "hire_date", "termination_date", "job_title", "given_name", "leave_class")


@dataclass(kw_only=True)
class Human:
    """What HR knows of somebody today, and what it has decided for a day to come."""

    entity: str
    number: str
    now: Cells
    on: date | None = None
    later: Cells = field(default_factory=dict)
    #: the entity and number that they had before
    previous: str = ""
    #: what they were before a return was announced
    before_return: Cells = field(default_factory=dict)
    #: from when `now` holds, where HR says so
    since: date | None = None
    present: bool = True
    bad: bool = False

    @property
    def key(self) -> str:
        return f"{self.entity}/{self.number}"

    def set(self, **cells: str) -> None:
        """From today on."""
        self.now, self.since = self.now | cells, None

    def decide(self, on: date, **cells: str) -> None:
        """From that day on."""
        self.on, self.later = on, cells

    def forget_later(self) -> None:
        self.on, self.later = None, {}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row about somebody, as it stands in a file or in a push."""

    human: Human
    cells: Cells
    on: date | None
    bad: bool = False

    def text(self) -> dict[str, str]:
        said = {"worker_id": self.human.number, "legal_entity": self.human.entity, **self.cells}
        said |= {"effective_date": str(self.on or ""), "previous_id": self.human.previous}
        return said | {"hire_date": "no day"} if self.bad else said
