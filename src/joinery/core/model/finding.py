"""One data problem: what found it, about whom, how bad, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """note < warning < quarantine (this person stays at the last good state) < blocker (this file is not usable)."""

    NOTE = "note"
    WARNING = "warning"
    QUARANTINE = "quarantine"
    BLOCKER = "blocker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`check` is the stable name of the check; texts hold IDs only, never a name or an address."""

    check: str
    severity: Severity
    message: str
    worker_id: str = ""
    attribute: str = ""
    line: int | None = None
    suggestion: str = ""
    #: everybody it is about, where that is not the one person of `worker_id`
    people: tuple[str, ...] = ()
    #: accounts of the learning system that it is about, by their own IDs
    accounts: tuple[str, ...] = ()
    #: what would be right, where it can be said: the domain that was meant, the zone of the others
    better: str = ""

    @property
    def about(self) -> tuple[str, ...]:
        """The employee numbers of everybody it is about; empty for a remark about the file."""
        return self.people or ((self.worker_id,) if self.worker_id else ())
