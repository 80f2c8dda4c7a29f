"""The nouns as JSON: instants ISO 8601 UTC with Z, days ISO. Joinery's connector reads exactly this."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row

from joinery_classroom.deciding import Result
from joinery_classroom.model import Account, Assignment, Completion, Course, Path


def instant(at: datetime | None) -> str | None:
    """2026-11-24T09:00:00Z, with the fraction if there is one."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(on: date | None) -> str | None:
    """2026-11-24."""
    return None if on is None else on.isoformat()


def account(one: Account) -> dict[str, Any]:
    """The whole account."""
    return {
        "id": one.id,
        "external_id": one.external_id,
        "attributes": dict(one.attributes),
        "state": one.state,
        "roles": list(one.roles),
        "groups": sorted(one.groups),
        "assignments": [assignment(one.assignments[key]) for key in sorted(one.assignments)],
        "version": one.version,
        "last_sign_in_at": instant(one.last_sign_in_at),
    }


def assignment(one: Assignment) -> dict[str, Any]:
    """An assignment; while withdrawn its progress is not shown."""
    return {
        "key": one.key,
        "kind": one.kind,
        "target": one.target,
        "cycle": one.cycle,
        "due_on": day(one.due_on),
        "state": "withdrawn" if one.withdrawn else one.progress,
        "completed_at": instant(one.completed_at),
        "reasons": list(one.reasons),
        "counts_since": day(one.counts_since),
    }


def result(one: Result) -> dict[str, Any]:
    """What became of one operation."""
    return {
        "key": one.key,
        "outcome": one.outcome,
        "detail": one.detail,
        "changed": one.changed,
        "account": None if one.account is None else account(one.account),
    }


def completion(one: Completion, owner: Row[Any]) -> dict[str, Any]:
    """A ledger row with the ids of its account as they are now."""
    return {
        "seq": one.seq,
        "id": one.id,
        "account_id": owner.account_id,
        "external_id": owner.external_id,
        "worker_id": json.loads(owner.attributes).get("worker_id"),
        "course": one.course,
        "course_version": one.course_version,
        "course_title": one.course_title,
        "attempt": one.attempt,
        "completed_at": instant(one.completed_at),
        "result": one.result,
        "score": one.score,
        "expires_on": day(one.expires_on),
        "certificate_id": one.certificate_id,
        "revision": one.revision,
        "revokes": one.revokes,
        "recorded_at": instant(one.recorded_at),
        "recorded_by": one.recorded_by,
    }


def course(one: Course) -> dict[str, Any]:
    """A course with its items."""
    return {
        "id": one.id,
        "title": one.title,
        "version": one.version,
        "language": one.language,
        "summary": one.summary,
        "items": [{"id": item.id, "title": item.title, "kind": item.kind, "body": item.body} for item in one.items],
        "certificate": one.certificate,
        "certificate_valid_months": one.certificate_valid_months,
    }


def path(one: Path) -> dict[str, Any]:
    """A path with the ids of its courses."""
    return {"id": one.id, "title": one.title, "courses": list(one.courses)}


def instant_from(text: str) -> datetime:
    """Reads an instant that names its offset. Raises ValueError otherwise."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant needs a Z or an offset")
    return at.astimezone(UTC)
