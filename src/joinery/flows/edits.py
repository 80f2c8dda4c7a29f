"""Who has to be looked at after an edit of the configuration: everybody whom the old or the new version matches.

Found in bulk over stored facts, without deciding anything. Rule: a setting that is not named here dirties nobody only
if no settled person could be decided otherwise by it; tests/properties/test_edits.py compares with a full evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from joinery.core.mapping.outbound import ValueTable
from joinery.core.model.ids import PersonKey
from joinery.core.model.standing import Stage
from joinery.core.rules.conditions import WorkerFacts
from joinery.core.rules.edits import RuleEdit, Scope, rule_edits, scope_moved, touches, verdict_moved
from joinery.core.rules.instants import local_day
from joinery.core.rules.learning import LearningRule
from joinery.flows.decide import facts_of
from joinery.flows.policy import Policy
from joinery.store.assignments import reasoned_by
from joinery.store.people import People, Person
from joinery.store.reporting import Reporting

_NO_TABLE = ValueTable(unmapped="keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The difference between two policies, as far as it decides about people. `everybody`: why all are looked at."""

    old: Policy
    new: Policy
    everybody: str = ""
    rules: tuple[RuleEdit, ...] = ()
    #: worker attributes whose table is another and that something is made of
    tables: tuple[str, ...] = ()
    scope: bool = False
    tree: bool = False

    @property
    def nobody(self) -> bool:
        """Nothing in it decides about people: a comment, a mail, a limit."""
        return not (self.everybody or self.rules or self.tables or self.scope or self.tree)

    @property
    def same_rules(self) -> tuple[LearningRule, ...]:
        """The rules that are as they were: the tree can still move their verdict."""
        edited = {edit.name for edit in self.rules}
        return tuple(rule for rule in self.new.rules if rule.name not in edited)


def edit_between(old: Policy, new: Policy) -> Edit:
    """What is different."""
    every = {*old.outbound.tables, *new.outbound.tables} & (old.outbound.read | new.outbound.read)
    return Edit(
        old=old,
        new=new,
        everybody=_for_everybody(old, new),
        rules=rule_edits(old.rules, new.rules),
        tables=tuple(sorted(name for name in every if _table(old, name) != _table(new, name))),
        scope=scope_of(old) != scope_of(new),
        tree=old.tree != new.tree,
    )


def _for_everybody(old: Policy, new: Policy) -> str:
    """The first thing that may decide about anybody and that is not compared person by person."""
    compared = {
        "the learning system": (_system(old), _system(new)),
        "the time zone": (str(old.company_zone), str(new.company_zone)),
        "the country": (old.company_country, new.company_country),
        "go_live": (old.go_live, new.go_live),
        "how dates and statuses are read": (old.lifecycles, new.lifecycles),
        "the attributes that are written": (old.outbound.rows, new.outbound.rows),
        "the attributes that become groups": (old.outbound.groups_from, new.outbound.groups_from),
        "what a rehire gets": (_rehire(old), _rehire(new)),
    }
    return next((f"{what} changed" for what, (was, now) in compared.items() if was != now), "")


def _system(policy: Policy) -> tuple[str, str, frozenset[str]]:
    """Its name, its kind and what it has no way to do."""
    return policy.target, policy.target_kind, frozenset(map(str, policy.cannot))


def _rehire(policy: Policy) -> tuple[int | None, bool]:
    return policy.onboarding_again_after, policy.reassign_finished


def _table(policy: Policy, attribute: str) -> ValueTable:
    return policy.outbound.tables.get(attribute, _NO_TABLE)


def scope_of(policy: Policy) -> Scope:
    """Who is managed."""
    return Scope(include=policy.include, exclude=policy.exclude, out_of_scope=policy.out_of_scope)


@dataclass(slots=True, kw_only=True)
class _Looking:
    """One pass over all people."""

    edit: Edit
    as_of: datetime
    go_live: date | None
    leading: frozenset[str]
    reasons: Mapping[PersonKey, frozenset[str]]
    waits: bool
    evaluated: list[str]
    scopes: tuple[Scope, Scope]

    def touched(self, person: Person) -> bool:
        """True when this person may be decided otherwise."""
        edit, today = self.edit, self.today(person)
        if person.memory.get("changes") or self._tables_moved(person, today):
            return True
        if self.waits and person.standing.stage is Stage.PREHIRE:
            return True  # whether duties have begun for them is for the decision itself
        if not (edit.rules or edit.scope or edit.tree):
            return False
        new = self.facts(edit.new, person, today)
        old = self.facts(edit.old, person, today) if edit.tree else new
        return (
            self._rules_touch(person, old, new)
            or ((edit.scope or edit.tree) and scope_moved(*self.scopes, old, new))
            or (edit.tree and self._tree_moved(person, today))
        )

    def today(self, person: Person) -> date:
        return local_day(self.as_of, self.edit.new.zone_of(person.worker))

    def facts(self, policy: Policy, person: Person, today: date) -> WorkerFacts:
        return facts_of(policy, person, today, self.go_live, leads=person.worker.worker_id in self.leading)

    def _rules_touch(self, person: Person, old: WorkerFacts, new: WorkerFacts) -> bool:
        memory = person.memory.get("learning", {})
        remembered = {*memory.get("matched", ()), *memory.get("holding", ()), *self.reasons.get(person.key, ())}
        if any(touches(edit, old, new, remembered) for edit in self.edit.rules):
            return True
        return self.edit.tree and any(verdict_moved(rule.when, old, new) for rule in self.edit.same_rules)

    def _tables_moved(self, person: Person, today: date) -> bool:
        """Another word now, or on another day to come."""
        for name in self.edit.tables:
            code = person.worker.value(name)
            before, after = _table(self.edit.old, name), _table(self.edit.new, name)
            if before.schedule(code, today) != after.schedule(code, today):
                return True
        return False

    def _tree_moved(self, person: Person, today: date) -> bool:
        """The day on which what is above their department changes is another: the wake date is set anew."""
        return self.edit.old.next_change(person.worker, today) != self.edit.new.next_change(person.worker, today)

    def memory_of_untouched(self, person: Person) -> dict[str, Any] | None:
        """Who does not match yet was there when the rule began to count; so a later match is a new one."""
        if not self.waits or not person.standing.stage.employed:
            return None
        learning = {"matched": [], "holding": [], **person.memory.get("learning", {}), "evaluated": self.evaluated}
        return {**person.memory, "learning": learning}


def mark_touched(connection: Connection, edit: Edit, as_of: datetime, go_live: date | None) -> int:
    """Have everybody looked at by the next plan whom the edit touches; how many."""
    if edit.nobody:
        return 0
    people = People(connection, edit.new.name)
    looking = looking_at(connection, edit, as_of, go_live)
    count = 0
    for page in people.pages():
        touched = {person.key for person in page if looking.touched(person)}
        memories = {p.key: looking.memory_of_untouched(p) for p in page if p.key not in touched}
        people.mark(touched, unsettled=True)
        people.remember({key: memory for key, memory in memories.items() if memory is not None})
        count += len(touched)
    return count


def looking_at(connection: Connection, edit: Edit, as_of: datetime, go_live: date | None) -> _Looking:
    """What the pass needs, read once."""
    return _Looking(
        edit=edit,
        as_of=as_of,
        go_live=go_live,
        leading=Reporting(connection, edit.new.name).leading(),
        reasons=reasoned_by(connection, [each.name for each in edit.rules]),
        waits=any(each.waits_for_new_matches for each in edit.rules),
        evaluated=sorted(rule.key for rule in edit.new.rules),
        scopes=(scope_of(edit.old), scope_of(edit.new)),
    )
