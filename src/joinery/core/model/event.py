"""Lifecycle events: derived once from accepted facts, whatever the mode, the guards and the target say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from joinery.core.model.ids import PersonKey, WorkerId


class EventKind(StrEnum):
    """The closed vocabulary of `joinery events`."""

    PREHIRE = "prehire"
    JOINER = "joiner"
    MOVER = "mover"
    LEAVER = "leaver"
    REHIRE = "rehire"
    LEAVE = "leave"
    RETURN = "return"
    NO_SHOW = "no_show"
    MISSING = "missing"
    RETURNED = "returned"
    REKEYED = "rekeyed"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`effective_on` is HR's date where it gives one, else the local as-of date; `old`/`new` are HR's own values."""

    person_key: PersonKey
    worker_id: WorkerId
    kind: EventKind
    effective_on: date
    observed_on: date
    attribute: str = ""
    old: str = ""
    new: str = ""
