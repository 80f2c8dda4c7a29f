"""Names for the IDs, so that one cannot be handed over for another. All are text, kept exactly."""

from __future__ import annotations

from typing import NewType

PersonKey = NewType("PersonKey", str)
"""Our own key of a person (UUIDv7 text); survives every renumbering."""
WorkerId = NewType("WorkerId", str)
"""The employee number as people see it."""
AccountId = NewType("AccountId", str)
"""The target's own key of an account."""
PlanId = NewType("PlanId", str)
"""`P-204`."""
RunId = NewType("RunId", str)
"""`R-1042`."""
SnapshotId = NewType("SnapshotId", str)
"""UUIDv7 text of one accepted or held snapshot."""
RequirementKey = NewType("RequirementKey", str)
"""What an assignment is about: `course:FORKLIFT` or `path:Onboarding_Path`."""
