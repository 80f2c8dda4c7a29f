"""Bring in what arrived: file -> trusted or not -> changed rows -> facts, standings, events. Then fire wake dates.

Rule: nothing of a file that is not trusted reaches the facts, and the dates already known fire whatever the file says.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection

from joinery.audit.managers import MANAGERS
from joinery.core.hygiene.trust import Profile, judge, unreachable
from joinery.core.mapping.inbound import key_read
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.snapshot import RawRecord
from joinery.core.rules.instants import local_day
from joinery.errors import ConfigError, KeyUnusable, SourceUntrusted, StopRun
from joinery.flows.accept import Acceptance
from joinery.flows.accept_ahead import accepted_ahead
from joinery.flows.addresses import ADDRESSES, look_at_addresses
from joinery.flows.begun import begun_before, looked_at, note_begun
from joinery.flows.believing import baseline_day, believing, uuid7
from joinery.flows.book import FILE, IDENTITY, PEOPLE, REACH, Book
from joinery.flows.held_files import accepted_once, may_accept
from joinery.flows.issues import let_go
from joinery.flows.joining import Claims
from joinery.flows.managers import look_at_managers, with_renumbered
from joinery.flows.policy import Ports, SourcePolicy
from joinery.flows.pulled import FileResult, PullReport, report_of
from joinery.flows.ready import KeptBack, Readied
from joinery.flows.set_aside import held, rejected, same
from joinery.flows.setting import Outcome, Setting
from joinery.flows.told_since import pushed_after, pushed_before
from joinery.flows.waking import setting_for, wake
from joinery.kit.drop import ArrivedFile
from joinery.store.connections import ConnectionState, load_state, save_state
from joinery.store.decisions import Decision, release
from joinery.store.snapshots import (
    SnapshotRow,
    last_accepted,
    last_full,
    load_digests,
    record_snapshot,
    save_digests,
)


def pull(ports: Ports, as_of: datetime) -> PullReport:
    """Read every file that waits, oldest first, then fire the dates that have come."""
    results: list[FileResult] = []
    events: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    note_begun(ports, as_of)
    for source in ports.sources.values():
        for result, outcome in _arrivals(ports, source, as_of):
            results.append(result)
            if outcome is not None:
                events.update(outcome.events)
                seen.setdefault(source.name, set()).update(outcome.seen)
    woken = wake(ports, as_of, seen)
    events.update(woken.events)
    return PullReport(files=tuple(results), woken=woken.counts["woken"], events=dict(events))


def _arrivals(ports: Ports, source: SourcePolicy, as_of: datetime) -> Iterator[tuple[FileResult, Outcome | None]]:
    """Every file of one source. A place that cannot be reached holds up no other source and no date that has come."""
    trouble: list[Finding] = []
    for step in _taken(source):
        if isinstance(step, StopRun):
            trouble.append(unreachable(source.name, str(step)))
            yield FileResult(source=source.name, name="", state="unreachable", findings=tuple(trouble)), None
        else:
            ports.say(f"reading {step.name}")
            try:
                yield _read(ports, source.for_file(step.name), step, as_of)
            except KeyUnusable as error:
                trouble.append(unreachable(source.name, str(error)))
                yield FileResult(source=source.name, name="", state="unreachable", findings=tuple(trouble)), None
                break
    with ports.database.write() as connection:
        Book(connection, ports.policy.name, source.name, ports.now()).whole(REACH, trouble)
    source.drop.prune(local_day(as_of, ports.policy.company_zone) - source.keep_files)


def _taken(source: SourcePolicy) -> Iterator[ArrivedFile | StopRun]:
    """File after file, oldest first; what stops them comes last, since a newer file must not overtake an older one."""
    try:
        for arrived in source.drop.pending():
            yield source.drop.take(arrived)
    except StopRun as error:
        yield error


def _read(ports: Ports, source: SourcePolicy, file: ArrivedFile, as_of: datetime) -> tuple[FileResult, Outcome | None]:
    from joinery.flows.erased import open_without_erased

    day = local_day(as_of, ports.policy.company_zone)
    with ports.database.read() as connection:
        state = load_state(connection, ports.policy.name)
        remembered = state.extra.get("layouts", {}).get(source.name, {})
        last = last_accepted(connection, ports.policy.name, source.name)
        before = load_digests(connection, ports.policy.name, source.name, "")
        pushed, unnamed = pushed_before(connection, ports, source, file, last if before else None)
        begun = begun_before(state, source)
    try:
        source.drop.verify(file)
        with source.opened(file) as plain:
            arrival = open_without_erased(ports, source, plain, remembered)
    except (SourceUntrusted, ConfigError) as error:
        return rejected(ports, source, file, as_of, error), None
    news = pushed | begun
    if last is not None and not news and _unchanged(ports, source, last, arrival, before, as_of):
        return same(ports, source, file, as_of, arrival), None
    before = arrival.doubting(before, news) if before and news else before
    known, churned = Profile.from_json(last.profile) if last else None, arrival.churn(before)
    profile = arrival.profile(file.as_of)
    verdict = judge(profile, known, churned, source.trust, partial=arrival.partial, doubts=arrival.doubts)
    word = _word(ports, verdict.findings, arrival.sha256) if not verdict.trusted else None
    if not verdict.trusted and word is None:
        return held(ports, source, file, arrival, (verdict.findings, as_of)), None
    if arrival.partial and known is not None:
        # how many people there are is known from the last full file: the next full one is measured by that
        profile = replace(known, as_of=profile.as_of or known.as_of, sha256=profile.sha256)
    # a new number may be a known one without its zeros
    arrival = arrival.against(before) if churned is not None and churned.new and word is None else arrival
    after = last is not None and not last.complete
    compared = _Compared(
        as_of=as_of, before=before, profile=profile, after_changes=after, word=word, unnamed=unnamed, begun=begun
    )
    result, outcome = _accept(ports, source, file, arrival, compared)
    source.drop.accept(file, report_of(result, arrival.rejected_rows()), day)
    return result, outcome


def _word(ports: Ports, findings: Sequence[Finding], sha256: str) -> Decision | None:
    """Of whoever accepted this content once, for nothing but what they could know better."""
    with ports.database.read() as connection:
        word = accepted_once(connection, ports.policy.name, sha256)
    held = {finding.check for finding in findings if finding.severity is Severity.BLOCKER}
    return word if word is not None and may_accept(held) and held.issubset(word.body["why"]) else None


def _used_up(connection: Connection, ports: Ports, word: Decision | None) -> dict[str, Any]:
    """It counts this once; what the record of the snapshot says of it for ever."""
    if word is None:
        return {}
    release(connection, [word.id], ports.now())
    return {"accepted_by": word.owner, "reason": word.reason, "although": word.body["why"]}


def _unchanged(
    ports: Ports, source: SourcePolicy, last: SnapshotRow, arrival: Any, before: bytes | None, as_of: datetime
) -> bool:
    """Nothing new in it. Of a directory that cannot be said: another source may know more of its people by now.

    Nor of a last row that was kept back because it may have been cut: on another day the same file confirms it.
    """
    listed, zone = source.people in ports.policy.ownership.directories, ports.policy.company_zone
    alike = last.sha256 == arrival.sha256 and _as_much(last, arrival) and not listed and arrival.read_as(before)
    later = local_day(last.as_of, zone) < local_day(as_of, zone)
    return bool(alike and not (later and arrival.tells_more(before)))


def _as_much(last: SnapshotRow, arrival: Any) -> bool:
    """A full file says who is gone; the same rows as a file of changes did not."""
    return bool(last.complete or not arrival.says_who_is_gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    as_of: datetime
    before: bytes | None
    profile: Profile
    #: the last file held changes only: nobody has looked at everybody since
    after_changes: bool = False
    #: of whoever accepted the file although the gate would hold it
    word: Decision | None = None
    #: source IDs of whom news were pushed between the last full file and this one: no file has had them yet, may be
    unnamed: frozenset[str] = frozenset()
    #: source IDs of those whose rows are looked at since something dated ahead of them has come into force
    begun: frozenset[str] = frozenset()


def _accept(
    ports: Ports, source: SourcePolicy, file: ArrivedFile, arrival: Any, compared: _Compared
) -> tuple[FileResult, Outcome]:
    """One transaction: facts, people, events, findings, digests and the snapshot appear together or not at all."""
    delta, name = arrival.compare(compared.before), ports.policy.name
    looked = not (delta.empty and not delta.duplicated) or compared.after_changes
    population = tuple(arrival.audit()) if looked else ()
    claims, snapshot_id = _claims(arrival, delta), str(uuid7(ports.now(), secrets.randbits(74)))
    read = _Reading(ports, source, file, arrival, (compared.as_of, snapshot_id, population))
    readied = read.ahead(delta, claims)
    with ports.database.write() as connection:
        believing(ports.database, connection, name)
        state = _remembering(load_state(connection, name), source.name, arrival.remembered)
        said, (frozen, without_address) = read.by(connection, state), read.kept_back(connection)
        acceptance = Acceptance(connection, said)
        acceptance.without_address = without_address
        readied = readied.under(said, (frozen, without_address))
        acceptance.rows(arrival.spec, read.records(delta, readied), frozen, claims, readied)
        missing = _absent(source.people, acceptance, arrival, delta, state, compared.unnamed)
        in_question = acceptance.close()
        outcome, population = acceptance.outcome, with_renumbered(connection, name, population)
        found, first = ((*outcome.findings,), population, in_question), compared.before is None
        _note(Book(connection, name, source.name, ports.now()), arrival, delta, found, first=first, looked=looked)
        payload = delta.blob_without(outcome.pending, keep_gone=not arrival.says_who_is_gone, doubtful=outcome.unlike)
        save_digests(connection, name, source.name, snapshot_id=snapshot_id, columns="", payload=payload)
        snapshot = _snapshot(source, file, arrival, compared, snapshot_id)
        report = {**outcome.counts, **_used_up(connection, ports, compared.word)}
        record_snapshot(connection, name, replace(snapshot, taken_at=ports.now(), report=report))
        save_state(connection, name, _after(looked_at(state, source, compared.begun), source.people, read, missing))
    result = FileResult(
        source=source.name,
        name=file.name,
        state="accepted",
        rows=arrival.rows,
        snapshot_id=snapshot_id,
        findings=(*arrival.told(delta), *population, *outcome.findings, *in_question),
        counts={**outcome.counts, "unchanged": delta.unchanged, "duplicated": len(delta.duplicated)},
        baseline=state.go_live is None,
    )
    return result, outcome


def _note(
    book: Book, arrival: Any, delta: Any, found: tuple[tuple[Finding, ...], ...], *, first: bool, looked: bool
) -> None:
    """What was found in the file, in its rows, in the population, and about who somebody is."""
    rows, population, in_question = found
    replace(book, source=IDENTITY).whole(PEOPLE, in_question)
    book.whole(FILE, arrival.told(delta))
    book.rows(rows, () if first else arrival.workers(delta))
    if arrival.partial:
        # what a file of changes does not name is as odd as it was
        replace(book, source=f"{book.source}:{PEOPLE}").rows(population, arrival.workers(delta), but=MANAGERS)
        of_all = f"{arrival.source.people}:{PEOPLE}"
        look_at_managers(book.connection, book.name, of_all, arrival.workers(delta), book.at)
        look_at_addresses(book.connection, book.name, arrival.source.people, arrival.workers(delta), book.at)
    elif looked:
        book.whole(PEOPLE, population)
        book.whole(ADDRESSES, ())


@dataclass(frozen=True, slots=True)
class _Reading:
    """By what the rows of a file are decided: asked before the transaction, and again in it.

    `this`: the as-of instant, the snapshot's ID, and what is found in the population.
    """

    ports: Ports
    source: SourcePolicy
    file: ArrivedFile
    arrival: Any
    this: tuple[datetime, str, tuple[Finding, ...]]

    def ahead(self, delta: Any, claims: Claims) -> Readied:
        """The rows that can be decided before the transaction."""
        with self.ports.database.read() as connection:
            setting = self.by(connection, load_state(connection, self.ports.policy.name))
            kept_back = self.kept_back(connection)
        records = self.arrival.records(delta)
        return accepted_ahead(self.ports, setting, self.arrival.spec, records, (claims, kept_back))

    def records(self, delta: Any, readied: Readied) -> Iterator[RawRecord]:
        """New and changed rows: those that were read before, then what is left of them."""
        rest = islice(self.arrival.records(delta), len(readied.records), None) if readied.more else ()
        return chain(readied.records, rest)

    def by(self, connection: Connection, state: ConnectionState) -> Setting:
        as_of, snapshot_id, _ = self.this
        setting = setting_for(self.ports, self.source, as_of, snapshot_id, state)
        full = last_full(connection, setting.connection, self.source.people)
        pushed = pushed_after(connection, self.ports, self.source, self.file)
        partial, written = self.arrival.partial, self.file.as_of
        policy = self.ports.policy
        scope = {name for each in (*policy.include, *policy.exclude) for name in each.attributes}
        setting = replace(setting, open_row=self.arrival.open_in_scope(scope))
        return replace(setting, partial=partial, content_as_of=written, full_as_of=full, pushed=pushed)

    def kept_back(self, connection: Connection) -> KeptBack:
        """Employee IDs that only the population shows to be wrong; shared addresses may be left out instead."""
        as_of, _, population = self.this
        held = [f for f in let_go(connection, self.ports, population, as_of) if f.severity is Severity.QUARANTINE]
        shared = {f.worker_id for f in held if f.check == "duplicate_email"}
        without = frozenset(shared - {""}) if self.source.repeated_email == "leave_out" else frozenset()
        return {f.worker_id: f.message for f in held if f.worker_id and f.worker_id not in without}, without


def _snapshot(
    source: SourcePolicy, file: ArrivedFile, arrival: Any, compared: _Compared, snapshot_id: str
) -> SnapshotRow:
    return SnapshotRow(
        id=snapshot_id,
        source=source.name,
        name=file.name,
        sha256=arrival.sha256,
        state="accepted",
        complete=arrival.says_who_is_gone,
        rows=arrival.rows,
        as_of=compared.as_of,
        taken_at=compared.as_of,
        content_as_of=file.as_of,
        profile=compared.profile.to_json(),
    )


def _absent(
    people: str, acceptance: Acceptance, arrival: Any, delta: Any, state: ConnectionState, unnamed: Collection[str]
) -> list[str]:
    """Only a complete, trusted, full snapshot may say that somebody is gone."""
    before: Sequence[str] = state.extra.get("missing", {}).get(people, ())
    if not arrival.says_who_is_gone:
        return list(before)
    gone = _keys(arrival, delta.gone)
    still = [key for key in before if key not in acceptance.outcome.seen]
    # somebody whose row is there and cannot be used is not found again, and not absent once more either
    unusable = set(_keys(arrival, acceptance.outcome.refused.union(delta.duplicated, arrival.pending)))
    absent = dict.fromkeys([*gone, *(key for key in (*still, *arrival.lacks(unnamed)) if key not in unusable)])
    return [*acceptance.absent(absent), *(key for key in still if key in unusable)]


def _keys(arrival: Any, keys: Iterable[Any]) -> list[str]:
    """Keys as they stand in the file -> source IDs."""
    return [key_read(arrival.spec, key) for key in keys if isinstance(key, str)]


def _claims(arrival: Any, delta: Any) -> Claims:
    return Claims(
        former=arrival.claims(delta),
        person_ids=arrival.person_ids(delta),
        full=arrival.says_who_is_gone,
        gone=frozenset(_keys(arrival, delta.gone)),
    )


def _after(
    state: ConnectionState,
    source: str,
    read: _Reading,
    missing: Sequence[str],
) -> ConnectionState:
    ports, as_of, extra = read.ports, read.this[0], dict(state.extra)
    extra["missing"] = {**extra.get("missing", {}), source: list(missing)}
    return replace(
        state,
        go_live=state.go_live or baseline_day(as_of, ports.policy.company_zone),
        audited_at=ports.now(),
        extra=extra,
    )


def _remembering(state: ConnectionState, source: str, layout: Mapping[str, Any]) -> ConnectionState:
    """What this file looked like is expected of the next one."""
    return replace(state, extra={**state.extra, "layouts": {**state.extra.get("layouts", {}), source: dict(layout)}})
