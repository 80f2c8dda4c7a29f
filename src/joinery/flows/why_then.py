"""What was known at a past moment, from the append-only facts. Rule: what was not kept is named, never guessed."""

from __future__ import annotations

from datetime import datetime

from joinery.core.model.worker import LIFECYCLE_NAMES
from joinery.flows.why_case import Case
from joinery.flows.why_part import Part
from joinery.store.people import facts_known_at


def then_parts(case: Case, at: datetime, course: str) -> tuple[Part, ...]:
    """Facts of then; what cannot be said."""
    known = facts_known_at(case.connection, case.person.key, at)
    told = {n: v for n, (v, _) in known.items() if case.confidential or n not in LIFECYCLE_NAMES}
    said = tuple(f"{name}: {value}" for name, value in told.items()) or ("Nothing was known then.",)
    gap = Part(
        name="not_kept", title="Not kept", said=("The rules of that day are not kept: why then cannot be told again.",)
    )
    return (Part(name="facts", title="Known then", said=said, data={"values": told}), gap)
