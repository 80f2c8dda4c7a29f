"""Fire the dates that have come, from the facts already known, whatever a file says or whether there is one.

Rule: a changed setting about dates or zones may have moved every date; then everybody is looked at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from joinery.core.model.finding import Finding
from joinery.core.model.ids import PersonKey
from joinery.flows.accept import Acceptance
from joinery.flows.begun import remember_begun
from joinery.flows.believing import believing, uuid7
from joinery.flows.book import IDENTITY, PEOPLE, Book
from joinery.flows.policy import Ports, SourcePolicy
from joinery.flows.setting import Outcome, Setting
from joinery.store.connections import ConnectionState, load_state, save_state
from joinery.store.people import People, in_chunks

#: so many people at one time: a transaction keeps ends of access waiting, and each of these is complete by itself
AT_ONCE: Final = 1000


def setting_for(
    ports: Ports, source: SourcePolicy, as_of: datetime, snapshot_id: str, state: ConnectionState
) -> Setting:
    """What all rows of one acceptance share."""
    return Setting(
        connection=ports.policy.name,
        source=source.people,
        snapshot_id=snapshot_id,
        as_of=as_of,
        since=state.go_live,
        lifecycle=source.lifecycle,
        zone_of=ports.policy.zone_of,
        new_key=lambda: uuid7(ports.now(), secrets.randbits(74)),
        policies=ports.policy.lifecycle_of,
        ownership=ports.policy.ownership,
        joined_by=source.joined_by,
        several_jobs=source.several_jobs,
        known_zones=ports.policy.known_zones,
        uses_reports=bool(ports.policy.rules),
    )


def wake(
    ports: Ports, as_of: datetime, seen: Mapping[str, set[str]], only: Collection[PersonKey] | None = None
) -> Outcome:
    """People whose date has come, from the facts already known; `seen`: source -> those a file has just spoken of.

    `only` these of them. When the settings about dates or zones have changed, every date may have moved: then all.
    """
    name, times = ports.policy.name, ports.policy.times
    with ports.database.read() as connection:
        state = load_state(connection, name)
        known = People(connection, name)
        moved = only is None and state.extra.get("times") != times
        everybody = moved and "times" in state.extra
        due = known.everybody() if everybody else [key for key in known.due(as_of) if only is None or key in only]
    total = Outcome()
    for n, keys in enumerate(in_chunks(due, AT_ONCE)):
        if n:
            ports.database.let_others()
        _wake_some(ports, total, keys, _Dawn(as_of, state, seen))
    if moved:
        # last: whoever dies before has everybody looked at once more
        with ports.database.write() as connection:
            now = load_state(connection, name)
            save_state(connection, name, replace(now, extra={**now.extra, "times": times}))
    return total


def _wake_some(ports: Ports, total: Outcome, keys: Sequence[PersonKey], dawn: _Dawn) -> None:
    """One transaction: what is known of these people by now, and what follows from their dates."""
    with ports.database.write() as connection:
        believing(ports.database, connection, ports.policy.name)
        by_source = _by_source(People(connection, ports.policy.name), keys)
        in_question = _wake(connection, ports, total, by_source, dawn)
        Book(connection, ports.policy.name, IDENTITY, ports.now()).whole(PEOPLE, in_question)


@dataclass(frozen=True, slots=True)
class _Dawn:
    as_of: datetime
    state: ConnectionState
    seen: Mapping[str, set[str]]


def _wake(
    connection: Connection, ports: Ports, total: Outcome, by_source: Mapping[str, Sequence[PersonKey]], dawn: _Dawn
) -> tuple[Finding, ...]:
    """Those of one batch; what is in question about who somebody is afterwards."""
    in_question: tuple[Finding, ...] = ()
    for source in ports.sources.values():
        acceptance = Acceptance(connection, setting_for(ports, source, dawn.as_of, "", dawn.state))
        acceptance.outcome.seen = dawn.seen.get(source.name, set())
        acceptance.wake(by_source.get(source.name, ()))
        in_question = tuple(acceptance.close())
        remember_begun(connection, ports, acceptance.outcome.begun)
        total.events.update(acceptance.outcome.events)
        total.counts.update(acceptance.outcome.counts)
    return in_question


def _by_source(people: People, keys: Sequence[PersonKey]) -> dict[str, list[PersonKey]]:
    found: dict[str, list[PersonKey]] = {}
    for person in people.by_key(keys).values():
        found.setdefault(person.worker.source, []).append(person.key)
    return found
