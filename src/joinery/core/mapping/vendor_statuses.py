"""What HR systems of a certain make mean by their words and codes for a status. Data only.

Rule 1: a word that means two things in the same system (ADP's `Inactive` is also said of people on leave) is not here.
Where the words were seen, and which are from hearsay: `docs/reference/attributes.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from joinery.core.mapping.statuses import normal
from joinery.core.model.worker import Status

_WORDS: Final[Mapping[str, Mapping[Status, str]]] = {
    "bamboohr": {
        # the record's own status, and the employment status that companies write themselves
        Status.ACTIVE: "active, full-time, full time, part-time, part time, contractor, contract, intern, temporary, "
        "seasonal, salaried, hourly",
        Status.TERMINATED: "inactive, terminated",
        Status.LEAVE: "furloughed, leave of absence, leave",
    },
    "workday": {
        Status.ACTIVE: "active, 1, true",
        Status.LEAVE: "on leave, on_leave",
        Status.TERMINATED: "terminated, retired",
        Status.RESCINDED: "hire rescinded, hire_rescinded, rescinded",
    },
    "adp": {
        Status.ACTIVE: "active, a",
        Status.LEAVE: "leave, l, leave of absence",
        Status.TERMINATED: "terminated, t, retired",
        Status.DECEASED: "deceased",
    },
    "ukg_pro": {
        Status.ACTIVE: "a, active",
        Status.LEAVE: "l, leave of absence, leave",
        Status.TERMINATED: "t, terminated, r, retired",
        Status.DECEASED: "d, deceased",
        Status.GARDEN_LEAVE: "s, suspended",
    },
    "ukg_ready": {
        Status.ACTIVE: "active",
        Status.TERMINATED: "terminated",
        Status.LEAVE: "leave, leave of absence",
        Status.PREHIRE: "pending hire, new hire pending",
    },
    "successfactors": {
        # the external codes of emplStatus, their words, and the status of the entity User
        Status.ACTIVE: "a, active",
        Status.LEAVE: "u, unpaid leave, p, paid leave, f, furlough",
        Status.GARDEN_LEAVE: "s, suspended",
        Status.DORMANT: "d, dormant",
        Status.TERMINATED: "t, terminated, r, retired",
        Status.RESCINDED: "o, discarded, rns, reported no-show, reported no show",
    },
    "salesforce": {
        Status.ACTIVE: "active",
        Status.LEAVE: "leave",
        Status.TERMINATED: "terminated",
    },
}

#: make of HR system -> word (by `normal`) -> what it means there
VENDORS: Final[Mapping[str, Mapping[str, Status]]] = {
    vendor: {normal(word): status for status, words in told.items() for word in words.split(", ")}
    for vendor, told in _WORDS.items()
}
