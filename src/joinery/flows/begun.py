"""Of whom something dated ahead has come into force since the last file: their rows are looked at, though they are what
they were.

Rule: a row that says what was before that day, in a file written since, takes it back as any newer word would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from joinery.core.model.worker import Worker
from joinery.core.rules.lifecycle import Moment
from joinery.flows.in_time import waiting_of
from joinery.flows.policy import Ports, SourcePolicy
from joinery.store.connections import ConnectionState, load_state, save_state
from joinery.store.people import People, Person, in_chunks

#: (source of records, source ID)
Record = tuple[str, str]
_BEGUN: Final = "begun"
_AT_ONCE: Final = 1000


def begun_of(person: Person, moment: Callable[[Worker], Moment]) -> set[Record]:
    """Their records of which something that waited is in force by now, and nobody has looked since."""
    if "ahead" not in person.memory:
        return set()
    workers = (job.worker for job in person.jobs)
    return {
        (each.source, each.source_id)
        for each in workers
        if any(ahead.on <= moment(each).today for ahead in waiting_of(person.memory, each))
    }


def note_begun(ports: Ports, as_of: datetime) -> None:
    """Before any file is read: what is in force from this instant on, whichever source is read first."""

    def moment(worker: Worker) -> Moment:
        return Moment(as_of=as_of, zone=ports.policy.zone_of(worker))

    records: set[Record] = set()
    with ports.database.read() as connection:
        known = People(connection, ports.policy.name)
        for keys in in_chunks(known.due(as_of), _AT_ONCE):
            records.update(each for person in known.by_key(keys).values() for each in begun_of(person, moment))
    if records:
        with ports.database.write() as connection:
            remember_begun(connection, ports, records)


def remember_begun(connection: Connection, ports: Ports, records: Iterable[Record]) -> None:
    """Kept for the next file of each source that tells of these records, and never more than there are records."""
    by_people: dict[str, set[str]] = defaultdict(set)
    for people, source_id in records:
        by_people[people].add(source_id)
    if not by_people:
        return
    state = load_state(connection, ports.policy.name)
    known = dict(state.extra.get(_BEGUN, {}))
    for source in ports.sources.values():
        if source.people in by_people:
            known[source.name] = sorted(by_people[source.people].union(known.get(source.name, ())))
    save_state(connection, ports.policy.name, replace(state, extra={**state.extra, _BEGUN: known}))


def begun_before(state: ConnectionState, source: SourcePolicy) -> frozenset[str]:
    """Source IDs of those whose rows in the next file of this source are looked at."""
    return frozenset(state.extra.get(_BEGUN, {}).get(source.name, ()))


def looked_at(state: ConnectionState, source: SourcePolicy, begun: Collection[str]) -> ConnectionState:
    """The rows of these were looked at by a file that was accepted; what came into force meanwhile stays."""
    known = state.extra.get(_BEGUN, {})
    if not begun or source.name not in known:
        return state
    left = {name: some for name, some in known.items() if name != source.name}
    rest = [source_id for source_id in known[source.name] if source_id not in begun]
    return replace(state, extra={**state.extra, _BEGUN: left | ({source.name: rest} if rest else {})})


def without_begun(state: ConnectionState, numbers: Collection[str]) -> ConnectionState:
    """Nothing of these numbers, which are to be forgotten."""
    known = state.extra.get(_BEGUN, {})
    if not known:
        return state
    left = {name: [each for each in some if each not in numbers] for name, some in known.items()}
    return replace(state, extra={**state.extra, _BEGUN: left})
