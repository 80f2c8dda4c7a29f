"""joiner, mover, leaver, rehire … derived per person from before and after. Recorded once; values are HR's own.

Rule: events come from accepted facts and never from what a plan, a guard or a target did with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from joinery.core.model.event import Event, EventKind
from joinery.core.model.ids import PersonKey, WorkerId
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import FACT_NAMES, IDENTITY_NAMES, JOB_CHOICE_NAMES, LIFECYCLE_NAMES, Worker

MOVES = tuple(name for name in FACT_NAMES if name not in IDENTITY_NAMES | LIFECYCLE_NAMES | JOB_CHOICE_NAMES)


#: a start date can move while it is ahead, or be moved ahead again
_STARTABLE = {Stage.PREHIRE, Stage.ACTIVE, Stage.LEAVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A worker's facts and standing, as they were or as they are."""

    worker: Worker
    standing: Standing


def events_for(
    key: PersonKey,
    before: Known | None,
    after: Known,
    today: date,
    since: date | None,
    *,
    effective_on: date | None = None,
) -> Iterator[Event]:
    """Every event between two accepted states, in the order of a life.

    `today` is the local as-of day (the observed day), `since` the local day of the connection's baseline:
    what began and ended between two files is told in full if it happened after the baseline. `effective_on`: the day
    from which HR says that a change holds.
    """
    worker = after.worker

    def event(kind: EventKind, on: date | None, attribute: str = "", old: str = "", new: str = "") -> Event:
        return Event(
            person_key=key,
            worker_id=WorkerId(worker.worker_id),
            kind=kind,
            effective_on=on or today,
            observed_on=today,
            attribute=attribute,
            old=old,
            new=new,
        )

    if before is not None:
        yield from (event(kind, None, name, old, new) for kind, name, old, new in _renumbered(before.worker, worker))
        for kind, on in _absence(before.standing, after.standing):
            yield event(kind, on)
    for kind, on in _turns(before, after, today, since):
        yield event(kind, on)
    for name, old, new in _moves(before, after, today):
        yield event(EventKind.MOVER, effective_on, name, old, new)


def _renumbered(old: Worker, new: Worker) -> Iterator[tuple[EventKind, str, str, str]]:
    if old.worker_id != new.worker_id:
        yield EventKind.REKEYED, "worker_id", old.worker_id, new.worker_id
        if old.employment_type != new.employment_type:
            yield EventKind.CONVERSION, "employment_type", old.employment_type, new.employment_type
    elif old.source_id != new.source_id:
        yield EventKind.REKEYED, "source_id", old.source_id, new.source_id


def _absence(before: Standing, after: Standing) -> Iterator[tuple[EventKind, date | None]]:
    """Missing and returned are said of people at work; where absence means "left" the leaver says it."""
    if before.missing_files and not after.missing_files and before.stage.employed:
        yield EventKind.RETURNED, None
    if after.missing_files and not before.missing_files and after.stage.employed:
        yield EventKind.MISSING, after.missing_since


def _turns(
    before: Known | None, after: Known, today: date, since: date | None
) -> Iterator[tuple[EventKind, date | None]]:
    """The changes of stage, with HR's date where it gives one."""
    was = before.standing.stage if before else None
    now, worker = after.standing.stage, after.worker
    if after.standing.held or (was is now and not _came_and_went(before, after, since)):
        return
    match now:
        case Stage.PREHIRE:
            if was is None or not was.employed:
                yield EventKind.PREHIRE, worker.hire_date
        case Stage.NO_SHOW:
            if was is Stage.PREHIRE:
                yield EventKind.NO_SHOW, worker.hire_date
        case Stage.LEFT:
            yield from _leaving(was, before, after, since)
        case Stage.ACTIVE | Stage.LEAVE:
            yield from _starting(was, before, after, today)
        case _:
            assert_never(now)


def _came_and_went(before: Known | None, after: Known, since: date | None) -> bool:
    """Somebody who had left was hired anew under their number and left again, and was never seen at work in between."""
    if before is None or since is None or after.standing.stage is not Stage.LEFT:
        return False
    was, now = before.worker, after.worker
    gone, hired, ended = before.standing.ended_on, now.hire_date, after.standing.ended_on
    if gone is None or hired is None or ended is None or (was.source, was.source_id) != (now.source, now.source_id):
        return False
    return gone <= hired < ended and ended > since and hired != was.hire_date


def _leaving(
    was: Stage | None, before: Known | None, after: Known, since: date | None
) -> Iterator[tuple[EventKind, date | None]]:
    hired, ended = after.worker.hire_date, after.standing.ended_on
    if was is None and (since is None or ended is None or ended <= since):
        return  # an old record that HR added to the export: nothing happened since we watch
    if was in {None, Stage.PREHIRE, Stage.LEFT}:
        if hired is not None and (was is not None or (since is not None and hired > since)):
            yield _start_of(before), hired  # came and went between two files
    yield EventKind.LEAVER, ended


def _start_of(before: Known | None) -> EventKind:
    """How the start of somebody is told who was not at work: again, where an employment that we saw has ended."""
    if before is None or before.standing.stage is Stage.NO_SHOW:
        return EventKind.JOINER
    again = before.standing.ended_on is not None and before.standing.started_on is not None
    return EventKind.REHIRE if again else EventKind.JOINER


def _starting(
    was: Stage | None, before: Known | None, after: Known, today: date
) -> Iterator[tuple[EventKind, date | None]]:
    ended = before.standing.ended_on if before else None
    if was is not None and was.employed:
        yield (EventKind.LEAVE if after.standing.stage is Stage.LEAVE else EventKind.RETURN), None
        return
    hired = after.worker.hire_date
    if ended is not None and _start_of(before) is EventKind.REHIRE:
        # the new hire date where HR gives a new one, else the day we see them back
        yield EventKind.REHIRE, hired if hired and ended <= hired <= today else None
    else:
        yield EventKind.JOINER, hired if hired and hired <= today else None
    if after.standing.stage is Stage.LEAVE:
        yield EventKind.LEAVE, None


def _moves(before: Known | None, after: Known, today: date) -> Iterator[tuple[str, str, str]]:
    """Changed attributes of people employed before and after; a pre-hire's moved start is the one exception."""
    if before is None:
        return
    old, new = before.worker, after.worker
    if before.standing.stage.employed and after.standing.stage.employed:
        started = after.standing.started_on
        if started is not None and today <= started:
            return  # on the start day it is part of the joiner
        names: tuple[str, ...] = (*MOVES, *sorted(old.custom.keys() | new.custom.keys()))
    elif before.standing.stage in _STARTABLE and after.standing.stage in _STARTABLE:
        names = ("hire_date",)
    else:
        return
    changed = old.differences(new)
    for name in names:
        if name in changed:
            yield name, *changed[name]
