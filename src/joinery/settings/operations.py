"""What keeps an installation watched: the audit log's anchors, and who is told of trouble.

Rule: nothing here decides about people.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from joinery.settings.part import Part
from joinery.settings.secret import Secret
from joinery.settings.values import Duration, FilePath, Text, TimeOfDay, YesNo


class Audit(Part):
    """The log of what was done, and the second place that its head is kept in."""

    anchors: FilePath | None = Field(
        default=None,
        description="The file that the head of the audit log is added to once a day, best on another machine or a "
        "drive that only grows; without it `.joinery/audit-anchors.jsonl`.",
    )


class Telemetry(Part):
    """What monitors get beside `/metrics`: logs as data, a sign of life, traces. Nothing of it is on by itself."""

    logs: Literal["text", "json"] = Field(
        default="text", description="`json`: one object a line on stderr, IDs and numbers only; `text`: for people."
    )
    heartbeat: Secret | None = Field(
        default=None,
        description="An address, by reference, that is called after every run that came to its end, so that a monitor "
        "notices when none does.",
    )
    heartbeat_timeout: Duration = Field(
        default="10 seconds", validate_default=True, description="How long that call may take; it never fails a run."
    )
    traces: Text | None = Field(
        default=None,
        description="Where OpenTelemetry spans go over OTLP, e.g. `http://127.0.0.1:4318`; needs `joinery[telemetry]`.",
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
