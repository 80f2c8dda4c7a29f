"""When `joinery serve` runs by itself. Rule: without an entry it never does."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from joinery.core.rules.schedules import cron
from joinery.settings.part import Part
from joinery.settings.values import Duration, Text, YesNo, Zone, wrong


def _line(value: object) -> object:
    if isinstance(value, str):
        try:
            cron(value, ZoneInfo("UTC"))
        except ValueError as error:
            wrong(f"must be a cron line such as 30 5 * * 1-5: {error}")
    return value


class Schedule(Part):
    """When `joinery serve` runs `joinery sync` by itself: by the clock, when a file arrives, or both."""

    every: Duration | None = Field(default=None, description="Every so often, e.g. `15 minutes`.")
    cron: Annotated[Text | None, BeforeValidator(_line)] = Field(
        default=None,
        description="At local times: minute, hour, day, month, weekday, e.g. `30 5 * * 1-5`. A time that comes twice "
        "when clocks go back fires once, one that is skipped fires right after.",
    )
    zone: Zone | None = Field(default=None, description="The time zone of `cron`; the company's without it.")
    when_file_arrives: YesNo = Field(default=False, description="Also when a new file is there.")
    jitter: Duration = Field(
        default="0 seconds",
        validate_default=True,
        description="Starts up to so much later, by a number that is always the same for this connection.",
    )
    catch_up: YesNo = Field(default=True, description="Whether one run makes up for all that were missed while away.")

    @model_validator(mode="after")
    def _sensible(self) -> Schedule:
        if self.every is not None and self.cron is not None:
            wrong("takes `every` or `cron`, not both")
        if self.every is not None and (self.every.total_seconds() < 60 or self.every.total_seconds() % 60):
            wrong("`every` must be whole minutes, 1 or more")
        return self
