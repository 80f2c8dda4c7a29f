"""The five instants of every end of access."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table and its index."""
    op.create_table(
        "closings",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("worker_id", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=False),
        sa.Column("heard_by", sa.String(length=16), nullable=False),
        sa.Column("entered_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("read_at", sa.String(length=32), nullable=False),
        sa.Column("accepted_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("closed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("plan_id", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("connection", "person_key", "ended_at", name=op.f("pk_closings")),
    )
    op.create_index(op.f("ix_closings_connection_closed_at"), "closings", ["connection", "closed_at"], unique=False)
