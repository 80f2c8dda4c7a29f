"""Where somebody stands: prehire, active, leave, left, no_show. Level-triggered, from facts, memory and as-of.

Rule for changers: absence never reaches `standing_of`; it has a door of its own (`standing_when_absent`), which only
complete, trusted snapshots may use. Semantics: termination is decided first, then the start, then leave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Status, Worker
from joinery.core.rules.instants import days_after, local_day, start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecyclePolicy:
    """A connection's choices about time; the defaults are those of `docs/reference/settings.md`."""

    #: date | status | both | first_of
    start_when: str = "date"
    #: days before the hire date on which the account may be made
    days_before: int = 0
    #: last_day_worked | last_day_employed | first_day_out
    end_date_means: str = "last_day_employed"
    #: end_of_day | start_of_next_day | at_once
    suspend: str = "end_of_day"
    #: status | absent | both
    leavers_are: str = "status"
    #: good files without the person before they are archived
    missing_files: int = 3
    #: days from the end to the archive; None: never
    archive_after: int | None = 90
    #: days from the absence to the archive where absence means "left"
    absent_grace: int = 30
    #: keep | suspend: access on leave where the source does not say
    leave_access: str = "keep"
    #: keep | suspend: access on garden leave
    garden_access: str = "suspend"
    #: employment types of people who come for a season: archived as soon as it is over
    seasonal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When and where a decision is made: the as-of instant (UTC) and the worker's zone."""

    as_of: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        """The local as-of day."""
        return local_day(self.as_of, self.zone)

    def reached(self, day: date) -> bool:
        """True from the first instant of the local day on."""
        return day <= self.today


def first_day_out(end: date, policy: LifecyclePolicy) -> date:
    """The first local day without employment, whatever HR's end date means."""
    return end if policy.end_date_means == "first_day_out" else days_after(end, 1)


def access_ends_on(end: date, policy: LifecyclePolicy) -> date:
    """The local day at whose first instant access ends: the leaver fires then."""
    out = first_day_out(end, policy)
    return out - timedelta(days=1) if policy.suspend == "at_once" else out


_GONE = {Status.TERMINATED, Status.DECEASED}
_OVER = {Stage.LEFT, Stage.NO_SHOW}
_STARTED = {Status.ACTIVE, Status.NOTICE, Status.LEAVE, Status.GARDEN_LEAVE, Status.DORMANT}


def standing_of(worker: Worker, before: Standing | None, moment: Moment, policy: LifecyclePolicy) -> Standing:
    """Where this worker stands now. `before` is what was last concluded, None when never seen."""
    armed = _armed_end(worker, before, moment, policy)
    if end := _ended_on(worker, before, armed, moment, policy):
        return _left(worker, before, end, armed, moment, policy)
    if worker.status is Status.UNKNOWN:
        return _held(before, moment, f"HR's status {worker.status_text!r} is not known here")
    if _never_starts(worker, before, armed, policy):
        return _no_show(before, moment)
    if not _has_started(worker, before, moment, policy):
        return _fresh(before, Stage.PREHIRE, moment, armed_end=armed)
    return _at_work(worker, before, armed, moment, policy)


def standing_when_absent(before: Standing, moment: Moment, policy: LifecyclePolicy) -> Standing:
    """Where somebody stands whom a complete, trusted snapshot does not contain.

    Whoever has left is never missing. A pre-hire who vanishes is a no-show. Where absence means "left", they left
    today; elsewhere the absence is counted and decides nothing before `missing_files`.
    """
    if before.stage in {Stage.LEFT, Stage.NO_SHOW}:
        return before
    if before.stage is Stage.PREHIRE:
        return _no_show(before, moment)
    missing = replace(
        before, missing_files=before.missing_files + 1, missing_since=before.missing_since or moment.today
    )
    if policy.leavers_are in {"absent", "both"}:
        return replace(missing, stage=Stage.LEFT, since=moment.as_of, ended_on=moment.today, armed_end=None)
    return missing


def still_missing(before: Standing, woken: Standing) -> Standing:
    """Facts of somebody who is absent are old: a date may end their employment, nothing may bring them back."""
    stage = woken.stage if before.stage.employed else before.stage
    return replace(woken, stage=stage, missing_files=before.missing_files, missing_since=before.missing_since)


def ended_unsaid(worker: Worker, standing: Standing) -> bool:
    """It is over because a file had the record no more, not by its own last words: those cannot bring it back."""
    if worker.status not in {*_STARTED, Status.PREHIRE} or standing.armed_end is not None:
        return False
    return standing.stage is Stage.LEFT or (standing.stage is Stage.NO_SHOW and worker.termination_date is None)


def _armed_end(worker: Worker, before: Standing | None, moment: Moment, policy: LifecyclePolicy) -> date | None:
    """An end date counts on an active person only when it was seen while still to come; it then fires by itself."""
    end = worker.termination_date
    if end is None or _stale(worker, before, end, policy):
        return None
    if before is not None and before.armed_end == end:
        return end
    return None if moment.reached(access_ends_on(end, policy)) else end


