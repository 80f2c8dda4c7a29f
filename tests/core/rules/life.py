"""One person's life, evaluation by evaluation, with the memory carried over as the store would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from joinery.core.model.ids import PersonKey, RequirementKey
from joinery.core.model.worker import Worker
from joinery.core.rules.conditions import Vocabulary, WorkerFacts
from joinery.core.rules.due import Calendar
from joinery.core.rules.enrolment import assignments_for
from joinery.core.rules.learning import Assignment, Exemption, LearningRule, ManualAssignment, State
from joinery.core.rules.rule_data import rule_from
from joinery.core.rules.subject import Decided, Subject

GO_LIVE = date(2026, 1, 5)
#: every day is a working day, so that tables of dates can be checked by counting
PLAIN = Calendar(weekend=frozenset())
ME = PersonKey("p-1")


def rule(name: str = "R", when: str = "True", published_on: date = GO_LIVE, **data: Any) -> LearningRule:
    """A rule that gives COURSE, unless told otherwise."""
    written: Mapping[str, object] = {"name": name, "when": when, "give": ["COURSE"], **data}
    return rule_from(written, Vocabulary(), published_on)


def exemption(until: date | None = None, requirement: str = "course:COURSE") -> Exemption:
    return Exemption(person_key=ME, requirement=RequirementKey(requirement), owner="ann", reason="agreed", until=until)


def manual(until: date | None = None, due_on: date | None = None, cycle: str = "") -> ManualAssignment:
    return ManualAssignment(
        person_key=ME,
        requirement=RequirementKey("course:COURSE"),
        cycle=cycle,
        due_on=due_on,
        owner="ann",
        reason="asked",
        until=until,
    )


class Life:
    """`on(day, location="New York")` changes the person's facts and evaluates; capitals (`SUBJECT`) go by `given`."""

    def __init__(self, *rules: LearningRule, calendar: Calendar = PLAIN, **facts: Any) -> None:
        self.rules = rules
        self.calendar = calendar
        self.worker = Worker(source_id="w", worker_id="w", **{"hire_date": date(2020, 1, 1), **facts})
        self.known_on = GO_LIVE
        self.derived: dict[str, Any] = {"has_reports": False, "go_live": GO_LIVE}
        self.given: dict[str, Any] = {}
        self.decided = Decided()
        self.first = True

    def having(self, **given: Any) -> Life:
        """Subject fields from now on: completions, exemptions, on_leave …"""
        self.given |= given
        return self

    def on(self, day: date, **facts: Any) -> Decided:
        """Evaluate as of this day, after these facts became known on it."""
        changes: dict[str, tuple[str, str]] = {}
        if facts:
            after = replace(self.worker, **facts)
            if not self.first:
                changes = {name: (self.worker.value(name), after.value(name)) for name in facts}
                changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
            self.worker, self.known_on = after, day
        subject = Subject(
            facts=WorkerFacts(worker=self.worker, derived={**self.derived, "today": day}, changes=changes),
            as_of=day,
            known_on=self.known_on,
            go_live=GO_LIVE,
            **{"hire_date": self.worker.hire_date, **self.given},
            last_match=self.decided.matched,
            evaluated=self.decided.evaluated,
            holding=self.decided.holding,
        )
        self.decided = assignments_for(subject, self.rules, self.decided.assignments, self.calendar)
        again = assignments_for(
            replace(
                subject,
                last_match=self.decided.matched,
                evaluated=self.decided.evaluated,
                holding=self.decided.holding,
            ),
            self.rules,
            self.decided.assignments,
            self.calendar,
        )
        assert again.changes == (), "deciding twice on one day must change nothing"
        assert again.groups == self.decided.groups
        self.first = False
        return self.decided

    @property
    def rows(self) -> tuple[Assignment, ...]:
        return self.decided.assignments

    @property
    def open(self) -> tuple[Assignment, ...]:
        return tuple(row for row in self.rows if row.state is State.OPEN)

    @property
    def only(self) -> Assignment:
        """The one assignment there is."""
        (row,) = self.rows
        return row

    def what(self) -> list[str]:
        """What happened at the last evaluation, in order of requirement and cycle."""
        return [change.what.value for change in self.decided.changes]
