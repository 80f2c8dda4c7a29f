"""Findings with one cause become an issue with a number, an owner and a history; a finding keeps all its people."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table, two new columns."""
    op.add_column("findings", sa.Column("people", sa.Text(), server_default="", nullable=False))
    op.add_column("findings", sa.Column("better", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "issues",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=400), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("attribute", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=100), server_default="", nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("first_seen", sa.String(length=32), nullable=False),
        sa.Column("last_seen", sa.String(length=32), nullable=False),
        sa.Column("closed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("returned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("above", sa.Integer(), nullable=True),
        sa.Column("until", sa.String(length=10), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("history", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("connection", "fingerprint", name=op.f("uq_issues_connection_fingerprint")),
    )
