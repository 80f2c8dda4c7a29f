"""What a check may know besides the worker. Rule 1: checks read nothing else, so that they can be called anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, TypeAlias

from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Worker

#: how alike two words are, of 1, of which one is a slip of the other
_NEAR: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`as_of`: the local day the check is made for. `time_zones`: every name that is one; empty: not checked. `words`:
    of a status -> what it means, for whoever mistyped one."""

    as_of: date
    time_zones: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)
    #: attributes that the source maps; what is not mapped is not missed
    mapped: frozenset[str] = frozenset()
    #: the worker is one of several jobs, or may be: what is odd about a job is looked for where all of them are known
    jobs_together: bool = False


Check: TypeAlias = Callable[[Worker, Facts], Iterator[Finding]]


@lru_cache(maxsize=1000)
def nearest(word: str, choices: frozenset[str]) -> str:
    """The choice that is written nearly the same, for whoever mistyped it; empty when nothing is near.

    It begins with the same letter: "inactiv" must not be taken for "active".
    """
    by_lower = {choice.casefold(): choice for choice in sorted(choices) if choice[:1].casefold() == word[:1].casefold()}
    found = get_close_matches(word.casefold(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[found[0]] if found else ""


def finding(
    worker: Worker, check: str, attribute: str, message: str, suggestion: str, severity: Severity = Severity.WARNING
) -> Finding:
    """A finding about this worker; `message` must hold no name and no address."""
    return Finding(
        check=check,
        severity=severity,
        message=message,
        worker_id=worker.worker_id,
        attribute=attribute,
        suggestion=suggestion,
    )
