"""What a training record tells HR, in the order of its columns; files and tables say the same."""

from __future__ import annotations

from typing import Final

RECORD_FIELDS: Final = (
    "record_id",
    "revision",
    "action",
    "worker_id",
    "course",
    "course_title",
    "course_version",
    "completed_at",
    "result",
    "score",
    "expires_on",
    "certificate_id",
    "attempt",
    "department",
    "location",
    "legal_entity",
    "manager_id",
    "cost_center",
    "job_title",
)
