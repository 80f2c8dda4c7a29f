"""What is asked every night is found by an index: who is in question (usually nobody), and how many may sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes."""
    op.create_index(
        "ix_people_frozen",
        "people",
        ["connection", "worker_id", "key"],
        unique=False,
        sqlite_where=sa.text("frozen <> ''"),
        postgresql_where=sa.text("frozen <> ''"),
    )
    op.create_index(op.f("ix_accounts_target_state_id"), "accounts", ["target", "state", "id"], unique=False)
