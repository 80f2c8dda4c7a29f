"""Who is managed at all: inclusion and exclusion conditions.

Rule 1: unknown means hold that person, never out; leaving the scope is not leaving the company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from joinery.core.rules.conditions import Condition, Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeVerdict:
    """`inside` is None when HR gives too little to tell: nothing is written for that person. `why` are sentences."""

    inside: bool | None
    why: tuple[str, ...] = ()


def in_scope(facts: Facts, include: tuple[Condition, ...], exclude: tuple[Condition, ...]) -> ScopeVerdict:
    """Inside when one inclusion holds (or there is none) and no exclusion does. An exclusion outweighs all."""
    wanted = _any(facts, include) if include else True
    refused = _any(facts, exclude)
    if refused is True:
        return ScopeVerdict(inside=False, why=tuple(f"excluded: {text}" for text in _held_by(facts, exclude)))
    if wanted is False:
        return ScopeVerdict(inside=False, why=tuple(f"not included: {text}" for text in _missed(facts, include)))
    if wanted is None:
        return ScopeVerdict(inside=None, why=_missed(facts, include))
    if refused is None:
        return ScopeVerdict(inside=None, why=_unclear(facts, exclude))
    return ScopeVerdict(inside=True, why=_held_by(facts, include) or ("everybody is included",))


def in_scope_by_any(
    jobs: Sequence[Facts], include: tuple[Condition, ...], exclude: tuple[Condition, ...]
) -> ScopeVerdict:
    """Somebody with several jobs is inside when one of them is; the main job comes first and says why."""
    verdicts = [in_scope(facts, include, exclude) for facts in jobs]
    for wanted in (True, None):
        for verdict in verdicts:
            if verdict.inside is wanted:
                return verdict
    return verdicts[0]


def _any(facts: Facts, conditions: tuple[Condition, ...]) -> bool | None:
    verdicts = [condition.holds(facts) for condition in conditions]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _held_by(facts: Facts, conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """What makes the first condition hold that does."""
    for condition in conditions:
        if condition.holds(facts) is True:
            return tuple(each.text for each in condition.explain(facts).supporting())
    return ()


def _missed(facts: Facts, conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    """What stands in the way of the condition that is nearest to holding."""
    return min((condition.explain(facts).nearest_failure() for condition in conditions), key=len, default=())


def _unclear(facts: Facts, conditions: tuple[Condition, ...]) -> tuple[str, ...]:
    unclear = [condition for condition in conditions if condition.holds(facts) is None]
    return _missed(facts, tuple(unclear))
