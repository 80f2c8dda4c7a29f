"""Where findings are written: what is looked at again and not found again is solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from joinery.core.model.finding import Finding
from joinery.store.findings import close_findings, close_for_workers, record_findings

#: findings of a file as a whole, and those that need the whole population
FILE, PEOPLE = "file", "people"
#: findings of the place where files arrive
REACH = "reach"
#: what is open about who somebody is: of the whole connection, not of one source
IDENTITY = "identity"
#: what the Duplicate User Audit found
DOUBLES = "doubles"


@dataclass(frozen=True, slots=True)
class Book:
    """Where findings of one arrival are written: what is looked at again and not found again is solved."""

    connection: Connection
    name: str
    source: str
    at: datetime

    def whole(self, part: str, found: Sequence[Finding]) -> None:
        """Findings about the file or the population: this is the complete list of today."""
        record_findings(self.connection, self.name, f"{self.source}:{part}", found, self.at)
        close_findings(self.connection, self.name, f"{self.source}:{part}", before=self.at)

    def rows(
        self,
        found: Sequence[Finding],
        workers: Sequence[str],
        attributes: frozenset[str] = frozenset(),
        *,
        but: frozenset[str] = frozenset(),
    ) -> None:
        """Findings about single rows: complete for these people only; of `attributes` only, where there are any, and of
        no check in `but`."""
        record_findings(self.connection, self.name, self.source, found, self.at)
        close_for_workers(self.connection, (self.name, self.source), workers, self.at, attributes, but=but)
