"""News of single people that somebody pushes: believed or not like the row of a file, and an end of access at once.

Rule: a push names its people. It never says that anybody is gone, and what is not about an end waits for the next run,
its plan and its guards.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection

from joinery.core.mapping.inbound import Mapped, key_of, map_record, person_key_of, record_key
from joinery.core.mapping.records import STEPS, UNCLEAR, as_steps
from joinery.core.mapping.spec import MappingSpec
from joinery.core.mapping.succession import Said, Turns, by_person, in_turn, in_turn_by_job
from joinery.core.model.finding import Finding
from joinery.core.model.ids import PersonKey
from joinery.core.model.snapshot import RawRecord
from joinery.core.model.standing import Stage
from joinery.errors import SourceUntrusted
from joinery.flows.accept import Acceptance
from joinery.flows.addresses import look_at_addresses
from joinery.flows.apply import Applied, apply_alone
from joinery.flows.believing import baseline_day, believing, uuid7
from joinery.flows.book import IDENTITY, PEOPLE, Book
from joinery.flows.closing import Heard, close_the_book
from joinery.flows.doubtful import look_at_doubtful, still_in_doubt
from joinery.flows.erased import records_without_erased
from joinery.flows.joining import Claims
from joinery.flows.lane import ride_pushed
from joinery.flows.managers import look_at_managers
from joinery.flows.meanwhile import let_in_meanwhile, may_sign_in
from joinery.flows.plan import make_plan
from joinery.flows.policy import Ports, SourcePolicy
from joinery.flows.waiting_ends import look_at_waiting_ends
from joinery.flows.waking import setting_for
from joinery.store.closings import ClosingRow
from joinery.store.connections import load_state, save_state
from joinery.store.facts import FACTS_AFTER, WAITING, newest_fact
from joinery.store.people import People, Person
from joinery.store.plans import PUSHED, drop_lines_of
from joinery.store.riding import has_urgent
from joinery.store.snapshots import SnapshotRow, last_full, record_snapshot

#: how some records are read, and they
Part: TypeAlias = "tuple[MappingSpec, list[RawRecord]]"
#: most records of one push that are looked at one by one; more are a file
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What was pushed: `records` have one set of columns. `changed_at`: when HR says it was entered."""

    #: push | webhook | scim
    door: str
    #: how it is called in lists: a file name, the ID of a webhook
    name: str
    records: Sequence[RawRecord]
    received_at: datetime
    changed_at: datetime | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of it, in numbers and IDs. `ended`: employee numbers whose access is seen to be closed."""

    snapshot_id: str
    counts: Mapping[str, int]
    events: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    plan: str = ""
    ended: tuple[str, ...] = ()
    #: ends that wait: the lane's limit for pushes is used up, or the mode allows no writing
    waiting: int = 0
    applied: Applied | None = field(default=None, compare=False)

    @property
    def changed(self) -> bool:
        """Somebody has to be looked at by a run."""
        return any(self.counts.get(name) for name in ("changed", "new", "seen"))


def tell(ports: Ports, source: SourcePolicy, news: News) -> Told:
    """Take the news in, then end what is to be ended. Raises ConfigError or SourceUntrusted: then nothing was kept.

    What a record does not name stays as it is; several records of one person are changes one after the other.
    """
    if len(news.records) > MOST:
        raise SourceUntrusted(
            f"{len(news.records)} records are a file, not news of single people; nothing was kept.",
            fix=f"Send up to {MOST}, or upload them as a file.",
        )
    parts = _parts(source, news.records)
    as_of = ports.now()
    told, left = _accept(ports, source, parts, news, as_of)
    ending = [*left.open, *_open_after_all(ports, left.shut)]
    if not ending:
        return told
    mapped = [map_record(spec, record) for spec, records in parts for record in records]
    entered = [found.changed_at for found in mapped if isinstance(found, Mapped)]
    known = max((at for at in entered if at is not None), default=news.changed_at)
    news = replace(news, changed_at=known)
    told = _end(ports, told, ending, news, as_of)
    again = let_in_meanwhile(ports, ending) if told.applied is not None else []
    return _end(ports, told, again, news, as_of) if again else told


def _parts(source: SourcePolicy, records: Sequence[RawRecord]) -> list[Part]:
    """Records that name the same fields, together. Several of one person are changes one after the other, as in a file
    of changes; where they name different fields each is a part of its own, in its turn."""
    said = [Said(source.mapping_of_part(_header(record)), record) for record in records]
    people = list(by_person([record_key(each.spec, each.record) for each in said]).values())
    within = {place for places in people for place in places}
    several = [[said[place] for place in places] for places in people]
    turns = in_turn_by_job(several) if source.several_jobs else in_turn(several)
    joined = [found for rows, turn in zip(several, turns, strict=True) for found in _one(source, rows, turn)]
    together: dict[tuple[str, ...], Part] = {}
    apart: list[Part] = []
    for each in [*(each for place, each in enumerate(said) if place not in within), *joined]:
        if isinstance(each, Said):
            together.setdefault(_header(each.record), (each.spec, []))[1].append(each.record)
        else:
            apart += each
    return [*together.values(), *apart]


def _one(source: SourcePolicy, rows: Sequence[Said], turn: Turns) -> list[Said] | list[list[Part]]:
    """The rows of one person as one record; as parts, in their turn, where they name different fields."""
    ordered = [rows[place] for place in turn.order]
    names = tuple(sorted({name for each in ordered for name in each.record}))
    if not turn.unclear and any(_header(each.record) != names for each in ordered):
        return [[(each.spec, [each.record]) for each in ordered]]
    told = as_steps([each.record for each in ordered], turn.unclear)
    return [Said(source.mapping_of_part(names), {**ordered[-1].record, **told})]


def _header(record: RawRecord) -> tuple[str, ...]:
    return tuple(sorted(record.keys() - {STEPS, UNCLEAR}))


def _accept(
    ports: Ports, source: SourcePolicy, parts: Sequence[Part], news: News, as_of: datetime
) -> tuple[Told, _Left]:
    """One transaction, as for a file: facts, people, events, findings and the snapshot together or not at all."""
    name, snapshot_id = ports.policy.name, str(uuid7(ports.now(), secrets.randbits(74)))
    with ports.database.write() as connection:
        believing(ports.database, connection, name)
        state = load_state(connection, name)
        setting = setting_for(ports, source, as_of, snapshot_id, state)
        full = last_full(connection, name, source.people)
        said = replace(setting, partial=True, content_as_of=news.changed_at, full_as_of=full)
        acceptance, before = Acceptance(connection, replace(said, heard_at=news.received_at)), newest_fact(connection)
        for spec, some in parts:
            records = records_without_erased(connection, ports, source.people, spec, some)
            acceptance.rows(spec, records, {}, _claims(spec, records))
        in_question = acceptance.close()
        outcome = acceptance.outcome
        book = Book(connection, name, source.name, ports.now())
        replace(book, source=IDENTITY).whole(PEOPLE, in_question)
        named = [key_of(spec, each) for spec, records in parts for each in records]
        look_at_managers(connection, name, f"{source.people}:{PEOPLE}", named, ports.now())
        look_at_addresses(connection, name, source.people, named, ports.now())
        for spec, records in parts:
            book.rows(tuple(outcome.findings), [key_of(spec, each) for each in records], spec.says)
        report = {**outcome.counts, "seen": len(outcome.seen)}
        people = list(People(connection, name).by_source_id(source.people, outcome.seen).values())
        kept = {**report, FACTS_AFTER: before, WAITING: [each.key for each in people if "ahead" in each.memory]}
        record_snapshot(connection, name, _snapshot(source, news, snapshot_id, as_of, kept))
        if state.go_live is None:
            first = baseline_day(as_of, ports.policy.company_zone)
            save_state(connection, name, replace(state, go_live=first, audited_at=ports.now()))
        left = _left(connection, ports, people)
    told = Told(
        snapshot_id=snapshot_id,
        counts=report,
        events=dict(outcome.events),
        findings=(*outcome.findings, *in_question),
    )
    return told, left


def _claims(spec: MappingSpec, records: Sequence[RawRecord]) -> Claims:
    """What these records say they continue, and whose they are above all employments."""
    former = spec.column_of("previous_id")
    claims = {record_key(spec, r): r.get(former, "").strip() for r in records} if former else {}
    persons = {record_key(spec, r): person_key_of(spec, r) for r in records} if spec.column_of("person_id") else {}
    return Claims(
        former={key: value for key, value in claims.items() if value},
        person_ids={key: value for key, value in persons.items() if value},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """Those of whom the news are who have left: who may still sign in, and who may not as far as we know."""

    open: tuple[PersonKey, ...]
    shut: tuple[PersonKey, ...]


def _left(connection: Connection, ports: Ports, people: Sequence[Person]) -> _Left:
    """What other plans still have queued for those who may not sign in would let them in: it is dropped."""
    left = [person.key for person in people if person.standing.stage in {Stage.LEFT, Stage.NO_SHOW}]
    still = may_sign_in(connection, ports, left)
    shut = tuple(key for key in left if key not in still)
    for key in shut:
        drop_lines_of(connection, key, but="")
    return _Left(open=tuple(still), shut=shut)


def _open_after_all(ports: Ports, keys: Sequence[PersonKey]) -> list[PersonKey]:
    """Those of them whom a call that was under way has let in, or a change that failed as far as we heard; whoever
    cannot be asked about now is looked at by the next run."""
    if not keys:
        return []
    let_in_meanwhile(ports, keys)
    still_in_doubt(ports, look_at_doubtful(ports, only=keys))
    with ports.database.read() as connection:
        return may_sign_in(connection, ports, keys)


def _end(ports: Ports, told: Told, keys: Sequence[PersonKey], news: News, as_of: datetime) -> Told:
    """These people alone, ahead of everything: a plan of their own, applied, read back."""
    cause = f"{PUSHED} {news.door}: {news.name}"
    plan = make_plan(ports, as_of, cause, told.snapshot_id, only=keys, lane=ride_pushed)
    if plan is None:
        return told
    with ports.database.read() as connection:
        riding = has_urgent(connection, plan.id)
    if not riding:
        look_at_waiting_ends(ports, as_of, above=True)
        return replace(told, plan=plan.id, waiting=len(keys))
    applied = apply_alone(ports, plan)
    heard = Heard(by=news.door, at=news.received_at, entered_at=news.changed_at)
    rows: Sequence[ClosingRow] = close_the_book(ports, plan.id, as_of, dict.fromkeys(keys, heard))
    with ports.database.write() as connection:
        # a call of another run may have been under way, and more than the end may be due: the next run looks once more
        People(connection, ports.policy.name).mark(keys, unsettled=True)
    look_at_waiting_ends(ports, as_of)
    ended = tuple(row.worker_id for row in rows if row.times.closed_at is not None)
    return replace(told, plan=plan.id, ended=ended, waiting=len(keys) - len(ended), applied=applied)


def _snapshot(
    source: SourcePolicy, news: News, snapshot_id: str, as_of: datetime, report: Mapping[str, Any]
) -> SnapshotRow:
    return SnapshotRow(
        id=snapshot_id,
        source=f"{source.people}:told",
        name=news.name,
        sha256=news.sha256,
        state="accepted",
        complete=False,
        rows=len(news.records),
        as_of=as_of,
        taken_at=news.received_at,
        content_as_of=news.changed_at,
        report=report,
    )
