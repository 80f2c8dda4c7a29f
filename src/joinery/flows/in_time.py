"""A record as far as nothing newer is known of it: changes come out of order, and files of changes leave things out.

Rules: an older record never overwrites what a newer one said, attribute by attribute; and what HR dates ahead waits
for its day in the person's memory (`ahead`), and comes into force on it by a wake date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from joinery.core.mapping.ahead import Ahead, ahead_of, in_order, returns, still_waiting, waits, with_begun
from joinery.core.mapping.entered import Entered, entered_after, entered_of
from joinery.core.mapping.inbound import Mapped
from joinery.core.mapping.merge import merged, older_than_known, told_after
from joinery.core.mapping.spec import RECORD_NAMES
from joinery.core.model.codec import instant_text
from joinery.core.model.employment import Employment
from joinery.core.model.standing import Stage
from joinery.core.model.worker import FACT_NAMES, IDENTITY_NAMES, Status, Worker
from joinery.core.rules.lifecycle import ended_unsaid
from joinery.flows.setting import Setting
from joinery.store.people import Person

#: everything a record may hold of a person that is not who they are
_ATTRIBUTES = frozenset(FACT_NAMES) - IDENTITY_NAMES

#: what is remembered of the ends that are known: when HR entered them, and when that was read
ENTERED: Final = "entered"

#: words that tell of an end to come
_ENDS = {Status.TERMINATED, Status.DECEASED, Status.NOTICE, Status.GARDEN_LEAVE, Status.RESCINDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One record as it is known before another row about it is read.

    `worker`: what is in force, None for a new record; `told`: when HR said what; `ahead`: what waits for its day;
    `effective_on`: the latest day from which something in it holds that has only just begun; `beside`: the person has
    other records; `entered`: when HR entered its end, if it has one.
    """

    worker: Worker | None
    told: Mapping[str, str]
    ahead: tuple[Ahead, ...] = ()
    effective_on: date | None = None
    employed: bool = False
    beside: bool = False
    entered: Entered | None = None

    def after(self, taken: Taken) -> Known:
        """The record once a row was taken in."""
        said = replace(self, worker=taken.worker, told=taken.told, ahead=taken.ahead, entered=taken.entered)
        return replace(said, effective_on=taken.effective_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A record as far as it is believed; `told`: when HR said what, `effective_on`: HR's day for it.

    `ahead`: what of it, and of earlier ones, waits for its day. `older`: something newer is known of part of it;
    `says_nothing`: of all of it. `whole`: the record as it is once nothing waits any more.
    """

    worker: Worker
    told: Mapping[str, str]
    ahead: tuple[Ahead, ...] = ()
    effective_on: date | None = None
    older: bool = False
    says_nothing: bool = False
    whole: Worker | None = None
    entered: Entered | None = None


def known_of(setting: Setting, owner: Person | None, was: Employment | None) -> Known:
    """The record by all that is known of it today, with what has come into force since it was last looked at."""
    if owner is None or was is None:
        return Known(worker=None, told={}, beside=owner is not None)
    begun, ahead = _parted(waiting_of(owner.memory, was.worker), setting.moment(was.worker).today)
    told = dict(told_of(owner, was))
    for each in begun:
        told |= {name: each.at for name in each.values if each.at}
    return Known(
        worker=with_begun(was.worker, begun),
        told=told,
        ahead=ahead,
        effective_on=max((each.on for each in begun), default=None),
        employed=was.standing.stage.employed,
        beside=len(owner.jobs) > 1,
        entered=_entered_of(owner.memory, was.worker),
    )


def in_time(setting: Setting, names: frozenset[str], found: Mapped, known: Known) -> Taken:
    """The record beside what is known of the same record; `names` are the attributes that the source maps."""
    return with_entered(setting, found, known, _in_time(setting, names, found, known))


def with_entered(setting: Setting, found: Mapped, known: Known, taken: Taken) -> Taken:
    """What a row came to, with when HR entered the end that is known of the record by now.

    Only HR's own word is believed: the moment a file speaks of is none, and a push that gives one says it of its news.
    """
    if taken.says_nothing:
        return replace(taken, entered=known.entered)
    at = found.changed_at or (setting.content_as_of if setting.heard_at is not None else None)
    news = Entered(at=instant_text(at) if at else "", read_at=instant_text(setting.heard_at or setting.as_of))
    before, now = (known.worker, known.ahead), (taken.worker, taken.ahead)
    return replace(taken, entered=entered_after(before, now, known.entered, news))


def _in_time(setting: Setting, names: frozenset[str], found: Mapped, known: Known) -> Taken:
    at, was = found.changed_at or setting.content_as_of, known.worker
    if was is not None and known.employed and returns(was, found.worker):
        found = _from_the_return(found)
    heard_at, written = at or setting.heard_at, at or _written(setting, found.worker)
    names = names - RECORD_NAMES
    absent = frozenset(_ATTRIBUTES - names) if setting.partial and was else frozenset[str]()
    older: frozenset[str] = frozenset()
    if written is not None and was:
        floor = instant_text(setting.full_as_of) if setting.full_as_of and setting.partial else ""
        older = older_than_known(names, known.told, instant_text(written), floor)
    if was is None:
        worker = _from_its_day(setting, found, beside=known.beside)
        told = told_after(names, (), known.told, instant_text(heard_at)) if heard_at is not None else known.told
        return Taken(worker=worker, told=told, effective_on=found.effective_on)
    if older and older >= names - IDENTITY_NAMES:
        return Taken(worker=was, told=known.told, ahead=known.ahead, older=True, says_nothing=True)
    said = merged(was, found.worker, older | absent)
    held, ahead = _in_its_day(setting, known, said, found, names - older - IDENTITY_NAMES)
    return Taken(
        worker=merged(was, said, held),
        told=told_after(names, older | held, known.told, instant_text(heard_at)) if heard_at else known.told,
        ahead=ahead,
        effective_on=known.effective_on if held else found.effective_on or known.effective_on,
        older=bool(older),
        whole=said if held else None,
    )


def _written(setting: Setting, worker: Worker) -> datetime | None:
    """As of when a file is taken to be that does not say it: only beside what was pushed meanwhile it matters."""
    pushed = setting.pushed
    return pushed.written if pushed is not None and worker.source_id in pushed.people else None


def _from_the_return(found: Mapped) -> Mapped:
    """Until they are back the end that is known counts, on whatever day HR says so."""
    days = [day for day in (found.effective_on, found.worker.hire_date) if day is not None]
    return replace(found, effective_on=max(days))


def _in_its_day(
    setting: Setting, known: Known, said: Worker, found: Mapped, names: frozenset[str]
) -> tuple[frozenset[str], tuple[Ahead, ...]]:
    """(attributes that keep their value for now, all that waits)."""
    was = known.worker or said
    today = setting.moment(was).today
    on = found.effective_on if found.effective_on and found.effective_on > today else today
    at = found.changed_at or setting.content_as_of
    written = at or _written(setting, said)
    news = Ahead(on=on, values={}, status=said.status, at=instant_text(written) if written else "", known_on=today)
    heard_at = at or setting.heard_at
    waiting = still_waiting(was, known.ahead, said, names, news, full=not setting.partial)
    if on == today:
        return frozenset(), in_order(waiting)
    newer = {name for each in waiting if news.at and each.at > news.at for name in each.values}
    held = waits(was, said, on, employed=known.employed) & names
    there = with_begun(was, (each for each in waiting if each.on < on))
    values = {name: said.value(name) for name in sorted(held) if name in there.differences(said) and name not in newer}
    mine = replace(news, values=values, at=instant_text(heard_at) if heard_at else "")
    return held, in_order((*waiting, *([mine] if values else [])))


def _from_its_day(setting: Setting, found: Mapped, *, beside: bool) -> Worker:
    """A record that nobody knew begins on its day: of a new person who has no first day, or beside other records."""
    worker, on = found.worker, found.effective_on
    if on is None or setting.since is None or on <= setting.moment(worker).today:
        return worker
    if beside:
        begins = worker.job_start_date or worker.hire_date
        return worker if begins is not None and begins >= on else replace(worker, job_start_date=on)
    return worker if worker.hire_date is not None else replace(worker, hire_date=on)


def begun_today(setting: Setting, person: Person) -> tuple[Person, date | None]:
    """The person with what has come into force by now; and the latest day from which it holds, None for nothing."""
    if "ahead" not in person.memory:
        return person, None
    jobs, days, memory = [], [], person.memory
    for job in person.jobs:
        known, of_job = known_of(setting, person, job), _by_job(person.memory, job.worker)
        if known.worker is not None and known.effective_on is not None:
            days.append(known.effective_on)
            memory = remembered(memory, job.worker, {} if of_job else known.told, known.ahead, of_job=of_job)
            job = replace(job, worker=known.worker)
        jobs.append(job)
    if not days:
        return person, None
    employments = tuple(jobs) if person.employments else ()
    worker = person.worker if employments else jobs[0].worker
    return replace(person, worker=worker, employments=employments, memory=memory), max(days)


def _parted(waiting: Sequence[Ahead], today: date) -> tuple[list[Ahead], tuple[Ahead, ...]]:
    return [each for each in waiting if each.on <= today], tuple(each for each in waiting if each.on > today)


def job_of(owner: Person | None, source: str, source_id: str) -> Employment | None:
    """The record itself, or the one it continues: names and addresses that a row leaves out are kept from it."""
    if owner is None:
        return None
    return next((job for job in owner.jobs if job.record == (source, source_id)), None)


def told_of(owner: Person | None, was: Employment | None) -> Mapping[str, str]:
    """When HR said what about this record; about this job of it, where rows name their job."""
    if owner is None or was is None:
        return {}
    by_record: Mapping[str, Mapping[str, str]] = owner.memory.get("told", {})
    return by_record.get(_job_name(was.worker)) or by_record.get(record_name(was.worker), {})


def waiting_of(memory: Mapping[str, Any], worker: Worker) -> tuple[Ahead, ...]:
    """What of this record waits for its day."""
    name = _job_name(worker) if _by_job(memory, worker) else record_name(worker)
    return tuple(ahead_of(each) for each in memory.get("ahead", {}).get(name, ()))


def all_waiting(person: Person) -> tuple[tuple[Worker, Ahead], ...]:
    """Everything that waits for its day, of all records, with the record that it is about."""
    about = {
        _job_name(job.worker) if _by_job(person.memory, job.worker) else record_name(job.worker): job.worker
        for job in reversed(person.jobs)
    }
    found = [(worker, each) for worker in about.values() for each in waiting_of(person.memory, worker)]
    return tuple(sorted(found, key=lambda pair: pair[1].on))


def remembered(
    memory: Mapping[str, Any],
    worker: Worker,
    told: Mapping[str, str],
    ahead: Sequence[Ahead] = (),
    *,
    of_job: bool = False,
) -> Mapping[str, Any]:
    """The memory of a person, with what was said about one of their records and what of it waits.

    `of_job`: the record has several rows, and this is said of the one with this job's ID.
    """
    name, mine, found = record_name(worker), _job_name(worker), dict(memory)
    if told:
        known = memory.get("told", {}).items()
        rest = {record: some for record, some in known if of_job or record_of(record) != name}
        found["told"] = {**rest, mine if of_job else name: dict(told)}
    waiting = {
        record: some
        for record, some in memory.get("ahead", {}).items()
        if record not in {name, mine} and (of_job or record_of(record) != name)
    }
    if ahead:
        waiting[mine if of_job else name] = [each.to_json() for each in ahead]
    found.pop("ahead", None)
    return {**found, "ahead": waiting} if waiting else found


def all_remembered(owner: Person | None, taken: Sequence[Taken], *, by_job: bool = False) -> Mapping[str, Any]:
    """The memory with what the rows of one record said: one row, or one for each job.

    `by_job`: they name some of its jobs only, and what waits of the others goes on waiting.
    """
    memory = owner.memory if owner else {}
    if by_job:
        for job in owner.jobs if owner else ():
            waiting = waiting_of(memory, job.worker)
            memory = remembered(memory, job.worker, {}, waiting, of_job=True) if waiting else memory
        for each in taken:
            memory = remembered(memory, each.worker, each.told, each.ahead, of_job=True)
        return _with_ends(memory, taken, by_job=True)
    if len(taken) == 1:
        memory = remembered(memory, taken[0].worker, taken[0].told, taken[0].ahead)
        return _with_ends(memory, taken)
    memory = remembered(memory, taken[0].worker, {})
    for each in taken:
        memory = remembered(memory, each.worker, {}, each.ahead, of_job=True) if each.ahead else memory
    return _with_ends(memory, taken, several=True)


def _with_ends(
    memory: Mapping[str, Any], taken: Sequence[Taken], *, by_job: bool = False, several: bool = False
) -> Mapping[str, Any]:
    """The memory with when HR entered the ends of these jobs: of all of a record, or of some of them (`by_job`)."""
    name = record_name(taken[0].worker)
    mine = {_job_name(each.worker) if by_job or several else name: each.entered for each in taken}
    known = memory.get(ENTERED, {})
    kept = {each: some for each, some in known.items() if each not in mine and (by_job or record_of(each) != name)}
    found = {**kept, **{each: said.to_json() for each, said in mine.items() if said is not None}}
    rest = {what: some for what, some in memory.items() if what != ENTERED}
    return ({**rest, ENTERED: found} if found else rest) if found != known else memory


def entered_in(person: Person) -> Entered | None:
    """When HR entered the end of somebody who has left, and when it was read; None where nothing is remembered of it.

    Of several jobs that ended together it is the last word that counts, and only where all of them were told.
    """
    left = [job for job in person.jobs if job.standing.stage is Stage.LEFT]
    last = [job for job in left if job.standing.ended_on == person.standing.ended_on] or left
    found = [None if ended_unsaid(job.worker, job.standing) else _entered_of(person.memory, job.worker) for job in last]
    said = [each for each in found if each is not None]
    if not said or len(said) < len(found):
        return None
    known = all(each.at for each in said)
    return Entered(at=max(each.at for each in said) if known else "", read_at=max(each.read_at for each in said))


def _entered_of(memory: Mapping[str, Any], worker: Worker) -> Entered | None:
    known = memory.get(ENTERED, {})
    stored = known.get(_job_name(worker)) or known.get(record_name(worker))
    return entered_of(stored) if stored else None


def record_name(worker: Worker) -> str:
    """By what a record is remembered."""
    return f"{worker.source}:{worker.source_id}"


#: between a record and the job that something waits for; in no number
_JOB = "\x1f"


def _job_name(worker: Worker) -> str:
    return f"{record_name(worker)}{_JOB}{worker.job_id}"


def record_of(name: str) -> str:
    """The record that this part of a memory is about, also where it is about one of its jobs."""
    return name.partition(_JOB)[0]


def _by_job(memory: Mapping[str, Any], worker: Worker) -> bool:
    """What waits of this record waits for one of its jobs."""
    prefix = record_name(worker) + _JOB
    return any(name.startswith(prefix) for name in memory.get("ahead", {}))


def without_return(person: Person, record: tuple[str, str]) -> Mapping[str, Any]:
    """The memory without what waits for this record, once it is over and a full file does not have it any more: what HR
    said of a return, its newest word does not say."""
    memory = person.memory
    for job in person.jobs:
        over = job.record == record and job.standing.stage in {Stage.LEFT, Stage.NO_SHOW}
        if over and waiting_of(memory, job.worker):
            memory = remembered(memory, job.worker, {}, of_job=_by_job(memory, job.worker))
    return memory


def without_ends(memory: Mapping[str, Any]) -> Mapping[str, Any]:
    """The memory without ends of employment that wait for their day: those are confidential."""
    if "ahead" not in memory:
        return memory
    waiting = {
        record: [rest for each in some if (rest := _without_end(each))["values"]]
        for record, some in memory["ahead"].items()
    }
    return {**memory, "ahead": waiting}


def _without_end(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    each = ahead_of(stored)
    return each.without({"status"} if each.status in _ENDS else ()).to_json()