def _stale(worker: Worker, before: Standing | None, end: date, policy: LifecyclePolicy) -> bool:
    """An old employment's end date that HR forgot to clear: it precedes the hire or was consumed before a rehire."""
    if before is not None and before.consumed_end == end:
        return True
    came_back = before is not None and before.ended_on is not None and before.ended_on >= end
    return _precedes_hire(worker, end, policy) and (worker.status in _STARTED or came_back)


def _ended_on(
    worker: Worker, before: Standing | None, armed: date | None, moment: Moment, policy: LifecyclePolicy
) -> date | None:
    """HR's end date (or the local day, where HR gives none) when the employment is over now, else None."""
    end = worker.termination_date
    if worker.status in _GONE:
        if end is None:
            return before.ended_on if before and before.stage is Stage.LEFT and before.ended_on else moment.today
        # "terminated" with a date of today or before acts at once; with a date to come, on that date
        return end if end <= moment.today or moment.reached(access_ends_on(end, policy)) else None
    if worker.status is Status.RESCINDED and before is not None and before.stage.employed:
        return moment.today
    if armed is not None and moment.reached(access_ends_on(armed, policy)):
        return armed
    # no status at all, or one that means nothing: a past end date is then the evidence there is
    undecided = worker.status in {Status.NONE, Status.UNKNOWN}
    if undecided and end and not _precedes_hire(worker, end, policy) and (before is None or before.consumed_end != end):
        return end if moment.reached(access_ends_on(end, policy)) else None
    return None


def _precedes_hire(worker: Worker, end: date, policy: LifecyclePolicy) -> bool:
    return worker.hire_date is not None and first_day_out(end, policy) <= worker.hire_date


def _left(
    worker: Worker, before: Standing | None, end: date, armed: date | None, moment: Moment, policy: LifecyclePolicy
) -> Standing:
    started = before is not None and before.stage in {Stage.ACTIVE, Stage.LEAVE, Stage.LEFT}
    deceased = worker.status is Status.DECEASED
    if not started and _never_began(worker, end, policy):
        return replace(_no_show(before, moment), deceased=deceased)
    # a status word ends by itself; only a date that fired by itself must be remembered as armed
    kept = armed if worker.status not in _GONE else None
    return _fresh(
        before,
        Stage.LEFT,
        moment,
        ended_on=end,
        armed_end=kept,
        deceased=deceased,
        never_worked=not deceased and _took_no_place(worker, before, end),
    )


def _never_began(worker: Worker, end: date, policy: LifecyclePolicy) -> bool:
    """The end lies on the first day or before it: HR's way of writing that somebody never came."""
    return _precedes_hire(worker, end, policy) or worker.hire_date == end


def _took_no_place(worker: Worker, before: Standing | None, end: date) -> bool:
    """Taken back, or ended on the first day of this employment or before, although we had let it begin."""
    if before is not None and before.stage is Stage.LEFT and before.never_worked:
        return True
    if before is None or not before.stage.employed:
        return False
    return worker.status is Status.RESCINDED or (before.started_on is not None and end <= before.started_on)


def _never_starts(worker: Worker, before: Standing | None, armed: date | None, policy: LifecyclePolicy) -> bool:
    if before is not None and before.stage.employed:
        return False
    if worker.status is Status.RESCINDED:
        return True
    return armed is not None and _never_began(worker, armed, policy)


def _no_show(before: Standing | None, moment: Moment) -> Standing:
    stage = Stage.LEFT if before is not None and before.stage.employed else Stage.NO_SHOW
    return _fresh(before, stage, moment, ended_on=(before.ended_on if before else None) or moment.today)


def _has_started(worker: Worker, before: Standing | None, moment: Moment, policy: LifecyclePolicy) -> bool:
    # once at work, a missing word or "terminated from the 31st on" does not undo the start
    at_work = before is not None and before.stage.employed and worker.status is not Status.PREHIRE
    by_status = worker.status in _STARTED or at_work
    if worker.hire_date is None:
        return by_status or worker.status is Status.NONE
    if before is not None and before.bridged_until == worker.hire_date and before.stage.employed:
        return True
    by_date = moment.reached(worker.hire_date)
    match policy.start_when:
        case "status":
            return by_status
        case "both":
            return by_status and by_date
        case "first_of":
            return by_status or by_date
        case _:
            return by_date


