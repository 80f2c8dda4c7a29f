"""The ways in over HTTP that `joinery serve` opens. Rule: nobody comes in without a token or a signature."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from joinery.settings.part import Part
from joinery.settings.values import Count


class Api(Part):
    """What callers of the HTTP API may do, and how often."""

    per_minute: Annotated[Count, Field(ge=1)] = Field(
        default=1200, description="Requests a minute of each service token, and of each source's webhooks."
    )
    largest_mb: Annotated[Count, Field(ge=1)] = Field(
        default=500, description="The most megabytes of one upload; more is refused and not kept."
    )
