"""A learning rule in sentences, for whoever has to agree to it.

Rule 1: everything that the rule decides is said; what it leaves to a default is said, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from joinery.core.rules.conditions.nodes import Always
from joinery.core.rules.conditions.saying import said
from joinery.core.rules.learning import AppliesTo, LearningRule, Weight, WhenMatchEnds

_ENDS: Final = {
    WhenMatchEnds.KEEP: "Who no longer matches keeps what the rule gave.",
    WhenMatchEnds.WITHDRAW_IF_NOT_STARTED: "Who no longer matches loses what they have not begun.",
    WhenMatchEnds.WITHDRAW: "Who no longer matches loses what they have not completed.",
}
_WEIGHTS: Final = {
    Weight.MANDATORY: "It is mandatory: late is overdue.",
    Weight.RECOMMENDED: "It is recommended: nobody is overdue.",
    Weight.OPTIONAL: "It is optional: nobody is overdue.",
}


def told(rule: LearningRule) -> tuple[str, ...]:
    """The sentences."""
    return tuple(_told(rule))


def _told(rule: LearningRule) -> Iterator[str]:
    yield f"{_who(rule)} {_gets(rule)}."
    if rule.give:
        yield _due(rule)
    if rule.recurs is not None:
        recurs = rule.recurs
        renewal = f" by {recurs.renew_with}" if recurs.renew_with else ""
        yield (
            f"A proof is good for {recurs.every}; it can be renewed{renewal} from {recurs.window} before its end on, "
            f"and up to {recurs.grace} after it."
        )
    if rule.counts_if_done_within is not None:
        yield f"Whoever completed it in the {rule.counts_if_done_within} before counts as done."
    yield from _applies(rule)
    if rule.give:
        yield _WEIGHTS[rule.mandatory]
    yield f"This version, {rule.version}, counts since {rule.published_on.isoformat()}."


def _who(rule: LearningRule) -> str:
    if isinstance(rule.when.node, Always):
        return "Everybody" if rule.when.node.verdict else "Nobody"
    if rule.when.is_edge:
        return f"Whoever begins to fit ({said(rule.when.node)}), once for each change,"
    return f"Everybody whose {said(rule.when.node)}"


def _gets(rule: LearningRule) -> str:
    parts = []
    if rule.give:
        parts.append(f"gets {_listed(rule.give)}")
    if rule.groups:
        parts.append(f"is in the group{'s' * (len(rule.groups) > 1)} {_listed(rule.groups)}")
    return " and ".join(parts)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _due(rule: LearningRule) -> str:
    if rule.due is None:
        return "It has no due date."
    if rule.due.on is not None:
        return f"It is due on {rule.due.on.isoformat()}; whoever matches late has at least 14 days."
    return (
        f"It is due {rule.due.within} after the latest of: the match, the hire, the day this version began to count, "
        "go-live, the day it became known and the day the account was made."
    )


def _applies(rule: LearningRule) -> Iterator[str]:
    if rule.when.is_edge:
        return
    if rule.applies_to is AppliesTo.NEW_MATCHES:
        yield "Only who begins to match from now on gets it; who matched when this version began to count does not."
    else:
        yield "It is for everybody who matches, also those who matched before it was written."
    yield _ENDS[rule.when_match_ends]
