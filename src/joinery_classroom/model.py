"""The nouns of Classroom, all frozen. Instants are aware datetimes in UTC, days are plain dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NewType

AccountId = NewType("AccountId", str)
CourseId = NewType("CourseId", str)

AccountState = Literal["active", "suspended", "archived"]
Progress = Literal["assigned", "in_progress", "completed"]
TargetKind = Literal["course", "path"]
ItemKind = Literal["page", "link", "file"]
CompletionResult = Literal["completed", "passed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A course or path somebody is to do. `progress` is kept while withdrawn, so that it can come back.

    `counts_since`: completions from that day on satisfy it. None means: any for a path, and for a course those
    from `assigned_at` on.
    """

    key: str
    kind: TargetKind
    target: str
    cycle: str
    due_on: date | None
    reasons: tuple[str, ...]
    counts_since: date | None
    assigned_at: datetime
    progress: Progress = "assigned"
    completed_at: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's account. `seq` is the row, `version` counts the effective changes made through the API."""

    seq: int
    id: AccountId
    external_id: str | None
    attributes: Mapping[str, str | None]
    state: AccountState
    roles: tuple[str, ...]
    groups: frozenset[str]
    assignments: Mapping[str, Assignment]
    version: int
    last_sign_in_at: datetime | None

    @property
    def name(self) -> str:
        """The name as it is now, for pages and certificates; the id if there is none."""
        given = " ".join(
            part for part in (self.attributes.get("given_name"), self.attributes.get("family_name")) if part
        )
        return self.attributes.get("display_name") or given or str(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One step of a course. `body` is text for a page, an address for a link, a file name for a file."""

    id: str
    title: str
    kind: ItemKind
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Something to learn, in order of its items."""

    id: CourseId
    title: str
    version: str
    language: str
    summary: str = ""
    items: tuple[Item, ...] = ()
    certificate: bool = False
    certificate_valid_months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """An ordered list of courses."""

    id: str
    title: str
    courses: tuple[CourseId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A row of the append-only ledger. A correction repeats `id` with a higher revision; a revocation names it.

    `then` holds job title, department and the like as they were at that moment.
    """

    seq: int
    id: str
    account_seq: int
    course: CourseId
    course_version: str
    course_title: str
    attempt: int
    completed_at: datetime
    result: CompletionResult
    score: float | None
    expires_on: date | None
    certificate_id: str | None
    revision: int
    revokes: str | None
    recorded_at: datetime
    recorded_by: str
    then: Mapping[str, str | None]
