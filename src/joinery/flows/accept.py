"""From mapped rows to facts, standings and events, in batches, inside the transaction that accepts a snapshot.

Rule: one person's bad row changes nothing for anybody else, and leaves that person at the last good state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from joinery.core.hygiene import check_worker
from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.inbound import Mapped, Rejected, end_said, map_record
from joinery.core.mapping.merge import merged, older_than_known, told_after
from joinery.core.mapping.spec import RECORD_NAMES, MappingSpec
from joinery.core.model.codec import instant_text
from joinery.core.model.event import Event
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.ids import PersonKey
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.standing import Standing
from joinery.core.model.worker import FACT_NAMES, IDENTITY_NAMES, Status, Worker
from joinery.core.rules.events import Known, events_for
from joinery.core.rules.instants import local_day
from joinery.core.rules.lifecycle import (
    LifecyclePolicy,
    Moment,
    bridged,
    next_wake,
    standing_of,
    standing_when_absent,
    still_missing,
)
from joinery.store.events import record_events
from joinery.store.people import FactChange, People, Person, in_chunks, record_facts

BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all rows of one acceptance share. `since`: the baseline's day; None while this is the baseline."""

    connection: str
    source: str
    snapshot_id: str
    as_of: datetime
    since: date | None
    lifecycle: LifecyclePolicy
    zone_of: Callable[[Worker], tzinfo]
    new_key: Callable[[], PersonKey]
    known_zones: frozenset[str] = frozenset()
    uses_reports: bool = False
    #: the file holds changes only: what it leaves out stays as it was
    partial: bool = False
    #: the moment the file speaks of, and the one that the last full file spoke of
    content_as_of: datetime | None = None
    full_as_of: datetime | None = None


