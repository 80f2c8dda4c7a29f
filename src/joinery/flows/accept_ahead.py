"""Decide the rows of a file before the transaction that takes it in: on SQLite whoever writes keeps everybody waiting.

Only rows that are plain: all that the file says of somebody who has one record, or of somebody new. What names a former
number, tells several changes, or may belong to somebody who has several records, is left to the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from sqlalchemy import Connection

from joinery.core.mapping.inbound import record_key
from joinery.core.mapping.records import has_several_rows
from joinery.core.mapping.spec import MappingSpec
from joinery.core.model.ids import PersonKey
from joinery.core.model.snapshot import RawRecord
from joinery.flows.accept import BATCH, Acceptance
from joinery.flows.joining import Claims, Joining
from joinery.flows.netting import Netting
from joinery.flows.policy import Ports
from joinery.flows.ready import KeptBack, Readied, Ready
from joinery.flows.recording import Change, changes_of
from joinery.flows.setting import Outcome, Setting
from joinery.store.looks import Were, were_by_key, were_by_source_id
from joinery.store.people import Person, in_chunks

#: so many rows at most are decided ahead and kept in memory, some kilobytes each; the rest in the transaction
MOST_AHEAD: Final = 50_000


def accepted_ahead(
    ports: Ports, setting: Setting, spec: MappingSpec, records: Iterable[RawRecord], said: tuple[Claims, KeptBack]
) -> Readied:
    """Batch by batch; between two of them nothing is held."""
    claims, kept_back = said
    ready = Readied(setting=setting, kept_back=kept_back)
    if setting.source in setting.ownership.directories:
        return ready
    waiting = iter(records)
    first = ready.records = list(islice(waiting, MOST_AHEAD))
    ready.more = len(first) == MOST_AHEAD
    rest = (record_key(spec, each) for each in waiting)
    with ports.database.read() as connection:
        # of everybody, before anything is decided: what is believed of somebody from here on is newer than the file
        joining = Joining(connection, setting, claims)
        awaited = {person.key for person in joining.awaited()}
        for ids in in_chunks(chain((record_key(spec, each) for each in first), claims.gone, rest), BATCH):
            ready.were.update(_were(connection, setting, joining, ids))
    for chunk in in_chunks(first, BATCH):
        plain = _plain(setting, spec, chunk, claims)
        with ports.database.read() as connection:
            ready.rows.update(_Batch(connection, setting, spec, kept_back).decided(plain, awaited))
    return ready


def _were(connection: Connection, setting: Setting, joining: Joining, ids: Sequence[str]) -> dict[str, Were | None]:
    found = were_by_source_id(connection, setting.connection, setting.source, ids)
    others = joining.by_key([each for each in ids if each not in found])
    theirs = were_by_key(connection, [person.key for person in others.values()])
    found.update((each, theirs[person.key]) for each, person in others.items() if person.key in theirs)
    return {each: found.get(each) for each in ids}


def _plain(
    setting: Setting, spec: MappingSpec, records: Sequence[RawRecord], claims: Claims
) -> dict[str, tuple[RawRecord, bool]]:
    """source ID -> its row, and whether it may be that of somebody new; without those that say whose they are."""
    column, found = spec.column_of("person_id"), dict[str, tuple[RawRecord, bool]]()
    twice = set[str]()
    for record in records:
        source_id = record_key(spec, record)
        if source_id in found:
            twice.add(source_id)
        elif setting.partial and has_several_rows(record):
            continue
        elif source_id not in claims.former and source_id not in claims.person_ids:
            named = column is not None and record.get(column, "").strip()
            found[source_id] = record, setting.joined_by == "person_id" and not named
    return {source_id: one for source_id, one in found.items() if source_id not in twice}


class _Batch:
    """Some rows, within one read view."""

    def __init__(self, connection: Connection, setting: Setting, spec: MappingSpec, kept_back: KeptBack) -> None:
        self._db, self._is, self._spec = connection, setting, spec
        self._frozen, without_address = kept_back
        self._acceptance = Acceptance(connection, setting)
        self._acceptance.without_address = without_address
        self._joining = Joining(connection, setting, Claims())

    def decided(self, rows: Mapping[str, tuple[RawRecord, bool]], awaited: set[PersonKey]) -> dict[str, Ready]:
        """source ID -> what its row comes to, of those that can be told by themselves."""
        owners = self._joining.by_key(list(rows))
        told: dict[str, tuple[Outcome, Netting]] = {}
        together = Netting()
        for source_id, (record, may_be_new) in rows.items():
            owner = owners.get(source_id)
            if may_be_new if owner is None else self._alone(owner, source_id) and owner.key not in awaited:
                outcome, netting = self._acceptance.one_row(self._spec, record, owner, self._frozen)
                told[source_id] = outcome, netting
                for before, after in netting.pairs():
                    together.put(after, before, netting.effective.get(after.key))
        changes = {change.key: change for change in changes_of(self._db, self._is, together)}
        return {
            source_id: _ready(outcome, [changes[key] for key in netting.after])
            for source_id, (outcome, netting) in told.items()
        }

    def _alone(self, person: Person, source_id: str) -> bool:
        """This record is the only one that they have."""
        return not person.employments and person.jobs[0].record == (self._is.source, source_id)


def _ready(outcome: Outcome, changes: Sequence[Change]) -> Ready:
    return Ready(
        change=changes[0] if changes else None,
        counts=tuple(outcome.counts.items()),
        findings=tuple(outcome.findings),
        refused=tuple(outcome.refused),
        ended=tuple(outcome.ended),
        older=tuple(outcome.older),
        seen=tuple(outcome.seen),
        doubtful=tuple(outcome.doubtful),
    )
