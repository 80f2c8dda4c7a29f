"""Who somebody is: name and status. Rule 1: a word nobody understands never ends anybody's access by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from joinery.core.hygiene.facts import Check, Facts, finding, nearest
from joinery.core.model.finding import Finding, Severity
from joinery.core.model.worker import Status, Worker

#: words that look plain and are not: (word) -> why
_EXPLAINED: Final[Mapping[str, str]] = {
    "inactive": "some systems write Inactive for people on leave, others for people who left",
    "inaktiv": "some systems write Inaktiv for people on leave, others for people who left",
    "inactif": "some systems write Inactif for people on leave, others for people who left",
    "disabled": "it may speak of an account, not of an employment",
    "resigned": "the person may still be working the notice period, or may have left",
    "gekündigt": "the person may still be working the notice period, or may have left",
    "baja": "it is written for sick leave and for leaving",
    "hired": "it may be written before or after the first day",
    "pending": "it does not say what is pending: the start or the end",
    "suspended": "it may be a leave, a garden leave or a disciplinary measure",
}

#: what is shorter is near to too many words
_TOO_SHORT: Final = 4


def no_name(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """One name is enough: many people have only one."""
    asked = facts.mapped & {"given_name", "family_name"}
    if asked and not (worker.given_name or worker.family_name or worker.preferred_name):
        yield finding(worker, "no_name", "family_name", "The person has no name.", "Enter the name in the HR system.")


def unknown_status(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """Held, not deactivated; with an end date already past the person is suspended all the same."""
    if worker.status is not Status.UNKNOWN:
        return
    why = _EXPLAINED.get(worker.status_text.casefold(), "it is not in the vocabulary")
    found = finding(
        worker,
        "unknown_status",
        "status",
        f"The status {worker.status_text!r} is not understood ({why}).",
        "Say in the settings what it means; until then nothing is written for this person.",
        Severity.QUARANTINE,
    )
    # "pending" is written as HR means it, and near to nothing it could mean
    slip = len(worker.status_text) >= _TOO_SHORT and worker.status_text.casefold() not in _EXPLAINED
    choices = frozenset(word for word in (*facts.words, *_EXPLAINED) if len(word) >= _TOO_SHORT)
    meant = nearest(worker.status_text, choices) if slip and facts.words else ""
    yield replace(found, better=facts.words.get(meant, ""))


def no_status(worker: Worker, facts: Facts) -> Iterator[Finding]:
    """The column is there and the cell is empty."""
    if "status" in facts.mapped and worker.status is Status.NONE:
        yield finding(worker, "no_status", "status", "The status is empty.", "Enter it in the HR system.")


CHECKS: Final[tuple[Check, ...]] = (no_name, unknown_status, no_status)