@dataclass(slots=True)
class Outcome:
    """What came of it, in numbers and IDs."""

    counts: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    #: source IDs whose rows stay pending until they are right
    refused: set[str] = field(default_factory=set)
    #: source IDs of records older than what is known, in part or whole
    older: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    #: employee IDs whose employment began or ended: those who report to them are looked at again
    turned: set[str] = field(default_factory=set)
    #: employee IDs named as manager before or now by somebody who changed managers
    managers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Batch:
    new: list[Person] = field(default_factory=list)
    known: list[Person] = field(default_factory=list)
    facts: list[FactChange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A record as far as it is believed; `told`: when HR said what, `effective_on`: HR's day for it."""

    worker: Worker
    told: Mapping[str, str]
    effective_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _When:
    """The moment of the decision, and the record behind it, where there is one."""

    moment: Moment
    taken: _Taken | None = None

    @property
    def effective_on(self) -> date:
        """The day from which it holds: HR's where it gives one that has come, else today."""
        day = self.taken.effective_on if self.taken else None
        return min(day, self.moment.today) if day else self.moment.today


#: everything a record may hold of a person that is not who they are
_ATTRIBUTES = frozenset(FACT_NAMES) - IDENTITY_NAMES


class Acceptance:
    """The writing half of one transaction; `outcome` grows as rows come in."""

    def __init__(self, connection: Connection, setting: Setting, aliases: Mapping[str, str]) -> None:
        self._db = connection
        #: former source IDs -> person: their old rows say nothing any more
        self.aliases: dict[str, str] = dict(aliases)
        self._people = People(connection, setting.connection)
        self._is = setting
        self.outcome = Outcome()
        self._mapped: frozenset[str] = frozenset()
        self._key = ""

    def rows(
        self, spec: MappingSpec, records: Iterable[RawRecord], frozen: Mapping[str, str], claims: Mapping[str, str]
    ) -> None:
        """Map and decide changed or new rows; `frozen` are employee IDs with a quarantine finding, and why.

        `claims` (new source ID -> former number) come first: a re-keyed person must not look like one who left.
        """
        successors = self._follow(claims)
        self._mapped = spec.says
        self._key = spec.column_of("source_id") or spec.column_of("worker_id") or ""
        for chunk in in_chunks(records, BATCH):
            ids = [record.get(self._key, "").strip() for record in chunk]
            known = self._people.by_source_id(self._is.source, ids)
            batch = _Batch()
            for source_id, record in zip(ids, chunk, strict=True):
                if self._superseded(source_id, known.get(source_id)):
                    self.outcome.counts["superseded"] += 1
                    continue
                self._row(batch, spec, record, known.get(source_id) or successors.get(source_id), frozen)
            self._write(batch)

    def _follow(self, claims: Mapping[str, str]) -> dict[str, Person]:
        """new source ID -> the person who had the former number, where that is exactly one and not followed yet."""
        if not claims:
            return {}
        known = self._people.by_source_id(self._is.source, claims.keys())
        former = self._people.by_source_id(self._is.source, claims.values())
        numbered = self._people.by_worker_id(claims.values())
        followed: dict[str, Person] = {}
        for new, old in claims.items():
            several = [former[old]] if old in former else numbered.get(old, [])
            if new not in known and new != old and len(several) == 1:
                followed[new] = several[0]
                self.aliases.pop(new, None)
                self.aliases[several[0].worker.source_id] = several[0].key
        return followed

    def _superseded(self, source_id: str, known: Person | None) -> bool:
        """The record of a number that its person no longer has; not one that somebody else was given."""
        alias = self.aliases.get(source_id)
        return alias is not None and (known is None or known.key == alias)

    def _row(
        self, batch: _Batch, spec: MappingSpec, record: RawRecord, before: Person | None, frozen: Mapping[str, str]
    ) -> None:
        mapped = map_record(spec, record, before.worker if before else None)
        if isinstance(mapped, Rejected):
            self._refuse(mapped.finding(), record.get(self._key, "").strip())
            self._believe_end(batch, before, *end_said(spec, record))
            return
        taken = self._in_time(mapped, before)
        if taken is None:
            self.outcome.counts["older"] += 1
            return
        worker = taken.worker
        found = (*mapped.findings, *check_worker(worker, self._checking(worker)))
        self.outcome.findings.extend(found)
        bad = next((f.message for f in found if f.severity is Severity.QUARANTINE), "") or frozen.get(
            worker.worker_id, ""
        )
        if bad:
            self.outcome.refused.add(worker.source_id)
            self.outcome.counts["quarantined"] += 1
            self._believe_end(batch, before, worker.status_text, worker.status, worker.termination_date)
            return
        self._decide(batch, worker, before, taken)

    def _in_time(self, mapped: Mapped, before: Person | None) -> _Taken | None:
        """The record as far as nothing newer is known; None when it says nothing new at all."""
        at = mapped.changed_at or self._is.content_as_of
        told: Mapping[str, str] = before.memory.get("told", {}) if before else {}
        names = self._mapped - RECORD_NAMES
        absent = frozenset(_ATTRIBUTES - names) if self._is.partial and before else frozenset()
        older: frozenset[str] = frozenset()
        if at is not None:
            floor = instant_text(self._is.full_as_of) if self._is.full_as_of and self._is.partial else ""
            older = older_than_known(names, told, instant_text(at), floor) if before else older
            told = told_after(names, older, told, instant_text(at))
        if older:
            self.outcome.older.add(mapped.worker.source_id)
            if older >= names - IDENTITY_NAMES:
                return None
        worker = merged(before.worker, mapped.worker, older | absent) if before else mapped.worker
        return _Taken(worker=worker, told=told, effective_on=mapped.effective_on)

    def _believe_end(self, batch: _Batch, before: Person | None, word: str, status: Status, end: date | None) -> None:
        """A bad row never keeps somebody in who is out: of this row only the end is believed.

        A word that nobody knows ends nothing by itself; with an end date already past it does.
        """
        if before is None:
            return
        past = end is not None and end < self._moment(before.worker).today
        if status in {Status.TERMINATED, Status.DECEASED} or (status is Status.UNKNOWN and past):
            worker = replace(before.worker, status=status, status_text=word, termination_date=end)
            self._decide(batch, worker, before)

    def _refuse(self, finding: Finding, source_id: str) -> None:
        self.outcome.findings.append(finding)
        self.outcome.counts["rejected"] += 1
        if source_id:
            self.outcome.refused.add(source_id)

    def _checking(self, worker: Worker) -> Facts:
        return Facts(as_of=self._moment(worker).today, time_zones=self._is.known_zones, mapped=self._mapped)

    def _moment(self, worker: Worker) -> Moment:
        return Moment(as_of=self._is.as_of, zone=self._is.zone_of(worker))

    def _decide(self, batch: _Batch, worker: Worker, before: Person | None, taken: _Taken | None = None) -> None:
        moment = self._moment(worker)
        standing = standing_of(worker, before.standing if before else None, moment, self._is.lifecycle)
        if before is not None and before.worker.source_id != worker.source_id:
            standing = bridged(worker, before.standing, standing, moment)
        self.outcome.seen.add(worker.source_id)
        self._keep(batch, worker, standing, before, _When(moment=moment, taken=taken))

    def absent(self, source_ids: Iterable[str]) -> list[str]:
        """People whom a complete, trusted snapshot does not contain; the source IDs still missing afterwards."""
        still: list[str] = []
        for chunk in in_chunks(source_ids, BATCH):
            batch = _Batch()
            for source_id, person in self._people.by_source_id(self._is.source, chunk).items():
                moment = self._moment(person.worker)
                standing = standing_when_absent(person.standing, moment, self._is.lifecycle)
                if standing.stage.employed:
                    still.append(source_id)
                if standing != person.standing:
                    self.outcome.counts["absent"] += 1
                    self._keep(batch, person.worker, standing, person, _When(moment=moment))
            self._write(batch)
        return still

    def wake(self, keys: Iterable[PersonKey]) -> None:
        """People whose date has come, by the facts already known."""
        for chunk in in_chunks(keys, BATCH):
            batch = _Batch()
            for person in self._people.by_key(chunk).values():
                if person.worker.source_id in self.outcome.seen and person.worker.source == self._is.source:
                    continue
                moment = self._moment(person.worker)
                standing = standing_of(person.worker, person.standing, moment, self._is.lifecycle)
                if person.standing.missing_files:
                    standing = still_missing(person.standing, standing)
                self.outcome.counts["woken"] += 1
                self._keep(batch, person.worker, standing, person, _When(moment=moment))
            self._write(batch)

    def _keep(
        self,
        batch: _Batch,
        worker: Worker,
        standing: Standing,
        before: Person | None,
        when: _When,
    ) -> None:
        moment, taken, since = when.moment, when.taken, when.effective_on
        key = before.key if before else self._is.new_key()
        changed = _fact_changes(before.worker if before else None, worker)
        if self._is.since is not None:
            was = Known(worker=before.worker, standing=before.standing) if before else None
            now = Known(worker=worker, standing=standing)
            batch.events.extend(events_for(key, was, now, moment.today, self._is.since, effective_on=since))
        batch.facts.extend(
            FactChange(person_key=key, attribute=name, value=new, effective_from=since, supersedes=bool(old))
            for name, (old, new) in changed.items()
        )
        person = Person(
            key=key,
            worker=worker,
            standing=standing,
            memory=_remembered(_with_changes(before.memory if before else {}, changed if before else {}), taken),
            wake_at=next_wake(worker, standing, moment, self._is.lifecycle),
            unsettled=True,
        )
        (batch.known if before else batch.new).append(person)
        self._note_relations(before, person, changed)

    def _note_relations(self, before: Person | None, after: Person, changed: Mapping[str, tuple[str, str]]) -> None:
        was = before is not None and before.standing.stage.employed
        if was != after.standing.stage.employed and self._is.since is not None:
            self.outcome.turned.add(after.worker.worker_id)
        if self._is.uses_reports and "manager_id" in changed:
            self.outcome.managers.update(value for value in changed["manager_id"] if value)

    def _write(self, batch: _Batch) -> None:
        self._people.add(batch.new)
        self._people.replace(batch.known)
        record_facts(
            self._db,
            batch.facts,
            known_from=self._is.as_of,
            snapshot_id=self._is.snapshot_id,
            source=self._is.source,
        )
        record_events(self._db, self._is.connection, batch.events, self._is.snapshot_id)
        self.outcome.counts["added"] += len(batch.new)
        self.outcome.counts["changed"] += len(batch.known)
        self.outcome.events.update(str(event.kind) for event in batch.events)

    def relations(self) -> None:
        """Those who report to somebody who came or went, and managers whose team changed, are looked at again."""
        keys = set(self._people.reports_of(self.outcome.turned)) if self.outcome.turned else set()
        for people in self._people.by_worker_id(self.outcome.managers).values() if self.outcome.managers else ():
            keys.update(person.key for person in people)
        self._people.mark(keys, unsettled=True)


def _fact_changes(old: Worker | None, new: Worker) -> dict[str, tuple[str, str]]:
    """Canonical attribute -> (old, new); the status both as HR's word."""
    if old is None:
        return {name: ("", value) for name, value in new.facts()}
    names = (*FACT_NAMES, *sorted(old.custom.keys() | new.custom.keys()))
    pairs = ((name, (old.value(name), new.value(name))) for name in names)
    return {name: pair for name, pair in pairs if pair[0] != pair[1]}


def _remembered(memory: Mapping[str, Any], taken: _Taken | None) -> Mapping[str, Any]:
    return {**memory, "told": dict(taken.told)} if taken and taken.told else memory


def _with_changes(memory: Mapping[str, Any], changed: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Add to what changed since the last plan; the oldest old value stays."""
    if not changed:
        return dict(memory)
    pending: dict[str, list[str]] = dict(memory.get("changes", {}))
    for name, (old, new) in changed.items():
        pending[name] = [pending[name][0] if name in pending else old, new]
    return {**memory, "changes": {name: pair for name, pair in pending.items() if pair[0] != pair[1]}}


def uuid7(at: datetime, random: int) -> PersonKey:
    """A UUIDv7 (time-ordered) from an instant and 74 random bits."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    high = (millis << 16) | 0x7000 | ((random >> 62) & 0xFFF)
    low = (0b10 << 62) | (random & ((1 << 62) - 1))
    return PersonKey(str(UUID(int=(high << 64) | low)))


def baseline_day(as_of: datetime, zone: tzinfo) -> date:
    """The local day of the first acceptance, in the company's zone."""
    return local_day(as_of, zone)
