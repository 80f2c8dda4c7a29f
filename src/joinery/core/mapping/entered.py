"""When HR entered the end of an employment, and when we read that: T1 and T2 of an end of access. Pure.

Rule: it is the moment of the row that told this end first. Rows after it repeat the end, and say nothing new of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from joinery.core.mapping.ahead import Ahead, with_begun
from joinery.core.model.worker import Status, Worker

_GONE = {Status.TERMINATED, Status.DECEASED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Of one record's end, as texts that sort (UTC): when HR entered it, empty where HR did not say, and when it was
    read."""

    at: str
    read_at: str

    def to_json(self) -> dict[str, str]:
        """Plain values; `entered_of` reads them."""
        return {"at": self.at, "read_at": self.read_at}


def entered_of(stored: Mapping[str, str]) -> Entered:
    """The inverse of `to_json`."""
    return Entered(at=stored["at"], read_at=stored["read_at"])


def entered_after(
    known: tuple[Worker | None, Iterable[Ahead]],
    now: tuple[Worker, Iterable[Ahead]],
    was: Entered | None,
    news: Entered,
) -> Entered | None:
    """What is remembered of the end once a row was taken in; None where no end is known any more.

    `known`, `now`: the record before and after it, each with what waits for its day. An end that is the same is as it
    was entered, also where that is not known (a store from before it was remembered).
    """
    end = _end(*now)
    if end is None:
        return None
    worker, waiting = known
    return was if worker is not None and _end(worker, waiting) == end else news


def _end(worker: Worker, waiting: Iterable[Ahead]) -> date | str | None:
    """The end that is told, to come or past: its day, or that it has no day. One before a new beginning counts too."""
    return _told(with_begun(worker, waiting)) or _told(worker)


def _told(worker: Worker) -> date | str | None:
    """A day before the first one is that of an employment before this one."""
    day, first = worker.termination_date or worker.job_end_date, worker.hire_date
    if day is not None and first is not None and day < first:
        day = None
    return day or ("gone" if worker.status in _GONE else None)
