"""From mapped rows to records, people and their standing, in batches, in the transaction that accepts a snapshot.

Rule: one person's bad row changes nothing for anybody else, and leaves that person at the last good state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import Connection

from joinery.core.hygiene import check_worker
from joinery.core.hygiene.facts import Facts
from joinery.core.mapping.inbound import Rejected, key_of, record_key
from joinery.core.mapping.records import has_several_jobs, key_column, rows_of, unclear_in, with_rows
from joinery.core.mapping.spec import MappingSpec
from joinery.core.mapping.succession import unclear_finding
from joinery.core.model.employment import Employment
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.ids import PersonKey
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.standing import Stage, Standing
from joinery.core.model.worker import Worker
from joinery.core.rules.job_ends import with_ended_jobs
from joinery.core.rules.jobs import as_job, awaited, paired, superseded
from joinery.core.rules.lifecycle import ended_unsaid, standing_of, standing_when_absent, still_missing
from joinery.flows.begun import begun_of
from joinery.flows.end_told import Ends
from joinery.flows.in_time import Taken, all_remembered, begun_today, job_of, told_of, without_return
from joinery.flows.joining import Claims, Joining
from joinery.flows.last_row import kept_back_as_cut
from joinery.flows.netting import Netting
from joinery.flows.persons import person_of
from joinery.flows.questions import settle
from joinery.flows.ready import Now, Readied, Ready
from joinery.flows.record_rows import told_in
from joinery.flows.recording import Change, record
from joinery.flows.setting import Outcome, Setting
from joinery.store.people import People, Person, in_chunks

BATCH = 2000
_OVER = {Stage.LEFT, Stage.NO_SHOW}


class Acceptance:
    """The writing half of one transaction; `outcome` grows as rows come in. Ends with `close`."""

    def __init__(self, connection: Connection, setting: Setting) -> None:
        self._db = connection
        self._people = People(connection, setting.connection)
        self._is = setting
        self.outcome = Outcome()
        self._mapped, self._key = frozenset[str](), ""
        self._joining = Joining(connection, setting, Claims())
        #: people of whom more may be said before the file ends
        self._late, self._batch = Netting(), Netting()
        #: employee IDs that share an address with others, to be read as people without one
        self.without_address: frozenset[str] = frozenset()
        #: key above employments -> a person who is new in this batch
        self._born: dict[str, PersonKey] = {}
        #: rows that were decided before this transaction, and what they come to in this batch
        self._readied, self._now = Readied(), Now()
        self._ready: list[Change] = []
        #: people written by this transaction for what was not decided before
        self._wrote: set[PersonKey] = set()
        #: what one record that tells of an end says after it: of people who are back
        self._back: list[RawRecord] = []

    def rows(
        self,
        spec: MappingSpec,
        records: Iterable[RawRecord],
        frozen: Mapping[str, str],
        claims: Claims,
        readied: Readied | None = None,
    ) -> None:
        """Map and decide changed or new rows; `frozen` are employee IDs with a quarantine finding, and why.

        Rows that continue another record come last: by then it is known what this file says of that one. Whoever is
        back in the very record that tells their end is looked at twice, as if two files had said so.
        """
        self._joining = Joining(self._db, self._is, claims)
        self._readied = readied or Readied()
        self._now = self._readied.now(self._db, self._joining)
        for person in self._joining.awaited():
            self._late.hold(person)
        self._mapped = spec.says
        self._key = key_column(spec)
        later: list[RawRecord] = []
        for chunk in in_chunks(records, BATCH):
            continues = {n for n, each in enumerate(chunk) if claims.former and record_key(spec, each) in claims.former}
            later.extend(chunk[n] for n in sorted(continues))
            first = [each for n, each in enumerate(chunk) if n not in continues] if continues else chunk
            self._chunk(spec, first, frozen)
        for chunk in in_chunks(later, BATCH):
            self._chunk(spec, chunk, frozen)
        while self._back:
            back, self._back = self._back[:BATCH], self._back[BATCH:]
            self._chunk(spec, back, frozen)

    def _chunk(self, spec: MappingSpec, records: Sequence[RawRecord], frozen: Mapping[str, str]) -> None:
        ids = [record_key(spec, each) for each in records]
        ready = self._readied.decided(ids, self._now, {*self._late.before, *self._wrote})
        owners = self._owners(spec, [(n, each) for n, each in zip(ids, records, strict=True) if n not in ready])
        if also := {person.key for person in owners.values()} & {self._readied.owner(each) for each in ready}:
            ready = self._readied.decided(ready, self._now, also)
            owners = self._owners(spec, [(n, each) for n, each in zip(ids, records, strict=True) if n not in ready])
        for source_id, each in zip(ids, records, strict=True):
            if source_id in ready:
                self._take(ready[source_id])
                continue
            owner = owners.get(source_id)
            if owner is None and self._directory:
                # nobody is employed by being listed: looked at again once another source knows them
                self.outcome.refused.add(each.get(self._key, "").strip())
                self.outcome.counts["only_listed"] += 1
                continue
            if source_id in self._now.told and not self._dated(owner, source_id):
                self.outcome.refused.add(each.get(self._key, "").strip())
                self.outcome.counts["older"] += 1
                continue
            self._look(spec, each, self._latest(owner) if owner else None, frozen)
        self._write()

    def _dated(self, owner: Person | None, source_id: str) -> bool:
        """HR's own dates say which of two words about this record is the newer one."""
        dated = self._is.content_as_of is not None or "changed_at" in self._mapped
        return dated and bool(told_of(owner, job_of(owner, self._is.source, source_id)))

    def _owners(self, spec: MappingSpec, rows: Sequence[tuple[str, RawRecord]]) -> dict[str, Person]:
        return self._joining.owners([n for n, _ in rows], [key_of(spec, each) for _, each in rows])

    def _take(self, ready: Ready) -> None:
        ready.tell(self.outcome)
        if ready.change is not None:
            self._ready.append(ready.change)

    def one_row(
        self, spec: MappingSpec, record: RawRecord, owner: Person | None, frozen: Mapping[str, str]
    ) -> tuple[Outcome, Netting]:
        """What one row alone comes to; nothing is written."""
        self._mapped, self._key = spec.says, key_column(spec)
        self.outcome, self._batch = Outcome(), Netting()
        self._look(spec, record, owner, frozen)
        return self.outcome, self._batch

    def _look(self, spec: MappingSpec, record: RawRecord, owner: Person | None, frozen: Mapping[str, str]) -> None:
        if (cut := kept_back_as_cut(self._is, spec, record, owner)) is not None:
            return self._refuse(cut, record.get(self._key, "").strip())
        return (self._in_doubt if unclear_in(record) else self._row)(spec, record, owner, frozen)

    @property
    def _directory(self) -> bool:
        return self._is.source in self._is.ownership.directories

    def _latest(self, person: Person) -> Person:
        return self._batch.latest(self._late.latest(person))

    def _row(self, spec: MappingSpec, record: RawRecord, owner: Person | None, frozen: Mapping[str, str]) -> None:
        source_id, raw_key = record_key(spec, record), record.get(self._key, "").strip()
        said_before = len(self.outcome.findings)
        was, mine = job_of(owner, self._is.source, source_id), self._mine(owner, (self._is.source, source_id))
        found = told_in(self._is, spec, rows_of(record), owner, mine, together=has_several_jobs(record))
        if isinstance(found, Rejected):
            self._refuse(found.finding(), raw_key)
            alone = not has_several_jobs(record) and len(mine) < 2
            end = Ends(self._is, spec, owner, was).told(rows_of(record)[-1]) if alone else None
            self._believe_end(raw_key, owner, end)
            return
        self.outcome.findings.extend(found.findings)
        self.outcome.older.update([raw_key] if found.older else [])
        if not (taken := found.taken):
            self.outcome.counts["older"] += 1
            return
        workers = [self._addressed(each.worker) for each in taken]
        later = [each.whole for each in taken if each.whole is not None]
        if self._quarantined([*workers, *later], frozen):
            self.outcome.refused.add(raw_key)
            self.outcome.counts["quarantined"] += 1
            if not has_several_jobs(record) and len(mine) < 2:
                said = taken[0].whole or workers[0]
                self._believe_end(raw_key, owner, Ends(self._is, spec, owner, was).told(rows_of(record)[-1], said))
            return
        if found.ended is not None and not self._odd(ended := self._addressed(found.ended.worker)):
            self._decide([ended], owner, [found.ended])
            self._back.append(with_rows(record, found.back))
            del self.outcome.findings[said_before:]  # they are told again with what comes after the end
            return
        self.outcome.counts["waiting"] += bool(later)
        self._decide(workers, owner, taken, by_job=found.by_job)

    @staticmethod
    def _mine(owner: Person | None, record: tuple[str, str]) -> list[Employment]:
        """The jobs that are known under this number."""
        return [job for job in owner.jobs if job.record == record] if owner else []

    def _in_doubt(self, spec: MappingSpec, record: RawRecord, owner: Person | None, _frozen: Mapping[str, str]) -> None:
        """Nothing shows which of these rows was said last: none counts, but an end that all of them tell."""
        rows, unclear = rows_of(record), unclear_in(record)
        raw_key = record.get(self._key, "").strip()
        self._refuse(unclear_finding(key_of(spec, record), unclear, len(rows)), raw_key)
        mine = self._mine(owner, (self._is.source, record_key(spec, record)))
        if len(mine) == 1 and "worker_id" not in unclear:
            self._believe_end(raw_key, owner, Ends(self._is, spec, owner, mine[0]).agreed(rows))

    def _addressed(self, worker: Worker) -> Worker:
        return replace(worker, work_email="") if worker.worker_id in self.without_address else worker

    def _odd(self, worker: Worker) -> bool:
        found = check_worker(worker, self._checking(worker))
        return any(each.severity is Severity.QUARANTINE for each in found)

    def _quarantined(self, workers: Sequence[Worker], frozen: Mapping[str, str]) -> bool:
        found = [f for worker in workers for f in check_worker(worker, self._checking(worker))]
        self.outcome.findings.extend(dict.fromkeys(found))
        return any(f.severity is Severity.QUARANTINE for f in found) or workers[0].worker_id in frozen

    def _believe_end(self, raw_key: str, owner: Person | None, taken: Taken | None) -> None:
        """A bad row never keeps somebody in who is out: of this row only the end is believed."""
        if owner is not None and taken is not None:
            self.outcome.ended.add(raw_key)
            self._decide([taken.worker], owner, [taken])

    def _refuse(self, finding: Finding, raw_key: str) -> None:
        self.outcome.findings.append(finding)
        self.outcome.counts["rejected"] += 1
        if raw_key:
            self.outcome.refused.add(raw_key)

    def _checking(self, worker: Worker) -> Facts:
        return self._is.facts(worker, self._mapped)

    def _decide(
        self, workers: Sequence[Worker], owner: Person | None, taken: Sequence[Taken] = (), *, by_job: bool = False
    ) -> None:
        """The rows of one record, and all that is known of the person beside them.

        `by_job`: the rows are of some of its jobs, and the others stay as they are.
        """
        record = workers[0].source, workers[0].source_id
        mine = self._mine(owner, record)
        names = (str(n) for n in count(1) if str(n) not in {job.slot for job in mine})
        jobs = [self._job(worker, was, names) for worker, was in paired(mine, workers)]
        stay = {job.slot for job in mine if by_job} - {job.slot for job in jobs}
        self.outcome.seen.add(record[1])
        on = taken[-1].effective_on if taken else None
        owner = owner or self._joined(workers[0])
        if owner is not None and not mine and (why := self._joining.objection(workers[0], jobs[0].standing, owner)):
            said = self._said(None, taken, by_job=by_job)
            self._keep(jobs, None, why, memory=said, effective_on=on)
            return
        if owner is not None:
            # a date of another record may have come on the very day on which this one is spoken of
            others = [job for job in begun_today(self._is, owner)[0].jobs if job.record != record or job.slot in stay]
            jobs = [*map(self._by_today, others), *jobs]
        jobs = with_ended_jobs(jobs, self._is.moment, self._is.policy_of)
        doubt = self._joining.doubts.get(record[1], "") if owner is None else ""
        said = self._said(owner, taken, by_job=by_job)
        self._keep(jobs, owner, doubt, memory=said, effective_on=on)
        if owner is not None and record[1] in self._joining.former:
            self.outcome.doubtful.add(owner.key)

    def _said(self, owner: Person | None, taken: Sequence[Taken], *, by_job: bool) -> Mapping[str, Any] | None:
        """The memory with what was said; None where nothing was."""
        begun = begun_today(self._is, owner)[0] if owner and taken else None
        return all_remembered(begun, taken, by_job=by_job) if taken else None

    def _job(self, worker: Worker, was: Employment | None, names: Iterable[str]) -> Employment:
        before = was.standing if was else None
        moment = self._is.moment(worker)
        standing = (
            Standing(stage=Stage.NO_SHOW, since=before.since if before else moment.as_of)
            if self._directory
            else standing_of(as_job(worker), before, moment, self._is.lifecycle)
        )
        slot = was.slot if was else next(iter(names))
        return Employment(worker=worker, standing=standing, slot=slot, primary=was is not None and was.primary)

    def _joined(self, worker: Worker) -> Person | None:
        """Somebody who is new in this batch, too, and has the same key above all employments."""
        if self._is.joined_by != "person_id" or not worker.person_id:
            return None
        key = self._born.get(worker.person_id)
        return self._batch.after.get(key) if key else None

    def absent(self, source_ids: Iterable[str]) -> list[str]:
        """Records that a complete, trusted snapshot does not contain; the source IDs still missing afterwards."""
        still: list[str] = []
        for chunk in in_chunks(source_ids, BATCH):
            # somebody told of them since the file was written: the next file says whether they are in it
            newer = {*self._now.told, *(self._is.pushed.people if self._is.pushed else ())}.intersection(chunk)
            still.extend(newer)
            for source_id, found in self._joining.by_key([n for n in chunk if n not in newer]).items():
                person = self._latest(found)
                if self._directory:
                    self._keep([job for job in person.jobs if job.record != (self._is.source, source_id)], person)
                    continue
                jobs = [
                    replace(job, standing=self._without(job, person.jobs))
                    if job.record == (self._is.source, source_id)
                    else self._by_today(job)
                    for job in person.jobs
                ]
                if any(j.standing.stage.employed for j in jobs if j.record == (self._is.source, source_id)):
                    still.append(source_id)
                memory = without_return(person, (self._is.source, source_id))
                if [job.standing for job in jobs] != [job.standing for job in person.jobs]:
                    self.outcome.counts["absent"] += 1
                elif memory is person.memory:
                    continue
                self._keep(jobs, person, memory=memory)
            self._write()
        return still

    def _without(self, job: Employment, jobs: Sequence[Employment]) -> Standing:
        """Where a record stands that the file lacks; one that another continues ends without a word."""
        moment, standing = self._is.moment(job.worker), job.standing
        if superseded(job, jobs) and standing.stage.employed:
            return replace(standing, stage=Stage.LEFT, since=moment.as_of, ended_on=moment.today, armed_end=None)
        absent = standing_when_absent(standing, moment, self._is.lifecycle)
        if absent.stage.employed and awaited(job, jobs):
            absent = standing
        if not absent.stage.employed:
            return absent
        # an end that was known fires on its day, whether the row is still there or not
        return still_missing(absent, standing_of(as_job(job.worker), absent, moment, self._is.lifecycle))

    def wake(self, keys: Iterable[PersonKey]) -> None:
        """People whose date has come, by the facts already known."""
        for chunk in in_chunks(keys, BATCH):
            for person in self._people.by_key(chunk).values():
                if all(job.record[0] == self._is.source and job.record[1] in self.outcome.seen for job in person.jobs):
                    continue
                self.outcome.counts["woken"] += 1
                self.outcome.begun |= begun_of(person, self._is.moment)
                begun, since = begun_today(self._is, person)
                jobs = [self._dawned(was, job) for was, job in zip(person.jobs, begun.jobs, strict=True)]
                self._keep(jobs, person, memory=begun.memory, effective_on=since)
            self._write()

    def _dawned(self, was: Employment, job: Employment) -> Employment:
        """With what begins today; a record that a file had no more is not brought back by its old words."""
        silent = ended_unsaid(was.worker, was.standing)
        return job if silent else replace(job, standing=self._woken(job))

    def _by_today(self, job: Employment) -> Employment:
        """A record of which nothing is said now: its dates count, and nothing brings back what has ended."""
        return replace(job, standing=self._woken(job)) if job.standing.stage not in _OVER else job

    def _woken(self, job: Employment) -> Standing:
        if job.worker.source in self._is.ownership.directories:
            return job.standing
        moment = self._is.moment(job.worker)
        standing = standing_of(as_job(job.worker), job.standing, moment, self._is.policy_of(job.worker))
        return still_missing(job.standing, standing) if job.standing.missing_files else standing

    def _keep(
        self,
        jobs: Sequence[Employment],
        owner: Person | None,
        doubt: str = "",
        *,
        memory: Mapping[str, Any] | None = None,
        effective_on: date | None = None,
    ) -> None:
        """These are the person's records now; `doubt`: nothing is written for them until it is solved."""
        person, findings = person_of(self._is, jobs, owner, doubt, memory=memory)
        self.outcome.findings.extend(findings)
        late = owner is not None and owner.key in self._late.before
        netting = self._late if late else self._batch
        netting.put(person, owner, effective_on)
        if owner is None and person.worker.person_id:
            self._born[person.worker.person_id] = person.key
        if person.frozen:
            self.outcome.doubtful.add(person.key)

    def _write(self) -> None:
        record(self._db, self._is, self._batch, self.outcome, self._ready)
        self._wrote.update(self._batch.after)
        self._batch, self._born, self._ready = Netting(), {}, []

    def close(self) -> tuple[Finding, ...]:
        """What could not be said before the file ended; returns what is open about who somebody is."""
        record(self._db, self._is, self._late, self.outcome)
        self._late = Netting()
        found = settle(self._db, self._is, self.outcome)
        self._relations()
        return found

    def _relations(self) -> None:
        """Those who report to somebody who came or went, and managers whose team changed, are looked at again."""
        keys = set(self._people.reports_of(self.outcome.turned)) if self.outcome.turned else set()
        for people in self._people.by_worker_id(self.outcome.managers).values() if self.outcome.managers else ():
            keys.update(person.key for person in people)
        self._people.mark(keys, unsettled=True)
