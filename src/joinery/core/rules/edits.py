"""What an edit of rules or of the scope does to one person: compared over facts, without deciding anything.

Rule 1: whoever is not touched would be decided exactly as before; tests/properties/test_edits.py holds this to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from joinery.core.rules.conditions import Condition, Facts
from joinery.core.rules.learning import AppliesTo, LearningRule
from joinery.core.rules.scope import in_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEdit:
    """One rule before and after; None where it does not exist."""

    old: LearningRule | None = None
    new: LearningRule | None = None

    @property
    def name(self) -> str:
        """Under which people remember it."""
        return self.new.name if self.new else self.old.name if self.old else ""

    @property
    def word(self) -> str:
        """new | removed | edited | the same."""
        if self.old is None or self.new is None:
            return "removed" if self.old else "new"
        same = replace(self.old, version=self.new.version, published_on=self.new.published_on) == self.new
        return "the same" if same else "edited"

    @property
    def waits_for_new_matches(self) -> bool:
        """The new rule asks who did not match when it began to count."""
        return self.new is not None and self.new.applies_to is AppliesTo.NEW_MATCHES and not self.new.when.is_edge

    def matches(self, old: Facts, new: Facts) -> tuple[bool | None, bool | None]:
        """(before, after): False where the rule does not exist."""
        before = self.old.when.holds(old) if self.old else False
        return before, self.new.when.holds(new) if self.new else False


def rule_edits(old: Iterable[LearningRule], new: Iterable[LearningRule]) -> tuple[RuleEdit, ...]:
    """Every rule that is not the same in both, by name."""
    before, after = {rule.name: rule for rule in old}, {rule.name: rule for rule in new}
    pairs = (RuleEdit(old=before.get(name), new=after.get(name)) for name in sorted(before.keys() | after.keys()))
    return tuple(pair for pair in pairs if pair.old != pair.new)


def touches(edit: RuleEdit, old: Facts, new: Facts, remembered: Collection[str]) -> bool:
    """True when the old or the new rule matches, or when the person still has something of it."""
    return edit.name in remembered or True in edit.matches(old, new)


def verdict_moved(when: Condition, old: Facts, new: Facts) -> bool:
    """The rule is the same and what it reads (the tree of departments) is not."""
    return when.holds(old) is not when.holds(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who is managed at all, and what becomes of those who are not."""

    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    out_of_scope: str = "archive"

    def inside(self, facts: Facts) -> bool | None:
        """None when HR gives too little to tell."""
        return in_scope(facts, self.include, self.exclude).inside


def scope_moved(before: Scope, after: Scope, old: Facts, new: Facts) -> bool:
    """True when the person comes in or goes out, or stays out with another consequence."""
    was, now = before.inside(old), after.inside(new)
    return was is not now or (now is False and before.out_of_scope != after.out_of_scope)