def _at_work(
    worker: Worker, before: Standing | None, armed: date | None, moment: Moment, policy: LifecyclePolicy
) -> Standing:
    leave_ends = _leave_end(worker, before, moment)
    away = worker.status is Status.LEAVE and not (leave_ends and moment.reached(days_after(leave_ends, 1)))
    garden = worker.status is Status.GARDEN_LEAVE
    access = policy.garden_access if garden else (worker.leave_class or policy.leave_access) if away else "keep"
    already = before is not None and before.stage.employed
    started = before.started_on if before and already else worker.hire_date or moment.today
    standing = _fresh(
        before,
        Stage.LEAVE if away or garden else Stage.ACTIVE,
        moment,
        started_on=started,
        armed_end=armed,
        leave_ends=leave_ends,
        access_off=access == "suspend",
    )
    return replace(standing, back_on=None) if _taken_back(worker, before, moment) else standing


def _leave_end(worker: Worker, before: Standing | None, moment: Moment) -> date | None:
    """A leave's last day counts when it was seen while still to come; one already past is a finding, not a return."""
    end = worker.leave_end_date
    if worker.status is not Status.LEAVE or end is None:
        return None
    seen = before is not None and before.leave_ends == end
    return end if seen or not moment.reached(days_after(end, 1)) else None


def _held(before: Standing | None, moment: Moment, why: str) -> Standing:
    if before is None:
        return Standing(stage=Stage.PREHIRE, since=moment.as_of, held=why)
    return replace(before, held=why, missing_files=0, missing_since=None)


def _fresh(before: Standing | None, stage: Stage, moment: Moment, **values: object) -> Standing:
    """A standing present in the file now: absence forgotten, `since` kept while the stage stays."""
    if before is None:
        return Standing(stage=stage, since=moment.as_of, **values)  # type: ignore[arg-type]
    comes_back = before.stage is Stage.LEFT and stage is not Stage.LEFT
    kept = {
        "back_on": None if stage in _OVER else moment.today if before.stage in _OVER else before.back_on,
        "started_on": before.started_on,
        "ended_on": before.ended_on,
        "consumed_end": before.ended_on if comes_back else before.consumed_end,
        "bridged_until": before.bridged_until,
    }
    since = before.since if before.stage is stage else moment.as_of
    return Standing(stage=stage, since=since, **{**kept, **values})  # type: ignore[arg-type]


#: an end that is gone from HR's record so soon, with the same hire date, was a mistake and no rehire
TAKEN_BACK_DAYS = 30


def _taken_back(worker: Worker, before: Standing | None, moment: Moment) -> bool:
    """HR withdrew or moved the end of an employment that had ended for us: it goes on, and nobody was hired."""
    if before is None or before.stage is not Stage.LEFT or before.ended_on is None:
        return False
    same = worker.hire_date is not None and worker.hire_date == before.started_on
    moved = worker.termination_date is None or worker.termination_date > before.ended_on
    return same and moved and (moment.today - before.ended_on).days <= TAKEN_BACK_DAYS


#: a confirmed successor that starts within so many days: access stays in between
BRIDGE_DAYS = 3


def bridged(worker: Worker, before: Standing, after: Standing, moment: Moment) -> Standing:
    """A confirmed new record of the same person: somebody at work stays at work until it starts, if that is soon."""
    if after.stage is not Stage.PREHIRE or not before.stage.employed or worker.hire_date is None:
        return after
    # counted from the end of the old record, where that is still to come
    if (worker.hire_date - max(moment.today, before.armed_end or moment.today)).days > BRIDGE_DAYS:
        return after
    return replace(before, bridged_until=worker.hire_date, armed_end=None, missing_files=0, missing_since=None)


def next_wake(worker: Worker, standing: Standing, moment: Moment, policy: LifecyclePolicy) -> datetime | None:
    """The next instant (UTC) at which the standing, or what it asks for, can change by itself; None when never."""
    days: list[date | None] = []
    if standing.stage is Stage.PREHIRE and worker.hire_date:
        days += [worker.hire_date, worker.hire_date - timedelta(days=policy.days_before)]
    if standing.stage not in {Stage.LEFT, Stage.NO_SHOW} and worker.termination_date:
        days.append(access_ends_on(worker.termination_date, policy))
    if standing.stage is Stage.LEAVE and standing.leave_ends:
        days.append(days_after(standing.leave_ends, 1))
    days.append(archive_on(standing, policy, worker.employment_type))
    ahead = [day for day in days if day is not None and day > moment.today]
    return start_of_day(min(ahead), moment.zone) if ahead else None


def archive_on(standing: Standing, policy: LifecyclePolicy, employment_type: str = "") -> date | None:
    """The local day on which a leaver, a no-show or a long absence is archived; None when nothing asks for it."""
    if standing.stage is Stage.NO_SHOW or (standing.stage is Stage.LEFT and standing.never_worked):
        return standing.ended_on
    if standing.stage is Stage.LEFT and employment_type and employment_type in policy.seasonal:
        return standing.ended_on  # the seat is free until the next season
    if standing.stage is not Stage.LEFT or standing.ended_on is None:
        return None
    if standing.missing_since is not None and policy.leavers_are in {"absent", "both"}:
        return days_after(standing.missing_since, policy.absent_grace)
    return None if policy.archive_after is None else days_after(standing.ended_on, policy.archive_after)
