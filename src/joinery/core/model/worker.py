"""A worker: one person as HR describes them, mapped and trimmed. Empty text means "HR gives nothing".

Attribute names are canonical everywhere: settings, rules, events, plans (`docs/reference/attributes.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from operator import attrgetter
from typing import Final


class Status(StrEnum):
    """HR's status after the vocabulary was mapped; `unknown` deactivates nobody by itself."""

    PREHIRE = "prehire"
    ACTIVE = "active"
    NOTICE = "notice"
    LEAVE = "leave"
    GARDEN_LEAVE = "garden_leave"
    #: the home record of somebody who works abroad under another record: at work, not on leave
    DORMANT = "dormant"
    TERMINATED = "terminated"
    DECEASED = "deceased"
    RESCINDED = "rescinded"
    NONE = ""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One worker record as last accepted. Text attributes are HR's own values; dates are calendar dates."""

    source: str = "hris"
    source_id: str
    worker_id: str
    previous_id: str = ""
    person_id: str = ""
    given_name: str = ""
    family_name: str = ""
    preferred_name: str = ""
    work_email: str = ""
    personal_email: str = ""
    #: HR's own word; `status` is what it means
    status_text: str = ""
    status: Status = Status.NONE
    hire_date: date | None = None
    termination_date: date | None = None
    leave_end_date: date | None = None
    job_title: str = ""
    job_code: str = ""
    job_level: str = ""
    job_family: str = ""
    department: str = ""
    location: str = ""
    country: str = ""
    time_zone: str = ""
    manager_id: str = ""
    manager_email: str = ""
    cost_center: str = ""
    legal_entity: str = ""
    employment_type: str = ""
    fte: str = ""
    #: of the job, where HR tells several jobs of one person apart: its own ID, its own dates, and which one counts
    job_id: str = ""
    job_start_date: date | None = None
    job_end_date: date | None = None
    #: yes, 1, main …; anything but a no
    primary_job: str = ""
    language: str = ""
    phone: str = ""
    #: `keep` or `suspend`: what a leave does to access; never its reason
    leave_class: str = ""
    #: attributes a company added by name in its settings
    custom: Mapping[str, str] = field(default_factory=dict)

    def value(self, attribute: str) -> str:
        """The attribute as text: ISO dates, HR's own status word, empty string when HR gives nothing."""
        if attribute == "status":
            return self.status_text
        if attribute not in FIELD_NAMES:
            return self.custom.get(attribute, "")
        return _as_text(getattr(self, attribute))

    def facts(self) -> Iterator[tuple[str, str]]:
        """(attribute, text) of everything HR gives, canonical names, `status` as HR's own word."""
        for name, found in zip(FACT_NAMES, _facts_of(self), strict=True):
            if found:
                yield name, _as_text(found)
        yield from ((name, value) for name, value in self.custom.items() if value)

    def differences(self, later: Worker) -> dict[str, tuple[str, str]]:
        """attribute -> (text here, text there) of what HR says differently, in the order of the fields."""
        here, there = _facts_of(self), _facts_of(later)
        found = {
            name: (_as_text(was), _as_text(now))
            for name, was, now in zip(FACT_NAMES, here, there, strict=True)
            if was != now
        }
        if self.custom != later.custom:
            for name in sorted(self.custom.keys() | later.custom.keys()):
                found[name] = self.custom.get(name, ""), later.custom.get(name, "")
        return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def _as_text(found: object) -> str:
    if isinstance(found, date):
        return found.isoformat()
    return "" if found is None else str(found)


FIELD_NAMES: Final = frozenset(f.name for f in fields(Worker)) - {"custom"}
FACT_NAMES: Final = tuple(
    "status" if f.name == "status_text" else f.name
    for f in fields(Worker)
    if f.name not in {"custom", "source", "status"}
)
#: all facts of a worker in that order, in one call: compared for everybody whose row changed
_facts_of: Final[attrgetter[tuple[object, ...]]] = attrgetter(
    *("status_text" if name == "status" else name for name in FACT_NAMES)
)
DATE_NAMES: Final = frozenset({"hire_date", "termination_date", "leave_end_date", "job_start_date", "job_end_date"})

#: who somebody is to HR: a change is a re-key, not a move
IDENTITY_NAMES: Final = frozenset({"source_id", "worker_id", "previous_id", "person_id"})
#: a change of these is the life cycle itself, not a move
LIFECYCLE_NAMES: Final = frozenset({"status", "termination_date", "leave_end_date", "leave_class", "job_end_date"})
#: which of several jobs counts: a change of job shows in everything else
JOB_CHOICE_NAMES: Final = frozenset({"job_id", "job_start_date", "primary_job"})
