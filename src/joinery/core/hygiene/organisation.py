"""Where somebody works. Rule 1: what the company's own zone can stand in for is a warning at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from joinery.core.hygiene.facts import Check, Facts, finding, nearest
from joinery.core.model.finding import Finding
from joinery.core.model.worker import Worker


def unknown_time_zone(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """The company's zone is used instead."""
    if facts.time_zones and worker.time_zone and worker.time_zone not in facts.time_zones:
        found = finding(
            worker,
            "unknown_time_zone",
            "time_zone",
            f"The time zone {worker.time_zone!r} is not known; the location's or the company's is used.",
            "Write it like Europe/Paris.",
        )
        yield replace(found, better=nearest(worker.time_zone, facts.time_zones))


CHECKS: Final[tuple[Check, ...]] = (unknown_time_zone,)
