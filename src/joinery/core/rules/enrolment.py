"""What one person has to learn, and why: rules, decisions by hand and the memory in; assignments and changes out.

Rule 1: level-triggered and idempotent: deciding again on the same day with what was decided changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from joinery.core.rules.changes import changes_between
from joinery.core.rules.conditions import Facts
from joinery.core.rules.cycles import History, next_wake, wants_of
from joinery.core.rules.due import Calendar
from joinery.core.rules.instants import days_after
from joinery.core.rules.learning import AppliesTo, Assignment, LearningRule
from joinery.core.rules.reasons import Reasoning
from joinery.core.rules.rows import Rows, with_completions
from joinery.core.rules.subject import Decided, RuleVerdict, Subject


def assignments_for(
    subject: Subject, rules: tuple[LearningRule, ...], memory: tuple[Assignment, ...], calendar: Calendar
) -> Decided:
    """All that follows for this person today. Dates are local calendar dates; pure."""
    by_name = {rule.name: rule for rule in rules}
    verdicts = tuple(_verdict(by_name[name], subject) for name in sorted(by_name))
    rows = with_completions(memory, subject, by_name)
    if not subject.frozen:
        # once more: what begins today may be done today
        rows = with_completions(_decided(subject, verdicts, rows, calendar), subject, by_name)
    rows = tuple(sorted(rows, key=lambda row: (row.requirement, row.cycle)))
    holding = _holding(subject, verdicts)
    return Decided(
        assignments=rows,
        changes=changes_between(memory, rows, verdicts, subject),
        groups=frozenset(group for name in holding if name in by_name for group in by_name[name].groups),
        verdicts=verdicts,
        matched=_matched(subject, verdicts),
        evaluated=subject.evaluated if subject.frozen else frozenset(rule.key for rule in rules),
        holding=holding,
        exemptions=tuple(each for each in subject.exemptions if each.in_force(subject.as_of)),
        held_edges=frozenset(v.rule.name for v in verdicts if v.matched is None and v.rule.when.is_edge),
        wake_on=_wake(subject, rules, rows),
    )


def _decided(
    subject: Subject, verdicts: tuple[RuleVerdict, ...], memory: tuple[Assignment, ...], calendar: Calendar
) -> tuple[Assignment, ...]:
    history = History(rows=memory)
    wants = [
        want
        for verdict in verdicts
        if verdict.matched is True
        for want in wants_of(verdict, subject, history, calendar)
    ]
    reasoning = Reasoning(subject, {verdict.rule.name: verdict for verdict in verdicts}, calendar)
    rows = Rows(subject, reasoning, calendar, {(row.requirement, row.cycle): row for row in memory})
    rows.drop_reasons()
    rows.add(wants)
    rows.add_by_hand()
    return rows.settled()


def _verdict(rule: LearningRule, subject: Subject) -> RuleVerdict:
    """What the rule says; a rule for new matches gives nothing to who matched when it began to count."""
    matched, facts = _matches(rule, subject)
    newly = matched is True and (rule.when.is_edge or rule.name not in subject.last_match)
    gives = matched is True and (rule.applies_to is AppliesTo.EVERYONE or _new_match(rule, subject))
    note = "" if gives or not matched else "matched already when the rule began to count"
    return RuleVerdict(rule=rule, matched=matched, facts=facts, gives=gives, newly=newly, note=note)


def _matches(rule: LearningRule, subject: Subject) -> tuple[bool | None, Facts]:
    """By the main job, else by another one; a change is one of the person, and so of the main job only."""
    matched = rule.when.holds(subject.facts)
    if matched is True or rule.when.is_edge:
        return matched, subject.facts
    answers = [(matched, subject.facts), *((rule.when.holds(facts), facts) for facts in subject.also)]
    for wanted in (True, None):
        for found, facts in answers:
            if found is wanted:
                return found, facts
    return answers[0]


def _new_match(rule: LearningRule, subject: Subject) -> bool:
    """True when the match began after the rule was published and after go-live."""
    if rule.when.is_edge:
        return True
    if rule.name in subject.last_match:
        return False
    began = max(rule.published_on, subject.go_live)
    if rule.key in subject.evaluated or (subject.hire_date is not None and subject.hire_date >= began):
        return True
    return not subject.evaluated and not subject.baseline and subject.known_on > began


def _matched(subject: Subject, verdicts: Iterable[RuleVerdict]) -> frozenset[str]:
    """Unknown stays as it was, and so does everything while nothing is decided."""
    if subject.frozen:
        return subject.last_match
    return frozenset(v.rule.name for v in verdicts if v.matched or (v.matched is None and _had(v, subject)))


def _had(verdict: RuleVerdict, subject: Subject) -> bool:
    return verdict.rule.name in subject.last_match


def _holding(subject: Subject, verdicts: Iterable[RuleVerdict]) -> frozenset[str]:
    """The rules whose groups the person has: what they give now, what they keep, what cannot be told."""
    held = subject.holding
    if subject.frozen:
        return held
    return frozenset(
        v.rule.name
        for v in verdicts
        if v.rule.groups and (v.gives or (v.rule.name in held and (v.matched is not False or v.rule.keeps)))
    )


def _wake(subject: Subject, rules: tuple[LearningRule, ...], rows: tuple[Assignment, ...]) -> date | None:
    """The next day on which an assignment begins, ends or changes without news."""
    if subject.frozen:
        return None
    history = History(rows=rows)
    days = [day for rule in rules for day in next_wake(rule, subject, history)]
    days += [day for rule in rules for day in rule.when.turns(subject.facts)]
    ends = [each.until for each in subject.exemptions] + [each.until for each in subject.manual]
    days += [days_after(day, 1) for day in ends if day is not None]
    return min((day for day in days if day > subject.as_of), default=None)
