"""What came in over HTTP, kept before the sender is told yes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table and its indexes."""
    op.create_table(
        "arrivals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=300), server_default="", nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("report", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
    )
    op.create_index(
        "uq_arrivals_key",
        "arrivals",
        ["connection", "source", "door", "key"],
        unique=True,
        sqlite_where=sa.text("key <> ''"),
        postgresql_where=sa.text("key <> ''"),
    )
    op.create_index(
        op.f("ix_arrivals_connection_state_received_at"),
        "arrivals",
        ["connection", "state", "received_at"],
        unique=False,
    )
