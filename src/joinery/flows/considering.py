"""Decide for people before the transaction that writes it down: on SQLite whoever writes keeps everybody waiting.

Rule: what was decided ahead counts only if nothing was written of that person since, and nobody was ending their access
beside us; whoever it does not count for is decided anew, inside the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection

from joinery.core.model.ids import PersonKey
from joinery.core.model.operation import ActionClass
from joinery.core.planning.able import Reach, within_reach
from joinery.core.planning.guards import Counted
from joinery.core.planning.steps import lines_for
from joinery.flows.decide import Decided, decide_person
from joinery.flows.gather import gather
from joinery.flows.policy import Policy, Ports
from joinery.store.assignments import assignment_rows
from joinery.store.connections import load_state
from joinery.store.line_rows import Written, written
from joinery.store.looks import rows_of
from joinery.store.people import People, Person, in_chunks, memory_text
from joinery.store.riding import under_way

BATCH: Final = 1000
#: so many people at most are decided ahead and kept in memory, some kilobytes each
MOST_AHEAD: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What a decision stands on besides the person. `go_live`: None before the first facts."""

    as_of: datetime
    go_live: date | None
    first_load: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """What is to be done for one person, and what is to be remembered of it, ready to be written.

    Texts and numbers only: the many objects of a decision, kept for ten thousands, would be looked through by Python's
    collector again and again.
    """

    key: PersonKey
    #: how often a look had been asked for when they were read
    asked: int
    lines: tuple[Written, ...]
    #: their end of access is that of a lay-off which was approved ahead
    approved: bool
    #: nothing can be done for them
    settled: bool
    #: of each line that guards count, what they count it by
    counted: tuple[Counted, ...]
    actions: tuple[str, ...]
    #: accounts that are linked
    linking: int
    memory: str | None
    wake_at: datetime | None
    over: tuple[str, ...]
    assignments: tuple[Mapping[str, str], ...]


def consider(connection: Connection, policy: Policy, keys: Sequence[PersonKey], when: When) -> list[Considered]:
    """Those of these people who are known, in this order, by all that is known now."""
    batch = gather(connection, policy, keys, when.as_of)
    found = []
    for person in batch.people:
        one = decide_person(policy, batch, person, when.as_of, when.go_live, first_load=when.first_load)
        reach = within_reach(lines_for(one.subject), policy.cannot, person.memory.get("beyond", ()))
        found.append(_ready(_remembering(one, person, reach), person, reach, approved=person.key in batch.laid_off))
    return found


def _ready(one: Decided, person: Person, reach: Reach, *, approved: bool) -> Considered:
    counted = [line for line in reach.possible if not (line.held or (approved and line.evidenced))]
    return Considered(
        key=person.key,
        asked=person.asked,
        lines=tuple(map(written, reach.lines)),
        approved=approved,
        settled=not reach.possible,
        counted=tuple((line.guard, line.segment) for line in counted),
        actions=tuple(str(line.action) for line in reach.possible),
        linking=sum(line.action is ActionClass.LINK and not line.held for line in reach.possible),
        memory=None if one.memory is None else memory_text(one.memory),
        wake_at=one.wake_at,
        over=one.over,
        assignments=tuple(assignment_rows(person.key, one.assignments)),
    )


def _remembering(one: Decided, person: Person, reach: Reach) -> Decided:
    """What the target cannot do for them is remembered, so that it is said once and not every night."""
    if reach.beyond == tuple(person.memory.get("beyond", ())):
        return one
    memory = person.memory if one.memory is None else one.memory
    return replace(one, memory={**memory, "beyond": list(reach.beyond)})


@dataclass(slots=True)
class Ahead:
    """What was decided before the transaction: key -> their row as it was then, and what came of it."""

    when: When
    known: dict[PersonKey, tuple[tuple[Any, ...], Considered]] = field(default_factory=dict)

    def taken(
        self, connection: Connection, policy: Policy, keys: Sequence[PersonKey], when: When
    ) -> Sequence[Considered]:
        """Inside the transaction: for each of these people what counts now, in this order."""
        if when != self.when:
            self.known.clear()
        there = rows_of(connection, [key for key in keys if key in self.known])
        known = {key: self.known.pop(key) for key in keys if key in self.known}
        good = {key: one for key, (row, one) in known.items() if there.get(key) == row}
        anew = [key for key in keys if key not in good]
        good.update((one.key, one) for one in (consider(connection, policy, anew, when) if anew else ()))
        return [good[key] for key in keys if key in good]


def considered_ahead(ports: Ports, as_of: datetime) -> Ahead:
    """Everybody who needs a look, decided batch by batch; between two of them nothing is held.

    More people than `MOST_AHEAD` are not: the rest is decided inside the transaction, as little memory is better than
    a short wait that comes to nothing on a machine which swaps.
    """
    policy = ports.policy
    with ports.database.read() as connection:
        state = load_state(connection, policy.name)
        keys = People(connection, policy.name).unsettled()
    when = When(as_of=as_of, go_live=state.go_live, first_load=not state.extra.get("loaded"))
    ahead = Ahead(when=when)
    for chunk in in_chunks(keys[:MOST_AHEAD], BATCH):
        with ports.database.read() as connection:
            beside = under_way(connection, policy.name)
            mine = [key for key in chunk if key not in beside]
            rows = rows_of(connection, mine)
            found = consider(connection, policy, mine, when)
        ahead.known.update((one.key, (rows[one.key], one)) for one in found if one.key in rows)
        ports.progress("plan", len(ahead.known), len(keys))
    return ahead
