"""Ends of access of protected accounts: whose they are is kept, and whether somebody was told."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new columns, one new index."""
    op.add_column("closings", sa.Column("protected", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("closings", sa.Column("told_at", sa.String(length=32), server_default="", nullable=False))
    columns = ["connection", "protected", "told_at"]
    op.create_index(op.f("ix_closings_connection_protected_told_at"), "closings", columns, unique=False)
