"""Writes what an acceptance came to: rows of people, facts, events and aliases, once for each person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from joinery.core.model.event import Event
from joinery.core.model.ids import PersonKey
from joinery.flows.netting import Netting, aliases_between, events_between, fact_changes, facts_between
from joinery.flows.relations import managers_concerned, turned
from joinery.flows.setting import Outcome, Setting
from joinery.store.aliases import EMAIL, WORKER_ID, Alias, Aliases, known_since
from joinery.store.comparing import look_at
from joinery.store.events import record_events
from joinery.store.facts import FactChange, record_facts
from joinery.store.people import People, Person

#: what says who somebody is: where it changes, the Duplicate User Audit looks at them again
_WHO = {
    "worker_id", "person_id", "previous_id", "given_name", "family_name", "preferred_name", "work_email",
    "personal_email", "phone", "hire_date", "termination_date",
}  # fmt: skip
#: what may show that somebody is a person we know already
_TELLING = {"work_email", "status", "termination_date", "job_end_date", "hire_date"}


def record(connection: Connection, setting: Setting, netting: Netting, outcome: Outcome) -> None:
    """Everything between `before` and `after` of these people; counted in `outcome`."""
    facts: list[FactChange] = []
    compared: list[PersonKey] = []
    events: list[Event] = []
    aliases: list[Alias] = []
    for before, after in netting.pairs():
        moment = setting.moment(after.worker)
        changed = fact_changes(before.worker if before else None, after.worker)
        holds_from = netting.holds_from(after.key, moment.today)
        facts.extend(facts_between(after, changed, holds_from))
        if before is not None and changed.keys() & _WHO:
            compared.append(after.key)
        if setting.since is not None:
            events.extend(events_between(before, after, moment, setting.since, holds_from))
        aliases.extend(_dated(connection, alias) for alias in aliases_between(before, after, moment))
        _note_relations(setting, outcome, before, after, changed)
    people = People(connection, setting.connection)
    people.add(netting.new)
    people.rewrite(netting.changed)
    look_at(connection, compared)
    if aliases:
        Aliases(connection, setting.connection).add(aliases)
    record_facts(connection, facts, known_from=setting.as_of, snapshot_id=setting.snapshot_id, source=setting.source)
    record_events(connection, setting.connection, events, setting.snapshot_id)
    outcome.counts["added"] += len(netting.new)
    outcome.counts["changed"] += len(netting.changed)
    outcome.events.update(str(event.kind) for event in events)


def _dated(connection: Connection, alias: Alias) -> Alias:
    """With the day from which a number or address that is given up was theirs."""
    if alias.until is None or alias.kind not in {WORKER_ID, EMAIL}:
        return alias
    return replace(alias, since=known_since(connection, alias.person_key, alias.kind))


def _note_relations(
    setting: Setting, outcome: Outcome, before: Person | None, after: Person, changed: Mapping[str, tuple[str, str]]
) -> None:
    if setting.since is not None and turned(before, after, changed):
        outcome.turned.update(after.numbers)
    if setting.since is not None and after.worker.work_email and (before is None or changed.keys() & _TELLING):
        outcome.addresses.add(after.worker.work_email.lower())
    if setting.since is not None and setting.uses_reports:
        outcome.managers.update(managers_concerned(before, after, changed))
