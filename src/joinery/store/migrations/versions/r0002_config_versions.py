"""Every configuration that was in force is kept, so that an edit can be compared with what was and taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One new table."""
    op.create_table(
        "config_versions",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_versions")),
    )
    op.create_index(
        op.f("ix_config_versions_connection_since"), "config_versions", ["connection", "since"], unique=False
    )
