"""How the stories about `joinery why` ask: as the command would, after the nightly runs of a small company."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from joinery.flows.person import Word, decide_about
from joinery.flows.why import Answer, why
from joinery.store.tables import metadata
from tests.stories.company import Company, moment

LEFT = {"status": "Terminated", "termination_date": "2026-11-24"}
SAFETY = {"name": "Lille safety", "when": 'location == "Lille"', "give": "SAFETY", "due": "30 days"}
LEADING = {"name": "Leading", "when": 'job_title == "Head" and country == "FR"', "give": "LEADING"}


def ruled(folder: Path, **how: Any) -> Company:
    """A company that gives SAFETY in Lille, and LEADING to heads in France."""
    settings = {"learning_rules": [SAFETY, LEADING], "go_live": "2026-11-01"} | how.pop("settings", {})
    return Company(folder, settings=settings, **how)


def ask(acme: Company, who: str, as_of: str = "", **how: Any) -> Answer:
    """The answer, as the command would ask for it."""
    with acme.open(as_of or None) as it:
        return why(it.ports, who, as_of=moment(as_of) if as_of else None, **how)


def said(answer: Answer, part: str = "") -> str:
    return " | ".join(answer.part(part).said if part else answer.said)


def everything(acme: Company) -> dict[str, list[Any]]:
    """Every row of every table."""
    with acme.ports() as ports, ports.database.read() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}


def version(acme: Company, name: str = "Lille safety") -> str:
    with acme.ports() as ports:
        return next(rule.version for rule in ports.policy.rules if rule.name == name)


def by_hand(acme: Company, kind: str, who: str, course: str, reason: str) -> None:
    with acme.ports() as ports:
        decide_about(ports, who, kind, course, Word(owner="ana", reason=reason, until=moment("2027-03-31").date()))
