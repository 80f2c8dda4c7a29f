"""Checks on one worker, one file per family, and the gate for a whole file (`trust`).

Rule 1: a check says what is wrong and what to do, with IDs only; it never changes the worker. What needs the whole
population is in `joinery.audit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from joinery.core.hygiene import contact, dates, identity, organisation
from joinery.core.hygiene.facts import Check, Facts
from joinery.core.model.finding import Finding
from joinery.core.model.worker import Worker

CHECKS: Final[tuple[Check, ...]] = (*identity.CHECKS, *contact.CHECKS, *dates.CHECKS, *organisation.CHECKS)


def check_worker(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Everything that one worker's own attributes show to be odd."""
    for check in CHECKS:
        yield from check(worker, facts)
