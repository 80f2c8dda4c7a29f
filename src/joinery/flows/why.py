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
from joinery.flows.why_case import Case, case_of
from joinery.flows.why_course import course_part, learning_part
from joinery.flows.why_facts import facts_part, refused_part
from joinery.flows.why_life import life_part, scope_part
from joinery.flows.why_part import Part
from joinery.flows.why_plan import plan_part
from joinery.flows.why_then import then_parts
from joinery.store.history import findings_about


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`tense`: now | future | past. `name` is the current one. `about` is stable identification for programs."""

    worker_id: str
    name: str
    as_of: datetime
    tense: str
    parts: tuple[Part, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def why(
    ports: Ports, who: str, *, course: str = "", as_of: datetime | None = None, confidential: bool = False
) -> Answer:
    """The answer. Raises NotThere when nobody is meant, or several are."""
    now = now_of(ports)
    if as_of is not None and as_of < now:
        return _then(ports, who, course, as_of, confidential=confidential)
    ahead = as_of is not None and as_of > now
    try:
        with case_of(ports, who, as_of or now, ahead=ahead, confidential=confidential) as case:
            parts = (course_part(case, course),) if course else _whole(case)
            return _answer(case, parts)
    except NotThere:
        with ports.database.read() as connection:
            found = findings_about(connection, ports.policy.name, who.strip())
        if not found:
            raise
        return Answer(worker_id=who.strip(), name="", as_of=as_of or now, tense="now", parts=(refused_part(found),))


def _whole(case: Case) -> tuple[Part, ...]:
    parts = (
        life_part(case),
        facts_part(case),
        scope_part(case),
        account_part(case),
        learning_part(case),
        plan_part(case),
    )
    return tuple(part for part in parts if part.said)


def _answer(case: Case, parts: tuple[Part, ...], tense: str = "") -> Answer:
    worker = case.person.worker
    return Answer(
        worker_id=worker.worker_id,
        name=worker.preferred_name or " ".join(filter(None, (worker.given_name, worker.family_name))),
        as_of=case.at,
        tense=tense or ("future" if case.ahead else "now"),
        parts=parts,
        about={"key": case.person.key, "source": worker.source, "source_id": worker.source_id},
    )


def _then(ports: Ports, who: str, course: str, as_of: datetime, *, confidential: bool) -> Answer:
    with case_of(ports, who, now_of(ports), ahead=False, confidential=confidential) as case:
        answer = _answer(case, then_parts(case, as_of, course), "past")
    return Answer(
        worker_id=answer.worker_id,
        name=answer.name,
        as_of=as_of,
        tense="past",
        parts=answer.parts,
        about=answer.about,
    )
