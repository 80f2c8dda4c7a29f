"""One of several records of one person: another job, another source, the number before or after this one."""

from __future__ import annotations

from dataclasses import dataclass

from joinery.core.model.standing import Standing
from joinery.core.model.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """A record and where it stands by itself. `slot` tells several jobs under one number apart."""

    worker: Worker
    standing: Standing
    slot: str = ""
    #: the one whose job is the person's job, as last decided
    primary: bool = False

    @property
    def record(self) -> tuple[str, str]:
        """(source, source ID): what a file can speak of."""
        return self.worker.source, self.worker.source_id

    @property
    def numbers(self) -> frozenset[str]:
        """Every number by which another record may call this one its former self; also without its legal entity."""
        known = {self.worker.worker_id, self.worker.source_id}
        return frozenset(known | {number.rpartition("/")[2] for number in known})
