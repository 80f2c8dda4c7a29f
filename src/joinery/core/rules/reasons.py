"""Which reasons an assignment keeps, and what stands against it.

Rule 1: an unknown verdict, a rule that is gone, and a person's decision never take a reason away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from joinery.core.model.ids import RequirementKey
from joinery.core.rules.cycles import History, due_floor
from joinery.core.rules.due import Calendar
from joinery.core.rules.learning import MANUAL, Assignment, LearningRule, ManualAssignment, Weight, WhenMatchEnds
from joinery.core.rules.subject import RuleVerdict, Subject


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The verdicts and decisions of one evaluation."""

    subject: Subject
    verdicts: Mapping[str, RuleVerdict]
    calendar: Calendar

    @property
    def manual(self) -> tuple[ManualAssignment, ...]:
        """What was assigned by hand and is in force."""
        return tuple(each for each in self.subject.manual if each.in_force(self.subject.as_of))

    def exempt(self, requirement: RequirementKey) -> bool:
        """True when somebody decided that no rule gives this to the person."""
        return any(
            each.requirement == requirement and each.in_force(self.subject.as_of) for each in self.subject.exemptions
        )

    def kept(self, row: Assignment, history: History) -> frozenset[str]:
        """The reasons that are still reasons."""
        return frozenset(reason for reason in row.reasons if self._stays(reason, row, history))

    def _stays(self, reason: str, row: Assignment, history: History) -> bool:
        if reason.startswith(MANUAL):
            return any(each.label == reason and each.requirement == row.requirement for each in self.manual)
        verdict = self.verdicts.get(reason)
        if verdict is None or verdict.matched is None:
            return True
        if verdict.matched and verdict.rule.asks_for(row.requirement):
            return not self._renewal_over(verdict.rule, row, history)
        return self._outlasts(verdict.rule, row)

    def _renewal_over(self, rule: LearningRule, row: Assignment, history: History) -> bool:
        """Beyond the grace the initial requirement takes the place of the renewal."""
        recurs = rule.recurs
        if recurs is None or row.renews is None or row.requirement in rule.give:
            return False
        return self.subject.as_of > recurs.grace.after(row.renews)

    def _outlasts(self, rule: LearningRule, row: Assignment) -> bool:
        """What the rule's policy says about the end of its match."""
        if rule.keeps:
            return True
        started = row.requirement in self.subject.started
        return rule.when_match_ends is WhenMatchEnds.WITHDRAW_IF_NOT_STARTED and started

    def rules(self, reasons: Iterable[str]) -> tuple[LearningRule, ...]:
        """The rules among these reasons, as far as they exist."""
        return tuple(self.verdicts[name].rule for name in sorted(reasons) if name in self.verdicts)

    def weight(self, row: Assignment) -> Weight:
        """The strongest of its rules; what it was when none of them exists any more."""
        rules = self.rules(row.reasons)
        if not rules or row.by_hand:
            return Weight.strongest([row.weight, *(rule.mandatory for rule in rules)])
        return Weight.strongest(rule.mandatory for rule in rules)

    def floor(self, row: Assignment) -> date | None:
        """The earliest due date allowed since the account or the employment began after the assignment."""
        if row.by_hand or row.renews is not None:
            return None
        floors = [due_floor(rule, row, self.subject, self.calendar) for rule in self.rules(row.reasons)]
        return min((day for day in floors if day is not None), default=None)
