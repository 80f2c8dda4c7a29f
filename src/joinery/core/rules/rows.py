"""The assignments of one person while they are being decided.

Rule 1: a completed assignment is never touched again; an identity exists once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.cycles import History, Want
from joinery.core.rules.due import Calendar, after_zone_change, latest, restored
from joinery.core.rules.learning import Assignment, LearningRule, ManualAssignment, State
from joinery.core.rules.reasons import Reasoning
from joinery.core.rules.subject import Subject

Identity: TypeAlias = tuple[RequirementKey, str]


def with_completions(
    memory: tuple[Assignment, ...], subject: Subject, rules: Mapping[str, LearningRule]
) -> tuple[Assignment, ...]:
    """The memory with everything completed that a completion satisfies, be somebody exempt or not."""
    return tuple(_completed(row, subject, rules) for row in memory)


def _completed(row: Assignment, subject: Subject, rules: Mapping[str, LearningRule]) -> Assignment:
    done = subject.completions.get(row.requirement)
    if not row.standing or done is None or done > subject.as_of:
        return row
    if done < row.assigned_on and not _counts(done, row, subject, rules):
        return row
    return replace(row, state=State.COMPLETED, completed_on=done, withdrawn_on=None, paused_on=None)


def _counts(done: date, row: Assignment, subject: Subject, rules: Mapping[str, LearningRule]) -> bool:
    """True when every rule behind it accepts a completion from before the assignment."""
    behind = [rules[name] for name in row.reasons if name in rules]
    return bool(behind) and not row.by_hand and all(_rule_counts(done, row, rule, subject) for rule in behind)


def _rule_counts(done: date, row: Assignment, rule: LearningRule, subject: Subject) -> bool:
    if rule.recurs is not None:
        opened = rule.recurs.window.before(row.renews) if row.renews else date.min
        return done >= opened and subject.as_of <= rule.recurs.every.after(done)
    if row.cycle and row.renews is None and done.isoformat() < row.cycle:
        return False
    within = rule.counts_if_done_within
    return within is None or done >= within.before(row.match_started.get(rule.name, row.assigned_on))


class Rows:
    """The rows by identity; the methods are called in the order in which they stand here."""

    def __init__(
        self, subject: Subject, reasoning: Reasoning, calendar: Calendar, rows: dict[Identity, Assignment]
    ) -> None:
        self.subject = subject
        self.reasoning = reasoning
        self.calendar = calendar
        self.rows = rows
        self.before = dict(rows)

    def drop_reasons(self) -> None:
        """Take away the reasons that are none any more; what that means is settled at the end."""
        history = History(rows=tuple(self.rows.values()))
        for identity, row in self.rows.items():
            if row.state is not State.COMPLETED:
                self.rows[identity] = replace(row, reasons=self.reasoning.kept(row, history))

    def add(self, wants: Iterable[Want]) -> None:
        """Add the reasons of the rules, making the assignments that do not exist yet."""
        ordered = sorted(wants, key=attrgetter("requirement", "cycle", "reason"))
        for _, group in groupby(ordered, key=attrgetter("requirement")):
            self._add_group(list(group))

    def _add_group(self, wants: list[Want]) -> None:
        """Everything that is asked for one requirement: what is not there yet becomes one assignment, not several."""
        there = [want for want in wants if self._is_open(want)]
        for want in there:
            self._join(self.rows[want.requirement, want.cycle], [want])
        rest = [want for want in wants if want not in there]
        asked = [want for want in rest if want.credited_on is None]
        if asked:
            newest = max(asked, key=attrgetter("cycle"))
            joined = rest if not there else asked
            self._join(self._row_for(newest, asked), joined)
        elif rest and not there:
            self._credit(rest)

    def _is_open(self, want: Want) -> bool:
        row = self.rows.get((want.requirement, want.cycle))
        return want.credited_on is None and row is not None and row.standing

    def _row_for(self, newest: Want, asked: list[Want]) -> Assignment:
        """The withdrawn one of that identity, or a new one, due when the first of the rules says."""
        standing = self.rows.get((newest.requirement, newest.cycle))
        if standing is not None:
            return standing
        dues = [want.due_on for want in asked if want.due_on is not None]
        return self._new(newest.requirement, newest.cycle, min(dues, default=None), newest.renews)

    def _new(self, requirement: RequirementKey, cycle: str, due_on: date | None, renews: date | None) -> Assignment:
        exempt = self.reasoning.exempt(requirement)
        return Assignment(
            requirement=requirement,
            cycle=cycle,
            due_on=due_on,
            state=State.WITHDRAWN if exempt else State.OPEN,
            assigned_on=self.subject.as_of,
            withdrawn_on=self.subject.as_of if exempt else None,
            renews=renews,
            time_zone=self.subject.time_zone,
        )

    def _join(self, row: Assignment, wants: list[Want]) -> None:
        """Add the reasons; the due date and the progress stay."""
        today = self.subject.as_of
        started = dict(row.match_started)
        for want in wants:
            if want.reason not in row.reasons:
                started[want.reason] = today
        reasons = row.reasons | {want.reason for want in wants}
        self._put(replace(row, reasons=reasons, match_started=started))

    def _credit(self, wants: list[Want]) -> None:
        """Done already: remembered as completed, so that the match has a beginning; nothing is assigned."""
        first = wants[0]
        row = self._new(first.requirement, first.cycle, None, None)
        reasons = frozenset(want.reason for want in wants)
        started = {reason: self.subject.as_of for reason in sorted(reasons)}
        done = replace(
            row, reasons=reasons, match_started=started, weight=self.reasoning.weight(replace(row, reasons=reasons))
        )
        self._put(replace(done, state=State.COMPLETED, completed_on=first.credited_on, withdrawn_on=None))

    def _put(self, row: Assignment) -> None:
        self.rows[row.requirement, row.cycle] = row

    def add_by_hand(self) -> None:
        """Add what people assigned; they may set the due date."""
        for manual in sorted(self.reasoning.manual, key=attrgetter("requirement", "cycle", "owner")):
            row = self._row_by_hand(manual)
            if row.state is State.COMPLETED or manual.label in row.reasons:
                continue
            row = replace(row, reasons=row.reasons | {manual.label})
            if manual.due_on is not None:
                # a day that somebody chose is not lengthened by the time it was withdrawn
                row = replace(row, due_on=manual.due_on, withdrawn_on=row.withdrawn_on and self.subject.as_of)
            self._put(row)

    def _row_by_hand(self, manual: ManualAssignment) -> Assignment:
        """The row that already answers it, done or not; else the open one; else a new one."""
        exact = self.rows.get((manual.requirement, manual.cycle))
        if manual.cycle:
            return exact or self._new(manual.requirement, manual.cycle, manual.due_on, None)
        rows = History(rows=tuple(self.rows.values())).of((manual.requirement,))
        rows = tuple(row for row in rows if not manual.outdated(row))
        own = [row for row in rows if manual.label in row.reasons]
        standing = [row for row in own or rows if row.standing]
        first = [row for row in rows if not row.cycle]
        if found := standing or own[-1:] or first:
            return found[0]
        cycle = manual.asked_on.isoformat() if exact and manual.asked_on else ""
        again = self.rows.get((manual.requirement, cycle))
        return again or self._new(manual.requirement, cycle, manual.due_on, None)

    def settled(self) -> tuple[Assignment, ...]:
        """Every row in the state that follows from its reasons, exemptions, leave and zone."""
        return tuple(row if row.state is State.COMPLETED else self._settled(row) for row in self.rows.values())

    def _settled(self, row: Assignment) -> Assignment:
        row = replace(row, weight=self.reasoning.weight(row))
        asked = bool(row.reasons) or self._without_reasons(row)
        if not asked or (self.reasoning.exempt(row.requirement) and not row.by_hand):
            return self._withdrawn(row)
        if row.state is State.WITHDRAWN:
            row = self._reopened(row)
        return self._paused(self._zoned(self._floored(row)))

    def _without_reasons(self, row: Assignment) -> bool:
        """An open assignment that never had a reason of ours (taken over from elsewhere) is not ours to take away."""
        earlier = self.before.get((row.requirement, row.cycle))
        return earlier is not None and earlier.state is State.OPEN and not earlier.reasons

    def _withdrawn(self, row: Assignment) -> Assignment:
        if row.state is State.WITHDRAWN:
            return row
        return replace(row, state=State.WITHDRAWN, withdrawn_on=self.subject.as_of, paused_on=None)

    def _reopened(self, row: Assignment) -> Assignment:
        """Back again: the days that were left when it was withdrawn, at least 14."""
        today, since = self.subject.as_of, row.withdrawn_on or self.subject.as_of
        due_on = row.due_on
        if due_on is not None and today > since:
            due_on = restored(due_on, since, today, self.calendar)
        return replace(row, state=State.OPEN, withdrawn_on=None, due_on=due_on)

    def _floored(self, row: Assignment) -> Assignment:
        floor = self.reasoning.floor(row)
        return row if row.due_on is None or floor is None else replace(row, due_on=max(row.due_on, floor))

    def _zoned(self, row: Assignment) -> Assignment:
        zone = self.subject.time_zone
        if row.due_on is None or not zone or zone == row.time_zone:
            return row
        return replace(row, due_on=after_zone_change(row.due_on, row.time_zone, zone), time_zone=zone)

    def _paused(self, row: Assignment) -> Assignment:
        if self.subject.on_leave:
            since = latest((self.subject.leave_started, row.assigned_on)) or self.subject.as_of
            return row if row.paused_on else replace(row, paused_on=min(since, self.subject.as_of))
        return row if row.paused_on is None else self._resumed(row, row.paused_on)

    def _resumed(self, row: Assignment, since: date) -> Assignment:
        """Back from leave. Validity did not pause: what lapsed meanwhile is due before duty."""
        today, due_on = self.subject.as_of, row.due_on
        if due_on is not None:
            due_on = max(due_on, today) if row.renews else restored(due_on, since, today, self.calendar)
        return replace(row, paused_on=None, paused_days=row.paused_days + (today - since).days, due_on=due_on)
