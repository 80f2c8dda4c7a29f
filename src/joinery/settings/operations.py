"""What keeps an installation watched: the audit log's anchors. Rule: nothing here decides about people."""

from __future__ import annotations

from pydantic import Field

from joinery.settings.part import Part
from joinery.settings.values import FilePath


class Audit(Part):
    """The log of what was done, and the second place that its head is kept in."""

    anchors: FilePath | None = Field(
        default=None,
        description="The file that the head of the audit log is added to once a day, best on another machine or a "
        "drive that only grows; without it `.joinery/audit-anchors.jsonl`.",
    )
