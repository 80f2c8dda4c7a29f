"""What hires, leavers, rehires, leaves and absences set off. Rule: no choice here makes a termination forgotten."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from joinery.settings.part import Part
from joinery.settings.values import Count, Duration, OrWord, Text, TimeOfDay, YesNo


class Hire(Part):
    """When a new person gets an account."""

    start_when: Literal["date", "status", "both", "first_of"] = Field(
        default="date",
        description="A person starts on the hire date, when HR's status says so, on both, or on the first of them.",
    )
    days_before: Count = Field(default=0, description="The account is made this many days before the hire date.")
    mail: TimeOfDay = Field(
        default="06:00",
        validate_default=True,
        description="The sign-in mail leaves at this time on the first day, where the person is.",
    )


class Leaver(Part):
    """When somebody who leaves loses access."""

    name: Text = Field(default="Deactivate_LMS_User", description="The name this trigger has in plans and reports.")
    suspend: Literal["end_of_day", "start_of_next_day", "at_once"] = Field(
        default="end_of_day",
        description="Access ends with the last day (which is when the next one starts), or as soon as the last day has "
        "come. An end of today or before that HR states outright is always at once.",
    )
    archive_after: Annotated[Duration | None, OrWord("never")] = Field(
        default="90 days",
        validate_default=True,
        description="A leaver's account is archived after this time, or `never`.",
    )


class Rehire(Part):
    """What a person who comes back gets."""

    onboarding_again_after: Annotated[Duration | None, OrWord("never")] = Field(
        default=None, description="Day-one learning is given again after a gap longer than this, or `never`."
    )
    reassign_finished: YesNo = Field(
        default=False, description="Whether learning that was finished before is given again."
    )


class Leave(Part):
    """What a leave does to access, where HR's data does not say it for the person."""

    access: Literal["keep", "suspend"] = Field(
        default="keep", description="Whether people on leave keep their access; on parental leave they always do."
    )
    garden: Literal["keep", "suspend"] = Field(
        default="suspend", description="Whether people on garden leave keep their access; due dates pause either way."
    )


class Seasonal(Part):
    """People who come for a season and come back for the next."""

    employment_types: tuple[Text, ...] = Field(
        default=(),
        description="HR's words for it, e.g. `[Seasonal]`: their accounts are archived as soon as the season is over, "
        "so that the seat is free, and come back whole.",
    )


class Absent(Part):
    """What happens to people who are absent from a file that holds active people only."""

    archive_grace: Duration = Field(
        default="30 days",
        validate_default=True,
        description="Suspended at first, archived after this time (with `leavers_are: absent`).",
    )


class Triggers(Part):
    """What happens by itself in the life of an employment."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"contract_end", "manager_change", "probation_end"})

    hire: Hire = Field(default_factory=Hire, description="When a new person gets an account.")
    leaver: Leaver = Field(default_factory=Leaver, description="When somebody who leaves loses access.")
    rehire: Rehire = Field(default_factory=Rehire, description="What a person who comes back gets.")
    leave: Leave = Field(default_factory=Leave, description="What a leave does to access.")
    seasonal: Seasonal = Field(default_factory=Seasonal, description="People who come for a season.")
    absent: Absent = Field(default_factory=Absent, description="What happens to people who are absent from the file.")
