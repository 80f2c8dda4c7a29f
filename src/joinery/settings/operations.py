"""What keeps an installation watched: the audit log's anchors, and who is told of trouble.

Rule: nothing here decides about people.
"""

from __future__ import annotations

from pydantic import Field

from joinery.settings.part import Part
from joinery.settings.secret import Secret
from joinery.settings.values import FilePath, TimeOfDay, YesNo


class Audit(Part):
    """The log of what was done, and the second place that its head is kept in."""

    anchors: FilePath | None = Field(
        default=None,
        description="The file that the head of the audit log is added to once a day, best on another machine or a "
        "drive that only grows; without it `.joinery/audit-anchors.jsonl`.",
    )


class QuietHours(Part):
    """When nothing of the route `low` is sent; it is looked at again afterwards. `high` never waits."""

    begin: TimeOfDay = Field(alias="from", description="From this time of day, in the company's zone.")
    end: TimeOfDay = Field(alias="to", description="To this time of day, the next day when it is earlier.")
    weekends: YesNo = Field(default=True, description="Whether Saturday and Sunday are quiet all day.")


class Alerts(Part):
    """Who is told when something is wrong: each an address as Apprise writes it, by reference."""

    high: tuple[Secret, ...] = Field(
        default=(), description="For what must not wait: a file that did not come or is not believed, a blocker."
    )
    low: tuple[Secret, ...] = Field(
        default=(), description="For working hours: people who are kept back, a plan that waits for approval."
    )
    quiet: QuietHours | None = Field(
        default=None,
        description="Hours in which nothing of `low` is sent; it waits, and is dropped if it is over by then.",
    )
