"""The tables of Classroom's own database file. A change here needs a step in `database.MIGRATIONS`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

SCHEMA_VERSION = 2


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as text that sorts: 2026-11-24T09:00:00.000000Z."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Raises ValueError for a naive datetime, which would silently mean the server's own zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Always aware, UTC."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()


def _account_seq(name: str = "account_seq", *, primary_key: bool = False) -> Column[int]:
    return Column(name, Integer, ForeignKey("accounts.seq"), primary_key=primary_key, nullable=False)


schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

accounts = Table(
    "accounts",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("external_id", Text, unique=True),
    Column("email_key", Text, unique=True),
    Column("worker_key", Text, unique=True),
    Column("attributes", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("roles", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_sign_in_at", Instant),
)

groups = Table("groups", metadata, Column("name", Text, primary_key=True))

members = Table(
    "members",
    metadata,
    _account_seq(primary_key=True),
    Column("group_name", Text, ForeignKey("groups.name"), primary_key=True),
    Index("members_by_group", "group_name", "account_seq"),
    sqlite_with_rowid=False,
)

assignments = Table(
    "assignments",
    metadata,
    _account_seq(primary_key=True),
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("due_on", Date),
    Column("reasons", Text, nullable=False),
    Column("counts_since", Date),
    Column("assigned_at", Instant, nullable=False),
    Column("progress", Text, nullable=False),
    Column("completed_at", Instant),
    Column("withdrawn", Boolean, nullable=False),
    Index("assignments_by_target", "kind", "target"),
    sqlite_with_rowid=False,
)

#: what a SCIM client gave and Classroom has no column for; `user_key` is the user name as it is compared
scim_users = Table(
    "scim_users",
    metadata,
    _account_seq(primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("user_key", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("modified_at", Instant, nullable=False),
)

#: groups have their name for a key; SCIM needs one that survives a new name
scim_groups = Table(
    "scim_groups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, ForeignKey("groups.name"), nullable=False, unique=True),
    Column("external_id", Text),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("modified_at", Instant, nullable=False),
)

courses = Table(
    "courses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
)

paths = Table(
    "paths",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("courses", Text, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("course", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

items_done = Table(
    "items_done",
    metadata,
    _account_seq(primary_key=True),
    Column("course", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

completions = Table(
    "completions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    _account_seq(),
    Column("course", Text, nullable=False),
    Column("course_version", Text, nullable=False),
    Column("course_title", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("completed_at", Instant, nullable=False),
    Column("result", Text, nullable=False),
    Column("score", Float),
    Column("expires_on", Date),
    Column("certificate_id", Text, index=True),
    Column("revision", Integer, nullable=False),
    Column("revokes", Text, index=True),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("held", Text, nullable=False),
    UniqueConstraint("id", "revision"),
    Index("completions_by_account", "account_seq", "course"),
)

sign_in_tokens = Table(
    "sign_in_tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    _account_seq(),
    Column("kind", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("sign_in_tokens_by_account", "account_seq", "kind"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    _account_seq(),
    Column("started_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("sessions_by_account", "account_seq"),
)

failed_tries = Table(
    "failed_tries",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("door", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("failed_tries_by_door", "door", "at"),
)

writes = Table(
    "writes",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("key", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("account_id", Text),
    Column("outcome", Text, nullable=False),
    Column("changed", Boolean, nullable=False),
)
