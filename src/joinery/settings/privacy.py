"""What may be shown of people, and what is kept after an erasure. Rule: every default is the careful choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from joinery.core.rules.disclosure import LIMITED
from joinery.settings.part import Part
from joinery.settings.problems import found
from joinery.settings.secret import Secret
from joinery.settings.values import Day, Duration, Text, wrong


def _country(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{2}", value):
        wrong(f"must be two capital letters such as DE or NL; found {found(value)}")
    return value


Country = Annotated[str, BeforeValidator(_country)]


class Released(Part):
    """Who released a country from the limits, and since when."""

    by: Text = Field(description="The person who released it, by name.")
    on: Day = Field(description="The day it counts from.")
    reason: Text = Field(description="On what ground, e.g. the number of the agreement.")


class KeepRecords(Part):
    """Training records that stay with the name of an erased person, because a law asks for them."""

    for_: Duration = Field(alias="for", description="How long after completion, e.g. `1095 days`.")
    ground: Text = Field(description="The law that asks for it; it is shown at every erasure.")


class Privacy(Part):
    """What may be shown of people, and what stays when somebody is erased."""

    limits_in: tuple[Country, ...] = Field(
        default=tuple(sorted(LIMITED)),
        description="Countries in which managers see no individual scores, times or rankings and log-ins are not read.",
    )
    released: Mapping[str, Released] = Field(
        default_factory=dict, description="Countries that a named person released from these limits, e.g. `DE`."
    )
    confidential_to: tuple[Text, ...] | None = Field(
        default=None,
        description="Users of the operating system who may ask for confidential things: ends of employment to come, "
        "reasons, former names, all that is held about somebody. Without it: whoever may run commands here.",
    )
    look_as: Mapping[Text, Literal["manager", "staff", "auditor", "privacy_officer"]] = Field(
        default_factory=dict,
        description="What users of the operating system are to the people they look at; all others are `staff`.",
    )
    keep_records: KeepRecords | None = Field(
        default=None, description="Training records that stay as they are at an erasure; without it all lose the name."
    )
    key: Secret | None = Field(
        default=None,
        description="The key that erased people are remembered by, by reference; without it one is made in `.joinery`.",
    )
