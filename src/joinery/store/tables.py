"""The tables, once. Append-only: facts, snapshots, events, receipts on lines, decisions. The rest are projections.

Instants are UTC ISO 8601 text with microseconds and `Z` (sortable, the same on SQLite and PostgreSQL); calendar dates
are ISO text. JSON is text in canonical form. Migrations in `migrations/` must add up to exactly these tables (a test).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from joinery.store.access_tables import service_tokens
from joinery.store.arrival_tables import arrivals, scim_people
from joinery.store.audit_tables import audit_log, audit_values
from joinery.store.closing_tables import closings
from joinery.store.issue_tables import findings, issues
from joinery.store.node_tables import nodes, schedules, target_states
from joinery.store.people_tables import aliases, events, facts, people
from joinery.store.schema import DAY, INSTANT, KEY, metadata
from joinery.store.watch_tables import calls, tallies, told_troubles

__all__ = [
    "accounts",
    "aliases",
    "arrivals",
    "assignments",
    "audit_log",
    "audit_values",
    "calls",
    "closings",
    "completions",
    "config_versions",
    "connections",
    "counters",
    "cursors",
    "decisions",
    "digests",
    "events",
    "facts",
    "findings",
    "issues",
    "links",
    "locks",
    "mails",
    "metadata",
    "nodes",
    "people",
    "plan_lines",
    "plans",
    "runs",
    "schedules",
    "scim_people",
    "service_tokens",
    "snapshots",
    "tallies",
    "target_states",
    "told_troubles",
]

#: one joined pair of systems; several may live in one store
connections = Table(
    "connections",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("go_live", DAY, nullable=False, server_default=""),
    Column("last_as_of", INSTANT, nullable=False, server_default=""),
    Column("config_version", KEY, nullable=False, server_default=""),
    Column("audited_at", INSTANT, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="{}"),
)

#: one run at a time per connection; stale when its process is dead or its heartbeat old
locks = Table(
    "locks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("owner", KEY, nullable=False),
    Column("host", String(200), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("heartbeat_at", INSTANT, nullable=False),
    #: seconds since 1970 by the database's clock: what other machines judge by
    Column("beat_at", Float(53), nullable=False, server_default="0"),
)

#: short numbers per installation: P-204, R-1042, H-42
counters = Table(
    "counters",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("value", Integer, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("source", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", KEY, nullable=False),
    #: accepted | held | rejected | same
    Column("state", String(16), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("as_of", INSTANT, nullable=False),
    Column("taken_at", INSTANT, nullable=False),
    #: the source's own date for the content, where its name or manifest gives one
    Column("content_as_of", INSTANT, nullable=False, server_default=""),
    Column("profile", Text, nullable=False, server_default="{}"),
    Column("report", Text, nullable=False, server_default="{}"),
    Index(None, "connection", "source", "state", "taken_at"),
)

#: every configuration since it came into force; `content` is its files, packed (settings/written.py)
config_versions = Table(
    "config_versions",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("version", KEY, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "connection", "since"),
)

#: the digest index of the last accepted rows of a source: Arrow IPC, see intake/delta.py
digests = Table(
    "digests",
    metadata,
    Column("connection", String(100), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("snapshot_id", KEY, nullable=False),
    #: changes when mapping or allow-list do: other digests would say "all changed" for nothing
    Column("columns", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

#: our memory of whose account it is: one person, one account per target
links = Table(
    "links",
    metadata,
    Column("target", String(100), primary_key=True),
    Column("person_key", KEY, primary_key=True),
    Column("account_id", String(200), nullable=False),
    Column("made_by", String(20), nullable=False),
    Column("made_at", INSTANT, nullable=False),
    UniqueConstraint("target", "account_id"),
)

#: accounts as last confirmed by the target
accounts = Table(
    "accounts",
    metadata,
    Column("target", String(100), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("worker_id", String(200), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("confirmed_at", INSTANT, nullable=False),
    Index(None, "target", "email"),
    Index(None, "target", "worker_id"),
    # guards and seats count by it, and read no row
    Index(None, "target", "state", "id"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("target", String(100), nullable=False),
    #: making | waiting | approved | applying | applied | discarded | observed | superseded
    Column("state", String(16), nullable=False),
    Column("as_of", INSTANT, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False, server_default=""),
    Column("cause", Text, nullable=False),
    Column("fingerprint", KEY, nullable=False, server_default=""),
    Column("config_version", KEY, nullable=False, server_default=""),
    Column("snapshot_id", KEY, nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default="{}"),
    Column("approved_by", Text, nullable=False, server_default=""),
    Column("approved_at", INSTANT, nullable=False, server_default=""),
    #: the plan this one undoes
    Column("undoes", String(20), nullable=False, server_default=""),
    Index(None, "connection", "made_at"),
)

#: the lines of a plan and their ledger:
#: waiting|held -> planned -> sent -> done|skipped|failed|needs_you|unconfirmed|assumed
plan_lines = Table(
    "plan_lines",
    metadata,
    Column("plan_id", String(20), ForeignKey("plans.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("person_key", KEY, nullable=False),
    Column("worker_id", String(200), nullable=False),
    Column("action", String(16), nullable=False),
    Column("guard", String(32), nullable=False),
    Column("segment", Text, nullable=False, server_default="[]"),
    #: urgent | normal
    Column("lane", String(8), nullable=False),
    #: lines of a lower phase are terminal before a higher one starts; one person's lines of a phase share a chunk
    Column("phase", Integer, nullable=False),
    Column("chunk", Integer, nullable=False, server_default="0"),
    Column("operation", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("held", Text, nullable=False, server_default=""),
    Column("digest", KEY, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    #: fencing: only the owner of the token may write the outcome
    Column("owner", KEY, nullable=False, server_default=""),
    Column("sent_at", INSTANT, nullable=False, server_default=""),
    Column("ended_at", INSTANT, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("changed", Boolean, nullable=False, server_default=text("false")),
    #: the account before, for undo
    Column("before", Text, nullable=False, server_default=""),
    Index(None, "plan_id", "state", "chunk"),
    Index(None, "person_key"),
    Index(
        "ix_plan_lines_open",
        "state",
        sqlite_where=text("state IN ('planned', 'sent')"),
        postgresql_where=text("state IN ('planned', 'sent')"),
    ),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT, nullable=False, server_default=""),
    Column("as_of", INSTANT, nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan_id", String(20), nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default="{}"),
    Index(None, "connection", "started_at"),
)

#: what people owe: identity is (person, requirement, cycle); see core/rules/learning.py for the body
assignments = Table(
    "assignments",
    metadata,
    Column("person_key", KEY, primary_key=True),
    Column("requirement", String(200), primary_key=True),
    Column("cycle", String(40), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
)

#: what people decide by hand: end_access, release, manual, exemption, pin, waiver; with owner, reason and end
decisions = Table(
    "decisions",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("person_key", KEY, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("subject", String(200), nullable=False, server_default=""),
    Column("body", Text, nullable=False, server_default="{}"),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("until", DAY, nullable=False, server_default=""),
    Column("released_at", INSTANT, nullable=False, server_default=""),
    Index(None, "person_key", "kind"),
)

#: once per key: planned -> sending -> sent | unknown | failed; a crash between send and record leaves unknown
mails = Table(
    "mails",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("person_key", KEY, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Index(None, "connection", "state", "due_at"),
)

#: training records read from the target, and whether HR has them
completions = Table(
    "completions",
    metadata,
    Column("target", String(100), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("connection", String(100), nullable=False),
    Column("person_key", KEY, nullable=False, server_default=""),
    Column("account_id", String(200), nullable=False),
    Column("course", String(200), nullable=False),
    Column("completed_at", INSTANT, nullable=False),
    Column("body", Text, nullable=False),
    #: department, location, legal entity, manager, cost centre, job title at that time
    Column("org_then", Text, nullable=False, server_default="{}"),
    Column("flags", Text, nullable=False, server_default=""),
    #: the file or call that brought it to HR; empty while it waits
    Column("delivered_in", Text, nullable=False, server_default=""),
    Column("read_at", INSTANT, nullable=False),
    Index(None, "connection", "delivered_in"),
    Index(None, "person_key", "course"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("target", String(100), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("value", Text, nullable=False),
)
