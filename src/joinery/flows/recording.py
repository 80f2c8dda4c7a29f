"""Writes what an acceptance came to: rows of people, facts, events and aliases, once for each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from joinery.core.model.event import Event
from joinery.core.model.ids import PersonKey
from joinery.flows.netting import Changes, Netting, aliases_between, events_between, fact_changes, facts_between
from joinery.flows.relations import managers_concerned, turned
from joinery.flows.setting import Outcome, Setting
from joinery.store.aliases import EMAIL, WORKER_ID, Alias, Aliases, known_since
from joinery.store.comparing import look_at
from joinery.store.events import event_rows, write_events
from joinery.store.facts import fact_row, write_facts
from joinery.store.people import People, Person, Written, written

#: what says who somebody is: where it changes, the Duplicate User Audit looks at them again
_WHO = {
    "worker_id", "person_id", "previous_id", "given_name", "family_name", "preferred_name", "work_email",
    "personal_email", "phone", "hire_date", "termination_date",
}  # fmt: skip
#: what may show that somebody is a person we know already
_TELLING = {"work_email", "status", "termination_date", "job_end_date", "hire_date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one person, as it is stored, and who else is concerned by it."""

    key: PersonKey
    row: Written
    facts: tuple[Mapping[str, str], ...]
    #: of each fact, whether it takes the place of another
    supersedes: tuple[bool, ...]
    events: tuple[Mapping[str, Any], ...]
    aliases: tuple[Alias, ...]
    #: what says who they are is another
    compared: bool
    #: their numbers, if they are at work or not, other than before
    turned: frozenset[str]
    address: str
    managers: frozenset[str]


def record(
    connection: Connection, setting: Setting, netting: Netting, outcome: Outcome, ready: Sequence[Change] = ()
) -> None:
    """Everything between `before` and `after` of these people, and what is `ready`; counted in `outcome`."""
    changes = [*changes_of(connection, setting, netting), *ready]
    People(connection, setting.connection).write(change.row for change in changes)
    look_at(connection, [change.key for change in changes if change.compared])
    aliases = [alias for change in changes for alias in change.aliases]
    if aliases:
        Aliases(connection, setting.connection).add(aliases)
    rows = [row for change in changes for row in change.facts]
    write_facts(connection, rows, (over for change in changes for over in change.supersedes))
    write_events(connection, [row for change in changes for row in change.events])
    added = sum(not change.row.columns for change in changes)
    outcome.counts["added"] += added
    outcome.counts["changed"] += len(changes) - added
    outcome.events.update(str(row["kind"]) for change in changes for row in change.events)
    outcome.turned.update(*(change.turned for change in changes if change.turned))
    outcome.addresses.update(change.address for change in changes if change.address)
    outcome.managers.update(*(change.managers for change in changes if change.managers))


def changes_of(connection: Connection, setting: Setting, netting: Netting) -> list[Change]:
    """What is to be written of these people; writes nothing. Right as long as nothing else is written of them."""
    told: list[tuple[Person | None, Person, Changes, tuple[Event, ...]]] = []
    for before, after in netting.pairs():
        changed = fact_changes(before.worker if before else None, after.worker)
        moment = setting.moment(after.worker)
        holds_from = netting.holds_from(after.key, moment.today)
        events = tuple(events_between(before, after, moment, setting.since, holds_from)) if setting.since else ()
        told.append((before, after, changed, events))
    rows = iter(event_rows(connection, setting.connection, [e for *_, es in told for e in es], setting.snapshot_id))
    return [_change(connection, setting, netting, each[:3], tuple(islice(rows, len(each[3])))) for each in told]


def _change(
    connection: Connection,
    setting: Setting,
    netting: Netting,
    told: tuple[Person | None, Person, Changes],
    events: tuple[Mapping[str, Any], ...],
) -> Change:
    before, after, changed = told
    moment = setting.moment(after.worker)
    facts = list(facts_between(after, changed, netting.holds_from(after.key, moment.today)))
    said = partial(fact_row, known_from=setting.as_of, snapshot_id=setting.snapshot_id, source=setting.source)
    since, worker = setting.since, after.worker
    telling = before is None or bool(changed.keys() & _TELLING)
    return Change(
        key=after.key,
        row=written(setting.connection, before, after),
        facts=tuple(map(said, facts)),
        supersedes=tuple(fact.supersedes for fact in facts),
        events=events,
        aliases=tuple(_dated(connection, alias) for alias in aliases_between(before, after, moment)),
        compared=before is not None and bool(changed.keys() & _WHO),
        turned=_numbers(before, after) if since is not None and turned(before, after, changed) else frozenset(),
        address=worker.work_email.lower() if since is not None and telling else "",
        managers=frozenset(managers_concerned(before, after, changed) if since and setting.uses_reports else ()),
    )


def _numbers(before: Person | None, after: Person) -> frozenset[str]:
    """By which others may name them as their manager."""
    return after.numbers | (before.numbers if before is not None else frozenset())


def _dated(connection: Connection, alias: Alias) -> Alias:
    """With the day from which a number or address that is given up was theirs."""
    if alias.until is None or alias.kind not in {WORKER_ID, EMAIL}:
        return alias
    return replace(alias, since=known_since(connection, alias.person_key, alias.kind))
