"""The tables of the first release: written by tests/store/first_revision.py until it is out."""

# ruff: noqa: PLR0915

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All tables, from nothing."""
    op.create_table(
        "accounts",
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("worker_id", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("target", "id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_target_email"), "accounts", ["target", "email"], unique=False)
    op.create_index(op.f("ix_accounts_target_worker_id"), "accounts", ["target", "worker_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("requirement", sa.String(length=200), nullable=False),
        sa.Column("cycle", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_key", "requirement", "cycle", name=op.f("pk_assignments")),
    )
    op.create_table(
        "completions",
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("person_key", sa.String(length=64), server_default="", nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("course", sa.String(length=200), nullable=False),
        sa.Column("completed_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("org_then", sa.Text(), server_default="{}", nullable=False),
        sa.Column("flags", sa.Text(), server_default="", nullable=False),
        sa.Column("delivered_in", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("target", "id", "revision", name=op.f("pk_completions")),
    )
    op.create_index(
        op.f("ix_completions_connection_delivered_in"), "completions", ["connection", "delivered_in"], unique=False
    )
    op.create_index(op.f("ix_completions_person_key_course"), "completions", ["person_key", "course"], unique=False)
    op.create_table(
        "connections",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("go_live", sa.String(length=10), server_default="", nullable=False),
        sa.Column("last_as_of", sa.String(length=32), server_default="", nullable=False),
        sa.Column("config_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("audited_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_connections")),
    )
    op.create_table(
        "counters",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_counters")),
    )
    op.create_table(
        "cursors",
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target", "kind", name=op.f("pk_cursors")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="{}", nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("until", sa.String(length=10), server_default="", nullable=False),
        sa.Column("released_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_person_key_kind"), "decisions", ["person_key", "kind"], unique=False)
    op.create_table(
        "digests",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "source", name=op.f("pk_digests")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("attribute", sa.String(length=100), server_default="", nullable=False),
        sa.Column("old", sa.Text(), server_default="", nullable=False),
        sa.Column("new", sa.Text(), server_default="", nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.Column("observed_on", sa.String(length=10), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "person_key", "kind", "attribute", "effective_on", "old", "new", "ordinal", name="uq_events_stable_key"
        ),
    )
    op.create_index(op.f("ix_events_connection_effective_on"), "events", ["connection", "effective_on"], unique=False)
    op.create_index(op.f("ix_events_connection_observed_on"), "events", ["connection", "observed_on"], unique=False)
    op.create_table(
        "facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("attribute", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.String(length=10), nullable=False),
        sa.Column("known_from", sa.String(length=32), nullable=False),
        sa.Column("known_to", sa.String(length=32), server_default="", nullable=False),
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )
    op.create_index(op.f("ix_facts_person_key_attribute"), "facts", ["person_key", "attribute"], unique=False)
    op.create_table(
        "findings",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=200), nullable=False),
        sa.Column("attribute", sa.String(length=100), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), server_default="", nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("first_seen", sa.String(length=32), nullable=False),
        sa.Column("last_seen", sa.String(length=32), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "source", "check", "worker_id", "attribute", name=op.f("pk_findings")),
    )
    op.create_table(
        "links",
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("target", "person_key", name=op.f("pk_links")),
        sa.UniqueConstraint("target", "account_id", name=op.f("uq_links_target_account_id")),
    )
    op.create_table(
        "locks",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("heartbeat_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_locks")),
    )
    op.create_table(
        "mails",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_connection_state_due_at"), "mails", ["connection", "state", "due_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=False),
        sa.Column("worker_id", sa.String(length=200), nullable=False),
        sa.Column("work_email", sa.Text(), server_default="", nullable=False),
        sa.Column("manager_id", sa.String(length=200), server_default="", nullable=False),
        sa.Column("department", sa.Text(), server_default="", nullable=False),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column("legal_entity", sa.Text(), server_default="", nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("memory", sa.Text(), server_default="{}", nullable=False),
        sa.Column("wake_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("unsettled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("frozen", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people")),
        sa.UniqueConstraint("connection", "source", "source_id", name=op.f("uq_people_connection_source_source_id")),
    )
    op.create_index(op.f("ix_people_connection_manager_id"), "people", ["connection", "manager_id"], unique=False)
    op.create_index(op.f("ix_people_connection_work_email"), "people", ["connection", "work_email"], unique=False)
    op.create_index(op.f("ix_people_connection_worker_id"), "people", ["connection", "worker_id"], unique=False)
    op.create_index(
        "ix_people_unsettled",
        "people",
        ["connection", "worker_id", "key"],
        unique=False,
        sqlite_where=sa.text("unsettled = 1"),
        postgresql_where=sa.text("unsettled"),
    )
    op.create_index(
        "ix_people_wake", "people", ["connection", "wake_at"], unique=False, sqlite_where=sa.text("wake_at <> ''")
    )
    op.create_table(
        "plans",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), server_default="", nullable=False),
        sa.Column("config_version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("snapshot_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="{}", nullable=False),
        sa.Column("approved_by", sa.Text(), server_default="", nullable=False),
        sa.Column("approved_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("undoes", sa.String(length=20), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_connection_made_at"), "plans", ["connection", "made_at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("as_of", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("plan_id", sa.String(length=20), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_connection_started_at"), "runs", ["connection", "started_at"], unique=False)
    op.create_table(
        "snapshots",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.String(length=32), nullable=False),
        sa.Column("content_as_of", sa.String(length=32), server_default="", nullable=False),
        sa.Column("profile", sa.Text(), server_default="{}", nullable=False),
        sa.Column("report", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
    )
    op.create_index(
        op.f("ix_snapshots_connection_source_state_taken_at"),
        "snapshots",
        ["connection", "source", "state", "taken_at"],
        unique=False,
    )
    op.create_table(
        "plan_lines",
        sa.Column("plan_id", sa.String(length=20), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("worker_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("guard", sa.String(length=32), nullable=False),
        sa.Column("segment", sa.Text(), server_default="[]", nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("phase", sa.Integer(), nullable=False),
        sa.Column("chunk", sa.Integer(), server_default="0", nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sent_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("changed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("before", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_lines_plan_id_plans")),
        sa.PrimaryKeyConstraint("plan_id", "seq", name=op.f("pk_plan_lines")),
    )
    op.create_index(
        "ix_plan_lines_open",
        "plan_lines",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('planned', 'sent')"),
        postgresql_where=sa.text("state IN ('planned', 'sent')"),
    )
    op.create_index(op.f("ix_plan_lines_person_key"), "plan_lines", ["person_key"], unique=False)
    op.create_index(
        op.f("ix_plan_lines_plan_id_state_chunk"), "plan_lines", ["plan_id", "state", "chunk"], unique=False
    )
