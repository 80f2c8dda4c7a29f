"""Why somebody has what they have, or does not: sentences with causes, for one person and one moment.

Rule: it is read from the facts, the rules and the last confirmed account, decided as the next plan would decide it,
and nothing is written. What is confidential is told only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joinery.errors import NotThere
from joinery.flows.person import now_of
from joinery.flows.policy import Ports
from joinery.flows.why_account import account_part
from joinery.flows.why_ahead import case_ahead
from joinery.flows.why_case import Case, case_of
from joinery.flows.why_course import course_part, learning_part
from joinery.flows.why_facts import facts_part, refused_part
from joinery.flows.why_life import life_part, scope_part
from joinery.flows.why_part import Part
from joinery.flows.why_plan import plan_part, until_part
from joinery.flows.why_then import then_parts
from joinery.store.history import findings_about


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`tense`: now | future | past. `name` is the current one; `about`: key, source, source_id, for programs."""

    worker_id: str
    name: str
    as_of: datetime
    tense: str
    parts: tuple[Part, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> tuple[str, ...]:
        """Every sentence, in order."""
        return tuple(sentence for part in self.parts for sentence in part.said)

    def part(self, name: str) -> Part:
        """The part of this name. Raises StopIteration when there is none."""
        return next(part for part in self.parts if part.name == name)


def why(
    ports: Ports, who: str, *, course: str = "", as_of: datetime | None = None, confidential: bool = False
) -> Answer:
    """The answer. Raises NotThere when nobody is meant, or several are."""
    now = now_of(ports)
    try:
        if as_of is None or as_of == now:
            with case_of(ports, who, now, confidential=confidential) as case:
                return _answer(case, "now", now, _about(case, course) if course else _whole(case))
        if as_of < now:
            with case_of(ports, who, now, confidential=confidential) as case:
                return _answer(case, "past", as_of, then_parts(case, as_of, course))
        with case_ahead(ports, who, now, as_of, confidential=confidential) as (case, steps):
            parts = (course_part(case, course),) if course else (*_state(case), until_part(case, steps))
            return _answer(case, "future", as_of, parts)
    except NotThere as error:
        refused = None if "keys" in error.data else _refused(ports, who, as_of or now)
        if refused is None:
            raise
        return refused


def _about(case: Case, course: str) -> tuple[Part, ...]:
    part = course_part(case, course)
    return (part, plan_part(case, about=part.data["course"]))


def _whole(case: Case) -> tuple[Part, ...]:
    life, *rest = _state(case)
    return (life, facts_part(case), *rest, plan_part(case))


def _state(case: Case) -> tuple[Part, ...]:
    return (life_part(case), scope_part(case), account_part(case), learning_part(case))


def _answer(case: Case, tense: str, as_of: datetime, parts: tuple[Part, ...]) -> Answer:
    worker = case.person.worker
    return Answer(
        worker_id=worker.worker_id,
        name=worker.preferred_name or " ".join(filter(None, (worker.given_name, worker.family_name))),
        as_of=as_of,
        tense=tense,
        parts=parts,
        about={"key": case.person.key, "source": worker.source, "source_id": worker.source_id},
    )


def _refused(ports: Ports, who: str, as_of: datetime) -> Answer | None:
    """HR's file has the person, and the row was never good enough to be taken over; None when it is not so."""
    with ports.database.read() as connection:
        found = findings_about(connection, ports.policy.name, who.strip())
    if not any(row["severity"] in {"quarantine", "blocker"} for row in found):
        return None
    return Answer(worker_id=who.strip(), name="", as_of=as_of, tense="now", parts=(refused_part(found),))
